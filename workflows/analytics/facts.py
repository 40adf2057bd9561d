"""The one statement that turns run events into counts. The roll-up stores what it says for a closed hour, the
page asks it for the hours that are not closed yet; so both agree.

| measure | one for each | block | value | bucket, seconds |
|---|---|---|---|---|
| started | run that begins | | | |
| ended | run that ends by itself | | its result | from its start to its end |
| waiting, working | the same | | | of that: some block waits; none does |
| touch | the same | | touchless, touched | |
| exception | the same, with an incident | | | |
| cancelled | run that is cancelled | | why | |
| sla | the same as ended, each clock | clock | in_time, late, paused | |
| step | step that is done | block | outcome | |
| branch | way taken | branch | case | |
| arrived, dropped | branch of a parallel that arrives, is no longer needed | parallel | branch | |
| asked | question that is answered | block | role asked | from question to answer |
| waited | other wait that is over | block | | from its begin to its end |
| incident | incident opened | block | kind | |
| resolved | incident resolved | block | how | from opening |
| retry | step that failed and is tried again | block | | |

A fact belongs to the hour of the event that completes it, durations are calendar time of the business clock
(nights and weekends count), whole seconds, kept to two significant figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from psycopg2.sql import SQL, Composable

# Whose next event of the same block ends a wait; a branch that is no longer needed ends what waits in it.
_FACTS = """
WITH told AS MATERIALIZED (
  SELECT e.id, e.run_id, e.kind, e.block, e.block_type, e.value, e.at, r.version_id,
         date_trunc('hour', e.at, 'UTC') AS hour
  FROM workflows_runevent AS e JOIN workflows_run AS r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
  WHERE e.tenant_id = (SELECT app.tenant_id()) AND e.at >= %(since)s AND e.at < %(until)s
    AND (%(versions)s::uuid[] IS NULL OR r.version_id = ANY(%(versions)s::uuid[]))
), path AS MATERIALIZED (
  SELECT e.id, e.run_id, e.kind, e.block, e.block_type, e.value, e.detail ->> 'clock' AS clock, e.at,
         closing.version_id, closing.hour, closing.at AS ended_at
  FROM told AS closing JOIN workflows_runevent AS e
    ON e.tenant_id = (SELECT app.tenant_id()) AND e.run_id = closing.run_id
  WHERE closing.kind = 'ended'
), stretch AS (
  SELECT p.run_id, p.kind, p.at AS begun,
         coalesce(lead(p.at) OVER (PARTITION BY p.run_id, p.block ORDER BY p.id),
                  min(p.at) FILTER (WHERE p.kind = 'cancelled_branch') OVER (
                    PARTITION BY p.run_id ORDER BY p.id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING),
                  p.ended_at) AS over
  FROM path AS p WHERE p.kind IN ('waiting', 'step', 'cancelled_branch')
), waits AS (
  SELECT run_id, floor(sum(extract(epoch FROM upper(whole) - lower(whole))))::bigint AS seconds
  FROM (SELECT run_id, unnest(range_agg(tstzrange(begun, over))) AS whole
        FROM stretch WHERE kind = 'waiting' AND over > begun GROUP BY run_id) AS merged
  GROUP BY run_id
), run AS (
  SELECT p.run_id, p.version_id, p.hour, max(p.value) FILTER (WHERE p.kind = 'ended') AS result,
         greatest(floor(extract(epoch FROM max(p.ended_at) - min(p.at))), 0)::bigint AS cycle,
         least(coalesce(max(w.seconds), 0),
               greatest(floor(extract(epoch FROM max(p.ended_at) - min(p.at))), 0)::bigint) AS waiting,
         bool_or(p.block_type = 'approval'
                 OR p.kind IN ('vote', 'retry', 'incident', 'incident_resolved')) AS touched,
         bool_or(p.kind = 'incident') AS troubled
  FROM path AS p LEFT JOIN waits AS w ON w.run_id = p.run_id
  GROUP BY p.run_id, p.version_id, p.hour
), promise AS (
  SELECT version_id, hour, clock,
         CASE WHEN (array_agg(block_type ORDER BY id DESC) FILTER (WHERE kind = 'step'))[1] = 'sla_pause' THEN 'paused'
              WHEN bool_or(kind = 'sla_breached' OR (block_type = 'sla_stop' AND value = 'late')) THEN 'late'
              ELSE 'in_time' END AS value
  FROM path WHERE clock IS NOT NULL AND value <> 'unchanged'
  GROUP BY run_id, version_id, hour, clock
  HAVING bool_or(kind = 'step' AND block_type = 'sla_start')
), dwell AS (
  SELECT t.version_id, t.hour, t.block, t.block_type, w.role,
         greatest(floor(extract(epoch FROM t.at - w.at)), 0)::bigint AS seconds
  FROM told AS t CROSS JOIN LATERAL (
    SELECT e.at, coalesce(e.detail ->> 'role', '') AS role FROM workflows_runevent AS e
    WHERE e.tenant_id = (SELECT app.tenant_id()) AND e.run_id = t.run_id AND e.block = t.block
      AND e.kind = 'waiting' AND e.id < t.id
    ORDER BY e.id DESC LIMIT 1) AS w
  WHERE t.kind = 'step'
), mended AS (
  SELECT t.version_id, t.hour, t.block, t.value, greatest(floor(extract(epoch FROM t.at - o.at)), 0)::bigint AS seconds
  FROM told AS t CROSS JOIN LATERAL (
    SELECT e.at FROM workflows_runevent AS e
    WHERE e.tenant_id = (SELECT app.tenant_id()) AND e.run_id = t.run_id AND e.block = t.block
      AND e.kind = 'incident' AND e.id < t.id
    ORDER BY e.id DESC LIMIT 1) AS o
  WHERE t.kind = 'incident_resolved'
), fact (version_id, hour, measure, block, value, seconds) AS (
  SELECT version_id, hour, CASE kind WHEN 'cancelled_branch' THEN 'dropped' ELSE kind END,
         block, CASE WHEN kind IN ('started', 'retry') THEN '' ELSE value END, -1::bigint FROM told
  WHERE kind IN ('started', 'cancelled', 'step', 'branch', 'arrived', 'cancelled_branch', 'incident', 'retry')
  UNION ALL SELECT version_id, hour, 'ended', '', result, cycle FROM run
  UNION ALL SELECT version_id, hour, 'waiting', '', '', waiting FROM run
  UNION ALL SELECT version_id, hour, 'working', '', '', cycle - waiting FROM run
  UNION ALL SELECT version_id, hour, 'touch', '', CASE WHEN touched THEN 'touched' ELSE 'touchless' END, -1 FROM run
  UNION ALL SELECT version_id, hour, 'exception', '', '', -1 FROM run WHERE troubled
  UNION ALL SELECT version_id, hour, 'sla', clock, value, -1 FROM promise
  UNION ALL SELECT version_id, hour, CASE block_type WHEN 'approval' THEN 'asked' ELSE 'waited' END, block,
                   CASE block_type WHEN 'approval' THEN role ELSE '' END, seconds FROM dwell
  UNION ALL SELECT version_id, hour, 'resolved', block, value, seconds FROM mended
), rounded AS (
  SELECT version_id, hour, measure, left(block, 60) AS block, left(value, 60) AS value,
         CASE WHEN seconds < 100 THEN seconds
              ELSE round(seconds::numeric, 2 - length(seconds::text))::bigint END AS bucket,
         count(*) AS count, sum(greatest(seconds, 0))::bigint AS seconds
  FROM fact GROUP BY 1, 2, 3, 4, 5, 6
)
"""
_STORE = SQL(
    """{}
INSERT INTO workflows_runhour (id, tenant_id, version_id, hour, measure, block, value, bucket, count, seconds)
SELECT gen_random_uuid(), (SELECT app.tenant_id()), version_id, hour, measure, block, value, bucket, count, seconds
FROM rounded
"""
).format(SQL(_FACTS))
_LIVE = SQL(
    """{}
SELECT version_id, date_trunc('week', hour AT TIME ZONE %(zone)s)::date, measure, block, value, bucket,
       sum(count)::bigint, sum(seconds)::bigint
FROM rounded GROUP BY 1, 2, 3, 4, 5, 6
"""
).format(SQL(_FACTS))
_FORGET = """
DELETE FROM workflows_runhour
WHERE tenant_id = (SELECT app.tenant_id()) AND hour >= %(since)s AND hour < %(until)s
"""
_STORED = SQL("""
SELECT version_id, date_trunc('week', hour AT TIME ZONE %(zone)s)::date, measure, block, value, bucket,
       sum(count)::bigint, sum(seconds)::bigint
FROM workflows_runhour
WHERE tenant_id = (SELECT app.tenant_id()) AND version_id = ANY(%(versions)s::uuid[])
  AND hour >= %(since)s AND hour < %(until)s
GROUP BY 1, 2, 3, 4, 5, 6
""")


@dataclass(frozen=True, slots=True)
class Fact:
    """So many of something in one week (its Monday, in the reader's zone)."""

    version_id: UUID
    week: date
    measure: str
    block: str
    value: str
    bucket: int
    count: int
    seconds: int


def store(since: datetime, until: datetime) -> int:
    """Roll the whole hours of [since, until) up anew; says how many rows they have."""
    window = {"since": since, "until": until, "versions": None}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, window)
        cursor.execute(_STORE.as_string(cursor.connection), window)
        return int(cursor.rowcount)


def live(since: datetime, until: datetime, versions: Sequence[UUID], zone: str) -> list[Fact]:
    """The facts of a stretch, counted from the events."""
    return _read(_LIVE, since, until, versions, zone)


def stored(since: datetime, until: datetime, versions: Sequence[UUID], zone: str) -> list[Fact]:
    """The facts of whole hours, as they were rolled up."""
    return _read(_STORED, since, until, versions, zone)


def _read(statement: Composable, since: datetime, until: datetime, versions: Sequence[UUID], zone: str) -> list[Fact]:
    if since >= until or not versions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            statement.as_string(cursor.connection),
            {"since": since, "until": until, "versions": [str(one) for one in versions], "zone": zone},
        )
        return [Fact(*row) for row in cursor.fetchall()]
