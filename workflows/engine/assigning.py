"""Who gets a task that its workflow leaves to the queue: the queue's assignment rules, read from the top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prm.kernel import audit, clock
from prm.kernel.audit.models import DecisionRecord
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
    return _found(step, step.block.get("assign") or BY_QUEUE, reasons)


def instead(step: Step, wanted: Mapping[str, Any], task: HumanTask) -> Named:
    """Who is asked now that nobody has answered: somebody else than its owner, where there is anybody else.

    Left to the queue, its rules are read again; one that has given the task out has had its turn.
    """
    return _found(step, wanted, task.reasons, had=_had(task) if wanted["kind"] == "queue" else [], but=task.owner_id)


def afresh(step: Step, task: HumanTask) -> Named:
    """Who would be asked if the question were put today: somebody else than its owner, where there is anybody else.

    A rule that had its turn before the one that holds is passed over.
    """
    wanted = step.block.get("assign") or BY_QUEUE
    had = [name for name in _had(task) if name != task.assigned_by]
    return _found(step, wanted, task.reasons, had=had, but=task.owner_id)


def _had(task: HumanTask) -> list[str]:
    """The rules that have given the task out, by their names."""
    told = DecisionRecord.objects.filter(subject_id=task.pk, rule__startswith="task-assignment/")
    given = told.filter(outcome__in=AssignmentRule.Kind.values)
    return sorted(set(given.values_list("document__facts__rule__name", flat=True)))


def _found(
    step: Step,
    wanted: Mapping[str, Any],
    reasons: list[dict[str, Any]],
    *,
    had: Sequence[str] = (),
    but: UUID | None = None,
) -> Named:
    if wanted["kind"] != "queue":
        return Named(*people.assign(step, wanted, but=but))
    decision = _judged(step, reasons, had)
    row = decision.facts["rule"] if decision else None
    if row is None:
        return Named(*people.assign(step, wanted), decision)
    value = row["person"] if row["kind"] == "person" else row["role"]
    return Named(*people.assign(step, {"kind": row["kind"], "value": value}, but=but), decision)


def tell(step: Step, task: HumanTask, found: Named) -> None:
    """Put the decision beside the task; where the queue has no rules there is none."""
    if found.decision is not None:
        after = {"rule": found.rule, "owner": found.owner, "role": found.role}
        audit.record(
            "task.put_by_rules", target=task, actor=step.actor, at=step.now, decision=found.decision, after=after
        )


def _judged(step: Step, reasons: list[dict[str, Any]], had: Sequence[str]) -> Decision | None:
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
    facts = {"queue": step.block["queue"], "about": step.subject_type, "known": known, "rules": rows, "had": had}
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
