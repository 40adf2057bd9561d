"""Decided tasks by the question they answered, with the facts as they were then."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.conditions import FactSchema, UnknownFact, schema_named
from workflows.models import HumanTask
from workflows.proposals.finding import Case

LATEST = 2_000  # decided tasks of one question that are looked at


@dataclass(frozen=True, slots=True)
class Question:
    """Tasks are alike when they stood in one queue for exactly the same reasons."""

    workflow_id: UUID
    block: str
    queue: str
    reasons: tuple[str, ...]
    schema: FactSchema


@dataclass(slots=True)
class Decided:
    """What people said to one question, the latest first."""

    text: str = ""
    tasks: list[tuple[UUID, str, datetime, Mapping[str, Any]]] = field(default_factory=list)

    def outcomes(self) -> set[str]:
        return {outcome for _id, outcome, _at, _facts in self.tasks}

    def cases(self, outcome: str) -> list[Case]:
        return [Case(pk, facts, said == outcome) for pk, said, _at, facts in self.tasks]


def decided_since(since: datetime) -> Mapping[Question, Decided]:
    """Every question that people have answered since then."""
    found: dict[Question, Decided] = defaultdict(Decided)
    for question, text, task in _tasks(since):
        decided = found[question]
        decided.text = decided.text or text
        if len(decided.tasks) < LATEST:
            decided.tasks.append(task)
    return found


def _tasks(since: datetime) -> Iterator[tuple[Question, str, tuple[UUID, str, datetime, Mapping[str, Any]]]]:
    rows = (
        HumanTask.objects.filter(status="decided", decided_at__gte=since)
        .order_by("-decided_at", "id")
        .values_list(
            "id", "queue", "outcome", "reasons", "decided_at", "subject_type", "block",
            "run__workflow_id", "run__context__facts",
        )
    )  # fmt: skip
    for pk, queue, outcome, reasons, at, subject, block, workflow, facts in rows.iterator(chunk_size=500):
        try:
            schema = schema_named(subject)
        except UnknownFact:
            continue
        keys, text = reasons_of(reasons)
        if keys and at is not None and isinstance(facts, dict):
            yield Question(workflow, block, queue, keys, schema), text, (pk, outcome, at, facts)


def reasons_of(reasons: Any) -> tuple[tuple[str, ...], str]:
    """The keys of a task's reasons, in order, and their words; without those about the task itself."""
    told = [reason for reason in reasons if not str(reason.get("key", "")).startswith("decision.")]
    keys = {str(reason.get("key") or "") for reason in told}
    if "" in keys:
        return (), ""
    return tuple(sorted(keys)), " ".join(str(reason.get("text") or "") for reason in told)[:300]
