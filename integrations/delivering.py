"""Writing what is due: claimed as the relay, sent outside of any transaction, kept by the fence.

A change is claimed when no earlier one of its record waits for the same connection, and the connection's line is
not open; after a failure one change at a time goes ahead. Whoever dies on the way leaves a lease that lapses, and
the same words under the same key go again.
"""

import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

from django.db import connection as database

from integrations import actions, queries, translating
from integrations.connectors import Kind, Line, Parcel, Receipt, Trouble, connector_of
from integrations.models import Circuit, Connection, SyncJob, SyncRecord
from integrations.secrets import Unreadable, opened
from prm.kernel import clock
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import acting

log = logging.getLogger(__name__)
LONG_ENOUGH = 40  # seconds
AT_A_TIME = 4

_CLAIM = """
WITH lines AS (
  SELECT c.id, c.tenant_id, CASE WHEN s.failures > 0 THEN 1 ELSE %(most)s END AS room
  FROM integrations_connection AS c
  JOIN integrations_circuit AS s ON s.tenant_id = c.tenant_id AND s.connection_id = c.id
  JOIN tenancy_tenant AS t ON t.id = c.tenant_id AND t.status <> 'suspended'
  WHERE c.status IN ('active', 'broken') AND s.probes
    AND (s.open_until IS NULL OR s.open_until <= clock_timestamp())
  ORDER BY random()
), picked AS (
  SELECT due.id FROM lines CROSS JOIN LATERAL (
    SELECT j.id FROM integrations_syncjob AS j
    WHERE j.tenant_id = lines.tenant_id AND j.connection_id = lines.id AND j.state = 'waiting'
      AND j.not_before <= clock_timestamp() AND (j.lease_until IS NULL OR j.lease_until < clock_timestamp())
      AND NOT EXISTS (
        SELECT 1 FROM integrations_syncjob AS earlier
        WHERE earlier.tenant_id = j.tenant_id AND earlier.connection_id = j.connection_id
          AND earlier.subject_id = j.subject_id AND earlier.position < j.position AND earlier.state = 'waiting')
    ORDER BY j.position LIMIT lines.room FOR UPDATE OF j SKIP LOCKED
  ) AS due LIMIT %(most)s
)
UPDATE integrations_syncjob AS j
SET lease_until = clock_timestamp() + interval '120 seconds', fence = j.fence + 1, attempt = j.attempt + 1
FROM picked WHERE j.id = picked.id
RETURNING j.id, j.tenant_id, j.fence, j.position
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """One change, ready to go."""

    job: SyncJob
    kind: str
    line: Line
    parcel: Parcel


def deliver_due(limit: int = 1000) -> int:
    """Write what is due, one after the other; returns how many tries were made. Ends well within a task's time."""
    tried, until = 0, monotonic() + LONG_ENOUGH
    while tried < limit and monotonic() < until and (claims := _claim(min(AT_A_TIME, limit - tried))):
        for job_id, tenant, fence in claims:
            _hand_over(job_id, tenant, fence)
        tried += len(claims)
    return tried


def _claim(most: int) -> list[tuple[UUID, UUID, int]]:
    with acting(audience="relay"), database.cursor() as cursor:
        cursor.execute(_CLAIM, {"most": most})
        return [row[:3] for row in sorted(cursor.fetchall(), key=lambda row: row[3])]


def _hand_over(job_id: UUID, tenant: UUID, fence: int) -> None:
    with acting(tenant=tenant, audience="vendor") as now:
        errand = _prepared(job_id, fence, now)
    if errand is None:
        return
    ended = _tried(errand)
    with acting(tenant=tenant, audience="vendor") as now:
        if isinstance(ended, Receipt):
            parcel = errand.parcel
            actions.keep_success(
                job=errand.job, line=errand.line, receipt=ended, changed=parcel.changed, whole=parcel.whole, now=now
            )
        else:
            log.warning("change %s not written at attempt %s: %s", job_id, errand.job.attempt, ended.kind)
            changed = errand.parcel.changed
            actions.keep_failure(job=errand.job, line=errand.line, trouble=ended, changed=changed, now=now)


def _tried(errand: Errand) -> Receipt | Trouble:
    connector = connector_of(errand.kind)
    try:
        return connector.upsert(errand.line, errand.parcel)
    except Exception as error:
        return _classified(errand.kind, error, errand.line)


def _classified(kind: str, error: Exception, line: Line) -> Trouble:
    try:
        return connector_of(kind).classify(error, line)
    except Exception as fault:  # ours, not theirs: a few tries, then a dead letter that somebody sees
        log.error("a connector of kind %s failed", kind, exc_info=fault)
        return Trouble(Kind.DECLINED, f"{type(error).__name__}: {error}"[:500])


def _prepared(job_id: UUID, fence: int, now: Any) -> Errand | None:
    """What goes out; None when there is nothing to say, or it can't be said."""
    job = SyncJob.objects.select_related("connection").filter(pk=job_id, fence=fence, state="waiting").first()
    if job is None:
        return None
    circuit = Circuit.objects.defer("remote_fields").get(connection=job.connection)
    if not queries.is_open_to(job.connection, circuit, clock.machine_now()):
        actions.give_back(job=job)
        return None
    said = queries.translated(job.connection, job.facts)
    record = SyncRecord.objects.filter(connection=job.connection, subject_id=job.subject_id).first()
    changed = translating.difference(record.acknowledged if record else {}, said.fields)
    if said.problems:
        told = "; ".join(f"{name}: {why}" for name, why in said.problems.items())
        actions.keep_failure(job=job, line=None, trouble=Trouble(Kind.MAPPING, told), changed=changed, now=now)
        return None
    if not changed:
        actions.keep_unchanged(job=job)
        return None
    try:
        line = line_of(job.connection, circuit)
    except Unreadable:
        trouble = Trouble(Kind.LOGIN, "unreadable secret")
        actions.keep_failure(job=job, line=None, trouble=trouble, changed=changed, now=now)
        return None
    return Errand(job, job.connection.kind, line, _parcel(job, record, changed, said.fields))


def _parcel(job: SyncJob, record: SyncRecord | None, changed: Any, whole: Any) -> Parcel:
    """The message's id follows from its words: the same words are the same message, however often they go."""
    words = repr(sorted(jsonable(dict(changed)).items(), key=str)) + repr(
        sorted(jsonable(dict(whole)).items(), key=str)
    )
    return Parcel(
        key=str(job.subject_id),
        message_id=f"msg_{uuid5(job.pk, words).hex}",
        event=job.event,
        at=job.at,
        changed=changed,
        whole=whole,
        subject=job.connection.subject,
        name=job.subject_name,
        remote_id=record.remote_id if record else "",
    )


def line_of(connection: Connection, circuit: Circuit) -> Line:
    """All that a connector needs. Raises Unreadable."""
    return Line(
        address=connection.address,
        at=clock.machine_now(),
        client_id=connection.client_id,
        secrets=queries.secrets_of(connection.pk),
        remote_object=connection.remote_object,
        external_id_field=connection.external_id_field,
        session=opened(circuit.session) if circuit.session else "",
    )


# --- looking at the other side ------------------------------------------------------------------------

_WANTED = """
SELECT s.tenant_id, s.connection_id FROM integrations_circuit AS s
JOIN tenancy_tenant AS t ON t.id = s.tenant_id AND t.status <> 'suspended' WHERE s.check_wanted LIMIT 20
"""


def look_due() -> int:
    """Look at the other side where somebody has asked for it."""
    with acting(audience="relay"), database.cursor() as cursor:
        cursor.execute(_WANTED)
        wanted = list(cursor.fetchall())
    for tenant, connection_id in wanted:
        _look(tenant, connection_id)
    return len(wanted)


def _look(tenant: UUID, connection_id: UUID) -> None:
    with acting(tenant=tenant, audience="vendor") as now:
        connection = Connection.objects.get(pk=connection_id)
        try:
            line: Line | None = line_of(connection, Circuit.objects.get(connection=connection))
        except Unreadable:
            line = None
            actions.keep_check(connection=connection, line=None, found=None, said="unreadable secret", now=now)
    if line is None:
        return
    found, said = None, ""
    try:
        found = connector_of(connection.kind).describe(line)
        said = found.said
    except Exception as error:
        said = _classified(connection.kind, error, line).text
    with acting(tenant=tenant, audience="vendor") as now:
        actions.keep_check(connection=connection, line=line, found=found, said=said, now=now)
