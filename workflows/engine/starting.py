"""From an event to a run: at most one for each workflow, and never silence where an answer is owed."""

from datetime import datetime
from uuid import UUID

from prm.kernel import events
from prm.kernel.automation import registry
from prm.kernel.tenancy.remembering import remembered
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition, Program
from workflows.engine import beginning, circles, ending, rejudging, waits
from workflows.engine.failure import INCIDENT, refuse_event, sentence_of
from workflows.engine.people import subject_row
from workflows.engine.step import program_of
from workflows.models import Run, Workflow, WorkflowVersion


def start_runs(event: events.Delivered, now: datetime) -> list[UUID]:
    """Start the workflows that take this event up, and end the runs that it makes pointless.

    Whatever is wrong with a definition becomes one incident; the event itself is never broken by it.
    """
    touch_runs(event, now)
    started, broken = [], False
    versions = _in_force(event.name)
    for version in versions:
        try:
            program = program_of(version.pk, version.checksum)
            if program.starts_on(_facts(event, now)):
                started.append(_start(version, program, event, now))
        except BrokenDefinition as error:
            broken = True
            _refuse(event, now, kind="broken_definition", message=sentence_of(error), workflow=version.workflow)
    if not started and not broken:
        _nobody(event, now, has_versions=bool(versions))
    return [run for run in started if run is not None]


@remembered("workflows.Workflow", "workflows.WorkflowVersion")
def _in_force(event: str) -> tuple[WorkflowVersion, ...]:
    published = WorkflowVersion.objects.filter(status="published", workflow__event=event)
    return tuple(published.select_related("workflow").defer("tree").order_by("workflow__key"))


def _facts(event: events.Delivered, now: datetime) -> dict[str, object]:
    return {**event.facts, "@before": event.payload.get("before", {}), "@now": now}


def _start(version: WorkflowVersion, program: Program, event: events.Delivered, now: datetime) -> UUID | None:
    """Begin the run, unless this event has begun it before or its workflow goes round in circles."""
    trigger = registry.triggers[event.name]
    subject_type = trigger.subject_type(event.facts)
    origin = circles.origin_of(event)
    if circles.is_circle(origin, version.workflow_id, event.subject_id):
        _refuse(event, now, kind="loop", message=circles.told(version.workflow.name), workflow=version.workflow)
        return None
    return beginning.begin(
        version,
        program,
        beginning.Cause(
            event_id=event.id,
            told=event.name,
            subject_type=subject_type,
            subject_id=event.subject_id,
            subject_name=str(subject_row(subject_type, event.subject_id).get("title") or ""),
            partner_id=event.partner_id,
            facts=event.facts,
            before=event.payload.get("before", {}),
            caused_by=origin.run_id if origin else None,
            generation=origin.generation + 1 if origin else 0,
        ),
        now,
    )


def _nobody(event: events.Delivered, now: datetime, *, has_versions: bool) -> None:
    """Nobody took the event up. That is in order, unless somebody waits for an answer.

    An incident stands in its list whether or not a workflow sees to it.
    """
    trigger = registry.triggers.get(event.name)
    if trigger and trigger.subject_type(event.facts) == INCIDENT:
        return
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
    subject_type = trigger.subject_type(event.facts) if trigger else ""
    refuse_event(
        event,
        now,
        kind=kind,
        message=message,
        workflow_id=workflow.pk if workflow else None,
        subject_type=subject_type,
        subject_name=str(subject_row(subject_type, event.subject_id).get("title") or "")[:200],
    )


def touch_runs(event: events.Delivered, now: datetime) -> None:
    """What the event means to runs of its subject that are on their way: an end, an answer, another day."""
    live = Run.objects.filter(subject_id=event.subject_id, status="running").order_by("pk")
    for run_id, version_id, digest in live.values_list("pk", "version_id", "version__checksum"):
        try:
            program = program_of(version_id, digest)
            if event.name in program.cancel_on:
                ending.cancel_run(run_id, now, why=event.name)
                continue
            if rejudging.concerns(program, event.name):
                rejudging.judge_again(run_id, program, event, now)
                continue
            if event.name in program.awaits:
                waits.happened(run_id, program, event, now)
            if program.watches_dates:
                waits.reckon_again(run_id, program, now)
        except BrokenDefinition:
            continue  # its own incident tells of it
