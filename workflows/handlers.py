"""Every event that a workflow cares about reaches the engine; the outbox brings each one once."""

from datetime import datetime

from prm.kernel import events
from prm.kernel.identity.actors import Actor
from workflows.actions.tasks import hand_over_tasks
from workflows.engine import start_runs
from workflows.listening import listens


@events.handler(name="workflows.start", when=listens)
def on_trigger(event: events.Delivered, now: datetime) -> None:
    """Start what the event starts, end what it makes pointless."""
    start_runs(event, now)


@events.handler("identity.membership.ended", name="workflows.departure")
def on_departure(event: events.Delivered, now: datetime) -> None:
    """No question stays with somebody who has left."""
    hand_over_tasks(membership_id=event.subject_id, actor=Actor.system("workflows"), now=now)
