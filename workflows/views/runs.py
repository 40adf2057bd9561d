"""Runs with their steps, and incidents with their evidence and a way on."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from prm.kernel.automation import registry
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.lists import ListView
from workflows import actions
from workflows.lists import IncidentList, RunList
from workflows.models import Incident, Run, Work
from workflows.queries.evidence import in_words
from workflows.queries.stopping import what_stops
from workflows.queries.stories import entries_of
from workflows.views import DISPATCHERS, EVERYBODY, Asking

RESOLVE = {"retry": actions.retry_incident, "skip": actions.skip_incident, "cancel": actions.cancel_incident}


class RunListView(RolesRequired, ListView):
    required_roles = frozenset(EVERYBODY)
    list = RunList


class IncidentListView(RolesRequired, ListView):
    required_roles = frozenset(EVERYBODY)
    list = IncidentList


@require_GET
@require_roles(*EVERYBODY)
def run(request: Asking, run_id: UUID) -> HttpResponse:
    """One run: where it stands, its steps, its questions and clocks."""
    found = get_object_or_404(Run.objects.select_related("workflow", "version"), pk=run_id)
    return render(
        request,
        "workflows/run.html",
        {
            "run": found,
            "entries": list(reversed(entries_of(found))),
            "waiting": list(_waiting(found)),
            "tasks": found.tasks.select_related("owner").order_by("opened_at"),
            "calls": found.calls.defer("body", "headers").order_by("made_at"),
            "may_resolve": request.actor.has(*DISPATCHERS),
            "stops": what_stops(found) if found.status == "running" and request.actor.has(*DISPATCHERS) else None,
            "clocks": found.clocks.order_by("started_at"),
            "incidents": found.incidents.defer("evidence").order_by("-opened_at"),
            "subject_url": _subject(found.subject_type, found.subject_id).get("url", ""),
            "facts": sorted(found.context.get("facts", {}).items()),
        },
    )


@require_POST
@require_roles(*DISPATCHERS)
def end(request: Asking, run_id: UUID) -> HttpResponse:
    """End a run by hand; its page has said what stops with it."""
    found = get_object_or_404(Run, pk=run_id)
    reason = request.POST.get("reason", "")
    decision = actions.end_run(run_id=found.pk, reason=reason, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(request, _("Ended. Nothing more comes of this run."))
    else:
        messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:run", run_id=run_id)


@require_GET
@require_roles(*EVERYBODY)
def incident(request: Asking, incident_id: UUID) -> HttpResponse:
    """What failed, with the evidence."""
    found = get_object_or_404(Incident.objects.select_related("workflow", "run"), pk=incident_id)
    subject = _subject(found.subject_type, found.subject_id) if found.subject_id else {}
    return render(
        request,
        "workflows/incident.html",
        {
            "incident": found,
            "error": found.evidence.get("error", ""),
            "evidence": in_words({key: value for key, value in found.evidence.items() if key != "error"}),
            "subject_url": subject.get("url", ""),
            "may_resolve": request.actor.has(*DISPATCHERS) and found.status == "open",
            "ways": _ways(found),
        },
    )


@require_POST
@require_roles(*DISPATCHERS)
def resolve(request: Asking, incident_id: UUID) -> HttpResponse:
    """Try again, skip, or end the run."""
    found = get_object_or_404(Incident, pk=incident_id)
    act = RESOLVE.get(request.POST.get("how", ""))
    if act is None:
        messages.warning(request, _("Choose what happens."))
        return redirect("workflows:incident", incident_id=incident_id)
    decision = act(incident_id=found.pk, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(request, _("Done. The incident is closed."))
    else:
        messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:incident", incident_id=incident_id)


def _waiting(run: Run) -> Iterator[tuple[Work, Any, str]]:
    """Everything that the run waits for: for whom or what, and where to look."""
    tasks = {task.work_id: task for task in run.tasks.all() if task.is_open}
    children = {child.parent_work_id: child for child in run.children.filter(status="running")}
    for work in run.work.exclude(kind="escalation").order_by("created_at"):
        if work.pk in tasks:
            yield work, _("Waiting for a person"), reverse("workflows:task", args=[tasks[work.pk].pk])
        elif work.kind == Work.Kind.CHILD:
            child = children.get(work.pk)
            yield work, _("Waiting for another workflow"), reverse("workflows:run", args=[child.pk]) if child else ""
        elif work.kind == Work.Kind.EVENT:
            trigger = registry.triggers.get(str(work.data.get("event")))
            limit = _(", at most until") if work.status == "ready" else ""
            name = trigger.label if trigger else work.data.get("event")
            yield work, format_lazy("{}: {}{}", _("Waiting until"), name, limit), ""
        elif work.kind == Work.Kind.CALL:
            yield work, _("Waiting for an answer from a web address"), ""
        elif work.kind == Work.Kind.TIMER:
            yield work, _("Waiting until"), ""


def _ways(incident: Incident) -> list[tuple[str, Any, Any, str]]:
    """What can be done with it, in words that fit."""
    if incident.kind == Incident.Kind.RULE_BROKEN:
        return [("skip", _("The rule is mended"), _("Close the incident; the next event is judged afresh."), "check")]
    if incident.kind == Incident.Kind.UNDECIDED:
        return [
            (
                "retry",
                _("Ask again"),
                _("A new run begins, of the workflow that is published now."),
                "refresh-cw",
            ),
            ("skip", _("Leave it"), _("Nothing happens to it by itself."), "x"),
        ]
    if incident.run_id is None:
        return [
            ("retry", _("Try again"), _("Start a run with what is published now."), "refresh-cw"),
            ("skip", _("Leave it"), _("Nothing happens to it by itself."), "x"),
        ]
    ways = [("retry", _("Try again"), _("The same step, from its beginning."), "refresh-cw")]
    if incident.work_id:
        ways.append(("skip", _("Skip the step"), _("The run goes on behind it."), "arrow-right"))
    return [*ways, ("cancel", _("End the run"), _("Its questions leave the queue."), "x")]


def _subject(subject_type: str, subject_id: UUID) -> Any:
    panel = registry.panels.get(subject_type)
    return panel.rows([subject_id]).get(subject_id, {}) if panel else {}
