"""Sub-workflows: a run that waits for another on the same subject, and goes on with how that one ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition
from workflows.engine import beginning, people, waits
from workflows.engine.step import Result, Step, program_of
from workflows.models import WorkflowVersion

MAX_DEPTH = 8


def call(step: Step) -> Result:
    """Begin the published version of another workflow; its end resumes this work."""
    key = str(step.block["workflow"])
    if step.depth >= MAX_DEPTH:
        raise BrokenDefinition(_("Workflows run one another more than %(max)d deep here.") % {"max": MAX_DEPTH})
    version = WorkflowVersion.objects.filter(workflow__key=key, status="published").defer("tree").first()
    if version is None:
        raise BrokenDefinition(_("No workflow “%(key)s” is published.") % {"key": key})
    program = program_of(version.pk, version.checksum)
    if program.start.schema != step.program.start.schema:
        raise BrokenDefinition(_("“%(key)s” is about another kind of subject.") % {"key": key})
    run = beginning.begin(
        version,
        program,
        beginning.Cause(
            event_id=None,
            told=key,
            subject_type=step.subject_type,
            subject_id=step.subject_id,
            subject_name=step.subject_name,
            partner_id=step.partner_id,
            facts={**step.context.get("facts", {}), **people.subject_facts(step)},
            before=step.context.get("before", {}),
            parent_id=step.run_id,
            parent_work_id=step.work_id,
            depth=step.depth + 1,
            caused_by=step.run_id,
            generation=step.generation,
        ),
        step.now,
    )
    return Result("waiting", {"workflow": key, "run": run}, waits=True, kind="child")


def tell_parent(work_id: UUID, run_id: UUID, result: str, steps: Mapping[str, Any], now: datetime) -> None:
    """The run is over: the one that waits for it goes on with its result and what its steps came to."""
    said = {name: saved["value"] for name, saved in steps.items()}
    waits.resume(work_id, result or "done", {**said, "run": run_id}, now)
