"""Timers for bench_workflows.py: many due at once, and a claim beside a million that wait."""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg2

from bench import bench_conflict_check as shared

# Runs that stand at their wait, as the engine writes them.
_STAND = """
WITH version AS (
  SELECT v.tenant_id, v.workflow_id, v.id FROM workflows_workflowversion AS v
  JOIN workflows_workflow AS w ON w.tenant_id = v.tenant_id AND w.id = v.workflow_id
  WHERE v.tenant_id = %(tenant)s AND w.key = 'timer' AND v.status = 'published'
), run AS (
  INSERT INTO workflows_run (id, tenant_id, workflow_id, version_id, event_id, subject_type, subject_id,
                             subject_name, status, result, context, started_at, moved_at)
  SELECT uuidv7(), tenant_id, workflow_id, id, gen_random_uuid(), 'bench', gen_random_uuid(), '', 'running', '',
         '{"facts": {}, "steps": {}, "before": {}}', clock_timestamp(), clock_timestamp()
  FROM version, generate_series(1, %(count)s) RETURNING tenant_id, id
)
INSERT INTO workflows_work (id, tenant_id, run_id, block, branch, kind, status, due_at, not_before, attempt, fence,
                            data, error, created_at)
SELECT gen_random_uuid(), tenant_id, id, 'wait', '', 'timer', 'ready',
       clock_timestamp() + %(first)s * interval '1 second' + random() * %(spread)s * interval '1 second',
       clock_timestamp(), 0, 0, '{}', '', clock_timestamp()
FROM run
"""
FULL = "prm_bench_workflows_full"


def stand(connection: Any, tenant: UUID, count: int, first: float, spread: float) -> None:
    """So many runs that wait; foreign keys are right by construction and not looked up a million times."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_STAND, {"tenant": str(tenant), "count": count, "first": first, "spread": spread})
        cursor.execute("SET session_replication_role = origin")


def drain(ours: Any, tenant: UUID, count: int, bar: Callable[[str, bool], None], wanted: int) -> None:
    """Timers due at one moment, taken up by two workers that are told of them once a second, as the scheduler does."""
    from prm.celery import nudge

    ours.start(2)
    ours.run(tenant, 20)
    connection = superuser_of(ours.handle, ours.database())
    stand(connection, tenant, count, 0, 0)
    with connection.cursor() as cursor:  # all at one moment, two seconds from now
        cursor.execute("VACUUM ANALYZE workflows_work")
        cursor.execute("VACUUM ANALYZE workflows_run")
        cursor.execute(
            "UPDATE workflows_work SET due_at = statement_timestamp() + interval '2 seconds' WHERE kind = 'timer'"
            " RETURNING extract(epoch FROM due_at)::float8, run_id"
        )
        rows = cursor.fetchall()
        due, runs = rows[0][0], [row[1] for row in rows]
        while left(cursor):
            nudge("workflows.tasks.work")
            time.sleep(1)
        cursor.execute(
            "SELECT extract(epoch FROM moved_at)::float8 FROM workflows_run WHERE id = ANY (%s::uuid[])"
            " AND status = 'ended'",
            [runs],
        )
        ended = sorted(row[0] for row in cursor.fetchall())
    connection.close()
    ours.stop()
    rate = len(ended) / (ended[-1] - due)
    p50, p99 = (ended[int(len(ended) * share)] - due for share in (0.5, 0.99))
    print(f"{count:,} timers due at once: {rate:,.0f} a second; lag p50 {p50:.1f} s, p99 {p99:.1f} s")
    print(f"  ratio to {wanted} a second: {rate / wanted:.2f}")
    bar(f"at least {wanted} timers a second", len(ended) == count and rate >= wanted)


def left(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT 1 FROM workflows_work WHERE kind = 'timer' AND status = 'ready')")
    return bool(cursor.fetchone()[0])


def superuser_of(handle: Any, database: str) -> Any:
    connection = psycopg2.connect(**handle.superuser(database))
    connection.autocommit = True
    return connection


def claims(handle: Any, tenant: UUID, waiting: int, bar: Callable[[str, bool], None], slower: float) -> None:
    """The same claim in two copies of the database, one with so many waiting timers, each in turn many times."""
    from django.db import connections

    connection = superuser_of(handle, shared.DATABASE)
    stand(connection, tenant, 200, -60, 30)  # what is due
    connection.close()
    connections.close_all()
    with shared.superuser(handle) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {FULL} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {FULL} TEMPLATE {shared.DATABASE}")
    full = superuser_of(handle, FULL)
    stand(full, tenant, waiting, 3_600, 30 * 86_400)
    full.close()
    names = (shared.DATABASE, FULL)
    for name in names:
        one = superuser_of(handle, name)
        with one.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE workflows_work")
        one.close()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    logins = {name: _login(name) for name in names}
    for _number in range(400):
        for name in names:
            seconds[name].append(_claim(logins[name]))
    before, after = (statistics.median(seconds[name][20:]) * 1000 for name in names)
    for login in logins.values():
        login.close()
    with shared.superuser(handle) as cursor:
        cursor.execute(f"DROP DATABASE {FULL} WITH (FORCE)")
    print(
        f"a claim of 16: {before:.2f} ms, beside {waiting:,} waiting timers {after:.2f} ms: {after / before - 1:+.1%}"
    )
    bar(f"slower by less than {slower:.0%}", after < before * (1 + slower))


def _login(database: str) -> Any:
    """The worker's own login, in another copy of the database."""
    from django.db import connections

    parameters = connections["default"].get_connection_params()
    return psycopg2.connect(**{**parameters, "dbname": database, "cursor_factory": None})


def _claim(login: Any) -> float:
    """One claim as the relay makes it, taken back afterwards, so that each finds the same."""
    from prm.kernel.tenancy.context import _BEGIN_RELAY, _names
    from workflows.engine.claiming import _CLAIM, LEASE

    with login.cursor() as cursor:
        cursor.execute(_BEGIN_RELAY, _names("relay", None, ()))
        began = time.perf_counter()
        cursor.execute(_CLAIM, {"each": 16, "most": 16, "lease": LEASE})
        found = cursor.fetchall()
        seconds = time.perf_counter() - began
    login.rollback()
    assert len(found) == 16, f"{len(found)} were claimed"
    return seconds
