"""Hints only: the work is read from PostgreSQL."""

from collections.abc import Callable

from prm.celery import app
from prm.kernel.events import relay as _relay


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def relay() -> int:
    """Deliver what is due in the outbox, and go on with what that has set going."""
    delivered = _relay.drain(limit=500, each=3)
    return delivered + sum(follow() for follow in _followers)


_followers: list[Callable[[], int]] = []


def after_deliveries(follow: Callable[[], int]) -> None:
    """Have this done by the worker that has just delivered: it needs no hint to wake another one."""
    _followers.append(follow)
