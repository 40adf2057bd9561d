"""A step on its way: where its run stands, what it knows, and what it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prm.kernel.decisions import jsonable
from prm.kernel.identity.actors import Actor
from prm.kernel.wording import said as _
from workflows.definition import Block, BrokenDefinition, Program, program
from workflows.models import Run, WorkflowVersion


@dataclass(slots=True)
class Step:
    """One piece of work of one run, locked with its run for this transaction; it moves on with its run."""

    work_id: UUID
    fence: int
    attempt: int
    status: str
    block_id: str
    kind: str
    data: Mapping[str, Any]
    scope_id: UUID | None  # the parallel that it is in, and the branch there
    branch: str
    run_id: UUID
    workflow_id: UUID
    workflow_name: str
    event_id: UUID | None
    subject_type: str
    subject_id: UUID
    subject_name: str
    partner_id: UUID | None
    since: datetime  # when the step before was ended; machine time
    depth: int
    generation: int
    parent_work_id: UUID | None
    context: dict[str, Any]
    program: Program
    now: datetime
    told: list[dict[str, Any]] = field(default_factory=list)  # run events since it was loaded
    result: str | None = None  # of the run, once it has ended
    arrived: bool = False  # at a join that waits for other branches: this work is over

    def stands(self) -> tuple[Any, ...]:
        """Where it stands, to go back to when what it tries next fails."""
        return self.block_id, self.kind, self.scope_id, self.branch, len(self.told), self.result, self.arrived

    def go_back(self, stands: tuple[Any, ...]) -> None:
        """As it stood before; what was saved in its context stays with the steps that were done."""
        self.block_id, self.kind, self.scope_id, self.branch, told, self.result, self.arrived = stands
        del self.told[told:]

    @property
    def block(self) -> Block:
        return self.program.block(self.block_id)

    @property
    def at_the_end_of_a_branch(self) -> bool:
        return not self.block_id and self.scope_id is not None

    @property
    def actor(self) -> Actor:
        return Actor.workflow(run_id=self.run_id, name=self.workflow_name)

    @property
    def steps(self) -> dict[str, Any]:
        """What was saved, by its name: value and detail."""
        saved: dict[str, Any] = self.context.setdefault("steps", {})
        return saved

    def facts(self) -> dict[str, Any]:
        """What conditions may ask: the event's facts, its facts before, the time, the saved outcomes."""
        return {
            **self.context.get("facts", {}),
            "@before": self.context.get("before", {}),
            "@now": self.now,
            **{f"steps.{name}": saved["value"] for name, saved in self.steps.items()},
        }

    def read(self, source: str) -> Any:
        """A value by `<saved step>.<key>`, a saved step's outcome, or a fact; None where there is none."""
        name, _dot, key = source.partition(".")
        if name == "steps":
            name, _dot, key = key.partition(".")
        if name in self.steps:
            saved = self.steps[name]
            return saved["detail"].get(key) if key and key != "value" else saved["value"]
        return self.context.get("facts", {}).get(source)

    def fill(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with every {"from": …} replaced by what it points to."""
        return {
            name: self.read(str(value["from"])) if isinstance(value, Mapping) and "from" in value else value
            for name, value in parameters.items()
        }


@dataclass(frozen=True, slots=True)
class Result:
    """How a block ended: with a value, or by waiting until a time (`until`), for an answer (`waits`), or both.

    `kind` says what kind of work waits, `data` what it must know to be found.
    """

    value: str = "done"
    detail: Mapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    waits: bool = False
    kind: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    actor_name: str = ""
    keep: Mapping[str, Any] = field(default_factory=dict)  # saved beside detail, not shown

    def saved(self) -> dict[str, Any]:
        return {"value": self.value, "detail": jsonable(self.detail), **jsonable(self.keep)}


# Whoever locks, locks the run first, then its work, its tasks, their intents, its incidents. The first part
# locks the run and waits for it; only then does the second lock the work, as it is by then.
_LOAD = """
WITH r AS MATERIALIZED (
  SELECT * FROM workflows_run
  WHERE id = (SELECT run_id FROM workflows_work WHERE id = %(work)s) AND status = 'running' FOR NO KEY UPDATE
)
SELECT w.id, w.fence, w.attempt, w.status, w.block, w.kind, w.data, w.scope_id, w.branch, r.id, r.workflow_id,
       f.name, r.event_id, r.subject_type, r.subject_id, r.subject_name, r.partner_id, w.created_at, r.depth,
       r.generation, r.parent_work_id, r.context, r.version_id, v.checksum
FROM r
JOIN workflows_work AS w ON w.tenant_id = r.tenant_id AND w.run_id = r.id AND w.id = %(work)s
JOIN workflows_workflowversion AS v ON v.tenant_id = r.tenant_id AND v.id = r.version_id
JOIN workflows_workflow AS f ON f.tenant_id = r.tenant_id AND f.id = r.workflow_id
WHERE w.status = %(status)s AND (%(fence)s::int IS NULL OR w.fence = %(fence)s)
FOR UPDATE OF w
"""
_NO_COLUMNS = ("program", "now", "told", "result", "arrived")
_COLUMNS = tuple(name for name in Step.__dataclass_fields__ if name not in _NO_COLUMNS)


def load(work_id: UUID, now: datetime, *, status: str = "ready", fence: int | None = None) -> Step | None:
    """The step with its run locked; None when somebody else has it, or the run is over."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, {"work": work_id, "status": status, "fence": fence})
        row = cursor.fetchone()
    if row is None:
        return None
    stands: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
    stands |= {"data": _json(stands["data"]), "context": _json(stands["context"])}
    return Step(**stands, program=program_of(row[-2], row[-1]), now=now)


def lock_run(run_id: UUID) -> None:
    """Lock a run before anything of it, as everybody does, so that nobody waits for one who waits for them."""
    Run.objects.select_for_update(no_key=True).filter(pk=run_id).values_list("pk").first()


def program_of(version_id: UUID, digest: str) -> Program:
    """The version as a program: read from its tree once, then remembered."""
    from workflows.definition.blocks import _programs

    if digest in _programs:
        return _programs[digest]
    tree = WorkflowVersion.objects.values_list("tree", flat=True).get(pk=version_id)
    if not isinstance(tree, dict):
        raise BrokenDefinition(_("The version's tree is no JSON object."))
    return program(tree, digest)


def _json(value: Any) -> Any:
    """A jsonb column as the raw cursor gives it."""
    import json

    return json.loads(value) if isinstance(value, str) else value
