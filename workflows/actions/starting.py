"""Starting a workflow by hand, about a subject of one's choice."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from prm.kernel import audit
from prm.kernel.conditions import schema_named
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.definition import BrokenDefinition, Program
from workflows.engine import timetables
from workflows.engine.step import program_of
from workflows.models import Workflow, WorkflowVersion


def start_workflow(*, workflow_id: UUID, subject_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Start the version in force about one subject. The Decision's facts name the `run`."""
    workflow = Workflow.objects.get(pk=workflow_id)
    version = WorkflowVersion.objects.select_related("workflow").filter(workflow=workflow, status="published").first()
    program = _program(version)
    manual = program is not None and program.start.kind == "manual"
    decision = rules.start_workflow(
        rules.StartFacts(
            roles=tuple(sorted(actor.roles)),
            published=version is not None,
            manual=manual,
            subject_found=not manual or _is_there(program, subject_id, now),
        )
    )
    run = None
    if decision.allowed and version is not None and program is not None:
        facts = timetables.subject_facts(schema_named(program.start.schema), subject_id)
        run = timetables.begin(version, program, subject_id, facts, event_id=None, now=now, by=actor.name)
    audit.record(
        "workflow.started" if decision.allowed else "workflow.start_refused",
        target=version or workflow,
        actor=actor,
        at=now,
        decision=decision,
        after={"subject": str(subject_id), "run": str(run) if run else None},
    )
    return replace(decision, facts={**decision.facts, "run": str(run)}) if run else decision


def _program(version: WorkflowVersion | None) -> Program | None:
    try:
        return program_of(version.pk, version.checksum) if version else None
    except BrokenDefinition:
        return None


def _is_there(program: Program | None, subject_id: UUID, now: datetime) -> bool:
    if program is None:
        return False
    rows = timetables.found(schema_named(program.start.schema), program.when, now)
    return bool(rows.filter(pk=subject_id).exists())
