"""Pure judgements about what people say of two records, and about how the conflict check is tuned."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _

Facts = Mapping[str, Any]

SETTLERS = ("ops", "admin", "approver", "cam")
TUNERS = ("ops", "admin")
LOWEST, HIGHEST = Decimal("0.200"), Decimal("0.999")  # below the one nothing is kept; from 1 on nothing would conflict


def decide_verdict(facts: Facts) -> Decision:
    """May this be said of a deal and a candidate now?"""
    reasons = _of_role(facts)
    if not facts["waiting"]:
        reasons.append(_reason("deal.wrong_status", _("This deal waits for nobody any more: it has an answer.")))
    if facts["saying"] not in facts["sayings"]:
        reasons.append(_reason("saying.unknown", _("Choose one of the five answers.")))
    if not facts["found"]:
        reasons.append(
            _reason("candidate.unknown", _("The check has not found this record. Look at the deal once more."))
        )
    if facts["said_by"]:
        reasons.append(
            _reason("verdict.already_decided", _("%(who)s has settled this already.") % {"who": facts["said_by"]})
        )
    return _conclude(
        "deal-verdict/1",
        "noted",
        reasons,
        facts,
        Check(_("the deal waits for an answer"), bool(facts["waiting"])),
        Check(_("the check found the record"), bool(facts["found"])),
        Check(_("nobody has settled it"), not facts["said_by"], facts["said_by"]),
    )


def decide_undoing(facts: Facts) -> Decision:
    """Within ten seconds, by whoever said it."""
    reasons = []
    if not facts["own"]:
        reasons.append(_reason("verdict.not_yours", _("Only whoever said it can undo it.")))
    if facts["status"] != "pending":
        text = _("It is in force already. Take it back under Customers, Learned links.")
        reasons.append(_reason("verdict.in_force", text))
    return _conclude("verdict-undoing/1", "undone", reasons, facts, Check(_("not in force yet"), not reasons))


def decide_taking_back(facts: Facts) -> Decision:
    """Any time later, with a reason."""
    reasons = _of_role(facts)
    if facts["status"] != "in_force":
        reasons.append(_reason("verdict.not_in_force", _("This verdict is not in force.")))
    if not str(facts["reason"]).strip():
        reasons.append(_reason("reason.missing", _("Say why: it stays with the verdict.")))
    in_force = facts["status"] == "in_force"
    return _conclude(
        "verdict-taking-back/1", "taken_back", reasons, facts, Check(_("in force"), in_force, facts["status"])
    )


def decide_thresholds(facts: Facts) -> Decision:
    """May a vendor's two thresholds be set so? One person is enough, but a reason is kept."""
    review, conflict = Decimal(facts["review"]), Decimal(facts["conflict"])
    reasons = _of_role(facts)
    if not LOWEST <= review <= conflict <= HIGHEST:
        reasons.append(
            _reason(
                "thresholds.order",
                _("“People look from” lies between %(lowest)s and “Conflict from”, and that below %(highest)s.")
                % {"lowest": f"{LOWEST:.0%}", "highest": f"{HIGHEST:.1%}"},
            )
        )
    unchanged = (facts["review"], facts["conflict"]) == (facts["review_before"], facts["conflict_before"])
    if unchanged:
        reasons.append(_reason("thresholds.unchanged", _("Nothing was changed.")))
    if not str(facts["reason"]).strip():
        reasons.append(_reason("reason.missing", _("Say why: it stays in the audit.")))
    return _conclude(
        "deal-thresholds/1",
        "set",
        reasons,
        facts,
        Check(_("in order"), LOWEST <= review <= conflict <= HIGHEST, f"{review} ≤ {conflict}"),
        Check(_("a reason is given"), bool(str(facts["reason"]).strip())),
    )


def _of_role(facts: Facts) -> list[Reason]:
    return [] if facts["may"] else [_reason("actor.wrong_role", _("Your role doesn't settle this."))]


def _reason(key: str, text: str) -> Reason:
    return Reason(key, text, "vendor")


def _conclude(rule: str, outcome: str, reasons: list[Reason], facts: Facts, *checks: Check) -> Decision:
    return Decision(rule, "refused" if reasons else outcome, not reasons, tuple(reasons), facts, checks)


RULES = {
    "deal-verdict/1": decide_verdict,
    "verdict-undoing/1": decide_undoing,
    "verdict-taking-back/1": decide_taking_back,
    "deal-thresholds/1": decide_thresholds,
}
