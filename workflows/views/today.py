"""The console's first page: what needs this person today, by their roles."""

from datetime import datetime
from typing import Any

from django.db.models import Case, F, IntegerField, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from partners import queries as partners
from partners.models import Partner
from prm.kernel.automation import checklist
from prm.kernel.automation.models import RuleVersion
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import Actor
from prm.kernel.ui import slots
from workflows import queries
from workflows.models import HumanTask, Incident, WorkflowVersion
from workflows.queries.tasks import mine, open_incidents, open_tasks
from workflows.rules import DECIDERS
from workflows.views import EVERYBODY, Asking

TASKS = 8
DRAFTS = 5


@require_GET
@require_roles(*EVERYBODY)
def today(request: Asking) -> HttpResponse:
    actor, now = request.actor, request.now
    tasks, others = first_tasks(actor, now)
    return render(
        request,
        "workflows/today.html",
        {
            "counts": queries.counts(actor, now),
            "greeting": _greeting(request),
            "tasks": tasks,
            "for_others": others,
            "incidents": _incidents(request),
            "drafts": _drafts(request) if actor.has("admin") else [],
            "my_partners": _partners(request) if actor.has("cam") else None,
            "setup": _setup() if actor.has("admin") else None,
            "elsewhere": slots.filled("today", request, None),
            "decides": bool(DECIDERS.intersection(actor.roles)),
        },
    )


def _setup() -> dict[str, Any] | None:
    """How far a vendor's set-up has come, and the next step; None once it is complete."""
    missing, needed = checklist.still_open()
    return {"done": needed - len(missing), "needed": needed, "next": missing[0]} if missing else None


def _greeting(request: Asking) -> str:
    from django.utils.timezone import localtime

    name = str(request.membership).split(" ")[0]
    hour = localtime(request.now).hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": name}


def first_tasks(actor: Actor, now: datetime) -> tuple[list[HumanTask], bool]:
    """What is the reader's own, the most pressing first, and for those who decide everything after it.

    Who decides nothing and has nothing of their own sees what waits for others; then the second is true.
    """
    tasks = open_tasks(now).select_related("owner", "claimed_by")
    first = Case(When(mine(actor), then=Value(0)), default=Value(1), output_field=IntegerField())
    found = list(tasks.order_by(first, F("due_at").asc(nulls_last=True), "opened_at").annotate(first=first)[:TASKS])
    own = [task for task in found if task.first == 0]
    if actor.has(*DECIDERS):
        return found, False
    return (own, False) if own else (found, bool(found))


def _incidents(request: Asking) -> list[Incident]:
    return list(open_incidents().defer("evidence").order_by("-opened_at")[:5])


def _drafts(request: Asking) -> list[tuple[str, str, int, str]]:
    """What waits for a second person, who wrote nothing of it: address, name, version and author."""
    me = request.actor.id
    drawn = WorkflowVersion.objects.filter(status="draft").exclude(author=me).select_related("workflow").defer("tree")
    written = RuleVersion.objects.filter(status="draft").exclude(author=me).exclude(editors__contains=[me])
    found = [(reverse("workflows:version", args=[one.pk]), one.workflow.name, one) for one in drawn[:DRAFTS]]
    for one in written.select_related("ruleset").defer("document")[:DRAFTS]:
        found.append((reverse("admin:automation_ruleset_change", args=[one.ruleset_id]), one.ruleset.name, one))
    return [(url, name, one.number, one.author_name) for url, name, one in found]


def _partners(request: Asking) -> list[Partner]:
    return list(partners.visible_partners().filter(cam=request.membership).order_by("name")[:12])
