"""Every event that an app has offered as a trigger reaches the engine; the outbox brings each one once."""

from datetime import datetime

from prm.kernel import events
from prm.kernel.automation import registry
from workflows.engine import start_runs


@events.handler(name="workflows.start", when=lambda name: name in registry.triggers)
def on_trigger(event: events.Delivered, now: datetime) -> None:
    """Start what the event starts, end what it makes pointless."""
    start_runs(event, now)
