"""Pure judgements about deals: facts in, Decision out. Facts are plain JSON, so that a stored decision
can be judged again: `judge_again()` does it.

Reasons for a partner never name a rival nor anything from which one could be told.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dealreg import rules_verdicts
from dealreg.intake.rules import RULES as INTAKE_RULES
from dealreg.matrix import decide_approvers, decide_row
from prm.kernel import wording
from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _

Facts = Mapping[str, Any]

ALREADY = "deal.customer_already_protected"


def decide_move(facts: Facts) -> Decision:
    """May a deal go from `status` to `to`? `legal` is what the state machine says."""
    legal = bool(facts["legal"])
    reasons = (
        []
        if legal
        else [
            Reason(
                "deal.wrong_status",
                _("This deal is “%(status)s”; that can't be done now.") % {"status": _(facts["status_label"])},
            )
        ]
    )
    missing = [name for name in facts.get("needed", ()) if not str(facts.get(name) or "").strip()]
    reasons += [Reason(f"{name}.missing", _("Please say why: the other side reads it.")) for name in missing]
    return _conclude("deal-move/1", facts["to"], reasons, facts, Check(_("status allows it"), legal, facts["status"]))


def decide_return(facts: Facts) -> Decision:
    """May a deal go back to its partner, with these `fields` opened for changes?"""
    move = decide_move(facts)
    named = bool(facts["fields"]) and set(facts["fields"]) <= set(facts["can_be_opened"])
    reasons = list(move.reasons)
    if not named:
        reasons.append(Reason("fields.unknown", _("Name at least one field that the partner may change."), "vendor"))
    return _conclude(
        "deal-return/1",
        facts["to"],
        reasons,
        facts,
        *move.checks,
        Check(_("fields that can be opened"), named, ", ".join(facts["fields"])),
    )


def decide_submission(facts: Facts) -> Decision:
    """May a deal be handed in? `problems` are [key, text] of its fields; the throttle counts an hour."""
    move = decide_move(facts)
    reasons = list(move.reasons)
    slow_down = facts["limit"] is not None and facts["last_hour"] >= facts["limit"]
    if slow_down:
        reasons.append(
            Reason(
                "deal.throttled",
                _("That was a lot of deals within the hour. Please wait a little; your draft is safe."),
            )
        )
    reasons += [
        Reason("deal.field_not_open", _("“%(field)s” was not opened for changes.") % {"field": field})
        for field in facts.get("closed_changed", ())
    ]
    checks = (*move.checks, Check(_("within the hourly number"), not slow_down, str(facts["last_hour"])))
    if reasons:
        return Decision("deal-submission/1", "refused", False, tuple(reasons), facts, checks)
    problems = tuple(Reason(key, text) for key, text in facts["problems"])
    return Decision(
        "deal-submission/1",
        "invalid" if problems else "submitted",
        not problems,
        problems,
        facts,
        (*checks, Check(_("every field is in order"), not problems)),
    )


def decide_conflict(facts: Facts) -> Decision:
    """Clear, review or conflict, from `findings`: the records that may be the same customer.

    Certain and protected for a rival: conflict. Uncertain, certain but not yet protected, or protected for what
    seems another opportunity (opportunity.py): people look. The same customer with other product lines is another
    opportunity, and clear. An open deal counts for those that were handed in after it: the first is judged first, and
    of forty at once one is protected and thirty-nine see that it is.
    """
    reasons: dict[tuple[str, str], Reason] = {}
    outcome = "clear"
    for finding in facts["findings"]:
        said, because = _of_finding(finding)
        outcome = _stronger(outcome, said)
        for reason in because:
            reasons.setdefault((reason.key, reason.audience), reason)
    nearest = None
    if outcome == "review" and facts["findings"]:
        nearest = _("It would be clear if no record were likelier than %(limit)s.") % {"limit": facts["review"]}
    checks = tuple(
        Check(f"{finding['name']} ({finding['kind']})", finding["verdict"] == "clear", finding["probability"])
        for finding in facts["findings"]
    )
    return Decision("deal-conflict/1", outcome, outcome == "clear", tuple(reasons.values()), facts, checks, nearest)


def _of_finding(found: Facts) -> tuple[str, list[Reason]]:
    certain = found["verdict"] == "conflict"
    if found.get("duplicate"):
        return "conflict", _of_duplicate(found)
    if found["verdict"] == "review" and (found.get("blocked") or found.get("house")):
        text = _("May be %(name)s, which is a house or blackout account.") % {"name": found["name"]}
        return "review", [Reason("customer.possibly_marked", text, "vendor")]
    if found["verdict"] == "clear" or not found["shares_lines"] or found.get("other_opportunity"):
        return "clear", []
    if found["kind"] == "deal" and not found.get("earlier"):
        return "clear", []  # who came later waits for this one's answer, not this one for theirs
    if found["mine"]:
        return _of_own(found, certain)
    who = {"name": found["name"], "partner": found.get("partner_name", ""), "number": found.get("number", "")}
    if certain and found["protected"] and found.get("opportunity") == "other":
        return "review", [
            Reason(
                "deal.other_opportunity",
                _("%(name)s is protected for %(partner)s (%(number)s), perhaps for another opportunity.") % who,
                "vendor",
            )
        ]
    if certain and found["protected"]:
        return "conflict", [
            Reason(ALREADY, _("This customer is already registered for this product."), "partner"),
            Reason(ALREADY, _("%(name)s is protected for %(partner)s (%(number)s).") % who, "vendor"),
        ]
    if found.get("related"):
        text = _("%(name)s belongs to the same group and is protected for %(partner)s (%(number)s).") % who
        return "review", [Reason("deal.related_protected", text, "vendor")]
    if certain:
        return "review", [
            Reason(
                "deal.rival_open",
                _("%(partner)s has registered the same customer (%(number)s) and waits for an answer.") % who,
                "vendor",
            )
        ]
    return "review", [
        Reason(
            "deal.possible_conflict",
            _("May be the same customer as %(name)s (%(partner)s, %(number)s).") % who,
            "vendor",
        )
    ]


def _of_duplicate(found: Facts) -> list[Reason]:
    """A person said so; a partner reads the number of its own deals only."""
    mine = {"number": found.get("number", "")}
    told = _("You have registered this customer for this product already: %(number)s.") % mine
    who = {"who": found["said_by"], "name": found["name"], "number": found.get("number", "")}
    own = bool(found["mine"] and found.get("number"))
    key = "deal.own_duplicate" if own else ALREADY
    return [
        Reason(key, told if own else _("This customer is already registered for this product."), "partner"),
        Reason(key, _("%(who)s: a duplicate of %(name)s %(number)s.") % who, "vendor"),
    ]


def _of_own(found: Facts, certain: bool) -> tuple[str, list[Reason]]:
    if not certain:
        return "clear", []
    text = _("You have registered this customer for this product already: %(number)s.") % {"number": found["number"]}
    return "review", [
        Reason("deal.own_duplicate", text, "partner"),
        Reason(
            "deal.own_duplicate",
            _("The partner has registered this customer already: %(number)s.") % {"number": found["number"]},
            "vendor",
        ),
    ]


def _stronger(one: str, other: str) -> str:
    return max(one, other, key=("clear", "review", "conflict").index)


def decide_routing(facts: Facts) -> Decision:
    """Who decides: nobody ("automatic"), the channel manager, the deal desk ("ops") or an approver."""
    reasons = [Reason(key, text, "vendor") for key, text in facts["findings"]]
    limit = facts["auto_limit"]
    within = limit is not None and Decimal(facts["amount"]) <= Decimal(limit)
    if limit is None:
        reasons.append(
            Reason(
                "deal.tier_needs_a_person",
                _("Deals of the tier “%(tier)s” always go to a person.") % {"tier": facts["tier"]},
                "vendor",
            )
        )
    elif not within:
        reasons.append(
            Reason(
                "deal.amount_above_limit",
                _("%(amount)s is above the %(limit)s that go through without a person.")
                % {"amount": _money(facts["amount"], facts), "limit": _money(limit, facts)},
                "vendor",
            )
        )
    if not facts["territory"]:
        reasons.append(Reason("deal.no_territory", _("The customer's country lies in no territory."), "vendor"))
    if not facts["has_cam"]:
        reasons.append(Reason("partner.no_cam", _("The partner has no channel manager."), "vendor"))
    if facts["quality_sample"]:
        reasons.append(Reason("deal.quality_sample", _("Picked for quality control."), "vendor"))
    outcome = _route(facts, within) if reasons else "automatic"
    checks = (
        Check(_("no finding needs a person"), not facts["findings"], str(len(facts["findings"]))),
        Check(_("amount within the tier's limit"), within, str(facts["amount"])),
        Check(_("country lies in a territory"), bool(facts["territory"]), facts["territory"] or ""),
        Check(_("partner has a channel manager"), bool(facts["has_cam"])),
        Check(_("not picked for quality control"), not facts["quality_sample"]),
    )
    return Decision("deal-routing/1", outcome, outcome == "automatic", tuple(reasons), facts, checks)


def _money(amount: str, facts: Facts) -> str:
    """An amount in the vendor's currency, as people write it; bare where the facts don't name the currency."""
    return wording.amount(amount, facts["currency"]) if facts.get("currency") else amount


def _route(facts: Facts, within: bool) -> str:
    if facts["broken_rule"]:
        return "ops"
    if facts["conflict"] != "clear" or not within:
        return "approver"
    return "cam" if facts["has_cam"] else "ops"


def decide_approval(facts: Facts) -> Decision:
    """May this deal be approved now, by this actor, with what the matcher sees now?

    A certain rival with protection stops everybody; an uncertain one stops workflows, and stops a person
    only if it was not there when the person looked.
    """
    reasons = list(decide_move(facts).reasons)
    person, above = facts["by"] == "person", above_limit(facts)
    if person and not facts["may_approve"]:
        reasons.append(Reason("approver.wrong_role", _("Your role doesn't approve deals."), "vendor"))
    if facts["is_submitter"]:
        reasons.append(Reason("approver.is_submitter", _("Nobody approves what they submitted themselves."), "vendor"))
    if above is not None:
        reasons.append(above)
    reasons += _rival_reasons(facts, person)
    checks = (
        Check(_("status allows it"), bool(facts["legal"]), facts["status"]),
        Check(_("within the approver's limit"), above is None, str(facts["amount"])),
        Check(_("no rival is protected"), not facts["protected_rivals"], ", ".join(facts["protected_rivals"])),
        Check(_("nothing unseen may be the same customer"), not facts["unseen"], ", ".join(facts["unseen"])),
    )
    return _conclude("deal-approval/1", "approved", reasons, facts, *checks)


def above_limit(facts: Facts) -> Reason | None:
    """What stops a person who may decide on smaller deals only."""
    limit = facts["approver_limit"]
    if facts["by"] != "person" or limit is None or Decimal(facts["amount"]) <= Decimal(limit):
        return None
    text = _("%(amount)s is above your limit of %(limit)s.") % {
        "amount": _money(facts["amount"], facts),
        "limit": _money(limit, facts),
    }
    return Reason("deal.amount_above_approver_limit", text, "vendor")


def _rival_reasons(facts: Facts, person: bool) -> list[Reason]:
    if facts["protected_rivals"]:
        return [
            Reason(ALREADY, _("This customer is already registered for this product."), "partner"),
            Reason(ALREADY, _("Protected already: %(who)s.") % {"who": ", ".join(facts["protected_rivals"])}, "vendor"),
        ]
    if facts["own_protected"]:
        return [
            Reason(
                "deal.own_duplicate",
                _("You have registered this customer for this product already: %(number)s.")
                % {"number": facts["own_protected"][0]},
            )
        ]
    open_questions = facts["unseen"] if person else facts["uncertain"]
    if not open_questions:
        return []
    key = "deal.rival_unseen" if person else "deal.possible_conflict"
    return [Reason(key, _("May be the same customer: %(who)s.") % {"who": ", ".join(open_questions)}, "vendor")]


def decide_protection(facts: Facts) -> dict[str, date]:
    """Until when each product line is protected: its own days or the tier's, and the days we were late."""
    start = date.fromisoformat(facts["start"])
    return {
        line: start + timedelta(days=int(days or facts["tier_days"]) + int(facts["late_days"]))
        for line, days in facts["lines"].items()
    }


def decide_extension(facts: Facts) -> Decision:
    """One extension, while protected, once the stage has moved on."""
    reasons = []
    if facts["status"] != "approved":
        reasons.append(Reason("deal.wrong_status", _("Only a protected deal can be extended.")))
    if facts["extended_on"]:
        reasons.append(Reason("deal.already_extended", _("The protection has been extended once already.")))
    if facts["stage"] == "discovery":
        reasons.append(
            Reason("deal.stage_unchanged", _("Move the deal to a later stage first: an extension follows progress."))
        )
    decision = _conclude(
        "deal-extension/1",
        "extended",
        reasons,
        facts,
        Check(_("still protected"), facts["status"] == "approved", facts["status"]),
        Check(_("not extended before"), not facts["extended_on"], facts["extended_on"] or ""),
        Check(_("stage has moved"), facts["stage"] != "discovery", facts["stage"]),
    )
    if decision.reason_keys != ("deal.stage_unchanged",):
        return decision
    nearest = _("It would be extended by %(days)s days at the stage “Qualified” or a later one.")
    return replace(decision, nearest=nearest % {"days": facts["days"]})


def decide_closing(facts: Facts) -> Decision:
    """May a deal be closed as won or lost with this day and amount?"""
    reasons = list(decide_move(facts).reasons)
    if date.fromisoformat(facts["closed_on"]) > date.fromisoformat(facts["today"]):
        reasons.append(Reason("closed_on.future", _("That day is still to come.")))
    if facts["to"] == "won" and Decimal(facts["amount"]) <= 0:
        reasons.append(Reason("amount.not_positive", _("Give the amount that was sold.")))
    if not facts.get("because_known", True):
        reasons.append(Reason("because.unknown", _("That is none of the reasons.")))
    reasons += _line_problems(facts)
    if facts.get("led_by_another"):
        text = _("This sale is shared and is closed together with its other part.")
        reasons.append(Reason("deal.part_of_another", text))
    return _conclude("deal-closing/1", facts["to"], reasons, facts)


def _line_problems(facts: Facts) -> list[Reason]:
    """What was sold of each product line makes up the amount, and is of the deal's own lines."""
    lines = facts.get("lines") or {}
    if not lines:
        return []
    if set(lines) - set(facts["known_lines"]) or any(Decimal(part) < 0 for part in lines.values()):
        return [Reason("lines.unknown", _("Give amounts for this deal's product lines only."))]
    if sum(map(Decimal, lines.values())) != Decimal(facts["amount"]):
        return [Reason("lines.sum", _("The amounts of the product lines must add up to the whole amount."))]
    return []


def decide_note(facts: Facts) -> Decision:
    """May something be added to a deal? `problems` are [key, text]."""
    reasons = [Reason(key, text) for key, text in facts["problems"]]
    return _conclude("deal-note/1", "added", reasons, facts)


def _conclude(rule: str, outcome: str, reasons: list[Reason], facts: Facts, *checks: Check) -> Decision:
    return Decision(rule, "refused" if reasons else outcome, not reasons, tuple(reasons), facts, checks)


RULES: dict[str, Callable[[Facts], Decision]] = {
    "deal-move/1": decide_move,
    "deal-return/1": decide_return,
    "deal-submission/1": decide_submission,
    "deal-conflict/1": decide_conflict,
    "deal-routing/1": decide_routing,
    "deal-approval/1": decide_approval,
    "deal-extension/1": decide_extension,
    "deal-closing/1": decide_closing,
    "deal-note/1": decide_note,
    "deal-approvers/1": decide_approvers,
    "approval-row/1": decide_row,
    **INTAKE_RULES,
    **rules_verdicts.RULES,
}


def judge_again(decision: Decision) -> Decision:
    """Judge a stored decision's facts again under the rule that it names. Raises KeyError for others."""
    from dealreg import rules_of_moves

    return (RULES | rules_of_moves.RULES)[decision.rule](decision.facts)
