"""Every figure of the analytics page once more, each by a statement of its own over run events: written apart
from the product's one statement, slower, and plain enough to be believed."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

Key = tuple[str, str, str]

OF = "FROM workflows_runevent e JOIN workflows_run r ON r.id = e.run_id WHERE r.version_id = ANY(%(v)s::uuid[])"
IN = "AND e.at >= %(since)s AND e.at < %(until)s"
ENDED = f"SELECT e.run_id {OF} {IN} AND e.kind = 'ended'"
BEGAN = "(SELECT s.at FROM workflows_runevent s WHERE s.run_id = e.run_id AND s.kind = 'started')"
LASTED = f"floor(extract(epoch FROM e.at - {BEGAN}))::bigint"
# A block waits from `waiting` to its next `step`; what never came ends with the run.
WAITED = """(SELECT coalesce(sum(extract(epoch FROM coalesce(
    (SELECT min(n.at) FROM workflows_runevent n
     WHERE n.run_id = w.run_id AND n.block = w.block AND n.kind = 'step' AND n.id > w.id), e.at) - w.at)), 0)
    FROM workflows_runevent w WHERE w.run_id = e.run_id AND w.kind = 'waiting')"""


class Sql:
    """Figures of some versions in [since, until)."""

    def __init__(self, versions: list[UUID], since: datetime, until: datetime) -> None:
        self.which = {"v": [str(one) for one in versions], "since": since, "until": until}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.which)
            return cursor.fetchall()

    def one(self, statement: str) -> int:
        return int(self.rows(statement)[0][0])

    def durations(self, statement: str) -> list[int]:
        return [int(row[-1]) for row in self.rows(statement)]

    def figures(self) -> dict[Key, str]:
        """Keyed and written like the page's CSV: (section, figure, of)."""
        found: dict[Key, Any] = {}
        completed = self.one(f"SELECT count(*) {OF} {IN} AND e.kind = 'ended'")
        touchless = self.one(
            f"""SELECT count(*) {OF} {IN} AND e.kind = 'ended' AND e.run_id NOT IN (
                SELECT run_id FROM workflows_runevent WHERE block_type = 'approval'
                OR kind IN ('vote', 'incident', 'incident_resolved', 'retry'))"""
        )
        troubled = self.one(
            f"""SELECT count(*) {OF} {IN} AND e.kind = 'ended'
                AND EXISTS (SELECT 1 FROM workflows_runevent i WHERE i.run_id = e.run_id AND i.kind = 'incident')"""
        )
        late = self.one(
            f"""SELECT count(DISTINCT e.run_id) FROM workflows_runevent e WHERE e.run_id IN ({ENDED})
                AND (e.kind = 'sla_breached' OR (e.block_type = 'sla_stop' AND e.value = 'late'))"""
        )
        promised = self.one(
            f"""SELECT count(DISTINCT e.run_id) FROM workflows_runevent e WHERE e.run_id IN ({ENDED})
                AND e.block_type = 'sla_start' AND e.kind = 'step'"""
        )
        found |= {
            ("runs", "started", ""): self.one(f"SELECT count(*) {OF} {IN} AND e.kind = 'started'"),
            ("runs", "completed", ""): completed,
            ("runs", "cancelled", ""): self.one(f"SELECT count(*) {OF} {IN} AND e.kind = 'cancelled'"),
            ("runs", "touchless", ""): touchless,
            ("runs", "exceptions", ""): troubled,
            ("runs", "incidents", ""): self.one(f"SELECT count(*) {OF} {IN} AND e.kind = 'incident'"),
            ("runs", "retries", ""): self.one(f"SELECT count(*) {OF} {IN} AND e.kind = 'retry'"),
            ("promises", "in_time", ""): promised - late,
            ("promises", "late", ""): late,
            ("saved", "minutes", ""): touchless * 15,
            ("rates", "touchless_rate", ""): rate(touchless, completed),
            ("rates", "exception_rate", ""): rate(troubled, completed),
            ("rates", "attainment", ""): rate(promised - late, promised),
        }
        cycle = self.durations(f"SELECT {LASTED} {OF} {IN} AND e.kind = 'ended'")
        waiting = self.durations(f"SELECT floor({WAITED})::bigint {OF} {IN} AND e.kind = 'ended'")
        working = self.durations(f"SELECT {LASTED} - floor({WAITED})::bigint {OF} {IN} AND e.kind = 'ended'")
        found["rates", "waiting_share", ""] = rate(sum(waiting), sum(cycle))
        found |= spread("seconds", "cycle", cycle) | spread("seconds", "waiting", waiting)
        found |= spread("seconds", "working", working) | spread("seconds", "resolving", self.durations(RESOLVED))
        found |= {("results", "runs", value): n for value, n in self.rows(by("e.value", "e.kind = 'ended'"))}
        found |= {("blocks", "visits", b): n for b, n in self.rows(by("e.block", "e.kind IN ('step', 'branch')"))}
        found |= {
            ("outcomes", value, block): n for block, value, n in self.rows(by("e.block, e.value", "e.kind = 'step'"))
        }
        found |= {
            ("ways", value, block): n
            for block, value, n in self.rows(by("e.block, e.value", "e.kind IN ('branch', 'arrived')"))
        }
        for block in {row[0] for row in self.rows(DWELT)}:
            found |= spread("seconds by block", block, [int(s) for b, _r, s in self.rows(DWELT) if b == block])
        for role in {row[1] for row in self.rows(DWELT) if row[1] is not None}:
            found |= spread("seconds by role", role, [int(s) for _b, r, s in self.rows(DWELT) if r == role])
        return {key: "" if value is None else str(value) for key, value in found.items()}

    def weeks(self, zone: str) -> dict[Key, str]:
        """Started, completed and touchless of every week."""
        monday = f"date_trunc('week', e.at AT TIME ZONE '{zone}')::date::text"
        human = """NOT EXISTS (SELECT 1 FROM workflows_runevent h WHERE h.run_id = e.run_id
                   AND (h.block_type = 'approval' OR h.kind IN ('vote', 'incident', 'incident_resolved', 'retry')))"""
        found: Counter[Key] = Counter()
        for name, condition in (
            ("started", "e.kind = 'started'"),
            ("completed", "e.kind = 'ended'"),
            ("touchless", f"e.kind = 'ended' AND {human}"),
        ):
            for week, n in self.rows(f"SELECT {monday}, count(*) {OF} {IN} AND {condition} GROUP BY 1"):
                found["weeks", name, week] += n
        return {key: str(value) for key, value in found.items()}


RESOLVED = f"""SELECT floor(extract(epoch FROM e.at - (SELECT max(i.at) FROM workflows_runevent i
    WHERE i.run_id = e.run_id AND i.block = e.block AND i.kind = 'incident' AND i.id < e.id)))::bigint
    {OF} {IN} AND e.kind = 'incident_resolved'"""
ASKED_AT = """(SELECT {what} FROM workflows_runevent w WHERE w.run_id = e.run_id AND w.block = e.block
    AND w.kind = 'waiting' AND w.id < e.id ORDER BY w.id DESC LIMIT 1)"""
DWELT = f"""SELECT e.block,
    CASE WHEN e.block_type = 'approval' THEN coalesce({ASKED_AT.format(what="w.detail ->> 'role'")}, '') END,
    floor(extract(epoch FROM e.at - {ASKED_AT.format(what="w.at")}))::bigint
    {OF} {IN} AND e.kind = 'step' AND {ASKED_AT.format(what="w.at")} IS NOT NULL"""


def by(columns: str, condition: str) -> str:
    return f"SELECT {columns}, count(*) {OF} {IN} AND {condition} GROUP BY {columns}"


def rate(part: int, whole: int) -> str | None:
    return f"{part / whole:.6f}" if whole else None


def spread(section: str, of: str, durations: list[int]) -> dict[Key, Any]:
    """Nearest ranks of durations to two significant figures, and the exact mean."""
    ordered = sorted(two_figures(one) for one in durations)
    return {
        (section, "count", of): len(ordered),
        (section, "p50", of): nearest(ordered, 50),
        (section, "p95", of): nearest(ordered, 95),
        (section, "mean", of): sum(durations) // len(durations) if durations else None,
    }


def nearest(ordered: list[int], percent: int) -> int | None:
    return ordered[max(-(-percent * len(ordered) // 100), 1) - 1] if ordered else None


def two_figures(seconds: int) -> int:
    """12,345 is 12,000; a half goes up."""
    if seconds < 100:
        return seconds
    unit = 10 ** (len(str(seconds)) - 2)
    return (2 * seconds + unit) // (2 * unit) * unit
