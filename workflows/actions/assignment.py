"""The assignment rules, changed one by one, each change audited with its decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.lines import stand_in_line
from workflows import assignment
from workflows.engine.assigning import row_of
from workflows.models import AssignmentRule
from workflows.queries.assignment import available, in_order, rule_facts

FIELDS = ("name", "queue", "about", "when", "kind", "role", "person_id")


def keep_assignment_rule(
    *, fields: Mapping[str, Any], actor: Actor, now: datetime, rule_id: UUID | None = None
) -> Decision:
    """Add a rule at the end, or change one. Raises AssignmentRule.DoesNotExist for an unknown id."""
    stand_in_line("workflows.assignment_rules")
    others = [one for one in in_order() if one.pk != rule_id]
    rule = AssignmentRule.objects.get(pk=rule_id) if rule_id else AssignmentRule(position=len(others) + 1)
    before = row_of(rule) if rule_id else {}
    for name in FIELDS:
        if name in fields:
            setattr(rule, name, fields[name])
    _tidy(rule)
    decision = assignment.decide_rule(rule_facts(row_of(rule), available(), [one.name for one in others], actor))
    if decision.allowed:
        rule.save()
    _tell("rule_changed" if rule_id else "rule_added", rule, decision, actor, now, before)
    return decision


def move_assignment_rule(*, rule_id: UUID, up: bool, actor: Actor, now: datetime) -> Decision:
    """Put a rule before the one above it, or after the one below. Raises AssignmentRule.DoesNotExist."""
    stand_in_line("workflows.assignment_rules")
    rules = in_order()
    rule = next((one for one in rules if one.pk == rule_id), None)
    if rule is None:
        raise AssignmentRule.DoesNotExist(f"No rule {rule_id}.")
    decision, place = _may_change(actor), rules.index(rule)
    before, there = row_of(rule), place - 1 if up else place + 1
    if decision.allowed and 0 <= there < len(rules):
        rules.insert(there, rules.pop(place))
        _number(rules)
    _tell("rule_moved", rule, decision, actor, now, before)
    return decision


def remove_assignment_rule(*, rule_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take a rule out; what it held stays in the audit. Raises AssignmentRule.DoesNotExist."""
    stand_in_line("workflows.assignment_rules")
    rule = AssignmentRule.objects.get(pk=rule_id)
    decision, before = _may_change(actor), row_of(rule)
    audited = "assignment.rule_removed" if decision.allowed else "assignment.rule_removed_refused"
    audit.record(audited, target=rule, actor=actor, at=now, decision=decision, before=before)
    if decision.allowed:
        rule.delete()
        _number(in_order())
    return decision


def _tidy(rule: AssignmentRule) -> None:
    """Only what the kind of taker needs is kept, and nobody who was never one of ours."""
    if rule.kind not in assignment.WITH_ROLE:
        rule.role = ""
    if rule.kind != AssignmentRule.Kind.PERSON or not _is_ours(rule.person_id):
        rule.person = None
    rule.name = " ".join(str(rule.name).split())[:120]


def _is_ours(membership_id: UUID | None) -> bool:
    return membership_id is not None and Membership.objects.filter(pk=membership_id, partner=None).exists()


def _number(rules: list[AssignmentRule]) -> None:
    for position, rule in enumerate(rules, 1):
        if rule.position != position:
            rule.position = position
            rule.save(update_fields=["position"])


def _may_change(actor: Actor) -> Decision:
    return assignment.decide_change({"may_change": actor.has("admin") and actor.is_vendor})


def _tell(
    what: str, rule: AssignmentRule, decision: Decision, actor: Actor, now: datetime, before: Mapping[str, Any]
) -> None:
    """What of the rule is different now; a refusal is told with its reasons."""
    after = row_of(rule) if decision.allowed else {}
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    audit.record(
        f"assignment.{what}" if decision.allowed else f"assignment.{what}_refused",
        target=rule,
        actor=actor,
        at=now,
        decision=decision,
        before={name: before[name] for name in changed if name in before},
        after=changed,
    )
