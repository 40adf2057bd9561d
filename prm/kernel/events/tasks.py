"""Hints only: the work is read from PostgreSQL."""

from prm.celery import app
from prm.kernel.events import relay as _relay


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def relay() -> int:
    """Deliver what is due in the outbox."""
    return _relay.drain(limit=500)
