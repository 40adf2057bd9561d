"""Past events that a draft can be tried on, with what their runs recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.events.models import EventRow
from workflows.models import Run
from workflows.replay.reading import Past, events_after

MOST = 40


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event to choose: what it was about, when, and how its run ended."""

    id: UUID
    name: str
    at: datetime
    result: str


def past_events(event: str) -> list[PastEvent]:
    """The latest events of that name, newest first."""
    rows = list(EventRow.objects.filter(name=event).order_by("-at").values("id", "at", "subject_id")[:MOST])
    runs: dict[Any, Run] = {}
    for run in Run.objects.filter(event_id__in=[row["id"] for row in rows]).only(
        "event_id", "subject_name", "result", "status"
    ):
        runs[run.event_id] = run
    found = []
    for row in rows:
        run_of = runs.get(row["id"])
        name = run_of.subject_name if run_of and run_of.subject_name else str(row["subject_id"])[-8:]
        found.append(PastEvent(row["id"], name, row["at"], run_of.result if run_of else ""))
    return found


def past_of(event_id: UUID, workflow_id: UUID, rules: Sequence[str]) -> Past | None:
    """What is known of one event, with the run that it began in this workflow, as replay reads it."""
    row = EventRow.objects.filter(pk=event_id).first()
    if row is None:
        return None
    found = events_after(workflow_id, [row.name], row.at, row.at, None, rules)
    return next((one for one in found if one.id == event_id), None)
