"""Thin tasks: larger imports, a chunk at a time. The rows say what is due; a message only wakes us."""

import logging
import time
from uuid import UUID

from partners.actions import imports
from partners.models import ImportBatch
from prm.celery import PlatformTask, app
from prm.kernel.tenancy.context import acting

log = logging.getLogger(__name__)
BUDGET = 60  # seconds; the next sweep goes on


@app.task(base=PlatformTask)
def bring_in() -> int:
    """Work off started imports of every vendor in turn; returns how many chunks were done."""
    stop, done = time.monotonic() + BUDGET, 0
    while time.monotonic() < stop and (waiting := _at_work()):
        worked = [one_chunk(tenant, batch) for tenant, batch in waiting]
        done += len(worked)
        if not any(worked):
            break
    return done


def one_chunk(tenant: UUID, batch: UUID) -> bool:
    """One transaction; a fault ends the batch, where its owner sees it."""
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            return imports.next_chunk(batch_id=batch, now=now)
    except Exception as fault:
        log.exception("import %s stopped", batch)
        with acting(tenant=tenant, audience="vendor") as now:
            imports.fail_batch(batch_id=batch, why=type(fault).__name__, now=now)
        return False


def _at_work() -> list[tuple[UUID, UUID]]:
    states = (ImportBatch.State.CHECKING, ImportBatch.State.RUNNING)
    with acting(audience="relay"):
        due = ImportBatch.objects.filter(state__in=states).order_by("id")
        return list(due.values_list("tenant_id", "id")[:20])
