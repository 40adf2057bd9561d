"""The steps that a workflow can take with a deal: each calls one action and says what came of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dealreg import actions, queries
from dealreg.automation.judges import JUDGES, eligible
from dealreg.entry import FIELDS
from prm.kernel import wording
from prm.kernel.automation.registry import ActionSpec, Outcome, register_action
from prm.kernel.conditions import Fact
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor

Params = Mapping[str, Any]

REASON = Fact("reason", _("Reason for the partner"), "text")
REMARK = Fact("remark", _("Remark for the record"), "text")
OPENED = Fact("fields", _("Fields to open"), "list")
OTHER = Fact("other", _("Same as this deal or customer"), "id")
DIFFERENT = Fact("different_from", _("Is none of these customers"), "list")


def validate(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    decision = actions.validate_deal(deal_id=deal, actor=actor, now=now)
    told = _told(eligible(decision.outcome), decision)
    if told.value != "error":
        return told
    broken = wording.joined(reason.text for reason in decision.reasons if reason.key in ("rule.broken", "rule.missing"))
    return Outcome(told.value, {**told.detail, "incident": broken})


def check_conflicts(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    decision = actions.check_conflicts(deal_id=deal, actor=actor, now=now, fresh=False)
    return _told(decision.outcome, decision)


def route(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    decision = actions.route_deal(deal_id=deal, actor=actor, now=now)
    return _told(decision.outcome, decision)


def name_approvers(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    """Whom the approval matrix names: for the approval block that asks "whoever this step names"."""
    decision = actions.route_to_approvers(deal_id=deal, actor=actor, now=now)
    told, row = _told(decision.outcome, decision), decision.facts["row"]
    if row is None:
        return told
    named = {"assign": {"kind": row["decider"], "value": row["role"] or row["person"]}, "people": row["people"]}
    return Outcome(told.value, {**told.detail, **named, "row": row["position"]})


def start_review(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    return _done("done", actions.start_review(deal_id=deal, actor=actor, now=now))


def approve(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    return _done(
        "approved",
        actions.approve_deal(
            deal_id=deal,
            actor=actor,
            now=now,
            remark=str(params.get("remark") or ""),
            different_from=[UUID(str(pk)) for pk in params.get("different_from") or ()],
        ),
    )


def reject(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    """A workflow's refusal tells the partner what the checks found; a person's tells what they wrote."""
    reason = str(params.get("reason") or "")
    reasons = [] if reason else queries.reasons_for_partner(deal_id=deal)
    return _done("rejected", actions.reject_deal(deal_id=deal, reason=reason, reasons=reasons, actor=actor, now=now))


def return_to_partner(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    fields = [str(name) for name in params.get("fields") or ()]
    return _done(
        "returned",
        actions.return_deal(
            deal_id=deal,
            reason=str(params.get("reason") or ""),
            fields=fields or list(FIELDS),
            actor=actor,
            now=now,
        ),
    )


def mark_duplicate(deal: UUID, params: Params, actor: Actor, now: datetime) -> Outcome:
    other = str(params.get("other") or "")
    return _done(
        "rejected",
        actions.mark_duplicate(
            deal_id=deal,
            other=UUID(other) if other else deal,
            reason=str(params.get("reason") or ""),
            actor=actor,
            now=now,
        ),
    )


def _told(value: str, decision: Decision) -> Outcome:
    """What a check found: the vendor's reasons for the queue, the partner's for an answer."""
    return Outcome(
        value,
        {
            "rule": decision.rule,
            "reasons": [r.told() for r in decision.reasons if r.seen_by("vendor")],
            "for_partner": " ".join(r.text for r in decision.reasons if r.seen_by("partner")),
        },
    )


def _done(value: str, decision: Decision) -> Outcome:
    return _told(value if decision.allowed else "refused", decision)


for _spec in (
    ActionSpec(
        "dealreg.validate",
        _("Judge by the eligibility rules"),
        validate,
        outcomes=("allowed", "review", "refused", "error"),
        subject="deal",
    ),
    ActionSpec(
        "dealreg.check_conflicts",
        _("Look for rivals"),
        check_conflicts,
        outcomes=("clear", "review", "conflict"),
        subject="deal",
    ),
    ActionSpec(
        "dealreg.route",
        _("Find who decides"),
        route,
        outcomes=("automatic", "cam", "ops", "approver"),
        subject="deal",
    ),
    ActionSpec(
        "dealreg.approval_route",
        _("Find who approves by the approval matrix"),
        name_approvers,
        outcomes=("several", "cam", "ops", "approver", "named", "unmatched"),
        subject="deal",
        names_people=True,
    ),
    ActionSpec(
        "dealreg.start_review",
        _("Put the deal in review"),
        start_review,
        outcomes=("done", "refused"),
        subject="deal",
    ),
    ActionSpec(
        "dealreg.approve",
        _("Approve and protect"),
        approve,
        (REMARK, DIFFERENT),
        outcomes=("approved", "refused"),
        subject="deal",
    ),
    ActionSpec("dealreg.reject", _("Decline"), reject, (REASON,), outcomes=("rejected", "refused"), subject="deal"),
    ActionSpec(
        "dealreg.return",
        _("Ask the partner"),
        return_to_partner,
        (REASON, OPENED),
        outcomes=("returned", "refused"),
        subject="deal",
    ),
    ActionSpec(
        "dealreg.mark_duplicate",
        _("Decline as a duplicate"),
        mark_duplicate,
        (REASON, OTHER),
        outcomes=("rejected", "refused"),
        subject="deal",
    ),
):
    register_action(replace(_spec, judge=JUDGES.get(_spec.key)))
