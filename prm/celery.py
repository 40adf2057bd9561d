"""Celery: hints that wake workers, never the truth. What is due is read from PostgreSQL."""

import logging
import os
from contextlib import suppress
from typing import Any
from uuid import UUID

from celery import Celery, Task
from celery.signals import task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
log = logging.getLogger(__name__)

app = Celery("prm")
app.config_from_object("django.conf:settings", namespace="CELERY")


HINT_SECONDS = 5  # so long one hint may be lost before another is sent; Redis counts them


class PlatformTask(Task):  # type: ignore[misc]
    """A sweeper over all tenants: it takes no arguments, so it can carry nobody's data."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """What the scheduler sends, too, is a hint: with no worker there, few of them pile up."""
        return super().apply_async(*args, **options) if _is_first(self.name) else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            raise TypeError(f"{self.name} sweeps every tenant and takes no arguments.")
        _taken(self.name)
        return super().__call__()


class TenantTask(Task):  # type: ignore[misc]
    """Work of one tenant, entered from its message's headers; without them it refuses to run."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from prm.kernel.tenancy.context import NoTenant, acting

        headers = getattr(self.request, "headers", None) or {}
        tenant, audience = headers.get("tenant"), headers.get("audience")
        if not tenant or not audience:
            raise NoTenant(f"{self.name} needs the headers tenant and audience.")
        partners = [UUID(partner) for partner in headers.get("partners", [])]
        with acting(tenant=UUID(tenant), audience=audience, partners=partners):
            return super().__call__(*args, **kwargs)


# Celery would open a new connection for every task. Ours stay, as a web process's do: each task begins with
# Django's own look at their age and health, so that one which PostgreSQL has dropped is opened again.
app.conf.update(CELERY_DB_REUSE_MAX=10**9)


@task_prerun.connect(weak=False)  # type: ignore[untyped-decorator]
def _look_at_connections(**_told: Any) -> None:
    from django.db import close_old_connections

    close_old_connections()


app.Task = TenantTask
app.PlatformTask = PlatformTask
app.autodiscover_tasks()


def nudge(task: str) -> None:
    """Send a hint, unless one is under way that no worker has taken yet: it will see this commit, too.

    When Redis is away, say so in the log and carry on: sweepers look by themselves. A hint never grows stale:
    workers judge staleness by their own clocks, and one that is ahead would throw every hint away.
    """
    try:
        if _is_first(task):
            app.send_task(task, ignore_result=True, retry=False)
    except Exception as error:
        log.warning("no hint sent for %s: %s", task, error)


def _is_first(task: str) -> bool:
    from django.core.cache import cache

    return bool(cache.add(f"hint:{task}", 1, timeout=HINT_SECONDS))


def _taken(task: str) -> None:
    """A worker has begun: what commits from now on needs a hint of its own."""
    from django.core.cache import cache

    with suppress(Exception):  # with Redis away there is no hint to take
        cache.delete(f"hint:{task}")
