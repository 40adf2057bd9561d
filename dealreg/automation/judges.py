"""What the steps of a deal would answer, from facts alone: for replay, which takes none of them."""

from collections.abc import Callable

from dealreg import rules
from dealreg.eligibility import RULESET
from prm.kernel.automation.registry import Asked, Judge, Outcome

VALIDATE, CONFLICTS, ROUTE = "dealreg.validate", "dealreg.check_conflicts", "dealreg.route"


def eligible(outcome: str) -> str:
    """What the eligibility rules say, as the step answers it."""
    value = {"allow": "allowed", "refuse": "refused"}.get(outcome, outcome)
    return value if value in ("allowed", "refused", "error") else "review"


def _eligibility(asked: Asked) -> Outcome:
    """The rules that are tried, on the facts that were judged then; else on the event's, where the customer
    had not been looked for yet."""
    ruling = asked.rules(RULESET)(asked.recorded or asked.event)
    return Outcome(eligible(ruling.outcome), {"keys": ruling.reasons, "assumed": asked.recorded is None})


def _conflicts(asked: Asked) -> Outcome | None:
    """Eligibility is judged after the search for rivals, so its facts tell what was found."""
    found = (asked.recorded or asked.event).get("deal.conflict")
    return Outcome(found, {"assumed": True}) if found in ("clear", "review", "conflict") else None


def _route(asked: Asked) -> Outcome | None:
    """The same facts with what the checks say now; who would decide is a guess where nobody was ever asked."""
    conflict, eligibility = asked.steps.get(CONFLICTS), asked.steps.get(VALIDATE)
    if conflict is None or eligibility is None:
        return None
    keys = [*conflict.detail.get("keys", ()), *eligibility.detail.get("keys", ())]
    if asked.recorded is None:
        return _likely_route(asked, conflict.value) if keys else None
    decision = rules.decide_routing(
        {
            **asked.recorded,
            "findings": [[key, key] for key in keys],
            "conflict": conflict.value,
            "broken_rule": eligibility.value == "error",
        }
    )
    return Outcome(decision.outcome, {"keys": decision.reason_keys})


def _likely_route(asked: Asked, conflict: str) -> Outcome:
    if conflict != "clear":
        return Outcome("approver", {"assumed": True})
    return Outcome("cam" if asked.event.get("partner.has_cam") else "ops", {"assumed": True})


def _approvers(asked: Asked) -> Outcome | None:
    """The rows of that time, with whom the checks name now; a guess where the matrix was never asked."""
    routed = asked.steps.get(ROUTE)
    if routed is None:
        return None
    if asked.recorded is None:
        return Outcome(routed.value if routed.value in ("cam", "ops") else "approver", {"assumed": True})
    decision = rules.decide_approvers({**asked.recorded, "route": routed.value})
    return Outcome(decision.outcome, {"keys": decision.reason_keys})


def _approval(asked: Asked) -> Outcome | None:
    """Nothing stands in the way of a deal without a protected rival."""
    found = asked.steps.get(CONFLICTS)
    if found is None:
        return None
    return Outcome("refused" if found.value == "conflict" else "approved", {"assumed": True})


def _surely(value: str) -> Callable[[Asked], Outcome]:
    """What a deal that was handed in does not resist."""
    return lambda _asked: Outcome(value, {"assumed": True})


JUDGES = {
    VALIDATE: Judge(_eligibility, rule=RULESET, rulesets=(RULESET,)),
    CONFLICTS: Judge(_conflicts, rule=RULESET),
    ROUTE: Judge(_route, rule="deal-routing", after=(VALIDATE, CONFLICTS)),
    "dealreg.approval_route": Judge(_approvers, rule="deal-approvers", after=(ROUTE,)),
    "dealreg.approve": Judge(_approval),
    "dealreg.start_review": Judge(_surely("done")),
    "dealreg.reject": Judge(_surely("rejected")),
    "dealreg.return": Judge(_surely("returned")),
    "dealreg.mark_duplicate": Judge(_surely("rejected")),
}
