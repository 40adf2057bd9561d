"""Saving what the designer shows, and moving runs to another version with a way back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.ids import uuid7
from workflows import rules
from workflows.actions.definitions import save_draft
from workflows.definition import BrokenDefinition, Program, checksum
from workflows.definition.outline import sentence_of
from workflows.designer import rules as design_rules
from workflows.engine.advance import tell
from workflows.engine.step import program_of
from workflows.models import Run, RunEvent, SlaClock, Work, WorkflowVersion

UNDO_MINUTES = 10
MOVED, MOVED_BACK = "migrated", "migrated_back"


def begin_draft(*, workflow_id: UUID, actor: Actor, now: datetime) -> Decision:
    """The workflow's draft to design: the one there is, else a copy of the version in force (or the last one).

    The Decision's facts name the `version`.
    """
    versions = WorkflowVersion.objects.filter(workflow_id=workflow_id).order_by("-number")
    source = versions.filter(status="draft").first() or versions.filter(status="published").first() or versions.first()
    if source is None:
        raise WorkflowVersion.DoesNotExist
    if source.status == WorkflowVersion.Status.DRAFT:
        facts = rules.VersionFacts(verb="saved", roles=tuple(sorted(actor.roles)), actor=actor.id)
        decision = rules.change_version(facts)
        return replace(decision, facts={**decision.facts, "version": str(source.pk)})
    return save_draft(tree=source.tree, actor=actor, now=now)


def save_design(
    *, version_id: UUID, tree: Mapping[str, Any], base: str, actor: Actor, now: datetime, note: str = ""
) -> Decision:
    """Keep the tree as the draft if nobody else has saved since the editor read it as `base`.

    An unchanged tree changes nothing, nor whose draft it is. The key stays: it is the workflow's name.
    """
    version = WorkflowVersion.objects.select_for_update(of=("self",)).select_related("workflow").get(pk=version_id)
    digest = checksum(tree)
    decision = design_rules.save_design(
        design_rules.DesignFacts(
            roles=tuple(sorted(actor.roles)),
            status=version.status,
            base=base,
            stored=version.checksum,
            saved_by=version.author_name,
            same_key=tree.get("key") == version.workflow.key,
        )
    )
    if decision.refused:
        audit.record("workflow.saving_refused", target=version, actor=actor, at=now, decision=decision)
        return decision
    if digest == version.checksum:
        return decision
    return save_draft(tree=tree, actor=actor, now=now, note=note or version.note)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a live run stands, and why it can't be moved if it can't."""

    run: Run
    block: str
    type: str
    why_not: str = ""
    told: str = ""  # the block in words


def standings(version: WorkflowVersion) -> list[Standing]:
    """Every live run of the workflow's earlier versions as it would stand on this one."""
    target = program_of(version.pk, version.checksum)
    live = (
        Run.objects.filter(workflow_id=version.workflow_id, status="running")
        .exclude(version=version)
        .select_related("version")
        .defer("version__tree")
        .order_by("started_at")
    )
    return [_standing(run, target) for run in live[:500]]


def _standing(run: Run, target: Program) -> Standing:
    """A run can be moved when each block that it stands at, or that still counts for it, is there again."""
    try:
        current = program_of(run.version_id, run.version.checksum)
    except BrokenDefinition:
        return Standing(run, "", "", _("Its own version can't be read."))
    work = list(Work.objects.filter(run=run).order_by("kind", "id").values_list("block", "kind"))
    clocks = list(SlaClock.objects.filter(run=run).exclude(status="stopped").values_list("block", flat=True))
    if not work:
        return Standing(run, "", "", _("Nothing is due in it: an incident tells why."))
    stands = next((block for block, kind in work if kind != "escalation"), work[0][0])
    needed = {block for block, _kind in work} | set(clocks)
    block_type = current.blocks[stands].type if stands in current.blocks else ""
    for block in sorted(needed):
        old, new = current.blocks.get(block), target.blocks.get(block)
        if new is None:
            return Standing(run, stands, block_type, _("The new version has no block “%(block)s”.") % {"block": block})
        if old is not None and old.type != new.type:
            why = _("In the new version “%(block)s” is another kind of block.") % {"block": block}
            return Standing(run, stands, block_type, why)
    told = sentence_of(target.blocks[stands].data)
    return Standing(run, stands, block_type, told=told)


def migrate_runs(*, version_id: UUID, run_ids: list[UUID], actor: Actor, now: datetime) -> Decision:
    """Let these runs go on by another version, each from the block at which it stands.

    The Decision's facts name the `batch`, by which `undo_migration` takes them back, and how many `moved`.
    """
    version = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
    decision = design_rules.migrate_runs(
        design_rules.MigrationFacts(roles=tuple(sorted(actor.roles)), status=version.status)
    )
    batch, moved = uuid7(), 0
    if decision.allowed:
        target = program_of(version.pk, version.checksum)
        for run in _locked(run_ids, version):
            if _standing(run, target).why_not:
                continue
            _carry(run, version.pk, MOVED, {"batch": str(batch), "from": str(run.version_id)}, version, actor, now)
            moved += 1
    after = {"batch": str(batch), "moved": moved}
    audit.record("workflow.runs_migrated", target=version, actor=actor, at=now, decision=decision, after=after)
    return replace(decision, facts={**decision.facts, **after})


def _locked(run_ids: list[UUID], version: WorkflowVersion) -> list[Run]:
    return list(
        Run.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=run_ids, workflow_id=version.workflow_id, status="running")
        .exclude(version=version)
        .select_related("version")
        .order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """A migration that can still be taken back."""

    id: str
    runs: int
    by: str
    at: datetime


def recent_batches(version: WorkflowVersion) -> list[Batch]:
    """Migrations onto this version of the last ten minutes, newest first, as far as runs are still on it."""
    told = RunEvent.objects.filter(
        kind=MOVED, run__version=version, recorded_at__gt=Now() - timedelta(minutes=UNDO_MINUTES)
    ).order_by("-id")
    found: dict[str, Batch] = {}
    for event in told:
        name = str(event.detail.get("batch"))
        known = found.get(name) or Batch(name, 0, event.actor_name, event.at)
        found[name] = replace(known, runs=known.runs + 1)
    return list(found.values())


def undo_migration(*, version_id: UUID, batch: UUID, actor: Actor, now: datetime) -> Decision:
    """Put the runs of one migration back, within ten minutes, as far as they have not gone on since."""
    version = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
    told = RunEvent.objects.filter(
        kind=MOVED,
        run__version=version,
        detail__batch=str(batch),
        recorded_at__gt=Now() - timedelta(minutes=UNDO_MINUTES),
    )
    origins = {event.run_id: event for event in told}
    facts = design_rules.MigrationFacts(
        roles=tuple(sorted(actor.roles)), status=version.status, undoing=True, in_time=bool(origins)
    )
    decision = design_rules.migrate_runs(facts)
    back = 0
    if decision.allowed:
        runs = Run.objects.select_for_update(no_key=True).filter(pk__in=origins, version=version, status="running")
        for run in runs.order_by("pk"):
            event = origins[run.pk]
            if RunEvent.objects.filter(run=run, id__gt=event.pk).exists():
                continue
            _carry(run, UUID(event.detail["from"]), MOVED_BACK, {"batch": str(batch)}, version, actor, now)
            back += 1
    after = {"batch": str(batch), "back": back, "stayed": len(origins) - back}
    audit.record("workflow.migration_undone", target=version, actor=actor, at=now, decision=decision, after=after)
    return replace(decision, facts={**decision.facts, **after})


def _carry(
    run: Run,
    version_id: UUID,
    kind: str,
    detail: dict[str, str],
    version: WorkflowVersion,
    actor: Actor,
    now: datetime,
) -> None:
    run.version_id = version_id
    run.save(update_fields=["version_id"])
    tell(run.pk, kind, now, value=str(version.number), detail=detail, actor_name=actor.name)
