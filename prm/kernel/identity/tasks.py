"""Hints only: what is due is read from PostgreSQL."""

from prm.celery import app
from prm.kernel.identity import letters


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def deliver_letters() -> int:
    """Hand over the mails about people's own accounts."""
    return letters.deliver_due()
