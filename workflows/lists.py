"""Definitions, runs and incidents on the one list component."""

from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui import formats
from prm.kernel.ui.lists import Choice, Column, Empty, List, Period, Search, View
from workflows.analytics.drill import Ended, Figure, Passed
from workflows.bulk import CALLS, RETRY
from workflows.definition.triggers import label_of
from workflows.models import (
    Incident,
    Replay,
    ReplayChange,
    RuleProposal,
    Run,
    WebhookCall,
    Workflow,
    WorkflowVersion,
)
from workflows.queries.proposals import said
from workflows.replay import words


def _workflows(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(workflow.pk), workflow.name) for workflow in Workflow.objects.order_by("name")]


def _versions(request: HttpRequest) -> list[tuple[str, str]]:
    """The versions of the workflow that is chosen, or of all."""
    chosen = request.GET.get("workflow", "")
    known = WorkflowVersion.objects.exclude(status="draft").order_by("workflow__name", "-number")
    rows = known.values_list("pk", "workflow_id", "workflow__name", "number")
    return [(str(pk), f"{name} {number}") for pk, of, name, number in rows if chosen in ("", str(of))]


class WorkflowList(List):
    key = "workflows"
    title = _("Workflows")
    noun = (_("workflow"), _("workflows"))
    default_sort = "name"
    columns = (
        Column(
            "name",
            _("Workflow"),
            sort="name",
            link=lambda w: reverse("workflows:workflow", args=[w.pk]),
            sub=lambda w: f"{w.key} · {label_of(w.event)}",
        ),
        Column("status", _("Status"), value="state", kind="status", states="workflow_version"),
        Column("version", _("In force"), value="in_force", kind="number"),
        Column("live", _("On their way"), value="live", kind="number", sort="live"),
        Column("runs", _("Runs"), value="total", kind="number", sort="total"),
        Column("incidents", _("Open incidents"), value="troubled", kind="number", sort="troubled"),
        Column("last", _("Last run"), value="last_run", kind="when", sort="last_run"),
    )
    filters = (Search("name", "key"),)
    empty = Empty(
        _("No workflows yet"),
        _(
            "A workflow says what happens when something arrives: who is asked, "
            "what is checked, who is told. Upload one, or install a template."
        ),
        icon="workflow",
    )
    can_save_views = False

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        published = WorkflowVersion.objects.filter(workflow=OuterRef("pk"), status="published")
        newest = WorkflowVersion.objects.filter(workflow=OuterRef("pk")).order_by("-number")
        runs = Run.objects.filter(workflow=OuterRef("pk")).order_by().values("workflow")
        troubles = Incident.objects.filter(workflow=OuterRef("pk"), status="open").order_by().values("workflow")
        return Workflow.objects.annotate(
            in_force=Subquery(published.values("number")[:1]),
            state=Coalesce(Subquery(published.values("status")[:1]), Subquery(newest.values("status")[:1])),
            live=Subquery(runs.annotate(n=Count("pk", filter=Q(status="running"))).values("n")),
            total=Subquery(runs.annotate(n=Count("pk")).values("n")),
            troubled=Subquery(troubles.annotate(n=Count("pk")).values("n")),
            last_run=Subquery(runs.annotate(at=Max("started_at")).values("at")),
        )


def _lasted(run: Run) -> str:
    """From start to end, in calendar time."""
    if run.ended_at is None:
        return ""
    took = run.ended_at - run.started_at
    return formats.span(took) if took.total_seconds() >= 60 else str(_("< 1 min"))


class RunList(List):
    key = "runs"
    title = _("Runs")
    noun = (_("run"), _("runs"))
    default_sort = "-started_at"
    columns = (
        Column(
            "subject",
            _("About"),
            value=lambda r: r.subject_name or str(r.subject_id),
            link=lambda r: reverse("workflows:run", args=[r.pk]),
            sort="subject_name",
        ),
        Column("workflow", _("Workflow"), value=lambda r: f"{r.workflow.name} {r.version.number}"),
        Column("status", _("Status"), kind="status", states="run", sort="status"),
        Column("result", _("Result"), value=lambda r: outcome_word(r.result), sort="result"),
        Column("started_at", _("Began"), kind="when", sort="started_at"),
        Column("ended_at", _("Ended"), kind="when", sort="ended_at"),
        Column("lasted", _("Time"), value=_lasted),
    )
    filters = (
        Search("subject_name"),
        Choice("workflow", _("Workflow"), options=_workflows, field="workflow_id"),
        Choice("version", _("Version"), options=_versions, many=True, field="version_id"),
        Choice("status", _("Status"), options=Run.Status.choices, many=True),
        Period("started_at", _("Began")),
        Period("ended_at", _("Ended")),
        Figure(),
        Ended(),
        Passed(),
    )
    views = (View("live", _("On their way"), {"status": ["running"]}),)
    empty = Empty(
        _("Nothing has run yet"),
        _("Every event that a workflow takes up appears here with its steps."),
        icon="activity",
    )

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return Run.objects.select_related("workflow", "version").defer("version__tree", "context")


class WebhookCallList(List):
    key = "webhooks"
    title = _("Webhooks")
    noun = (_("call"), _("calls"))
    default_sort = "-made_at"
    columns = (
        Column(
            "url",
            _("Address"),
            sort="url",
            link=lambda c: reverse("workflows:run", args=[c.run_id]),
            sub=lambda c: c.run.subject_name,
        ),
        Column("state", _("Status"), kind="status", states="webhook_call", sort="state"),
        Column("status_code", _("Answer"), kind="number", sort="status_code"),
        Column("attempt", _("Tries"), kind="number", sort="attempt"),
        Column("made_at", _("Made"), kind="when", sort="made_at"),
        Column("closed_at", _("Closed"), kind="when", sort="closed_at", optional=True),
    )
    filters = (
        Search("url", "run__subject_name"),
        Choice("state", _("Status"), options=WebhookCall.State.choices, many=True),
        Period("made_at", _("Made")),
    )
    views = (View("failed", _("Given up"), {"state": ["failed"]}),)
    bulk = CALLS
    empty = Empty(
        _("Nothing has been sent yet"),
        _("When a workflow calls a web address, each call appears here with its answer."),
        icon="webhook",
    )

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return WebhookCall.objects.select_related("run").defer("body", "run__context")


class IncidentList(List):
    key = "incidents"
    title = _("Incidents")
    noun = (_("incident"), _("incidents"))
    default_sort = "-opened_at"
    columns = (
        Column(
            "message",
            _("What happened"),
            value=lambda i: i.sentence[:160],
            link=lambda i: reverse("workflows:incident", args=[i.pk]),
            sub=lambda i: i.subject_name,
        ),
        Column("kind", _("Kind"), value=lambda i: i.get_kind_display(), sort="kind"),
        Column("status", _("Status"), kind="status", states="incident", sort="status"),
        Column("workflow", _("Workflow"), value=lambda i: i.workflow.name if i.workflow else ""),
        Column("opened_at", _("Since"), kind="when", sort="opened_at"),
        Column("resolved_by", _("Resolved by"), optional=True),
    )
    filters = (
        Search("message", "subject_name"),
        Choice("kind", _("Kind"), options=Incident.Kind.choices, many=True),
        Choice("status", _("Status"), options=Incident.Status.choices, many=True),
        Choice("workflow", _("Workflow"), options=_workflows, field="workflow_id"),
        Period("opened_at", _("Since")),
    )
    views = (View("open", _("Open"), {"status": ["open"]}),)
    bulk = (RETRY,)
    empty = Empty(
        _("No incidents"),
        _(
            "When a step fails for good, or nothing takes an event up, it waits here "
            "with its evidence until somebody says what happens."
        ),
        icon="circle-check",
    )

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return Incident.objects.select_related("workflow").defer("evidence")


class ChangeList(List):
    """The events of one replay that would come to something else."""

    key = "replay-changes"
    title = _("What would have been different")
    noun = (_("event"), _("events"))
    default_sort = "-happened_at"
    columns = (
        Column(
            "subject",
            _("About"),
            value=str,
            link=lambda c: reverse("workflows:replay_change", args=[c.pk]),
            sort="subject_name",
        ),
        Column("partner", _("Partner"), value="partner_name", sort="partner_name"),
        Column("amount", _("Amount"), kind="money", sort="amount", currency=lambda _change: vendor_currency()),
        Column("kind", _("Difference"), kind="status", states="replay_change", sort="kind"),
        Column("before", _("Now"), value=lambda c: words.decision(c.before), sort="before"),
        Column("after", _("With the draft"), value=lambda c: words.decision(c.after), sort="after"),
        Column("assumed", _("Assumed"), kind="bool", sort="assumed"),
        Column("happened_at", _("When"), kind="when", sort="happened_at"),
    )
    filters = (
        Search("subject_name", "partner_name"),
        Choice("kind", _("Difference"), options=ReplayChange.Kind.choices, many=True),
        Period("happened_at", _("When")),
    )
    views = tuple(View(key, label, {"kind": [key]}) for key, label in ReplayChange.Kind.choices)
    empty = Empty(_("Nothing would have been different"), icon="circle-check")
    can_save_views = False

    def __init__(self, request: HttpRequest, params: Any = None, *, replay: Replay) -> None:
        super().__init__(request, params)
        self.replay = replay

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return ReplayChange.objects.filter(replay=self.replay).defer("before_path", "after_path")


class ProposalList(List):
    key = "proposals"
    title = _("Proposed rules")
    noun = (_("proposal"), _("proposals"))
    default_sort = "-count"
    columns = (
        Column(
            "rule",
            _("When"),
            value=said,
            link=lambda p: reverse("workflows:proposal", args=[p.pk]),
            sub=lambda p: p.reason_text,
        ),
        Column("outcome", _("Answered"), value=lambda p: outcome_word(p.outcome), sort="outcome"),
        Column("count", _("By hand"), kind="number", sort="count"),
        Column("others", _("Decided otherwise"), kind="number", sort="others"),
        Column("first_at", _("Since"), kind="when", sort="first_at"),
        Column("status", _("Status"), kind="status", states="proposal", sort="status"),
    )
    filters = (
        Search("sentence", "reason_text"),
        Choice("status", _("Status"), options=RuleProposal.Status.choices, many=True),
    )
    views = (View("open", _("Open"), {"status": ["open"]}),)
    empty = Empty(
        _("No rules to propose"),
        _("When people have answered the same question the same way often enough, the rule they follow appears here."),
        icon="lightbulb",
    )
    can_save_views = False

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return RuleProposal.objects.all()
