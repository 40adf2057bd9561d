"""Hints only: the work is read from PostgreSQL."""

from collections.abc import Callable
from time import monotonic

from prm.celery import app
from prm.kernel.events import relay as _relay

EACH = 8  # of every tenant at a time: whoever comes next waits for no more than that
SECONDS = 2.0  # then other tasks have their turn


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def relay() -> int:
    """Deliver what is due in the outbox, and go on with what that has set going."""
    return in_turn()


def in_turn() -> int:
    """A few deliveries, a few of what they have set going, and again, until there is nothing or time is up.

    In turn, because an event of a quiet vendor would else wait until all of a flood is delivered, and its run
    until all of a flood's runs are done.
    """
    done, until = 0, monotonic() + SECONDS
    while some := _relay.drain(1, each=EACH) + sum(follow() for follow in _followers):
        done += some
        if monotonic() > until:
            _relay.hint()
            break
    return done


_followers: list[Callable[[], int]] = []


def after_deliveries(follow: Callable[[], int]) -> None:
    """Have this done by the worker that has just delivered: it needs no hint to wake another one."""
    _followers.append(follow)
