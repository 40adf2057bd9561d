"""Asking for a replay, and the worker's part: what is asked for is a row, so no message can lose it."""

import logging
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from prm.celery import nudge
from prm.kernel import audit
from prm.kernel.automation.models import RuleVersion
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from workflows.definition import BrokenDefinition, checksum
from workflows.models import Replay, ReplayChange, WorkflowVersion
from workflows.replay.rules import ReplayFacts, ask_for_replay
from workflows.replay.running import Batch, Change, Replaying
from workflows.replay.trials import NothingToReplay, Trial, trials_of_rules, trials_of_version

log = logging.getLogger(__name__)
KEPT = 5  # replays of one draft; older ones go
TRIES = 3
_LEASE = "2 minutes"


def replay_version(*, version_id: UUID, months: int, actor: Actor, now: datetime) -> Decision:
    """Ask for a replay of a workflow's version. The Decision's facts name the `replay`."""
    version = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
    mine = Replay.objects.filter(version=version)
    replay = Replay(version=version, name=str(version), checksum=version.checksum)
    return _ask(replay, version, mine, months, actor, now)


def replay_rules(*, version_id: UUID, months: int, actor: Actor, now: datetime) -> Decision:
    """Ask for a replay of a version of rules."""
    version = RuleVersion.objects.select_related("ruleset").get(pk=version_id)
    mine = Replay.objects.filter(rule_version_id=version.pk)
    replay = Replay(rule_version_id=version.pk, name=str(version), checksum=checksum(version.document))
    return _ask(replay, version, mine, months, actor, now)


def _ask(
    replay: Replay, target: WorkflowVersion | RuleVersion, others: Any, months: int, actor: Actor, now: datetime
) -> Decision:
    waiting = others.filter(state__in=["queued", "running"]).count()
    decision = ask_for_replay(ReplayFacts(roles=tuple(sorted(actor.roles)), months=months, under_way=waiting))
    if decision.allowed:
        replay.months, replay.asked_by, replay.asked_by_name, replay.asked_at = months, actor.id, actor.name, now
        replay.save(force_insert=True)
        old = list(others.values_list("pk", flat=True)[KEPT:])
        Replay.objects.filter(pk__in=old).delete()
        transaction.on_commit(hint, robust=True)
    audit.record(
        "replay.asked" if decision.allowed else "replay.refused",
        target=target,
        actor=actor,
        at=now,
        decision=decision,
        after={"months": months},
    )
    if decision.refused:
        return decision
    return _naming(decision, replay)


def _naming(decision: Decision, replay: Replay) -> Decision:
    return replace(decision, facts={**decision.facts, "replay": str(replay.pk)})


def hint() -> None:
    """Wake a worker; losing it loses seconds."""
    nudge("workflows.tasks.replays")


# --- the worker's part ---------------------------------------------------------------------------

_DUE = """
SELECT tenant_id, id FROM workflows_replay
WHERE state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp())
LIMIT 20
"""
_CLAIM = """
UPDATE workflows_replay SET lease_until = clock_timestamp() + %s::interval, attempt = attempt + 1, walked = 0
WHERE id = %s AND state IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""
_KEEP = """
UPDATE workflows_replay SET lease_until = clock_timestamp() + %s::interval, walked = %s, total = %s
WHERE id = %s AND state = 'running' AND attempt = %s
"""


class Overtaken(RuntimeError):
    """Another worker has taken the replay, or somebody has thrown it away."""


def run_replays() -> int:
    """Do the replays that wait, each in transactions of its own; says how many were done."""
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
    return sum(_run(tenant, replay) for tenant, replay in due)


def _run(tenant: UUID, replay_id: UUID) -> bool:
    attempt = _claim(tenant, replay_id)
    if attempt is None:
        return False
    try:
        if attempt > TRIES:
            raise NothingToReplay(_("The worker died on it again and again."))
        _walk(tenant, replay_id, attempt)
    except Overtaken:
        log.info("replay %s is somebody else's by now", replay_id)
    except (NothingToReplay, BrokenDefinition) as told:
        _fail(tenant, replay_id, str(told))
    except Exception as error:
        log.exception("replay %s failed", replay_id)
        _fail(tenant, replay_id, f"{type(error).__name__}: {error}"[:500])
    return True


def _claim(tenant: UUID, replay_id: UUID) -> int | None:
    with acting(tenant=tenant, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [_LEASE, replay_id])
        if not cursor.rowcount:
            return None
        replay = Replay.objects.select_for_update().get(pk=replay_id)
        replay.changes.all().delete()
        if replay.state == Replay.State.QUEUED:
            replay.begin()
            replay.save(update_fields=["state"])
        return int(replay.attempt)


def _walk(tenant: UUID, replay_id: UUID, attempt: int) -> None:
    with acting(tenant=tenant, audience="vendor"):
        replay = Replay.objects.get(pk=replay_id)
    replaying = Replaying(tenant, lambda: trials_of(replay), replay.months)
    for batch in replaying.batches():
        _keep(tenant, replay_id, attempt, batch)
    with acting(tenant=tenant, audience="vendor") as now:
        replay = Replay.objects.select_for_update().get(pk=replay_id)
        if replay.attempt != attempt or replaying.figures is None:
            raise Overtaken
        replay.finish()
        replay.result, replay.done_at, replay.lease_until = replaying.figures.document(), now, None
        replay.save(update_fields=["state", "result", "done_at", "lease_until"])


def trials_of(replay: Replay) -> list[Trial]:
    """What the replay tries. Raises NothingToReplay when the draft is gone."""
    if replay.version_id is not None:
        return trials_of_version(WorkflowVersion.objects.select_related("workflow").get(pk=replay.version_id))
    drafts = RuleVersion.objects.select_related("ruleset")
    version = drafts.filter(pk=replay.rule_version_id).first() if replay.rule_version_id else None
    if version is None:
        raise NothingToReplay(_("The draft has been thrown away."))
    return trials_of_rules(version)


def _keep(tenant: UUID, replay_id: UUID, attempt: int, batch: Batch) -> None:
    """Write down how far it is and what was found, and hold the lease. Raises Overtaken."""
    with acting(tenant=tenant, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(_KEEP, [_LEASE, batch.walked, batch.total, replay_id, attempt])
        if not cursor.rowcount:
            raise Overtaken
        ReplayChange.objects.bulk_create([_row(replay_id, change) for change in batch.changes], batch_size=500)


def _row(replay_id: UUID, change: Change) -> ReplayChange:
    past, cent = change.past, Decimal("0.01")
    return ReplayChange(
        replay_id=replay_id,
        kind=change.kind,
        event_id=past.id,
        run_id=past.run_id,
        subject_type=change.subject_type,
        subject_id=past.subject_id,
        subject_name=change.title[:200],
        partner_id=past.partner_id,
        partner_name=change.partner[:200],
        amount=None if change.amount is None else change.amount.quantize(cent),
        happened_at=past.at,
        before=change.before.decision[:60],
        after=change.after.decision[:60],
        assumed=change.after.is_assumed,
        before_path=change.before.document(),
        after_path=change.after.document(),
    )


def _fail(tenant: UUID, replay_id: UUID, why: str) -> None:
    with acting(tenant=tenant, audience="vendor") as now:
        replay = Replay.objects.select_for_update().filter(pk=replay_id, state__in=["queued", "running"]).first()
        if replay is None:
            return
        replay.fail()
        replay.error, replay.done_at, replay.lease_until = why, now, None
        replay.save(update_fields=["state", "error", "done_at", "lease_until"])
