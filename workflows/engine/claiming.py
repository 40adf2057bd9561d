"""Claiming due work: one statement that walks the tenants, so that a flood in one can't starve another."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from prm.kernel.tenancy.context import acting

LEASE = "30 seconds"

# The recursive part skips from tenant to tenant over the index of ready work; each gives a few rows, in a
# random order of tenants. Timers are compared with their tenant's business time, leases with the machine's.
# Of those whose lease has run out, which somebody may have died of, one is taken at a time.
_CLAIM = """
WITH RECURSIVE walk AS (
  (SELECT w.tenant_id FROM workflows_work AS w WHERE w.status = 'ready' ORDER BY w.tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT w.tenant_id FROM workflows_work AS w
          WHERE w.status = 'ready' AND w.tenant_id > walk.tenant_id ORDER BY w.tenant_id LIMIT 1)
  FROM walk WHERE walk.tenant_id IS NOT NULL
), shuffled AS (
  SELECT t.id, t.clock_offset FROM walk JOIN tenancy_tenant AS t ON t.id = walk.tenant_id
  WHERE t.status <> 'suspended' ORDER BY random()
), found AS (
  SELECT due.id, due.lapsed FROM shuffled CROSS JOIN LATERAL (
    SELECT w.id, w.lease_until IS NOT NULL AS lapsed FROM workflows_work AS w
    WHERE w.tenant_id = shuffled.id AND w.status = 'ready'
      AND w.due_at <= transaction_timestamp() + shuffled.clock_offset
      AND w.not_before <= statement_timestamp()
      AND (w.lease_until IS NULL OR w.lease_until < statement_timestamp())
    ORDER BY w.due_at LIMIT %(each)s FOR UPDATE OF w SKIP LOCKED
  ) AS due LIMIT %(most)s
), picked AS (
  SELECT * FROM found WHERE NOT lapsed UNION ALL (SELECT * FROM found WHERE lapsed LIMIT 1)
)
UPDATE workflows_work AS w
SET lease_until = clock_timestamp() + %(lease)s::interval, fence = w.fence + 1, attempt = w.attempt + 1
FROM picked WHERE w.id = picked.id
RETURNING w.id, w.tenant_id, w.fence, w.attempt, picked.lapsed, w.due_at
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Work that is ours until its lease ends; whoever claims it next gets a higher fence."""

    work_id: UUID
    tenant_id: UUID
    fence: int
    attempt: int


def claim(*, each: int = 4, most: int = 16) -> list[Claim]:
    """Claim up to `each` due rows of every tenant, `most` in all, those due first in front.

    The attempt counts from here, so that work which kills its worker ends as an incident too. Whoever was with
    it then comes one by one and behind all others, so that nobody goes down with it twice.
    """
    with acting(audience="relay"):
        return claim_here(each=each, most=most)


def claim_here(*, each: int, most: int) -> list[Claim]:
    """The same inside a relay's context that is open."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"each": each, "most": most, "lease": LEASE})
        rows = sorted(cursor.fetchall(), key=lambda row: row[4:])
    return [Claim(*row[:4]) for row in rows]
