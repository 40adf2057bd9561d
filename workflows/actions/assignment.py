"""The assignment rules, changed one by one, each change audited with its decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.ordered import Order
from workflows import assignment
from workflows.engine.assigning import row_of
from workflows.models import AssignmentRule
from workflows.queries.assignment import available, rule_facts

FIELDS = ("name", "queue", "about", "when", "kind", "role", "person_id")


def keep_assignment_rule(
    *, fields: Mapping[str, Any], actor: Actor, now: datetime, rule_id: UUID | None = None
) -> Decision:
    """Add a rule at the end, or change one. Raises AssignmentRule.DoesNotExist for an unknown id."""
    others = [one for one in ORDER.hold() if one.pk != rule_id]
    rule = AssignmentRule.objects.get(pk=rule_id) if rule_id else AssignmentRule(position=len(others) + 1)
    before = row_of(rule) if rule_id else {}
    for name in FIELDS:
        if name in fields:
            setattr(rule, name, fields[name])
    _tidy(rule)
    decision = assignment.decide_rule(rule_facts(row_of(rule), available(), [one.name for one in others], actor))
    if decision.allowed:
        rule.save()
    ORDER.tell("changed" if rule_id else "added", rule, decision, before=before, actor=actor, now=now)
    return decision


def move_assignment_rule(*, rule_id: UUID, up: bool, actor: Actor, now: datetime) -> Decision:
    """Put a rule before the one above it, or after the one below. Raises AssignmentRule.DoesNotExist."""
    return ORDER.move(rule_id=rule_id, up=up, actor=actor, now=now)


def remove_assignment_rule(*, rule_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take a rule out; what it held stays in the audit. Raises AssignmentRule.DoesNotExist."""
    return ORDER.remove(rule_id=rule_id, actor=actor, now=now)


def _tidy(rule: AssignmentRule) -> None:
    """Only what the kind of taker needs is kept, and nobody who was never one of ours."""
    if rule.kind not in assignment.WITH_ROLE:
        rule.role = ""
    if rule.kind != AssignmentRule.Kind.PERSON or not _is_ours(rule.person_id):
        rule.person = None
    rule.name = " ".join(str(rule.name).split())[:120]


def _is_ours(membership_id: UUID | None) -> bool:
    return membership_id is not None and Membership.objects.filter(pk=membership_id, partner=None).exists()


def _may_change(actor: Actor) -> Decision:
    return assignment.decide_change({"may_change": actor.has("admin") and actor.is_vendor})


ORDER = Order(AssignmentRule, audited="assignment.rule", row_of=row_of, may_change=_may_change)
