"""Hints only: what is due is read from PostgreSQL."""

from django.core.cache import cache

from integrations import delivering
from prm.celery import app


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def deliver() -> int:
    """Write what is due to other systems; one worker at a time, so that slow ones leave the others to webhooks."""
    if not cache.add("sync-at-work", 1, timeout=90):
        return 0
    try:
        return delivering.look_due() + delivering.deliver_due()
    finally:
        cache.delete("sync-at-work")
