"""What a person sets on the analytics page, and the logs that they ask for."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.kernel import audit
from prm.kernel.identity.actors import Actor
from workflows.models import EventLog, Workflow


def set_minutes_by_hand(*, workflow_id: UUID, minutes: int, actor: Actor, now: datetime) -> Workflow:
    """Say how long a person took for one before: what the minutes saved are reckoned with."""
    workflow: Workflow = Workflow.objects.select_for_update().get(pk=workflow_id)
    before, workflow.minutes_by_hand = workflow.minutes_by_hand, minutes
    workflow.save(update_fields=["minutes_by_hand"])
    audit.record(
        "workflow.minutes_set",
        target=workflow,
        actor=actor,
        at=now,
        before={"minutes_by_hand": before},
        after={"minutes_by_hand": minutes},
    )
    return workflow


def ask_for_log(
    *, workflow_id: UUID, since: datetime | None, until: datetime | None, actor: Actor, now: datetime
) -> EventLog:
    """Have a log written by a task. Whoever took data out of the house stands in the audit."""
    from prm.celery import nudge

    workflow = Workflow.objects.get(pk=workflow_id)
    row = EventLog.objects.create(workflow=workflow, since=since, until=until, asked_by_id=actor.membership_id)
    note_download(workflow=workflow, since=since, until=until, actor=actor, now=now)
    transaction.on_commit(lambda: nudge("workflows.tasks.write_logs"), robust=True)
    return row


def note_download(
    *, workflow: Workflow, since: datetime | None, until: datetime | None, actor: Actor, now: datetime
) -> None:
    """Write down who took a log, and of what time."""
    audit.record("workflow.log_taken", target=workflow, actor=actor, at=now, after={"since": since, "until": until})
