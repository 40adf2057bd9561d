"""Hints only: the work is read from PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.db import connection

from prm.celery import app
from prm.kernel.events import relay as _relay
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

FEWEST, MOST = 1, 16  # of every tenant at a time; the fewer the longer they take, but a claim costs, too
ROUND = 0.04  # seconds that a round should take: whoever comes next waits for no more than that
SECONDS = 2.0  # then other tasks have their turn
ALONE = 0.1  # seconds of work after which another worker is called to help
KEYS_KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5_000


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def relay() -> int:
    """Deliver what is due in the outbox, and go on with what that has set going."""
    return in_turn()


def in_turn() -> int:
    """A few deliveries, a few of what they have set going, and again, until there is nothing or time is up.

    In turn, because an event of a quiet vendor would else wait until all of a flood is delivered, and its run
    until all of a flood's runs are done.
    """
    done, each, begun = 0, FEWEST, monotonic()
    until, alone = begun + SECONDS, begun + ALONE
    while some := _round(each):
        done, now = done + some, monotonic()
        if now > alone:
            alone = now + ALONE
            _relay.hint()
        if now > until:
            _relay.hint()
            break
        each = max(FEWEST, each // 2) if now - begun > ROUND else min(MOST, each * 2)
        begun = now
    return done


def _round(each: int) -> int:
    with _relay.going_on():
        return _relay.drain(1, each=each) + sum(follow(each) for follow in _followers)


_followers: list[Callable[[int], int]] = []


def after_deliveries(follow: Callable[[int], int]) -> None:
    """Have this done by the worker that has just delivered, for so many of every tenant: it needs no hint."""
    _followers.append(follow)


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def forget_keys() -> int:
    """Forget the answers to API calls that nobody repeats any more, vendor by vendor; returns how many."""
    with acting(audience="relay"):
        tenants = list(Tenant.objects.exclude(status=Tenant.Status.SUSPENDED).values_list("pk", flat=True))
    return sum(_forget_keys_of(tenant) for tenant in tenants)


def _forget_keys_of(tenant: UUID) -> int:
    forgotten = 0
    while True:
        with acting(tenant=tenant, audience="vendor"), connection.cursor() as cursor:
            cursor.execute(_FORGET, {"days": KEYS_KEPT.days, "most": FORGOTTEN_AT_ONCE, "tenant": tenant})
            some: int = cursor.rowcount
        forgotten += some
        if some < FORGOTTEN_AT_ONCE:
            return forgotten


_FORGET = """
DELETE FROM events_idempotencykey WHERE id IN (
  SELECT id FROM events_idempotencykey
  WHERE tenant_id = %(tenant)s AND created_at < clock_timestamp() - make_interval(days => %(days)s)
  LIMIT %(most)s)
"""
