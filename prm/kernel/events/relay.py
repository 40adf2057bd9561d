"""Runs handlers for what is in the outbox: in order per handler and subject, each effect once.

The relay claims deliveries as prm_relay, which sees ids and times of every tenant but no payload,
a few rows of each tenant in turn; of those whose lease has run out, which somebody may have died of,
one at a time and last. Each handler then runs as the vendor of its tenant, its effects
and its receipt in one transaction, often with others'. A failed try leaves neither; after MAX_ATTEMPTS it is
parked, and holds back only later events of its own subject.
"""

import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from prm.kernel.events import Delivered, handler_named, sharing, takes_many
from prm.kernel.tenancy.context import acting

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 6
LEASE = "30 seconds"

# Every part of it reads along an index, whatever the planner knows of a table that has just been flooded: rows in
# the order of `events_delivery_due`, and for each one look into `events_delivery_order` (hence no join).
# Tenants with something pending come in a random order, so that floods of some can't starve another.
_CLAIM = """
WITH RECURSIVE walk AS (
  (SELECT p.tenant_id FROM events_delivery AS p WHERE p.state = 'pending' ORDER BY p.tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT p.tenant_id FROM events_delivery AS p
          WHERE p.state = 'pending' AND p.tenant_id > walk.tenant_id ORDER BY p.tenant_id LIMIT 1)
  FROM walk WHERE walk.tenant_id IS NOT NULL
), shuffled AS (
  SELECT t.id FROM walk JOIN tenancy_tenant AS t ON t.id = walk.tenant_id
  WHERE t.status <> 'suspended' ORDER BY random()
), found AS (
  SELECT due.id, due.lapsed FROM shuffled AS t CROSS JOIN LATERAL (
    SELECT d.id, d.lease_until IS NOT NULL AS lapsed FROM events_delivery AS d
    WHERE d.tenant_id = t.id AND d.state = 'pending' AND d.not_before <= clock_timestamp()
      AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
      AND (
        SELECT true FROM events_delivery AS earlier
        WHERE earlier.tenant_id = d.tenant_id AND earlier.handler = d.handler
          AND earlier.subject_id = d.subject_id AND earlier.position < d.position
          AND earlier.state IN ('pending', 'parked') LIMIT 1) IS NULL
    ORDER BY d.position LIMIT %(each)s FOR UPDATE OF d SKIP LOCKED
  ) AS due LIMIT %(most)s
), picked AS (
  SELECT * FROM found WHERE NOT lapsed UNION ALL (SELECT * FROM found WHERE lapsed LIMIT 1)
)
UPDATE events_delivery AS d
SET lease_until = clock_timestamp() + %(lease)s::interval, fence = d.fence + 1, attempt = d.attempt + 1
FROM picked WHERE d.id = picked.id
RETURNING d.id, d.tenant_id, d.fence, d.attempt, picked.lapsed, d.position, d.handler
"""


@dataclass(frozen=True, slots=True)
class Claim:
    id: UUID
    tenant_id: UUID
    fence: int
    attempt: int
    lapsed: bool
    position: int
    handler: str


_going_on: ContextVar[bool] = ContextVar("going_on", default=False)


@contextmanager
def going_on() -> Iterator[None]:
    """Whoever is inside looks for more until there is nothing: what it sets going itself needs no other worker.

    Without this every commit of a worker would wake a second one, who mostly finds nothing.
    """
    token = _going_on.set(True)
    try:
        yield
    finally:
        _going_on.reset(token)


def hint() -> None:
    """Wake a worker. Losing this message loses seconds, since sweepers look by themselves."""
    wake("prm.kernel.events.tasks.relay")


def wake(task: str) -> None:
    """Send a worker to a task that goes on until there is nothing, unless this is one on its way."""
    from prm.celery import nudge

    if not _going_on.get():
        nudge(task)


def drain(limit: int = 10_000, *, each: int = 8) -> int:
    """Deliver what is due until nothing is; returns how many deliveries were tried."""
    tried = 0
    while tried < limit and (claims := claim(each=each)):
        deliver_all(claims)
        tried += len(claims)
    return tried


def claim(*, each: int = 8, most: int = 32) -> list[Claim]:
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"each": each, "most": most, "lease": LEASE})
        return sorted((Claim(*row) for row in cursor.fetchall()), key=lambda c: (c.lapsed, c.position))


def deliver(claimed: Claim) -> None:
    """Run one handler; its effects and its receipt commit together or not at all."""
    try:
        with acting(tenant=claimed.tenant_id, audience="vendor") as now:
            _hand_over([claimed], now)
    except Exception as error:
        _tell(claimed, error)


def deliver_all(claims: list[Claim]) -> None:
    """Deliver many; those of one tenant share a transaction, and those for a handler that takes many its one call."""
    sharing.work_through(claims, take=_hand_over, alone=deliver, tell=_tell, kind=_kind)


def _kind(claimed: Claim) -> object:
    """What is handed over at once. A claim holds at most one event of a subject for the same handler."""
    return claimed.handler if takes_many(claimed.handler) else claimed.id


def _hand_over(claims: Sequence[Claim], now: datetime) -> None:
    taken = _take(claims)
    if not taken:
        return
    (handler,) = {claimed.handler for claimed in claims}
    if any(claimed.attempt > MAX_ATTEMPTS for claimed in claims):
        raise RuntimeError(f"The worker died of {handler} again and again.")
    react = handler_named(handler)
    if react is None:
        raise LookupError(f"No handler is called {handler!r} any more.")
    react(taken, now)


def _tell(claimed: Claim, error: Exception) -> None:
    log.error("delivery %s failed at attempt %s", claimed.id, claimed.attempt, exc_info=error)
    _failed(claimed, "".join(traceback.format_exception(error, limit=-12)))


_TAKE = """
UPDATE events_delivery AS d SET state = 'done', done_at = statement_timestamp(), error = ''
FROM events_eventrow AS e, unnest(%s::uuid[], %s::int[]) AS ours(id, fence)
WHERE d.id = ours.id AND d.fence = ours.fence AND d.state = 'pending' AND e.tenant_id = d.tenant_id
  AND e.id = d.event_id
RETURNING d.position, e.id, e.name, e.subject_id, e.partner_id, e.payload, e.at, e.cause
"""


def _take(claims: Sequence[Claim]) -> list[Delivered]:
    """The events in their order, with their receipts signed ahead: a handler that fails takes that back with all
    else."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [[claimed.id for claimed in claims], [claimed.fence for claimed in claims]])
        return [_event(*row) for row in sorted(cursor.fetchall(), key=lambda row: row[0])]


def _event(
    _position: int, pk: UUID, name: str, subject: UUID, partner: UUID | None, payload: Any, at: datetime, cause: str
) -> Delivered:
    payload = json.loads(payload) if isinstance(payload, str) else payload
    return Delivered(pk, name, subject, partner, payload, at, cause)


def _failed(claimed: Claim, error: str) -> None:
    parked = claimed.attempt >= MAX_ATTEMPTS
    with acting(tenant=claimed.tenant_id, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_delivery SET state = %s, error = %s, lease_until = NULL,"
            " not_before = clock_timestamp() + make_interval(secs => power(2, attempt)::int)"
            " WHERE id = %s AND fence = %s AND state = 'pending'",
            ["parked" if parked else "pending", error, claimed.id, claimed.fence],
        )


def retry(delivery_id: UUID) -> bool:
    """An operator's retry of a parked delivery; False if it was not parked (any more)."""
    return _unpark(delivery_id, "pending")


def skip(delivery_id: UUID) -> bool:
    """Give a parked delivery up, so that its subject's later events go on."""
    return _unpark(delivery_id, "skipped")


def _unpark(delivery_id: UUID, state: str) -> bool:
    from prm.kernel.events.models import Delivery

    changed = Delivery.objects.filter(pk=delivery_id, state="parked").update(
        state=state, attempt=0, not_before=Now(), lease_until=None
    )
    return bool(changed)
