"""Hints only: the work is read from PostgreSQL."""

from prm.celery import app
from workflows import engine


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def work() -> int:
    """Carry out decisions that nobody took back, and do the work that is due."""
    return engine.drain(limit=200)


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def sweep() -> int:
    """Find runs that stand still, and whatever else is due."""
    return engine.sweep() + engine.drain(limit=200)
