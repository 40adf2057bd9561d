"""Ending a step: it and what comes next are written in one statement, which holds only with its fence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.ids import uuid7
from workflows.definition import BrokenDefinition
from workflows.engine.claiming import LEASE, Claim
from workflows.engine.step import Result, Step


class FenceLost(RuntimeError):
    """Somebody else has claimed the work meanwhile: nothing of this try may stay."""


@dataclass(slots=True)
class Onward:
    """Where a run goes from a block: the next block, or its end with a result; and what to tell."""

    block: str | None
    result: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)


_COMPLETE = """
WITH done AS (
  DELETE FROM workflows_work WHERE id = %(work)s AND fence = %(fence)s AND status = %(was)s
  RETURNING tenant_id, run_id
), moved AS (
  UPDATE workflows_run AS r SET context = %(context)s::jsonb, status = %(status)s, result = %(result)s,
    ended_at = %(ended_at)s, moved_at = clock_timestamp()
  FROM done WHERE r.id = done.run_id RETURNING r.id
), onward AS (
  INSERT INTO workflows_work (id, tenant_id, run_id, block, kind, status, due_at, not_before, lease_until,
                              attempt, fence, data, error, created_at)
  SELECT %(next_id)s, done.tenant_id, done.run_id, %(next_block)s, 'step', 'ready', %(now)s, clock_timestamp(),
         CASE WHEN %(leased)s THEN clock_timestamp() + %(lease)s::interval END,
         CASE WHEN %(leased)s THEN 1 ELSE 0 END, CASE WHEN %(leased)s THEN 1 ELSE 0 END, '{}', '',
         clock_timestamp()
  FROM done WHERE %(next_block)s::text IS NOT NULL
), told AS (
  INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name,
                                  at, recorded_at)
  SELECT t.id, done.tenant_id, done.run_id, t.kind, t.block, t.block_type, t.value, t.detail, t.actor_name,
         %(now)s, clock_timestamp()
  FROM done, jsonb_to_recordset(%(told)s::jsonb)
    AS t(id uuid, kind text, block text, block_type text, value text, detail jsonb, actor_name text)
)
SELECT count(*) FROM done
"""


def complete(step: Step, result: Result, *, go_on: bool) -> Claim | None:
    """Write the step's end and the next work. With `go_on` that work is claimed at once and returned.

    Raises FenceLost when the work is no longer ours.
    """
    block = step.block
    if name := block.get("save_as"):
        step.steps[name] = result.saved()
    told = [event("step", block.id, block.type, result.value, result.detail, result.actor_name)]
    way = onward(step, block.after, told)
    return _write(step, way, go_on=go_on)


def skip_glue(step: Step, *, go_on: bool) -> Claim | None:
    """Leave a branch or an end, which do nothing by themselves. Raises BrokenDefinition."""
    return _write(step, _walk(step, step.block_id, []), go_on=go_on)


def onward(step: Step, block_id: str | None, told: list[dict[str, Any]]) -> Onward:
    """Follow branches and ends behind a step in the same breath; a broken one becomes work of its own,
    so that its failure is its own incident and leaves the finished step alone."""
    try:
        return _walk(step, block_id, told)
    except BrokenDefinition:
        return Onward(block_id, told=told)


def _walk(step: Step, block_id: str | None, told: list[dict[str, Any]]) -> Onward:
    told = list(told)
    while block_id is not None:
        block = step.program.block(block_id)
        if block.type == "end":
            return _end(Onward(None, str(block.get("result") or "done"), told))
        if block.type != "branch":
            return Onward(block_id, told=told)
        case, block_id = step.program.way_out(block, step.facts())
        told.append(event("branch", block.id, "branch", case))
    return _end(Onward(None, "done", told))


def _end(way: Onward) -> Onward:
    way.told.append(event("ended", "", "end", way.result))
    return way


def _write(step: Step, way: Onward, *, go_on: bool) -> Claim | None:
    ends = way.block is None
    next_id = uuid7()
    if ends:
        from workflows.engine import clocks

        clocks.run_ended(step.run_id, step.now)
    with connection.cursor() as cursor:
        cursor.execute(
            _COMPLETE,
            {
                "work": step.work_id,
                "fence": step.fence,
                "was": step.status,
                "context": json.dumps(step.context),
                "status": "ended" if ends else "running",
                "result": way.result,
                "ended_at": step.now if ends else None,
                "next_id": next_id,
                "next_block": way.block,
                "leased": go_on,
                "lease": LEASE,
                "now": step.now,
                "told": json.dumps(way.told),
            },
        )
        held = cursor.fetchone()[0]
    if not held:
        raise FenceLost(f"work {step.work_id} has been claimed by somebody else")
    return Claim(next_id, tenant_id(), 1, 1) if go_on and not ends else None


_PARK = """
WITH parked AS (
  UPDATE workflows_work SET status = %(status)s, kind = %(kind)s, due_at = %(due_at)s, lease_until = NULL,
    attempt = 0, error = '', data = %(data)s::jsonb
  WHERE id = %(work)s AND fence = %(fence)s AND status = 'ready' RETURNING tenant_id, run_id
), moved AS (
  UPDATE workflows_run AS r SET moved_at = clock_timestamp() FROM parked WHERE r.id = parked.run_id
), told AS (
  INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name,
                                  at, recorded_at)
  SELECT %(event_id)s, tenant_id, run_id, 'waiting', %(block)s, %(block_type)s, '', %(detail)s::jsonb, '',
         %(now)s, clock_timestamp() FROM parked
)
SELECT count(*) FROM parked
"""


def park(step: Step, result: Result) -> None:
    """Leave the step where it is: until a time (a timer is work that is due later) or for people."""
    status, kind = ("waiting", step.kind) if result.waits else ("ready", "timer")
    with connection.cursor() as cursor:
        cursor.execute(
            _PARK,
            {
                "status": status,
                "kind": kind,
                "due_at": result.until or step.now,
                "data": json.dumps({}),
                "work": step.work_id,
                "fence": step.fence,
                "event_id": uuid7(),
                "block": step.block_id,
                "block_type": step.block.type,
                "detail": json.dumps(jsonable(result.detail)),
                "now": step.now,
            },
        )
        held = cursor.fetchone()[0]
    if not held:
        raise FenceLost(f"work {step.work_id} has been claimed by somebody else")


def event(
    kind: str,
    block: str = "",
    block_type: str = "",
    value: str = "",
    detail: Mapping[str, Any] | None = None,
    actor_name: str = "",
) -> dict[str, Any]:
    """A run event as it is written; ids sort in the order in which they are made."""
    return {
        "id": str(_next_id()),
        "kind": kind,
        "block": block,
        "block_type": block_type,
        "value": value[:60],
        "detail": jsonable(detail or {}),
        "actor_name": actor_name,
    }


_last: list[int] = [0]


def _next_id() -> UUID:
    """A uuid7 that is greater than the one before in this process, also within a millisecond."""
    made = uuid7().int
    if made <= _last[0]:
        made = _last[0] + 1
    _last[0] = made
    return UUID(int=made)


def tell(
    run_id: UUID,
    kind: str,
    at: datetime,
    *,
    block: str = "",
    block_type: str = "",
    value: str = "",
    detail: Mapping[str, Any] | None = None,
    actor_name: str = "",
) -> None:
    """One more event in a run's story, outside of a step's end."""
    from workflows.models import RunEvent

    RunEvent.objects.create(
        id=_next_id(),
        run_id=run_id,
        kind=kind,
        block=block,
        block_type=block_type,
        value=value[:60],
        detail=jsonable(detail or {}),
        actor_name=actor_name,
        at=at,
    )
