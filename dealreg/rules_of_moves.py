"""Pure judgements about what can happen to a deal beside its own course: contested, handed over, shared.

As in rules.py, facts are plain JSON, and what a partner may read never tells of another one.
"""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from dealreg.rules import Facts, above_limit
from dealreg.rules import _conclude as conclude
from prm.kernel.decisions import Check, Decision, Reason

TURNING = ("overturned", "shared")
HELD = ("approved", "registered")
MOVABLE = ("submitted", "in_review", "action_required", *HELD)


def decide_raising(facts: Facts) -> Decision:
    """May a partner contest the answer to its deal? Once, in time, and with a word on why."""
    reasons, late = [], facts["days_since"] > facts["days_allowed"]
    if not facts["contestable"]:
        reasons.append(Reason("deal.wrong_status", _("Only a refusal or the end of a protection can be contested.")))
    elif facts["open"]:
        reasons.append(Reason("dispute.open_already", _("You have contested this already; the answer is on its way.")))
    elif facts["decided"]:
        reasons.append(Reason("dispute.decided_already", _("This has been contested and decided. That is final.")))
    elif late:
        reasons.append(
            Reason(
                "dispute.too_late",
                _("An answer can be contested within %(days)s days.") % {"days": facts["days_allowed"]},
            )
        )
    if not str(facts["statement"]).strip():
        reasons.append(Reason("statement.missing", _("Say what speaks for you: the deal desk reads it first.")))
    return conclude(
        "dispute-raising/1",
        "raised",
        reasons,
        facts,
        Check(_("there is an answer to contest"), bool(facts["contestable"]), facts["status"]),
        Check(_("not contested already"), not facts["open"] and not facts["decided"]),
        Check(_("in time"), not late, str(facts["days_since"])),
    )


def decide_dispute_move(facts: Facts) -> Decision:
    """May a dispute be taken up or taken back?"""
    reasons = [] if facts["legal"] else [_closed()]
    return conclude(
        "dispute-move/1", facts["to"], reasons, facts, Check(_("still open"), bool(facts["legal"]), facts["status"])
    )


def decide_dispute(facts: Facts) -> Decision:
    """How a dispute ends: upheld, overturned or shared. `hindered`: why the deal could not be protected after all."""
    reasons, outcome = [], facts["outcome"]
    if not facts["legal"]:
        reasons.append(_closed())
    if outcome not in ("upheld", *TURNING):
        reasons.append(Reason("dispute.outcome_unknown", _("Say how the dispute ends."), "vendor"))
    if not str(facts["reason"]).strip():
        reasons.append(Reason("reason.missing", _("Please say why: the other side reads it.")))
    if not facts["may_decide"]:
        reasons.append(Reason("approver.wrong_role", _("Your role doesn't decide disputes."), "vendor"))
    alone = outcome == "shared" and facts["held_by"] != 1
    if alone:
        reasons.append(
            Reason(
                "dispute.nobody_to_share_with",
                _("There is not one protected deal to share with, but %(count)s.") % {"count": facts["held_by"]},
                "vendor",
            )
        )
    if outcome == "shared" and facts["holder_shares"]:
        reasons.append(_shared())
    if outcome == "shared" and not _is_share(facts["percent"]):
        reasons.append(_no_share())
    reasons += [Reason(key, text, audience) for key, text, audience in facts["hindered"]]
    return conclude(
        "deal-dispute/1",
        outcome,
        reasons,
        facts,
        Check(_("still open"), bool(facts["legal"]), facts["status"]),
        Check(_("one protected deal to share with"), not alone, str(facts["held_by"])),
        Check(_("the deal can be protected"), not facts["hindered"]),
    )


def decide_reassignment(facts: Facts) -> Decision:
    """May a deal that was handed in and is not closed go over to another partner, by this actor?"""
    to, here = {"partner": facts["to_name"]}, facts["status"] in MOVABLE
    reasons = []
    if not here:
        text = _("Only a deal that was handed in and is not closed can go over to another partner.")
        reasons.append(Reason("deal.wrong_status", text, "vendor"))
    if facts["same"]:
        reasons.append(Reason("partner.same", _("%(partner)s has this deal already.") % to, "vendor"))
    reasons += _fit(facts) + _standing(facts, grants=facts["status"] in HELD)
    if not str(facts["reason"]).strip():
        reasons.append(Reason("reason.missing", _("Please say why: the other side reads it.")))
    return conclude(
        "deal-reassignment/2",
        "reassigned",
        reasons,
        facts,
        Check(_("handed in and not closed"), here, facts["status"]),
        Check(_("partner is active and enrolled"), facts["active"] and facts["enrolled"], facts["to_name"]),
        Check(_("sells in the customer's country"), facts["covers_country"], facts["country"]),
        Check(_("not shared"), not facts["shared"]),
    )


def decide_split(facts: Facts) -> Decision:
    """May a protected deal be shared with another partner, by this actor, in these percent?"""
    to, here = {"partner": facts["to_name"]}, facts["status"] == "approved"
    reasons = []
    if not here:
        reasons.append(Reason("deal.wrong_status", _("Only a protected deal can be shared."), "vendor"))
    if facts["same"]:
        reasons.append(Reason("partner.same", _("%(partner)s has this deal already.") % to, "vendor"))
    reasons += _fit(facts) + _standing(facts)
    if not _is_share(facts["percent"]):
        reasons.append(_no_share())
    return conclude(
        "deal-split/1",
        "shared",
        reasons,
        facts,
        Check(_("still protected"), here, facts["status"]),
        Check(_("partner is active and enrolled"), facts["active"] and facts["enrolled"], facts["to_name"]),
        Check(_("shares are more than nothing and less than all"), _is_share(facts["percent"]), facts["percent"]),
        Check(_("not shared"), not facts["shared"]),
    )


def decide_batch(facts: Facts) -> Decision:
    """Is there one among many deals that it can be done to? `hindrances`: why not to each of the others, in words."""
    reasons = [Reason("batch.none_of_them", str(why), "vendor") for why in sorted(set(facts["hindrances"]))]
    if not facts["will"] and not reasons:
        reasons.append(Reason("batch.none_of_them", _("There are no such deals."), "vendor"))
    check = Check(_("at least one deal"), bool(facts["will"]), str(facts["will"]))
    return conclude("deal-batch/1", "started", [] if facts["will"] else reasons, facts, check)


def decide_batch_undo(facts: Facts) -> Decision:
    """May many deals be left as they are after all? By whoever meant it, until it has begun."""
    reasons = []
    if not facts["pending"]:
        reasons.append(Reason("batch.carried_out", _("It has been carried out already.")))
    if not facts["own"]:
        reasons.append(Reason("batch.not_yours", _("Only who did it can take it back.")))
    checks = Check(_("not yet carried out"), bool(facts["pending"])), Check(_("one's own"), bool(facts["own"]))
    return conclude("batch-undo/1", "undone", reasons, facts, *checks)


def _fit(facts: Facts) -> list[Reason]:
    """What the other partner and the deal itself must be."""
    to, reasons = {"partner": facts["to_name"]}, []
    if not facts["active"]:
        reasons.append(Reason("partner.not_active", _("%(partner)s is not an active partner.") % to, "vendor"))
    elif not facts["enrolled"]:
        reasons.append(
            Reason("partner.not_enrolled", _("%(partner)s is not enrolled in this deal's program.") % to, "vendor")
        )
    if facts["shared"]:
        reasons.append(_shared())
    return reasons


def _standing(facts: Facts, *, grants: bool = True) -> list[Reason]:
    """Who grants protection to one may move it to another, up to the same limit; what waits grants nothing."""
    reasons = []
    if facts["by"] == "person" and not facts["may_approve"]:
        reasons.append(Reason("approver.wrong_role", _("Your role doesn't approve deals."), "vendor"))
    if grants and (above := above_limit(facts)) is not None:
        reasons.append(above)
    return reasons


def _is_share(percent: str) -> bool:
    share = Decimal(percent or 0)
    return 0 < share < 100 and share == share.quantize(Decimal("0.01"))


def _shared() -> Reason:
    return Reason("deal.shared", _("A shared deal stays with those who share it."), "vendor")


def _no_share() -> Reason:
    text = _("A share is more than 0 and less than 100 percent, with two decimals at most.")
    return Reason("percent.out_of_range", text, "vendor")


def _closed() -> Reason:
    return Reason("dispute.not_open", _("This dispute is closed."))


RULES: dict[str, Callable[[Facts], Decision]] = {
    "dispute-raising/1": decide_raising,
    "dispute-move/1": decide_dispute_move,
    "deal-dispute/1": decide_dispute,
    "deal-reassignment/2": decide_reassignment,
    "deal-split/1": decide_split,
    "deal-batch/1": decide_batch,
    "batch-undo/1": decide_batch_undo,
}
