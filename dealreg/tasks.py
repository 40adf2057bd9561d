"""Celery's hints for deal registration: what is due is read from PostgreSQL."""

from uuid import UUID

from django.core.cache import cache

from dealreg import actions
from dealreg.actions.lapsing import AT_ONCE
from dealreg.intake.reading import read_all
from prm.celery import app
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

ROUNDS = 50


@app.task(base=app.PlatformTask)
def keep_time() -> int:
    """Expire and remind in every vendor, each in its own business time; returns how many deals changed."""
    return sum(_keep_time_of(tenant) for tenant in _vendors())


@app.task(base=app.PlatformTask)
def count_words() -> int:
    """Bring what words weigh up to each vendor's own customers; returns for how many vendors they were counted."""
    counted = 0
    for tenant in _vendors():
        with acting(tenant=tenant, audience="vendor") as now:
            counted += actions.count_words(actor=Actor.system("word count"), now=now) is not None
    return counted


@app.task(base=app.PlatformTask)
def refresh_keys() -> int:
    """After an update of the matcher, make the keys of every vendor's records anew; one worker at a time."""
    if not cache.add("keys-at-work", 1, timeout=3600):
        return 0
    try:
        return sum(actions.bring_keys_up_to_date(tenant) or 0 for tenant in _vendors())
    finally:
        cache.delete("keys-at-work")


def _vendors() -> list[UUID]:
    with acting(audience="relay"):
        return list(Tenant.objects.exclude(status=Tenant.Status.SUSPENDED).values_list("pk", flat=True))


def _keep_time_of(tenant: UUID) -> int:
    changed = 0
    for _round in range(ROUNDS):
        with acting(tenant=tenant, audience="vendor") as now:
            done = actions.expire_due(actor=Actor.system("deal clock"), now=now)
        changed += sum(done.values())
        if max(done.values()) < AT_ONCE:
            break
    return changed


@app.task(base=app.PlatformTask)
def carry_out_batches() -> int:
    """What somebody meant for many deals, ten seconds ago, and did not take back."""
    return actions.carry_out_batches()


@app.task(base=app.PlatformTask)
def read_mail() -> int:
    """Read the programs' mailboxes; returns how many mails were taken in."""
    return read_all()


@app.task(base=app.PlatformTask)
def tidy() -> int:
    """Throw away what came by a link and was never confirmed, in every vendor."""
    done = 0
    for tenant in _vendors():
        with acting(tenant=tenant, audience="vendor") as now:
            done += actions.discard_unconfirmed(actor=Actor.system("deal clock"), now=now)
    return done
