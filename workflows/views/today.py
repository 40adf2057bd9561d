"""The console's first page: what needs this person today, by their roles."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from partners import queries as partners
from partners.models import Partner
from prm.kernel.identity.access import require_roles
from workflows import queries
from workflows.models import Incident, WorkflowVersion
from workflows.queries.tasks import mine, open_tasks
from workflows.rules import DECIDERS
from workflows.views import EVERYBODY, Asking

TASKS = 8


@require_GET
@require_roles(*EVERYBODY)
def today(request: Asking) -> HttpResponse:
    actor, now = request.actor, request.now
    return render(
        request,
        "workflows/today.html",
        {
            "counts": queries.counts(actor, now),
            "greeting": _greeting(request),
            "tasks": _tasks(request),
            "incidents": _incidents(request),
            "drafts": _drafts(request) if actor.has("admin") else [],
            "my_partners": _partners(request) if actor.has("cam") else None,
            "decides": bool(DECIDERS.intersection(actor.roles)),
        },
    )


def _greeting(request: Asking) -> str:
    from django.utils.timezone import localtime

    name = str(request.membership).split(" ")[0]
    hour = localtime(request.now).hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": name}


def _tasks(request: Asking) -> list[Any]:
    """What is the reader's own, the most pressing first; for those who decide, everything after it."""
    from django.db.models import Case, F, IntegerField, Value, When

    actor, now = request.actor, request.now
    tasks = open_tasks(now).select_related("owner", "claimed_by")
    if not actor.has(*DECIDERS):
        tasks = tasks.filter(mine(actor))
    first = Case(When(mine(actor), then=Value(0)), default=Value(1), output_field=IntegerField())
    return list(tasks.order_by(first, F("due_at").asc(nulls_last=True), "opened_at")[:TASKS])


def _incidents(request: Asking) -> list[Incident]:
    return list(Incident.objects.filter(status="open").defer("evidence").order_by("-opened_at")[:5])


def _drafts(request: Asking) -> list[WorkflowVersion]:
    """What waits for a second person, who is not its author."""
    drafts = WorkflowVersion.objects.filter(status="draft").exclude(author=request.actor.id)
    return list(drafts.select_related("workflow").defer("tree")[:5])


def _partners(request: Asking) -> list[Partner]:
    return list(partners.visible_partners().filter(cam=request.membership).order_by("name")[:12])
