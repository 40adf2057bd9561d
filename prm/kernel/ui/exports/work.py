"""What is due: files to be written, each within its asker's wall, and those whose time is over.

A row in PostgreSQL is the truth; the task is only a hint. A worker that dies leaves its claim behind, which
lapses: another one begins again.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import IO, Any
from uuid import UUID

from django.core.cache import cache
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from prm.kernel import audit
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken, Membership
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from prm.kernel.ui.exports import files
from prm.kernel.ui.exports.pages import NoTable, Reader, table_of
from prm.kernel.ui.models import EXPORT_KEPT, Export

logger = logging.getLogger(__name__)
TRIES = 3
State = Export.State

_DUE = """
SELECT tenant_id, id, partner_id FROM ui_export
WHERE state = 'waiting' OR (state = 'writing' AND claimed_until < clock_timestamp())
ORDER BY id LIMIT 20
"""
_OVER = """
SELECT e.tenant_id, e.id FROM ui_export e JOIN tenancy_tenant t ON t.id = e.tenant_id
WHERE e.expires_at < clock_timestamp() + t.clock_offset AND e.state IN ('ready', 'failed') LIMIT 200
"""
_CLAIM = """
UPDATE ui_export SET state = 'writing', tries = tries + 1, claimed_until = clock_timestamp() + interval '20 minutes'
WHERE id = %s AND (state = 'waiting' OR (state = 'writing' AND claimed_until < clock_timestamp()))
RETURNING tries
"""


def write_due() -> int:
    """Write what was asked for and remove what has expired; says how many files were written."""
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
        cursor.execute(_OVER)
        over = cursor.fetchall()
    for tenant, pk in over:
        _expire(tenant, pk)
    return sum(_write(tenant, pk, partner) for tenant, pk, partner in due)


def _write(tenant: UUID, pk: UUID, partner: UUID | None) -> bool:
    if not _claimed(tenant, pk):
        return False
    try:
        with NamedTemporaryFile("w+b") as file:
            rows = _fill(file, tenant, pk, partner)
            file.seek(0)
            return _keep(file, tenant, pk, rows)
    except NoTable:
        _fail(tenant, pk, Export.Problem.NOT_ALLOWED)
    except files.TooMany:
        _fail(tenant, pk, Export.Problem.TOO_MANY)
    except Exception:
        logger.exception("the export %s could not be written", pk)
        _fail(tenant, pk, Export.Problem.BROKEN)
    return False


def _claimed(tenant: UUID, pk: UUID) -> bool:
    """Take it, unless another worker has; one that killed its workers is given up."""
    with acting(tenant=tenant, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [pk])
        found = cursor.fetchone()
    if found and found[0] > TRIES:
        _fail(tenant, pk, Export.Problem.BROKEN)
        return False
    return found is not None


def _fill(file: IO[bytes], tenant: UUID, pk: UUID, partner: UUID | None) -> int:
    """Write the table as its asker sees it now: their audience, their partner, their roles."""
    audience: dict[str, Any] = {"audience": "partner", "partners": (partner,)} if partner else {"audience": "vendor"}
    with acting(tenant=tenant, **audience) as now:
        row = Export.objects.select_related("asked_by").get(pk=pk)
        reader = _reader(row, Tenant.objects.get(pk=tenant), now)
        with reader.reading():
            table = table_of(row.address, reader)
            return files.write(table, row.format, file, reader.zone, lambda done: told(pk, done))


def _reader(row: Export, tenant: Tenant, now: Any) -> Reader:
    """The asker with what they may do now. Raises NoTable once they or their key are gone."""
    member: Membership = row.asked_by
    if member.ended_at is not None:
        raise NoTable(row.address)
    roles, kind, identity, name = member.roles, "person", str(member.person_id), str(member)
    if row.token_id:
        live = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)
        token = live.filter(pk=row.token_id).first()
        if token is None:
            raise NoTable(row.address)
        roles, kind, identity, name = token.roles, "token", str(token.pk), token.name
    actor = Actor(kind, identity, name, frozenset(roles), membership_id=member.pk, partner_id=member.partner_id)
    return Reader(member, actor, tenant, now, row.language)


def _keep(file: IO[bytes], tenant: UUID, pk: UUID, rows: int) -> bool:
    """Put the file beside the others, under a name that nobody can guess."""
    with acting(tenant=tenant, audience="vendor") as now:
        row = Export.objects.select_for_update().filter(pk=pk, state=State.WRITING).first()
        if row is None:
            return False
        name = default_storage.save(f"{tenant}/exports/{token_hex(16)}.{row.format}", File(file))
        row.stored_name, row.size, row.rows, row.state = name, default_storage.size(name), rows, State.READY
        row.expires_at = now + EXPORT_KEPT
        row.save(update_fields=["stored_name", "size", "rows", "state", "expires_at"])
        audit.record(
            "export.written",
            target=row,
            actor=Actor.system("exports"),
            at=now,
            after={"rows": rows, "size": row.size, "format": row.format},
        )
    return True


def _fail(tenant: UUID, pk: UUID, problem: str) -> None:
    with acting(tenant=tenant, audience="vendor") as now:
        row = Export.objects.select_for_update().filter(pk=pk, state=State.WRITING).first()
        if row is not None:
            row.state, row.problem, row.expires_at = State.FAILED, problem, now + EXPORT_KEPT
            row.save(update_fields=["state", "problem", "expires_at"])
            audit.record("export.failed", target=row, actor=Actor.system("exports"), at=now, after={"problem": problem})


def _expire(tenant: UUID, pk: UUID) -> None:
    """Remove the file; that it was there stays on the page and in the audit."""
    with acting(tenant=tenant, audience="vendor") as now:
        row = Export.objects.select_for_update(skip_locked=True).filter(pk=pk, state__in=["ready", "failed"]).first()
        if row is None:
            return
        if row.stored_name:
            default_storage.delete(row.stored_name)
            audit.record("export.expired", target=row, actor=Actor.system("exports"), at=now)
        row.state, row.stored_name = State.EXPIRED, ""
        row.save(update_fields=["state", "stored_name"])


# --- how far it is: beside the transaction that writes, and no loss when Redis is away -----------


def told(pk: UUID, done: int) -> None:
    with suppress(Exception):
        cache.set(f"export:{pk}", done, timeout=3600)
        cache.touch("exports-at-work", AT_WORK)


def rows_done(pks: list[UUID]) -> dict[UUID, int]:
    """How many rows are written so far."""
    if not pks:
        return {}
    with suppress(Exception):
        found = cache.get_many([f"export:{pk}" for pk in pks])
        return {pk: int(found.get(f"export:{pk}", 0)) for pk in pks}
    return {}


AT_WORK = 120  # seconds


@contextmanager
def one_at_a_time() -> Iterator[bool]:
    """Exports take one worker at most, so that everything else goes on."""
    mine = bool(cache.add("exports-at-work", 1, timeout=AT_WORK))
    try:
        yield mine
    finally:
        if mine:
            cache.delete("exports-at-work")
