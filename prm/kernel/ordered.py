"""Rules that stand in an order which people set: moved and taken out one by one, each change audited.

The model has a `position` that counts from 1 without gaps; where the first rule that fits decides, it is the meaning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.lines import stand_in_line

Rule = TypeVar("Rule", bound=Model)


@dataclass(frozen=True, slots=True)
class Order(Generic[Rule]):
    """The order of one kind of rule.

    `audited` is what the audit calls one of them; `row_of` is a rule as it tells of it; `may_change` judges who asks.
    """

    model: type[Rule]
    audited: str
    row_of: Callable[[Rule], Mapping[str, Any]]
    may_change: Callable[[Actor], Decision]

    def hold(self) -> list[Rule]:
        """Every rule, the first first; nobody else changes one before this transaction ends."""
        stand_in_line("ordered", self.model._meta.label)
        return list(self.model._default_manager.order_by("position", "pk"))

    def move(self, *, rule_id: UUID, up: bool, actor: Actor, now: datetime) -> Decision:
        """Put a rule before the one above it, or after the one below. Raises the model's DoesNotExist."""
        rules, place = self._find(rule_id)
        rule, there = rules[place], place - 1 if up else place + 1
        decision, before = self.may_change(actor), self.row_of(rule)
        if decision.allowed and 0 <= there < len(rules):
            rules.insert(there, rules.pop(place))
            _number(rules)
        self.tell("moved", rule, decision, before=before, actor=actor, now=now)
        return decision

    def remove(self, *, rule_id: UUID, actor: Actor, now: datetime) -> Decision:
        """Take a rule out; what it held stays in the audit. Raises the model's DoesNotExist."""
        rules, place = self._find(rule_id)
        rule = rules.pop(place)
        decision = self.may_change(actor)
        self._record("removed", rule, decision, actor, now, before=self.row_of(rule), after={})
        if decision.allowed:
            rule.delete()
            _number(rules)
        return decision

    def tell(
        self, what: str, rule: Rule, decision: Decision, *, before: Mapping[str, Any], actor: Actor, now: datetime
    ) -> None:
        """What of the rule is different now; a refusal is told with its reasons."""
        after = self.row_of(rule) if decision.allowed else {}
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        kept = {name: before[name] for name in changed if name in before}
        self._record(what, rule, decision, actor, now, before=kept, after=changed)

    def _record(
        self,
        what: str,
        rule: Rule,
        decision: Decision,
        actor: Actor,
        now: datetime,
        *,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        action = f"{self.audited}_{what}" if decision.allowed else f"{self.audited}_{what}_refused"
        audit.record(action, target=rule, actor=actor, at=now, decision=decision, before=before, after=after)

    def _find(self, rule_id: UUID) -> tuple[list[Rule], int]:
        """The rules, and the place of one among them."""
        rules = self.hold()
        return rules, rules.index(self.model._default_manager.get(pk=rule_id))


def _number(rules: list[Any]) -> None:
    for position, rule in enumerate(rules, 1):
        if rule.position != position:
            rule.position = position
            rule.save(update_fields=["position"])
