"""What stops with a run that is ended before its time, for whoever is about to end it."""

from dataclasses import dataclass
from uuid import UUID

from workflows.models import HumanTask, Run, SlaClock, WebhookCall


@dataclass(frozen=True, slots=True)
class Stops:
    """Everything that ends with it, and the run that waits for it and goes on."""

    tasks: tuple[HumanTask, ...]
    clocks: tuple[SlaClock, ...]
    runs: tuple[Run, ...]
    calls: int
    parent: Run | None


def what_stops(run: Run) -> Stops:
    """As `engine.ending.cancel_run` would do it now; nothing is written."""
    below = _runs_below(run.pk)
    every = [run.pk, *(one.pk for one in below)]
    clocks = SlaClock.objects.exclude(status="stopped")
    if run.parent_id is None:  # its subject's clocks stop, whichever run began them
        clocks = clocks.filter(subject_id=run.subject_id)
    else:
        clocks = clocks.filter(run__in=every, status="running")
    tasks = HumanTask.objects.filter(run__in=every, status__in=["open", "deciding"]).order_by("opened_at")
    return Stops(
        tasks=tuple(tasks),
        clocks=tuple(clocks.order_by("started_at")),
        runs=tuple(below),
        calls=WebhookCall.objects.filter(run__in=every, state="waiting").count(),
        parent=Run.objects.select_related("workflow").filter(pk=run.parent_id).first() if run.parent_id else None,
    )


def _runs_below(run_id: UUID) -> list[Run]:
    """The runs that it waits for, and those that they wait for."""
    found: list[Run] = []
    level = [run_id]
    while level:
        children = list(Run.objects.select_related("workflow").filter(parent_id__in=level, status="running"))
        found += children
        level = [one.pk for one in children]
    return found
