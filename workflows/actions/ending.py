"""Ending a run that waits, by hand: for what will never come."""

from datetime import datetime
from uuid import UUID

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.engine import ending
from workflows.models import Run


def end_run(*, run_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """End a live run with all that it asks and counts; its subject stays as it is. Raises Run.DoesNotExist."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    why = reason.strip()
    decision = rules.end_run(
        rules.EndFacts(roles=tuple(sorted(actor.roles)), status=run.status, reason_given=bool(why))
    )
    if decision.allowed:
        ending.cancel_run(run.pk, now, why=ending.BY_HAND, by=actor.name, note=why)
    audit.record(
        "run.ended_by_hand" if decision.allowed else "run.ending_refused",
        target=run,
        actor=actor,
        at=now,
        decision=decision,
        after={"reason": why, "subject": run.subject_name},
    )
    return decision
