"""Event logs that are too big for one answer: written by a task, fetched by a signed link, gone after a day."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import IO
from uuid import UUID

from django.core import signing
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection

from prm.kernel.tenancy.context import acting, tenant_id
from workflows.analytics import log as event_log
from workflows.models import EventLog

logger = logging.getLogger(__name__)
AT_ONCE = 20_000  # events that are sent in the answer itself
KEPT = "1 day"
SECONDS = 86_400

_DUE = "SELECT tenant_id, id FROM workflows_eventlog WHERE state = 'waiting' ORDER BY asked_at LIMIT 20"
_OLD = """
SELECT tenant_id, id FROM workflows_eventlog WHERE asked_at < clock_timestamp() - %s::interval LIMIT 100
"""


def write_due() -> int:
    """Write what was asked for and remove what is old; says how many logs were written."""
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
        cursor.execute(_OLD, [KEPT])
        old = cursor.fetchall()
    for tenant, pk in old:
        _remove(tenant, pk)
    return sum(_write(tenant, pk) for tenant, pk in due)


def _write(tenant: UUID, pk: UUID) -> bool:
    """One log, in a transaction of its own. Whoever comes second leaves it alone."""
    try:
        with acting(tenant=tenant, audience="vendor"):
            row = EventLog.objects.select_for_update(skip_locked=True).filter(pk=pk, state="waiting").first()
            if row is None:
                return False
            with written(row.workflow_id, row.since, row.until) as (file, events):
                name = default_storage.save(f"{tenant_id()}/logs/{token_hex(16)}.json", File(file))
                row.stored_name, row.size, row.events, row.state = name, default_storage.size(name), events, "ready"
            row.save(update_fields=["stored_name", "size", "events", "state"])
            return True
    except Exception:
        logger.exception("the event log %s could not be written", pk)
        with acting(tenant=tenant, audience="vendor"):
            EventLog.objects.filter(pk=pk).update(state="failed")
        return False


@contextmanager
def written(
    workflow_id: UUID, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[IO[bytes], int]]:
    """The log in a temporary file, read from its beginning, and how many events it has."""
    with NamedTemporaryFile("w+", encoding="utf-8", suffix=".json") as out:
        events = event_log.write(out, workflow_id, since, until)
        out.flush()
        with Path(out.name).open("rb") as file:
            yield file, events


def _remove(tenant: UUID, pk: UUID) -> None:
    with acting(tenant=tenant, audience="vendor"):
        row = EventLog.objects.filter(pk=pk).first()
        if row is not None:
            if row.stored_name:
                default_storage.delete(row.stored_name)
            row.delete()


def link_key(pk: UUID) -> str:
    """What a link must carry to fetch a log: signed for it, for a day."""
    return signing.TimestampSigner(salt="workflows.event-log").sign(str(pk))


def may_fetch(pk: UUID, key: str) -> bool:
    try:
        return signing.TimestampSigner(salt="workflows.event-log").unsign(key, max_age=SECONDS) == str(pk)
    except signing.BadSignature:
        return False
