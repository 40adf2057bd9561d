"""What the analytics pages ask: closed hours from the roll-up, the open tail from the events themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from workflows.analytics import facts, rollup
from workflows.analytics.facts import Fact
from workflows.models import WorkflowVersion

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))

_OPEN = """
SELECT r.version_id, width_bucket(extract(epoch FROM %(now)s - r.started_at), %(ages)s::float8[]), count(*),
       min(r.started_at)
FROM workflows_run AS r
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.status = 'running' AND r.version_id = ANY(%(versions)s::uuid[])
GROUP BY 1, 2
"""
_STANDING = """
SELECT w.block, count(DISTINCT w.run_id) FROM workflows_run AS r
JOIN workflows_runevent AS w ON w.tenant_id = r.tenant_id AND w.run_id = r.id AND w.kind = 'waiting'
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.status = 'running' AND r.version_id = ANY(%(versions)s::uuid[])
  AND NOT EXISTS (
    SELECT 1 FROM workflows_runevent AS e
    WHERE e.tenant_id = w.tenant_id AND e.run_id = w.run_id AND e.id > w.id
      AND ((e.block = w.block AND e.kind = 'step') OR e.kind = 'cancelled_branch'))
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Runs on their way now: how many, how old (up to each of AGES, and older), and since when the oldest."""

    ages: tuple[int, ...]
    oldest: datetime | None

    @property
    def count(self) -> int:
        return sum(self.ages)


def facts_of(
    versions: Sequence[UUID], since: datetime, until: datetime, zone: str, rolled: datetime | None = None
) -> list[Fact]:
    """The facts of [since, until): whole rolled-up hours from the table, everything else from the events.

    `rolled` is up to when to believe the roll-up; without it, as far as it goes.
    """
    rolled = rolled or rollup.rolled_until()
    found: list[Fact] = []
    for begin, end, closed in windows(since, until, rolled):
        found += (facts.stored if closed else facts.live)(begin, end, versions, zone)
    return found


def windows(since: datetime, until: datetime, rolled: datetime | None) -> Iterator[tuple[datetime, datetime, bool]]:
    """[since, until) in parts: (from, to, whether the roll-up has it)."""
    first = rollup.hour_of(since)
    first = first if first == since else first + rollup.HOUR
    last = rollup.hour_of(min(until, rolled)) if rolled else first
    if last <= first:
        yield since, until, False
        return
    for begin, end, closed in ((since, first, False), (first, last, True), (last, until, False)):
        if begin < end:
            yield begin, end, closed


def open_runs(versions: Sequence[UUID], now: datetime) -> Standing:
    """Runs on their way, by age."""
    ages, oldest = [0] * (len(AGES) + 1), None
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "now": now,
                "ages": [age.total_seconds() for age in AGES],
                "versions": [str(one) for one in versions],
            },
        )
        for _version, age, count, since in cursor.fetchall():
            ages[age] += count
            oldest = min(oldest or since, since)
    return Standing(tuple(ages), oldest)


def standing_at(versions: Sequence[UUID]) -> dict[str, int]:
    """At which blocks runs wait now."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"versions": [str(one) for one in versions]})
        return dict(cursor.fetchall())


def versions_of(workflow_id: UUID) -> list[WorkflowVersion]:
    """Every version that was ever in force, the newest first."""
    found = WorkflowVersion.objects.filter(workflow_id=workflow_id).exclude(status="draft")
    return list(found.defer("tree").order_by("-number"))
