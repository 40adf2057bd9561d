"""Hints only: the work is read from PostgreSQL."""

from django.core.cache import cache

from prm.celery import app
from prm.kernel.events.tasks import in_turn
from workflows import actions, engine
from workflows.analytics import logfiles, rollup


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def work() -> int:
    """Carry out decisions that nobody took back, and do the work that is due."""
    return in_turn()


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def sweep() -> int:
    """Find runs that stand still, start what the clock starts, and do whatever else is due."""
    return engine.sweep() + engine.keep_time() + engine.drain(limit=200)


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def deliver() -> int:
    """Hand over the webhook calls that are due; one worker at a time, so that slow receivers hold back nothing else."""
    if not cache.add("webhooks-at-work", 1, timeout=90):
        return 0
    try:
        return engine.deliver_due()
    finally:
        cache.delete("webhooks-at-work")


@app.task(base=app.PlatformTask, time_limit=3600, soft_time_limit=3500)  # type: ignore[untyped-decorator]
def replays() -> int:
    """Try drafts on the past, for whoever asked."""
    return actions.run_replays()


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def proposals() -> int:
    """Look for rules that people follow by hand, at every vendor."""
    return actions.find_proposals_everywhere()


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def roll_up() -> int:
    """Count what runs came to in the hours that are over."""
    return rollup.roll_up_all()


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def write_logs() -> int:
    """Write the event logs that somebody asked for, and remove those of yesterday."""
    return logfiles.write_due()
