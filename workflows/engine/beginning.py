"""The first row of a run, its first work and the first line of its story, in one statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition, Program
from workflows.engine.advance import _next_id
from workflows.models import WorkflowVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a run begins, and what about. The same `event_id` begins a workflow once; None makes no such promise."""

    event_id: UUID | None
    told: str  # how its story names what started it
    subject_type: str
    subject_id: UUID
    subject_name: str = ""
    partner_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""  # the person who started it
    parent_id: UUID | None = None
    parent_work_id: UUID | None = None
    depth: int = 0
    caused_by: UUID | None = None
    generation: int = 0


_START = """
WITH begun AS (
  INSERT INTO workflows_run (id, tenant_id, workflow_id, version_id, event_id, subject_type, subject_id,
                             subject_name, partner_id, status, result, context, started_at, moved_at,
                             parent_id, parent_work_id, depth, caused_by, generation)
  VALUES (%(run)s, %(tenant)s, %(workflow)s, %(version)s, %(event)s, %(subject_type)s, %(subject)s, %(name)s,
          %(partner)s, 'running', '', %(context)s::jsonb, %(now)s, clock_timestamp(),
          %(parent)s, %(parent_work)s, %(depth)s, %(caused_by)s, %(generation)s)
  ON CONFLICT (tenant_id, workflow_id, event_id) DO NOTHING RETURNING tenant_id, id
), first AS (
  INSERT INTO workflows_work (id, tenant_id, run_id, block, branch, kind, status, due_at, not_before, attempt,
                              fence, data, error, created_at)
  SELECT %(work)s, tenant_id, id, %(block)s, '', 'step', 'ready', %(now)s, clock_timestamp(), 0, 0, '{}', '',
         transaction_timestamp() FROM begun
), told AS (
  INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name,
                                  at, recorded_at)
  SELECT %(told)s, tenant_id, id, 'started', '', 'trigger', %(event_name)s, '{}', %(by)s, %(now)s,
         clock_timestamp() FROM begun
)
SELECT id FROM begun
"""


def begin(version: WorkflowVersion, program: Program, cause: Cause, now: datetime) -> UUID | None:
    """Begin the run with its first work; None when this event has begun it before."""
    if program.first is None:
        raise BrokenDefinition(_("The workflow has no blocks."))
    with connection.cursor() as cursor:
        cursor.execute(
            _START,
            {
                "run": uuid7(),
                "tenant": tenant_id(),
                "workflow": version.workflow_id,
                "version": version.pk,
                "event": cause.event_id,
                "subject_type": cause.subject_type,
                "subject": cause.subject_id,
                "name": cause.subject_name[:200],
                "partner": cause.partner_id,
                "now": now,
                "work": uuid7(),
                "block": program.first,
                "told": _next_id(),
                "event_name": cause.told[:60],
                "by": cause.by[:200],
                "parent": cause.parent_id,
                "parent_work": cause.parent_work_id,
                "depth": cause.depth,
                "caused_by": cause.caused_by,
                "generation": min(cause.generation, 32_000),
                "context": json.dumps({"facts": jsonable(cause.facts), "steps": {}, "before": jsonable(cause.before)}),
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    from workflows.engine import hint

    transaction.on_commit(hint, robust=True)
    return UUID(str(row[0]))
