"""Records that were there before the connection: written by the same lane as every change, a batch at a time."""

from datetime import datetime
from uuid import UUID

from integrations import queries, rules
from integrations.actions.ledger import note_change
from integrations.events import ExistingAsked
from integrations.models import Connection, FieldMapping, SyncJob
from prm.kernel import audit, events
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.ids import uuid7

AT_ONCE = 100


def write_existing(*, connection_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Have every record of its kind written as it is now. Raises Connection.DoesNotExist.

    A record that is on its way already is left to that; one that the other side knows as it is changes nothing
    there. So asking again writes nothing twice.
    """
    held = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    found = queries.existing_of(held)
    facts = rules.ExistingFacts(
        tuple(sorted(actor.roles)),
        actor.kind,
        mapped=FieldMapping.objects.filter(connection=held).exists(),
        records=found.records,
        running=found.is_running,
    )
    decision = rules.write_existing(facts)
    run = uuid7()
    if decision.allowed:
        detail = {"run": str(run), "after": None}
        events.publish(ExistingAsked(subject_id=held.pk, detail=detail), at=now)
    audit.record(
        "connection.existing_asked" if decision.allowed else "connection.existing_refused",
        target=held, actor=actor, at=now, decision=decision, after={"run": str(run), "records": found.records},
    )  # fmt: skip
    return decision


def note_existing(*, connection_id: UUID, run: str, after: str | None, now: datetime) -> None:
    """One batch of them, and word of where the next begins. Told again, it notes nothing twice."""
    held = Connection.objects.filter(pk=connection_id).first()
    if held is None:
        return
    ids = list(registry.syncs[held.subject].existing(UUID(after) if after else None)[:AT_ONCE])
    waiting = SyncJob.objects.filter(connection=held, subject_id__in=ids, state=SyncJob.State.WAITING)
    on_their_way = set(waiting.values_list("subject_id", flat=True))
    for subject_id in ids:
        facts = queries.facts_of(held.subject, subject_id) if subject_id not in on_their_way else None
        if facts is not None:
            note_change(connection=held, subject_id=subject_id, facts=facts, event=queries.EXISTING, at=now,
                        cause=f"existing:{run}:{subject_id}")  # fmt: skip
    if len(ids) == AT_ONCE:
        events.publish(ExistingAsked(subject_id=held.pk, detail={"run": run, "after": str(ids[-1])}), at=now)
    else:
        audit.record("connection.existing_noted", target=held, actor=Actor.system("integrations"), at=now,
                     after={"run": run})  # fmt: skip
