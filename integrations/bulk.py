"""Retrying and skipping many dead letters at once, each by the action that one takes."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations import actions
from integrations.models import SyncJob
from prm.kernel.ui.lists import Plan


def plan(request: Any, rows: Sequence[SyncJob]) -> Plan:
    """Dead letters alone; what is on its way or through is left alone."""
    will = [row for row in rows if row.state == SyncJob.State.DEAD]
    skipped = [(row, gettext_lazy("needs no help")) for row in rows if row.state != SyncJob.State.DEAD]
    return Plan(will, skipped)


def retry(request: Any, rows: Sequence[SyncJob]) -> str:
    """Oldest first, so that they go again in the order in which they happened."""
    ordered = sorted(rows, key=lambda row: row.position)
    done = sum(actions.retry_job(job_id=row.pk, actor=request.actor, now=request.now).allowed for row in ordered)
    return ngettext("{n} change is on its way again.", "{n} changes are on their way again.", done).format(n=done)


def skip(request: Any, rows: Sequence[SyncJob]) -> str:
    done = sum(actions.skip_job(job_id=row.pk, actor=request.actor, now=request.now).allowed for row in rows)
    return _("Skipped: {n}").format(n=done)
