"""Workflows that set themselves off: told from the causes of their events, and stopped with one incident."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from prm.kernel import events
from prm.kernel.wording import said as _
from workflows.models import Run

ROUNDS = 10  # of one workflow on one subject
ROUNDS_ANYWHERE = 50  # of one workflow on any subjects


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that published an event."""

    run_id: UUID
    generation: int


def origin_of(event: events.Delivered) -> Origin | None:
    """The run that the event comes from; None where a person or the world outside did it."""
    kind, _colon, run = event.cause.partition(":")
    if kind != "run":
        return None
    found = Run.objects.filter(pk=run).values_list("pk", "generation").first()
    return Origin(*found) if found else None


_WAY = """
WITH RECURSIVE way AS (
  SELECT id, workflow_id, subject_id, caused_by, 1 AS number FROM workflows_run WHERE id = %s
  UNION ALL
  SELECT r.id, r.workflow_id, r.subject_id, r.caused_by, way.number + 1
  FROM way JOIN workflows_run AS r ON r.id = way.caused_by WHERE way.number < 500
)
SELECT count(*) FILTER (WHERE subject_id = %s), count(*) FROM way WHERE workflow_id = %s
"""


def is_circle(origin: Origin | None, workflow_id: UUID, subject_id: UUID) -> bool:
    """Whether the workflow has led to this event too often already."""
    if origin is None or origin.generation < ROUNDS - 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_WAY, [origin.run_id, subject_id, workflow_id])
        here, anywhere = cursor.fetchone()
    return bool(here >= ROUNDS or anywhere >= ROUNDS_ANYWHERE)


def told(workflow: str) -> str:
    return _(
        "“%(name)s” has set itself off %(count)d times in a row, so it was stopped here. Change its trigger or the "
        "block that causes it."
    ) % {"name": workflow, "count": ROUNDS}
