"""Changes on their way, dead letters, and why one deal has not been written yet."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations import actions, queries, rules
from integrations.answers import reason_in
from integrations.lists import JobList
from integrations.models import SyncJob
from integrations.views import KEEPERS, READERS, told, who
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.automation import registry
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.ui.lists import ListView


class JobsView(RolesRequired, ListView):
    required_roles = frozenset(READERS)
    list = JobList
    template_name = "integrations/jobs.html"


@require_GET
@require_roles(*READERS)
def job(request: Any, pk: UUID) -> HttpResponse:
    """One change: what it would write, what came back, and what can be done."""
    found = get_object_or_404(SyncJob.objects.select_related("connection"), pk=pk)
    row = registry.panels[found.connection.subject].rows([found.subject_id]).get(found.subject_id)
    context = {
        "job": found,
        "record_url": row["url"] if row else "",
        "words": rules.plain_words(found.trouble, reason_in(found.answer)),
        "fixer": rules.who_can_fix(found.trouble),
        "changes": [(name, before, after) for name, (before, after) in sorted(found.changes.items())],
        "decision": DecisionRecord.objects.filter(subject_id=pk, rule="sync-delivery/1").order_by("-at", "-id").first(),
        "may_settle": found.state == SyncJob.State.DEAD and request.actor.has(*KEEPERS),
    }
    return render(request, "integrations/job.html", context)


@require_POST
@require_roles(*KEEPERS)
def retry(request: Any, pk: UUID) -> HttpResponse:
    get_object_or_404(SyncJob, pk=pk)
    decision = actions.retry_job(job_id=pk, **who(request))
    told(request, decision, _("On its way again, as the record is now."))
    return redirect("integrations:job", pk)


@require_POST
@require_roles(*KEEPERS)
def skip(request: Any, pk: UUID) -> HttpResponse:
    get_object_or_404(SyncJob, pk=pk)
    decision = actions.skip_job(job_id=pk, **who(request))
    told(request, decision, _("Skipped. The record's next change says what this one would have."))
    return redirect("integrations:job", pk)


@require_GET
@require_roles(*VENDOR_ROLES)
def why(request: Any, pk: UUID) -> HttpResponse:
    """Why hasn't this deal been written? For every connection: what waits, why, when next, what differs."""
    row = _deal(pk)
    context = {
        "title": row["title"],
        "url": row["url"],
        "deal_id": pk,
        "whys": queries.why("deal", pk),
        "history": SyncJob.objects.filter(subject_id=pk).select_related("connection").order_by("-position")[:20],
        "may_sync": request.actor.has(*KEEPERS),
        "may_read": request.actor.has(*READERS),
    }
    return render(request, "integrations/why.html", context)


@require_POST
@require_roles(*KEEPERS)
def sync_now(request: Any, pk: UUID) -> HttpResponse:
    _deal(pk)
    decision = actions.sync_now(subject="deal", subject_id=pk, **who(request))
    told(request, decision, _("It is being written now."))
    return redirect("integrations:why", pk)


def _deal(pk: UUID) -> Any:
    row = registry.panels["deal"].rows([pk]).get(pk)
    if row is None:
        raise Http404
    return row
