"""Every event that a workflow cares about reaches the engine; the outbox brings each one once."""

from datetime import datetime

from prm.kernel import events
from workflows.engine import start_runs
from workflows.listening import listens


@events.handler(name="workflows.start", when=listens)
def on_trigger(event: events.Delivered, now: datetime) -> None:
    """Start what the event starts, end what it makes pointless."""
    start_runs(event, now)
