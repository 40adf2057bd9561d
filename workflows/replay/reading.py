"""Reading history as prm_auditor, in transactions that PostgreSQL itself keeps from writing."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from prm.kernel.reference.models import Calendar
from prm.kernel.reference.queries import business_hours
from prm.kernel.tenancy.context import acting
from workflows.definition import BrokenDefinition
from workflows.engine.step import program_of
from workflows.models import SlaPolicy
from workflows.replay.path import Around, Queue
from workflows.replay.plan import Plan, plan_of
from workflows.replay.recorded import Recorded, recorded_of

BATCH = 500


@contextmanager
def reading(tenant: UUID) -> Iterator[datetime]:
    """A transaction in which nothing can be written: by its role, and by its own mode."""
    with acting(tenant=tenant, audience="auditor") as now:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield now


@dataclass(frozen=True, slots=True)
class Past:
    """One event of the past with the run that took it."""

    id: UUID
    subject_id: UUID
    partner_id: UUID | None
    at: datetime
    facts: Mapping[str, Any]
    before: Mapping[str, Any]
    run_id: UUID | None
    version_id: UUID | None
    run: Recorded = field(repr=False)


_EVENTS = """
SELECT e.id, e.subject_id, e.partner_id, e.at, e.payload -> 'facts', e.payload -> 'before',
       r.id, r.version_id, v.checksum, r.status, r.result, r.started_at, told.rows
FROM events_eventrow AS e
LEFT JOIN workflows_run AS r
  ON r.tenant_id = e.tenant_id AND r.workflow_id = %(workflow)s AND r.event_id = e.id
LEFT JOIN workflows_workflowversion AS v ON v.tenant_id = r.tenant_id AND v.id = r.version_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_array(t.kind, t.block, t.block_type, t.value, t.at, t.detail ->> 'rule',
                                     t.detail -> 'reasons') ORDER BY t.id) AS rows
  FROM workflows_runevent AS t WHERE t.tenant_id = r.tenant_id AND t.run_id = r.id
) AS told ON true
WHERE e.name = ANY (%(names)s) AND e.at >= %(since)s AND e.at <= %(until)s
  AND (e.at, e.id) > (%(after_at)s, %(after)s)
ORDER BY e.at, e.id LIMIT %(limit)s
"""
_RUNS = """
SELECT r.id, r.subject_id, r.partner_id, r.started_at, r.context -> 'facts', r.context -> 'before',
       r.id, r.version_id, v.checksum, r.status, r.result, r.started_at, told.rows
FROM workflows_run AS r
JOIN workflows_workflowversion AS v ON v.tenant_id = r.tenant_id AND v.id = r.version_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_array(t.kind, t.block, t.block_type, t.value, t.at, t.detail ->> 'rule',
                                     t.detail -> 'reasons') ORDER BY t.id) AS rows
  FROM workflows_runevent AS t WHERE t.tenant_id = r.tenant_id AND t.run_id = r.id
) AS told ON true
WHERE r.workflow_id = %(workflow)s AND r.started_at >= %(since)s AND r.started_at <= %(until)s
  AND NOT EXISTS (SELECT 1 FROM events_eventrow AS e WHERE e.tenant_id = r.tenant_id AND e.id = r.event_id)
  AND (r.started_at, r.id) > (%(after_at)s, %(after)s)
ORDER BY r.started_at, r.id LIMIT %(limit)s
"""
_COUNT = """
SELECT (SELECT count(*) FROM events_eventrow WHERE name = ANY (%(names)s) AND at >= %(since)s AND at <= %(until)s)
  + (SELECT count(*) FROM workflows_run AS r
     WHERE r.workflow_id = %(workflow)s AND r.started_at >= %(since)s AND r.started_at <= %(until)s
       AND NOT EXISTS (SELECT 1 FROM events_eventrow AS e WHERE e.tenant_id = r.tenant_id AND e.id = r.event_id))
"""
_DECISIONS = """
SELECT d.subject_id, split_part(d.rule, '/', 1), d.at, (d.document -> 'facts')::text
FROM audit_decisionrecord AS d
WHERE d.subject_id = ANY (%s::uuid[]) AND split_part(d.rule, '/', 1) = ANY (%s)
ORDER BY d.at, d.recorded_at
"""
_FIRST = UUID(int=0)


def count_events(workflow_id: UUID, names: Sequence[str], since: datetime, until: datetime) -> int:
    """How many events, and runs without one, there are to walk."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"workflow": workflow_id, "names": list(names), "since": since, "until": until})
        return int(cursor.fetchone()[0])


def events_after(
    workflow_id: UUID,
    names: Sequence[str],
    since: datetime,
    until: datetime,
    last: tuple[datetime, UUID] | None,
    rules: Sequence[str],
    limit: int = BATCH,
    *,
    of_runs: bool = False,
) -> list[Past]:
    """The next events in order of time, with their runs, their steps, and the facts of their decisions.

    `of_runs`: the runs that no event began (a schedule, a date, a person or another run did), each as if it
    were its own event.
    """
    after_at, after = last or (since, _FIRST)
    with connection.cursor() as cursor:
        cursor.execute(
            _RUNS if of_runs else _EVENTS,
            {
                "workflow": workflow_id,
                "names": list(names),
                "since": since,
                "until": until,
                "after_at": after_at,
                "after": after,
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
    decisions = _decisions({row[1] for row in rows}, rules)
    pasts = [_past(row, decisions) for row in rows]
    for past in pasts:
        past.run.eventless = of_runs
    return pasts


def _past(row: Sequence[Any], decisions: Mapping[UUID, Any]) -> Past:
    identity, subject, partner, at, facts, before, run, version, checksum, status, result, began, told = row
    recorded = Recorded()
    if run is not None:
        recorded = recorded_of(_plan(version, checksum), status, result, began, _json(told) or [])
    recorded.decisions = decisions.get(subject, {})
    return Past(identity, subject, partner, at, _json(facts) or {}, _json(before) or {}, run, version, recorded)


def _plan(version: UUID, checksum: str) -> Plan | None:
    """The plan of the version that a run was on; None when it can't be read any more."""
    try:
        return plan_of(program_of(version, checksum))
    except BrokenDefinition:
        return None


def _decisions(subjects: set[UUID], rules: Sequence[str]) -> Mapping[UUID, Mapping[str, Sequence[Any]]]:
    if not subjects or not rules:
        return {}
    found: dict[UUID, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS, [[str(subject) for subject in subjects], list(rules)])
        for subject, rule, at, facts in cursor.fetchall():
            found[subject][rule].append((at, facts))
    return found


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


# --- how people answer, and what time it is ------------------------------------------------------

_ANSWERS = """
SELECT queue, outcome, count(*) FROM workflows_humantask
WHERE status = 'decided' AND decided_at >= %s GROUP BY queue, outcome
"""
_TOOK = """
SELECT queue, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - opened_at))
FROM workflows_humantask WHERE status = 'decided' AND decided_at >= %s GROUP BY queue
"""


def around(now: datetime, since: datetime) -> Around:
    """What people answered in each queue since then, and the calendars."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [since])
        for queue, outcome, count in cursor.fetchall():
            answers[queue][outcome] = count
        cursor.execute(_TOOK, [since])
        took = {queue: timedelta(seconds=float(seconds)) for queue, seconds in cursor.fetchall()}
    calendars = list(Calendar.objects.all())
    hours = {calendar.code: business_hours(calendar) for calendar in calendars}
    default = next((calendar.code for calendar in calendars if calendar.is_default), None)
    if default is not None:
        hours[""] = hours[default]
    queues = {name: Queue(counts, took.get(name, timedelta(0))) for name, counts in answers.items()}
    policies = {
        row["key"]: {"minutes": row["minutes"], "calendar": row["calendar__code"]}
        for row in SlaPolicy.objects.values("key", "minutes", "calendar__code")
    }
    return Around(now, queues, hours, policies)
