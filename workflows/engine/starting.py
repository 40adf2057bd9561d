"""From an event to a run: at most one for each workflow, and never silence where an answer is owed."""

import json
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from prm.kernel import events
from prm.kernel.automation import registry
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.remembering import remembered
from workflows.definition import BrokenDefinition, Program
from workflows.engine.advance import _next_id
from workflows.engine.failure import refuse_event
from workflows.engine.people import subject_row
from workflows.engine.step import program_of
from workflows.models import Incident, Run, Workflow, WorkflowVersion


def start_runs(event: events.Delivered, now: datetime) -> list[UUID]:
    """Start the workflows that take this event up, and end the runs that it makes pointless.

    Whatever is wrong with a definition becomes one incident; the event itself is never broken by it.
    """
    cancel_runs(event, now)
    started, broken = [], False
    versions = _in_force(event.name)
    for version in versions:
        try:
            program = program_of(version.pk, version.checksum)
            if program.starts_on(_facts(event, now)):
                started.append(_start(version, program, event, now))
        except BrokenDefinition as error:
            broken = True
            _refuse(event, now, kind="broken_definition", message=str(error), workflow=version.workflow)
    if not started and not broken:
        _nobody(event, now, has_versions=bool(versions))
    return [run for run in started if run is not None]


@remembered("workflows.Workflow", "workflows.WorkflowVersion")
def _in_force(event: str) -> tuple[WorkflowVersion, ...]:
    published = WorkflowVersion.objects.filter(status="published", workflow__event=event)
    return tuple(published.select_related("workflow").defer("tree").order_by("workflow__key"))


def _facts(event: events.Delivered, now: datetime) -> dict[str, object]:
    return {**event.facts, "@before": event.payload.get("before", {}), "@now": now}


_START = """
WITH begun AS (
  INSERT INTO workflows_run (id, tenant_id, workflow_id, version_id, event_id, subject_type, subject_id,
                             subject_name, partner_id, status, result, context, started_at, moved_at)
  VALUES (%(run)s, %(tenant)s, %(workflow)s, %(version)s, %(event)s, %(subject_type)s, %(subject)s, %(name)s,
          %(partner)s, 'running', '', %(context)s::jsonb, %(now)s, clock_timestamp())
  ON CONFLICT (tenant_id, workflow_id, event_id) DO NOTHING RETURNING tenant_id, id
), first AS (
  INSERT INTO workflows_work (id, tenant_id, run_id, block, kind, status, due_at, not_before, attempt, fence,
                              data, error, created_at)
  SELECT %(work)s, tenant_id, id, %(block)s, 'step', 'ready', %(now)s, clock_timestamp(), 0, 0, '{}', '',
         clock_timestamp() FROM begun
), told AS (
  INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name,
                                  at, recorded_at)
  SELECT %(told)s, tenant_id, id, 'started', '', 'trigger', %(event_name)s, '{}', '', %(now)s,
         clock_timestamp() FROM begun
)
SELECT id FROM begun
"""


def _start(version: WorkflowVersion, program: Program, event: events.Delivered, now: datetime) -> UUID | None:
    """Begin the run with its first work; None when this event has begun it before."""
    if program.first is None:
        raise BrokenDefinition(_("The workflow has no blocks."))
    trigger = registry.triggers[event.name]
    name = str(subject_row(trigger.schema, event.subject_id).get("title") or "")
    with connection.cursor() as cursor:
        cursor.execute(
            _START,
            {
                "run": uuid7(),
                "tenant": tenant_id(),
                "workflow": version.workflow_id,
                "version": version.pk,
                "event": event.id,
                "subject_type": trigger.schema,
                "subject": event.subject_id,
                "name": name[:200],
                "partner": event.partner_id,
                "now": now,
                "work": uuid7(),
                "block": program.first,
                "told": _next_id(),
                "event_name": event.name[:60],
                "context": json.dumps(
                    {"facts": jsonable(event.facts), "steps": {}, "before": jsonable(event.payload.get("before", {}))}
                ),
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    from workflows.engine import hint

    transaction.on_commit(hint, robust=True)
    return UUID(str(row[0]))


def _nobody(event: events.Delivered, now: datetime, *, has_versions: bool) -> None:
    """Nobody took the event up. That is in order, unless somebody waits for an answer."""
    trigger = registry.triggers.get(event.name)
    required = bool(trigger and trigger.required)
    if has_versions and required:
        message = _("No workflow's condition takes this up, so nothing happens to it.")
        _refuse(event, now, kind="no_workflow", message=message)
    elif not has_versions:
        retired = Workflow.objects.filter(event=event.name, versions__status="retired").first()
        if retired is not None:
            message = _(
                "The workflow “%(name)s” is retired and no other takes this up. Publish a version, then try again."
            ) % {"name": retired.name}
            _refuse(event, now, kind="no_workflow", message=message, workflow=retired)
        elif required:
            message = _("No workflow is published for this. Publish one, then try again.")
            _refuse(event, now, kind="no_workflow", message=message)


def _refuse(
    event: events.Delivered, now: datetime, *, kind: str, message: str, workflow: Workflow | None = None
) -> None:
    trigger = registry.triggers.get(event.name)
    subject_type = trigger.schema if trigger else ""
    refuse_event(
        event,
        now,
        kind=kind,
        message=message,
        workflow_id=workflow.pk if workflow else None,
        subject_type=subject_type,
        subject_name=str(subject_row(subject_type, event.subject_id).get("title") or "")[:200],
    )


def cancel_runs(event: events.Delivered, now: datetime) -> None:
    """End live runs of the subject whose workflow says that this event makes them pointless."""
    from workflows.engine import ending

    live = Run.objects.filter(subject_id=event.subject_id, status="running")
    for run_id, version_id, digest in live.values_list("pk", "version_id", "version__checksum"):
        try:
            pointless = event.name in program_of(version_id, digest).cancel_on
        except BrokenDefinition:
            continue  # its own incident tells of it
        if pointless:
            ending.cancel_run(run_id, now, why=event.name)


def started_by(event_id: UUID) -> bool:
    """Whether any run has taken the event up."""
    return Run.objects.filter(event_id=event_id).exists()


def open_incident_of(event_id: UUID) -> Incident | None:
    return Incident.objects.filter(event_id=event_id, run=None, status="open").first()
