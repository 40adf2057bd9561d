"""Who gets a task that its workflow leaves to the queue: the queue's assignment rules, read from the top."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prm.kernel import audit, clock
from prm.kernel.conditions.facts import NOW, TODAY
from prm.kernel.decisions import Decision, jsonable
from prm.kernel.tenancy.remembering import remembered
from workflows import assignment
from workflows.engine import people
from workflows.engine.step import Step
from workflows.models import AssignmentRule, HumanTask

BY_QUEUE: Mapping[str, Any] = {"kind": "queue"}


@dataclass(frozen=True, slots=True)
class Named:
    """Who is asked, and by which rule of the queue, if any decided."""

    owner: UUID | None
    role: str
    decision: Decision | None = None

    @property
    def rule(self) -> str:
        row = self.decision.facts["rule"] if self.decision else None
        return str(row["name"]) if row else ""


def named(step: Step, reasons: list[dict[str, Any]]) -> Named:
    """As the block says; where it says nothing, or leaves it to the queue, as the queue's rules say.

    Absence and departure count as ever; a task that no rule fits goes to the role that the block names, else to
    operations.
    """
    wanted = step.block.get("assign") or BY_QUEUE
    if wanted["kind"] != "queue":
        return Named(*people.assign(step, wanted))
    decision = _judged(step, reasons)
    row = decision.facts["rule"] if decision else None
    if row is None:
        return Named(*people.assign(step, wanted), decision)
    value = row["person"] if row["kind"] == "person" else row["role"]
    return Named(*people.assign(step, {"kind": row["kind"], "value": value}), decision)


def tell(step: Step, task: HumanTask, found: Named) -> None:
    """Put the decision beside the task; where the queue has no rules there is none."""
    if found.decision is not None:
        after = {"rule": found.rule, "owner": found.owner, "role": found.role}
        audit.record(
            "task.put_by_rules", target=task, actor=step.actor, at=step.now, decision=found.decision, after=after
        )


def _judged(step: Step, reasons: list[dict[str, Any]]) -> Decision | None:
    rows = [row for row in assignment_rows() if assignment.covers(row, step.block["queue"], step.subject_type)]
    if not rows:
        return None
    known = {
        **step.context.get("facts", {}),
        **people.subject_facts(step),
        "task.title": str(step.block["title"]),
        "task.why": " ".join(one["text"] for one in reasons),
        "task.reasons": [one["key"] for one in reasons if one["key"]],
        NOW: step.now,
        TODAY: clock.local_date(step.now),
    }
    facts = {"queue": step.block["queue"], "about": step.subject_type, "known": known, "rules": rows}
    return assignment.decide_assignment(jsonable(facts))


@remembered("workflows.AssignmentRule", "identity.Membership")
def assignment_rows() -> tuple[Mapping[str, Any], ...]:
    """Every rule, the first first."""
    return tuple(row_of(rule) for rule in AssignmentRule.objects.select_related("person"))


def row_of(rule: AssignmentRule) -> dict[str, Any]:
    """A rule as it is judged and as a decision keeps it. Whoever has left has no name."""
    person = rule.person
    return {
        "id": str(rule.pk),
        "position": rule.position,
        "name": rule.name,
        "queue": rule.queue,
        "about": rule.about,
        "when": rule.when,
        "kind": str(rule.kind),
        "role": rule.role,
        "person": str(person.pk) if person else "",
        "person_name": person.name if person and person.ended_at is None else "",
    }
