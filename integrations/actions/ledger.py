"""The ledger: what changed, what is to be written now, what is tried again or given up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection as database
from django.db import transaction
from django.db.models.functions import Now

from integrations import queries, rules
from integrations.models import Connection, SyncJob
from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor


def hint() -> None:
    """Wake whoever writes. Losing this message loses seconds."""
    from prm.celery import nudge

    nudge("integrations.tasks.deliver")


def note_change(
    *,
    connection: Connection,
    subject_id: UUID,
    facts: Mapping[str, Any],
    event: str,
    cause: str,
    at: datetime,
) -> UUID:
    """One change of one record, to be written after those before it; the same cause is noted once."""
    job = SyncJob(
        pk=uuid5(connection.pk, cause),
        connection=connection,
        subject_id=subject_id,
        subject_name=queries.name_of(connection.subject, subject_id)[:300],
        position=_next_position(),
        event=event,
        cause=cause,
        facts=queries.with_id(facts, subject_id),
        at=at,
    )
    SyncJob.objects.bulk_create([job], ignore_conflicts=True)
    transaction.on_commit(hint, robust=True)
    return job.pk


def _next_position() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT nextval('events_position')")
        return int(cursor.fetchone()[0])


def sync_now(*, subject: str, subject_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Have a record written as it is now, to every connection that writes its kind."""
    connections = list(Connection.objects.filter(subject=subject))
    found = queries.facts_of(subject, subject_id)
    asked = rules.SettleFacts(tuple(sorted(actor.roles)), actor.kind, is_there=found is not None and bool(connections))
    decision = rules.settle_job(asked, "queued")
    if decision.refused or found is None:
        return decision
    for one in connections:
        last = queries.latest_position(one, subject_id)
        made = note_change(connection=one, subject_id=subject_id, facts=found, event=queries.BY_HAND, at=now,
                           cause=f"now:{subject_id}:{last}")  # fmt: skip
        job = SyncJob.objects.get(pk=made)
        audit.record("sync.asked_for", target=job, actor=actor, at=now, decision=decision)
    return decision


def retry_job(*, job_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Try a dead letter again, with the record as it is now: never older words over newer ones."""
    job = SyncJob.objects.select_related("connection").select_for_update(of=("self",)).get(pk=job_id)
    found = queries.facts_of(job.connection.subject, job.subject_id)
    decision = rules.settle_job(_facts(job, actor, found is not None), "queued")
    if decision.allowed and found is not None:
        job.facts, job.position, job.state = dict(found), _next_position(), SyncJob.State.WAITING
        job.attempt, job.not_before, job.lease_until = 0, Now(), None
        job.save()
        transaction.on_commit(hint, robust=True)
    audit.record(
        "sync.retried" if decision.allowed else "sync.retry_refused", target=job, actor=actor, at=now, decision=decision
    )
    return decision


def skip_job(*, job_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Give a dead letter up. The next change of the record says what it would have said."""
    job = SyncJob.objects.select_for_update().get(pk=job_id)
    decision = rules.settle_job(_facts(job, actor, True), "skipped")
    if decision.allowed:
        job.state, job.done_at, job.facts = SyncJob.State.SKIPPED, Now(), {}
        job.save(update_fields=["state", "done_at", "facts"])
    audit.record(
        "sync.skipped" if decision.allowed else "sync.skip_refused", target=job, actor=actor, at=now, decision=decision
    )
    return decision


def _facts(job: SyncJob, actor: Actor, is_there: bool) -> rules.SettleFacts:
    return rules.SettleFacts(tuple(sorted(actor.roles)), actor.kind, state=str(job.state), is_there=is_there)
