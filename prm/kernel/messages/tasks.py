"""Hints only: what is due is read from PostgreSQL."""

from prm.celery import app
from prm.kernel.messages import delivery


@app.task(base=app.PlatformTask)
def deliver() -> int:
    """Hand over the e-mails that are due."""
    return delivery.deliver_due()
