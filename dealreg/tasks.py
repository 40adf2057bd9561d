"""Celery's hints for deal registration: what is due is read from PostgreSQL."""

from dealreg import actions
from prm.celery import app
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

ROUNDS = 50


@app.task(base=app.PlatformTask)
def keep_time() -> int:
    """Expire and remind in every vendor, each in its own business time; returns how many deals changed."""
    with acting(audience="relay"):
        tenants = list(Tenant.objects.exclude(status=Tenant.Status.SUSPENDED).values_list("pk", flat=True))
    return sum(_keep_time_of(tenant) for tenant in tenants)


def _keep_time_of(tenant: object) -> int:
    changed = 0
    for _round in range(ROUNDS):
        with acting(tenant=tenant, audience="vendor") as now:  # type: ignore[arg-type]
            done = sum(actions.expire_due(actor=Actor.system("deal clock"), now=now).values())
        changed += done
        if not done:
            break
    return changed
