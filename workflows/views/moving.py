"""Handing many tasks over at once: a preview first, then each by itself."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from prm.kernel import clock
from prm.kernel.decisions import Decision
from prm.kernel.identity import roles
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import ANSWERING_ROLES
from workflows import actions, queries
from workflows.models import HumanTask
from workflows.queries.workload import is_away, tasks_of
from workflows.views import DISPATCHERS, Asking

MOST = 200
AFRESH = "afresh"  # in place of a person or role


@require_http_methods(["GET", "POST"])
@require_roles(*DISPATCHERS)
def move(request: Asking) -> HttpResponse:
    """?from= a person or role, or picked tasks; ?to= a person, a role, or whom the rules name today. Only
    "confirmed", which names the target that was looked at, changes anything."""
    given = request.POST if request.method == "POST" else request.GET
    source, target = given.get("from", ""), given.get("to", "")
    tasks = _picked(given.getlist("pick")) or tasks_of(source)
    judged = [(task, actions.judge_assignment(task=task, actor=request.actor, **_to(target))) for task in tasks]
    will = [task for task, decision in judged if target and decision.allowed]
    if request.method == "POST" and request.POST.get("confirmed") == target and will:
        return _moved(request, will, target)
    context: dict[str, Any] = {
        "source": source,
        "target": target,
        "tasks": tasks,
        "will": will,
        "skipped": [(task, decision.reasons[0].text) for task, decision in judged if target and decision.refused],
        "choices": _choices(),
        "away": _away(request, target),
    }
    return render(request, "workflows/move.html", context)


def _moved(request: Asking, tasks: list[HumanTask], target: str) -> HttpResponse:
    decisions: list[Decision] = [
        actions.assign_task(task_id=task.pk, actor=request.actor, now=request.now, **_to(target))
        for task in sorted(tasks, key=lambda task: task.run_id)  # the order in which everybody locks them
    ]
    done = sum(1 for decision in decisions if decision.allowed)
    text = ngettext("%(count)d task handed over", "%(count)d tasks handed over", done) % {"count": done}
    if skipped := len(decisions) - done:
        text += ", " + ngettext("%(count)d skipped", "%(count)d skipped", skipped) % {"count": skipped}
    messages.success(request, text)
    return redirect("workflows:workload")


def _to(target: str) -> dict[str, Any]:
    """The target as the action takes it; what is no id is nobody's."""
    if target == AFRESH:
        return {"afresh": True}
    if target.startswith("role:"):
        return {"role": target.removeprefix("role:")}
    try:
        return {"membership_id": UUID(target)}
    except ValueError:
        return {"membership_id": UUID(int=0)}


def _picked(texts: list[str]) -> list[HumanTask]:
    ids = []
    for text in texts[:MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    found = HumanTask.objects.filter(pk__in=ids).select_related("owner", "claimed_by")
    return list(found.order_by("due_at", "opened_at")) if ids else []


def _choices() -> list[tuple[str, str]]:
    by_role = [(f"role:{role}", _("Role: %(role)s") % {"role": roles.label(role)}) for role in ANSWERING_ROLES]
    by_rules = (AFRESH, _("Whom the workflow and the assignment rules would ask today"))
    return [by_rules, *((str(person.pk), str(person)) for person in queries.assignable()), *by_role]


def _away(request: Asking, target: str) -> Any:
    """The person, when the target is away: what is handed to them waits."""
    person = next((one for one in queries.assignable() if str(one.pk) == target), None)
    return person if person and is_away(person, clock.local_date(request.now)) else None
