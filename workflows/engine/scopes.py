"""Parallels: one work for each branch, a join that counts who arrives, and an end for those who no longer matter.

A run is locked while any of its branches takes a step, so nobody counts at the same time. The work that
reaches a parallel goes on as its first branch; the work that completes the join goes on behind it.
"""

from uuid import UUID

from django.db.models import QuerySet

from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition, Program
from workflows.engine import advance
from workflows.engine.step import Result, Step
from workflows.models import RunEvent, Scope, Work


def enter(step: Step) -> None:
    """Open a parallel: every branch has its own work from here on."""
    block = step.block
    if not block.ways:
        raise BrokenDefinition(_("The parallel “%(block)s” has no branches.") % {"block": block.id})
    names = [way.id for way in block.ways]
    scope = Scope.objects.create(
        run_id=step.run_id,
        parent_id=step.scope_id,
        parent_branch=step.branch,
        block=block.id,
        needed=block.needed,
        total=len(names),
        branches=names,
        opened_at=step.now,
    )
    first, *others = block.ways
    Work.objects.bulk_create(
        Work(run_id=step.run_id, scope=scope, branch=way.id, block=way.first or "", due_at=step.now) for way in others
    )
    step.told.append(advance.event("entered", block.id, "parallel", "", {"branches": names, "needed": scope.needed}))
    step.scope_id, step.branch = scope.pk, first.id
    advance.walk(step, first.first)


def arrive(step: Step) -> Result | None:
    """A branch is at its end. With enough of them the others are cancelled and the parallel is over."""
    assert step.scope_id is not None
    scope = Scope.objects.get(pk=step.scope_id)
    scope.arrived = [*scope.arrived, step.branch]
    step.told.append(advance.event("arrived", scope.block, "parallel", step.branch))
    if len(scope.arrived) < scope.needed:
        scope.save(update_fields=["arrived"])
        step.arrived = True
        return None
    scope.status = Scope.Status.JOINED
    scope.save(update_fields=["arrived", "status"])
    dropped = _drop_the_rest(step, scope)
    step.scope_id, step.branch = scope.parent_id, scope.parent_branch
    step.block_id = scope.block
    return Result("joined", {"arrived": scope.arrived, "cancelled": dropped})


def abandon(step: Step) -> None:
    """The run ends inside of a branch: whatever else is under way in it ends, too."""
    for scope in Scope.objects.filter(run_id=step.run_id, status="open"):
        scope.status = Scope.Status.CANCELLED
        scope.save(update_fields=["status"])
        for name in scope.branches:
            if name not in scope.arrived:
                step.told.append(advance.event("cancelled_branch", scope.block, "parallel", name))
    _withdraw(step, Work.objects.filter(run_id=step.run_id), "ended")


def _drop_the_rest(step: Step, scope: Scope) -> list[str]:
    """Cancel the branches that nobody waits for any more; gives their ids."""
    dropped = [name for name in scope.branches if name not in scope.arrived]
    if dropped:
        inside = _inside(scope)
        Scope.objects.filter(pk__in=inside - {scope.pk}).update(status=Scope.Status.CANCELLED)
        _withdraw(step, Work.objects.filter(scope__in=inside), scope.block)
    step.told += [advance.event("cancelled_branch", scope.block, "parallel", name) for name in dropped]
    return dropped


def _inside(scope: Scope) -> set[UUID]:
    """The scope itself and every open one in its branches."""
    found, rows = {scope.pk}, list(Scope.objects.filter(run_id=scope.run_id, status="open").values_list("pk", "parent"))
    while more := {pk for pk, parent in rows if parent in found and pk not in found}:
        found |= more
    return found


def _withdraw(step: Step, works: "QuerySet[Work]", why: str) -> None:
    from workflows.engine import ending

    others = works.exclude(pk=step.work_id).values_list("pk", flat=True)
    ending.withdraw(set(others), step.now, why)


# --- finding what was lost ----------------------------------------------------------------------


def lost(run_id: UUID) -> list[tuple[Scope | None, str]]:
    """Every place of a run that has no work though it should: (None, "") for the run as a whole."""
    works = set(Work.objects.filter(run_id=run_id).exclude(kind="escalation").values_list("scope", "branch"))
    scopes = list(Scope.objects.filter(run_id=run_id, status="open"))
    if not scopes:
        return [] if works else [(None, "")]
    held = works | {(scope.parent_id, scope.parent_branch) for scope in scopes}
    places = [(scope, name) for scope in scopes for name in scope.branches if name not in scope.arrived]
    return [(scope, name) for scope, name in places if (scope.pk, name) not in held]


def where_it_stood(run_id: UUID, program: Program, scope: Scope | None, branch: str) -> str | None:
    """The block behind the last step that was finished in that place, or its first; None at the run's end."""
    place = (scope.block, branch) if scope else None
    here = [block.id for block in program.blocks.values() if block.within == place]
    last = RunEvent.objects.filter(run_id=run_id, kind="step", block__in=here).order_by("-id").first()
    if last is not None:
        behind = program.block(last.block).after
    elif scope is None:
        behind = program.first
    else:
        behind = next((way.first for way in program.block(scope.block).ways if way.id == branch), None)
    return behind or ("" if scope else None)
