"""A workflow's runs as an object-centric event log: OCEL 2.0, JSON (https://www.ocel-standard.org).

The log explains itself: every version is an object that holds its tree, so whoever reads the log can rebuild the
path of each run and compare it with its version. Objects: `run`, `workflow version`, `partner`, and the subjects
by their kind (`deal`). Nobody's name is in it. Event ids sort in the order in which a run's events were made.

Written line by line from server-side cursors: memory does not grow with the log.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any
from uuid import UUID

from django.db import connection

ATTRIBUTES = ("kind", "block", "block_type", "outcome", "by")
OBJECTS = {
    "run": ("workflow", "status", "result"),
    "workflow version": ("workflow", "number", "checksum", "tree"),
    "partner": (),
}

_KINDS = """
SELECT DISTINCT e.kind, e.block FROM workflows_runevent AS e
JOIN workflows_run AS r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.started_at < %(until)s)
ORDER BY 1, 2
"""
_SUBJECT_TYPES = """
SELECT DISTINCT subject_type FROM workflows_run
WHERE tenant_id = (SELECT app.tenant_id()) AND workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
ORDER BY 1
"""
_VERSIONS = """
SELECT v.id, f.key, v.number, v.checksum, v.tree::text, coalesce(v.published_at, v.created_at)
FROM workflows_workflowversion AS v JOIN workflows_workflow AS f ON f.tenant_id = v.tenant_id AND f.id = v.workflow_id
WHERE v.tenant_id = (SELECT app.tenant_id()) AND v.workflow_id = %(workflow)s AND v.id IN (
  SELECT version_id FROM workflows_run
  WHERE tenant_id = (SELECT app.tenant_id()) AND workflow_id = %(workflow)s
    AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s))
ORDER BY v.number
"""
_SUBJECTS = """
SELECT DISTINCT subject_type, subject_id FROM workflows_run
WHERE tenant_id = (SELECT app.tenant_id()) AND workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
ORDER BY 1, 2
"""
_PARTNERS = """
SELECT DISTINCT partner_id FROM workflows_run
WHERE tenant_id = (SELECT app.tenant_id()) AND workflow_id = %(workflow)s AND partner_id IS NOT NULL
  AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
ORDER BY 1
"""
_RUN_ROWS = """
SELECT r.id, f.key, r.status, r.result, r.started_at, r.version_id, r.subject_type, r.subject_id, r.partner_id
FROM workflows_run AS r JOIN workflows_workflow AS f ON f.tenant_id = r.tenant_id AND f.id = r.workflow_id
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.started_at < %(until)s)
ORDER BY r.started_at, r.id
"""
_EVENTS = """
SELECT e.id, e.kind, e.block, e.block_type, e.value, e.actor_name <> '' AND e.block_type IN ('approval', ''), e.at,
       r.id, r.version_id, r.subject_type, r.subject_id, r.partner_id
FROM workflows_runevent AS e JOIN workflows_run AS r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.started_at < %(until)s)
ORDER BY e.at, e.id
"""
_COUNT = """
SELECT count(*) FROM (SELECT 1 FROM workflows_runevent AS e
JOIN workflows_run AS r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
WHERE r.tenant_id = (SELECT app.tenant_id()) AND r.workflow_id = %(workflow)s
  AND (%(since)s::timestamptz IS NULL OR r.started_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.started_at < %(until)s) LIMIT %(most)s) AS found
"""


def write(out: IO[str], workflow_id: UUID, since: datetime | None = None, until: datetime | None = None) -> int:
    """Write the log of the runs that began in [since, until); says how many events it has."""
    which = {"workflow": str(workflow_id), "since": since, "until": until}
    out.write('{"objectTypes":')
    out.write(_json(_object_types(which)))
    out.write(',\n"eventTypes":')
    out.write(_json(_event_types(which)))
    out.write(',\n"objects":[')
    _write_all(out, _objects(which))
    out.write('],\n"events":[')
    events = _write_all(out, _events(which))
    out.write("]}\n")
    return events


def count(workflow_id: UUID, since: datetime | None = None, until: datetime | None = None, most: int = 10**9) -> int:
    """How many events the log would have, counted up to `most`."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"workflow": str(workflow_id), "since": since, "until": until, "most": most})
        return int(cursor.fetchone()[0])


def activity(kind: str, block: str) -> str:
    """The event type of a run event: a step is called by its block, the rest by what happened there."""
    if not block:
        return f"run {kind}"
    return block if kind in ("step", "branch") else f"{kind} {block}"


def _object_types(which: dict[str, Any]) -> list[dict[str, Any]]:
    subjects = {name: () for (name,) in _rows(_SUBJECT_TYPES, which)}
    return [
        {"name": name, "attributes": [{"name": one, "type": "string"} for one in attributes]}
        for name, attributes in (OBJECTS | subjects).items()
    ]


def _event_types(which: dict[str, Any]) -> list[dict[str, Any]]:
    names = dict.fromkeys(activity(kind, block) for kind, block in _rows(_KINDS, which))
    return [{"name": name, "attributes": [{"name": one, "type": "string"} for one in ATTRIBUTES]} for name in names]


def _objects(which: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for pk, key, number, digest, tree, at in _rows(_VERSIONS, which):
        values = zip(OBJECTS["workflow version"], (key, str(number), digest, tree), strict=True)
        yield _object(f"version:{pk}", "workflow version", values, at)
    for kind, pk in _rows(_SUBJECTS, which):
        yield _object(f"{kind}:{pk}", kind, (), None)
    for (pk,) in _rows(_PARTNERS, which):
        yield _object(f"partner:{pk}", "partner", (), None)
    for pk, key, status, result, at, *related in _rows(_RUN_ROWS, which):
        values = zip(OBJECTS["run"], (key, status, result), strict=True)
        yield {**_object(f"run:{pk}", "run", values, at), "relationships": _related(*related)}


def _object(name: str, kind: str, values: Any, at: datetime | None) -> dict[str, Any]:
    attributes = [{"name": key, "time": _moment(at), "value": value} for key, value in values] if at else []
    return {"id": name, "type": kind, "attributes": attributes, "relationships": []}


def _events(which: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for pk, kind, block, block_type, value, is_person, at, run, *related in _rows(_EVENTS, which):
        told = (kind, block, block_type, value, "person" if is_person else "machine")
        yield {
            "id": str(pk),
            "type": activity(kind, block),
            "time": _moment(at),
            "attributes": [{"name": name, "value": text} for name, text in zip(ATTRIBUTES, told, strict=True) if text],
            "relationships": [{"objectId": f"run:{run}", "qualifier": "run"}, *_related(*related)],
        }


def _related(version: UUID, subject_type: str, subject: UUID, partner: UUID | None) -> list[dict[str, str]]:
    found = [("follows", f"version:{version}"), ("about", f"{subject_type}:{subject}")]
    if partner:
        found.append(("of", f"partner:{partner}"))
    return [{"objectId": name, "qualifier": qualifier} for qualifier, name in found]


def _rows(statement: str, which: dict[str, Any]) -> Iterator[Sequence[Any]]:
    """Rows from a server-side cursor, a few at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, which)
        while found := cursor.fetchmany(500):
            yield from found


def _write_all(out: IO[str], values: Iterator[dict[str, Any]]) -> int:
    written = 0
    for value in values:
        out.write("\n" if not written else ",\n")
        out.write(_json(value))
        written += 1
    return written


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
