"""Moving a run on: in memory from block to block, then in one statement that holds only with its fence."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from prm.kernel.automation import registry
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.ids import uuid7
from workflows.definition import BrokenDefinition
from workflows.engine.step import Result, Step


class FenceLost(RuntimeError):
    """Somebody else has claimed the work meanwhile: nothing of this try may stay."""


def finish(step: Step, result: Result) -> None:
    """Note what the block answered and stand at the next block that does something, or at the end."""
    block = step.block
    if name := block.get("save_as"):
        step.steps[name] = result.saved()
    step.told.append(event("step", block.id, block.type, result.value, result.detail, result.actor_name))
    step.kind = "step"
    try:
        walk(step, block.after)
    except BrokenDefinition:
        step.block_id = block.after or ""  # a try of its own finds it broken; the finished step stays


def walk(step: Step, block_id: str | None) -> None:
    """Follow branches and ends, which do nothing by themselves. Raises BrokenDefinition.

    A branch of a parallel that has nothing more to do stands at no block; its arrival is a step of its own.
    """
    told: list[dict[str, Any]] = []
    result, ends = "done", False
    while block_id is not None:
        block = step.program.block(block_id)
        if block.type == "end":
            result, ends, block_id = str(block.get("result") or "done"), True, None
        elif block.type == "branch":
            case, block_id = step.program.way_out(block, step.facts())
            told.append(event("branch", block.id, "branch", case))
        else:
            break
    else:
        if not ends and step.scope_id is not None:
            step.block_id = ""
        else:
            told.append(event("ended", "", "end", result))
            step.result = result
    if block_id is not None:
        step.block_id = block_id
    step.told.extend(told)


_KEPT = """
  UPDATE workflows_work SET id = %(id)s, block = %(block)s, kind = %(kind)s, status = %(status)s,
    data = %(data)s::jsonb, scope_id = %(scope)s, branch = %(branch)s, due_at = %(due_at)s, error = '',
    attempt = CASE WHEN %(held)s THEN attempt ELSE 0 END,
    lease_until = CASE WHEN %(held)s THEN lease_until END, not_before = clock_timestamp(),
    created_at = transaction_timestamp()
  WHERE id = %(work)s AND fence = %(fence)s AND status = %(was)s
  RETURNING tenant_id, run_id
"""
_GONE = """
  DELETE FROM workflows_work WHERE id = %(work)s AND fence = %(fence)s AND status = %(was)s
  RETURNING tenant_id, run_id
"""
_SETTLE = """
WITH mine AS ({mine}), moved AS (
  UPDATE workflows_run AS r SET context = %(context)s::jsonb, result = %(result)s, moved_at = clock_timestamp(),
    status = CASE WHEN %(ended)s THEN 'ended' ELSE 'running' END, ended_at = CASE WHEN %(ended)s THEN %(now)s END
  FROM mine WHERE r.tenant_id = mine.tenant_id AND r.id = mine.run_id
), told AS (
  INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name,
                                  at, recorded_at)
  SELECT t.id, mine.tenant_id, mine.run_id, t.kind, t.block, t.block_type, t.value, t.detail, t.actor_name,
         %(now)s, clock_timestamp()
  FROM mine, jsonb_to_recordset(%(told)s::jsonb)
    AS t(id uuid, kind text, block text, block_type text, value text, detail jsonb, actor_name text)
)
SELECT count(*), EXISTS (SELECT 1 FROM mine JOIN workflows_slaclock AS c
  ON c.tenant_id = mine.tenant_id AND c.run_id = mine.run_id AND c.status = 'running' AND %(ended)s) FROM mine
"""
_SETTLES = {gone: _SETTLE.format(mine=_GONE if gone else _KEPT) for gone in (False, True)}


def settle(
    step: Step,
    *,
    kind: str = "step",
    status: str = "ready",
    due_at: datetime | None = None,
    held: bool = False,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write where the run stands now, with all that was told on the way. Raises FenceLost.

    `held` keeps the claim and its count of attempts, for a failure that is noted next. A question that was
    answered goes on under a new id, so that nobody can answer it twice.
    """
    ended = step.result is not None
    if ended:
        from workflows.engine import children, scopes

        if step.scope_id is not None:
            scopes.abandon(step)
        if step.parent_work_id is not None:
            children.tell_parent(step.parent_work_id, step.run_id, step.result or "", step.steps, step.now)
    with connection.cursor() as cursor:
        cursor.execute(
            _SETTLES[ended or step.arrived],
            {
                "work": step.work_id,
                "id": uuid7() if step.status == "waiting" else step.work_id,
                "fence": step.fence,
                "was": step.status,
                "block": step.block_id,
                "kind": kind,
                "status": status,
                "due_at": due_at or step.now,
                "data": json.dumps(jsonable(data or {})),
                "held": held,
                "ended": ended,
                "scope": step.scope_id,
                "branch": step.branch,
                "context": json.dumps(step.context),
                "result": step.result or "",
                "now": step.now,
                "told": json.dumps(step.told),
            },
        )
        mine, clocks_run = cursor.fetchone()
    if not mine:
        raise FenceLost(f"work {step.work_id} has been claimed by somebody else")
    if clocks_run:
        from workflows.engine import clocks

        clocks.run_ended(step.run_id, step.now)
    if ended and step.parent_work_id is None and step.subject_type in registry.unfinished:
        from workflows.engine import failure

        failure.left_undone(step)


def complete(step: Step, result: Result) -> None:
    """End a block from outside of the run loop, by a person's answer; a worker goes on from there."""
    from workflows.engine import hint

    finish(step, result)
    settle(step)
    transaction.on_commit(hint, robust=True)


def park(step: Step, result: Result) -> None:
    """Leave the run at its block: until a time (a timer is work that is due later) or for an answer."""
    step.told.append(event("waiting", step.block_id, step.block.type, "", result.detail))
    if result.waits:
        settle(step, kind=result.kind or "step", status="waiting", data=result.data)
    else:
        settle(step, kind=result.kind or "timer", due_at=result.until, data=result.data)


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
