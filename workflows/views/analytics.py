"""Analytics of workflows: all of them at a glance, one in full, its CSV and its event log."""

import csv
import io
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists.columns import neutral
from workflows import actions
from workflows.analytics import log, logfiles, table
from workflows.analytics.page import PRESETS, Page
from workflows.models import EventLog, Workflow
from workflows.views import DISPATCHERS, EVERYBODY, Asking

LOG_READERS = (*DISPATCHERS, "auditor")


class MinutesForm(forms.Form):
    minutes = forms.IntegerField(min_value=0, max_value=10_000)


@require_GET
@require_roles(*EVERYBODY)
def overview(request: Asking) -> HttpResponse:
    """Every workflow with the figures that matter most."""
    pages = [Page(request, workflow) for workflow in Workflow.objects.order_by("name")[:50]]
    return render(
        request,
        "workflows/analytics_overview.html",
        {"pages": [page for page in pages if page.versions], "periods": _periods(pages[0]) if pages else []},
    )


@require_GET
@require_roles(*EVERYBODY)
def analytics(request: Asking, workflow_id: UUID) -> HttpResponse:
    """One workflow's figures; `?export=csv` gives all of them as a table."""
    page = Page(request, get_object_or_404(Workflow, pk=workflow_id))
    if request.GET.get("export") == "csv":
        return _csv(page)
    logs = EventLog.objects.filter(workflow=page.workflow).order_by("-asked_at")[:5]
    may_take = request.actor.has(*LOG_READERS)
    events = _events_of(page) if may_take else 0
    return render(
        request,
        "workflows/analytics.html",
        {
            "page": page,
            "workflow": page.workflow,
            "figures": page.figures,
            "periods": _periods(page),
            "trends": _trends(page),
            "may_set": request.actor.has("admin"),
            "may_take": may_take,
            "may_ask": request.actor.has(*DISPATCHERS),
            "log_events": events,
            "log_is_big": events > logfiles.AT_ONCE,
            "logs": [(one, _link(one)) for one in logs] if may_take else [],
        },
    )


@require_POST
@require_roles("admin")
def minutes(request: Asking, workflow_id: UUID) -> HttpResponse:
    """How long one takes by hand."""
    workflow = get_object_or_404(Workflow, pk=workflow_id)
    form = MinutesForm(request.POST)
    if form.is_valid():
        actions.set_minutes_by_hand(
            workflow_id=workflow.pk, minutes=form.cleaned_data["minutes"], actor=request.actor, now=request.now
        )
        messages.success(request, _("Saved. What was saved is reckoned with it from now on."))
    else:
        messages.warning(request, _("Give the minutes as a whole number up to 10,000."))
    return redirect("workflows:analytics", workflow_id=workflow_id)


@require_http_methods(["GET", "POST"])
@require_roles(*LOG_READERS)
def event_log(request: Asking, workflow_id: UUID) -> HttpResponse:
    """The event log: at once when it is small, else written by a task and fetched by a link."""
    page = Page(request, get_object_or_404(Workflow, pk=workflow_id))
    span: dict[str, Any] = {"since": page.choice.since, "until": page.choice.until}
    if request.method == "POST" or _events_of(page) > logfiles.AT_ONCE:
        if not request.actor.has(*DISPATCHERS) or request.method == "GET":
            messages.info(request, _("That log is big: have it written, then fetch it here."))
        else:
            actions.ask_for_log(workflow_id=workflow_id, actor=request.actor, now=request.now, **span)
            messages.success(request, _("The log is being written. It can be fetched here for a day."))
        return redirect(f"{reverse('workflows:analytics', args=[workflow_id])}?{page.choice.query()}#event-log")
    actions.note_download(workflow=page.workflow, actor=request.actor, now=request.now, **span)
    with logfiles.written(workflow_id, **span) as (file, _events):
        return _download(io.BytesIO(file.read()), f"{page.workflow.key}.json")


@require_GET
@require_roles(*LOG_READERS)
def fetch_log(request: Asking, log_id: UUID) -> HttpResponse:
    """A log that a task has written, for whoever has its link."""
    found = get_object_or_404(EventLog.objects.select_related("workflow"), pk=log_id, state="ready")
    if not logfiles.may_fetch(found.pk, request.GET.get("key", "")):
        raise Http404
    return _download(default_storage.open(found.stored_name), f"{found.workflow.key}.json")


def _events_of(page: Page) -> int:
    """How many events the log has, as far as it matters."""
    return log.count(page.workflow.pk, page.choice.since, page.choice.until, most=logfiles.AT_ONCE + 1)


def _download(file: Any, name: str) -> HttpResponse:
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/json")
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response  # type: ignore[return-value]


def _link(one: EventLog) -> str:
    if one.state != EventLog.State.READY:
        return ""
    return f"{reverse('workflows:log_file', args=[one.pk])}?key={logfiles.link_key(one.pk)}"


def _csv(page: Page) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.HEADER)
    for row in table.rows(page):
        writer.writerow("" if cell is None else neutral(str(cell)) for cell in row)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{page.workflow.key}-analytics.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _periods(page: Page) -> list[dict[str, Any]]:
    """The usual stretches of time, as links."""
    words = {30: _("30 days"), 90: _("90 days"), 365: _("A year")}
    keep = page.choice.query(since=None, until=None)
    return [
        {
            "label": words[days],
            "url": f"?days={days}{'&' if keep else ''}{keep}",
            "current": page.choice.days == days,
        }
        for days in PRESETS
    ]


def _trends(page: Page) -> list[dict[str, Any]]:
    """One small chart for each figure that has a course."""
    from prm.kernel.ui import formats

    weeks = [week for week in page.figures.weeks]
    label = [formats.day(week.begins, year_of=page.choice.last) for week in weeks]
    hours = [round((week.p50 or 0) / 3600, 1) for week in weeks]
    shares = [round(week.share or 0, 4) for week in weeks]
    charts = (
        (_("Completed"), "number", [week.completed for week in weeks]),
        (_("Touchless"), "percent", shares),
        (_("Median time in hours"), "number", hours),
    )
    return [
        {"label": name, "kind": kind, "points": list(zip(label, values, strict=True))} for name, kind, values in charts
    ]
