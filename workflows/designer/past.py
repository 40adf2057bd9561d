"""Past events that a draft can be tried on, with what their runs recorded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.events.models import EventRow
from workflows.designer.trying import Past
from workflows.models import Run, RunEvent

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


def past_of(event_id: UUID, workflow_id: UUID) -> Past | None:
    """What is known of one event; with the answers of the run that it began in this workflow."""
    row = EventRow.objects.filter(pk=event_id).first()
    if row is None:
        return None
    run = Run.objects.filter(event_id=event_id, workflow_id=workflow_id).first()
    saved, blocks = {}, {}
    if run is not None:
        steps = run.context.get("steps") or {}
        saved = {name: str(step.get("value") or "") for name, step in steps.items() if isinstance(step, dict)}
        told = RunEvent.objects.filter(run=run, kind="step").order_by("id").values_list("block", "value")
        blocks = dict(told)
    payload = row.payload if isinstance(row.payload, dict) else {}
    return Past(payload.get("facts") or {}, payload.get("before") or {}, row.at, saved, blocks)
