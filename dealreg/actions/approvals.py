"""The approval matrix: asked for a deal, and changed row by row, each change audited."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dealreg import matrix, queries
from dealreg.actions.base import judging, note
from dealreg.models import ApprovalRule
from dealreg.queries.approvals import approver_route_facts, known_for_approvals, row_facts, row_of
from dealreg.rules import decide_note
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.ordered import Order

FIELDS = (
    "amount_above",
    "amount_up_to",
    "discount_above",
    "discount_up_to",
    "territories",
    "product_lines",
    "decider",
    "role",
    "person_id",
    "people",
)


def route_to_approvers(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Who approves a deal that needs a person, by the first row of the matrix that fits it."""
    with judging(deal_id) as deal:
        routed = queries.latest_decision(deal, "deal-routing/")
        decision = matrix.decide_approvers(approver_route_facts(deal, routed.outcome if routed else "approver"))
        note("deal.approvers_named", deal, actor=actor, now=now, decision=decision)
    return decision


def keep_approval_rule(
    *, fields: Mapping[str, Any], actor: Actor, now: datetime, rule_id: UUID | None = None
) -> Decision:
    """Add a row at the end, or change one. Raises ApprovalRule.DoesNotExist for an unknown id."""
    others = [one for one in ORDER.hold() if one.pk != rule_id]
    rule = ApprovalRule.objects.get(pk=rule_id) if rule_id else ApprovalRule(position=len(others) + 1)
    before = row_of(rule) if rule_id else {}
    for name in FIELDS:
        if name in fields:
            setattr(rule, name, fields[name])
    _tidy(rule)
    decision = matrix.decide_row(row_facts(row_of(rule), known_for_approvals(), len(others), actor))
    if decision.allowed:
        rule.save()
    ORDER.tell("changed" if rule_id else "added", rule, decision, before=before, actor=actor, now=now)
    return decision


def move_approval_rule(*, rule_id: UUID, up: bool, actor: Actor, now: datetime) -> Decision:
    """Put a row before the one above it, or after the one below. Raises ApprovalRule.DoesNotExist."""
    return ORDER.move(rule_id=rule_id, up=up, actor=actor, now=now)


def remove_approval_rule(*, rule_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take a row out; what it held stays in the audit. Raises ApprovalRule.DoesNotExist."""
    return ORDER.remove(rule_id=rule_id, actor=actor, now=now)


def ship_approval_matrix() -> None:
    """What a new vendor starts from: two approvers above 200,000, else whom the checks name."""
    if not ApprovalRule.objects.exists():
        ApprovalRule.objects.create(position=1, amount_above=200_000, decider="role", role="approver", people=2)
        ApprovalRule.objects.create(position=2)


def _tidy(rule: ApprovalRule) -> None:
    """Only what the kind of decider needs is kept."""
    if rule.decider != ApprovalRule.Decider.ROLE:
        rule.role = ""
    if rule.decider != ApprovalRule.Decider.PERSON:
        rule.person = None


def _may_change(actor: Actor) -> Decision:
    ours = actor.has("admin") and actor.is_vendor
    return decide_note(
        {"problems": [] if ours else [["matrix.not_yours", _("Only an admin changes the approval matrix.")]]}
    )


ORDER = Order(ApprovalRule, audited="approval_matrix.row", row_of=row_of, may_change=_may_change)
