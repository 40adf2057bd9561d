"""The sealer: takes entries off the list of what is not sealed yet and puts them into blocks, vendor by vendor.

It acts as prm_relay, which reads ids, hashes and times and no payload. Writers never wait for it: they add rows
to the list, it deletes rows that are committed; only two sealers of one vendor meet, and the second leaves it.
"""

from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from prm.kernel.audit import chain
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.ids import uuid7

MOST = 1000  # entries in a block

_WAITING = "SELECT DISTINCT tenant_id FROM audit_auditunsealed"
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit.seal ' || %s, 0))"
_HEAD = "SELECT number, hash FROM audit_auditblock WHERE tenant_id = %s ORDER BY number DESC LIMIT 1"
_TAKE = """
WITH taken AS (
  DELETE FROM audit_auditunsealed WHERE tenant_id = %(tenant)s AND id IN (
    SELECT id FROM audit_auditunsealed WHERE tenant_id = %(tenant)s ORDER BY recorded_at, id LIMIT %(most)s)
  RETURNING id, row_hash, recorded_at
)
SELECT id, row_hash FROM taken ORDER BY recorded_at, id
"""
_SEAL = """
INSERT INTO audit_auditblock (id, tenant_id, number, count, leaves, previous, hash, sealed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def seal_all() -> int:
    """Seal what waits, for every vendor; says how many entries were sealed."""
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_WAITING)
        tenants = [row[0] for row in cursor.fetchall()]
    return sum(seal(tenant) for tenant in tenants)


def seal(tenant: UUID) -> int:
    """Seal what waits for one vendor, block by block."""
    sealed = 0
    while count := _seal_block(tenant):
        sealed += count
        if count < MOST:
            break
    return sealed


def _seal_block(tenant: UUID) -> int:
    """One block in one transaction; 0 when nothing waits, or another sealer is at it."""
    with acting(audience="relay") as machine_now, connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(tenant)])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_HEAD, [tenant])
        number, head = cursor.fetchone() or (0, chain.FIRST)
        cursor.execute(_TAKE, {"tenant": tenant, "most": MOST})
        entries = [(str(name), row) for name, row in cursor.fetchall()]
        if not entries:
            return 0
        leaves = chain.pack_leaves(entries)
        made = chain.block_hash(str(tenant), number + 1, head, moment(machine_now), leaves)
        cursor.execute(_SEAL, [uuid7(), tenant, number + 1, len(entries), leaves, head, made, machine_now])
        return len(entries)


def moment(at: datetime) -> str:
    """A time as it goes into a hash."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
