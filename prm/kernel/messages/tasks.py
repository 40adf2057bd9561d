"""Hints only: what is due is read from PostgreSQL."""

from prm.celery import app
from prm.kernel.messages import delivery


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def deliver() -> int:
    """Hand over the e-mails that are due."""
    return delivery.deliver_due()
