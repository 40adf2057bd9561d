"""Reports on registrations: what becomes of them, what waits, what lapses."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dealreg.reports.ageing import Ageing
from dealreg.reports.lapsing import lapsing_sums
from dealreg.reports.lists import AgeingDeals, CohortDeals, LapsingDeals, ReportedDeals
from dealreg.reports.outcomes import BY, Outcomes
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui import formats
from prm.kernel.ui.exports import TableResponse, is_asked, offers_table
from prm.kernel.ui.lists import ListView


@offers_table
@require_GET
def outcomes(request: HttpRequest) -> HttpResponse:
    """Registered, approved, won; how fast; how often in conflict."""
    page = Outcomes(CohortDeals(request), reverse("dealreg_console:report_deals"))
    if is_asked(request):
        return TableResponse(page.table())
    return render(
        request,
        "dealreg/outcomes.html",
        {
            "page": page,
            "list": page.list.page(),
            "tabs": tabs(),
            "stats": _stats(page),
            "charts": _charts(page),
            "groupings": [
                {"label": label, "url": page.turned(by=key), "current": key == page.by}
                for key, (label, _path, _name, _none) in BY.items()
            ],
            "kept": [("by", str(page.by))] if request.GET.get("by") else [],
            "previous_url": page.turned(page=str(page.page_number - 1)) if page.page_number > 1 else None,
            "next_url": page.turned(page=str(page.page_number + 1)) if page.page_number < page.pages else None,
        },
    )


def _stats(page: Outcomes) -> list[dict[str, Any]]:
    """The five figures that matter most, each against the stretch before."""
    total = page.total
    return [
        {
            "label": _("Registered"),
            "value": formats.number(total.registered),
            "href": page.link(total),
            "hint": _("%(count)s before") % {"count": formats.number(page.before.registered)},
            "trend": None,
            "better": "up",
        },
        _rate(page, _("Approval rate"), "approval_rate", "approved", "up"),
        _rate(page, _("Win rate"), "win_rate", "won", "up"),
        {
            "label": _("Hours to a decision"),
            "value": formats.number(total.median_hours, 1),
            "href": page.link(total, "decided"),
            "hint": _("95 of 100 within %(hours)s") % {"hours": formats.number(total.p95_hours, 1)},
            "trend": None,
            "better": "down",
        },
        _rate(page, _("Conflict rate"), "conflict_rate", "conflict", "down"),
    ]


def _rate(page: Outcomes, label: str, name: str, outcome: str, better: str) -> dict[str, Any]:
    before = getattr(page.before, name)
    return {
        "label": label,
        "value": formats.percent(getattr(page.total, name), 1),
        "href": page.link(page.total, outcome),
        "trend": page.trend(name),
        "better": better,
        "hint": _("%(share)s before") % {"share": formats.percent(before, 1)} if before is not None else "",
    }


def _charts(page: Outcomes) -> list[dict[str, Any]]:
    months = page.months
    figures: tuple[tuple[str, str, str], ...] = (
        (_("Approval rate"), "percent", "approval_rate"),
        (_("Conflict rate"), "percent", "conflict_rate"),
        (_("Median hours to a decision"), "number", "median_hours"),
    )
    return [
        {"label": label, "kind": kind, "points": [(month.label, getattr(month, name) or 0) for month in months]}
        for label, kind, name in figures
    ]


class AgeingView(ListView):
    """What waits, by status and age; the list below begins with the oldest."""

    list = AgeingDeals
    template_name = "dealreg/ageing.html"

    def make(self, request: HttpRequest) -> AgeingDeals:
        self.rows = AgeingDeals(request)
        return self.rows

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"ageing": Ageing(self.rows), "tabs": tabs()}


class LapsingView(ListView):
    """Protections about to end."""

    list = LapsingDeals
    template_name = "dealreg/lapsing.html"

    def make(self, request: HttpRequest) -> LapsingDeals:
        self.rows = LapsingDeals(request)
        return self.rows

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"stretches": lapsing_sums(self.rows), "tabs": tabs(), "currency": vendor_currency()}


class ReportedView(ListView):
    """The deals behind a figure."""

    list = ReportedDeals
    template_name = "dealreg/report_deals.html"

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"tabs": tabs()}


def tabs() -> list[dict[str, Any]]:
    names = (
        ("outcomes", _("Outcomes")),
        ("ageing", _("Ageing")),
        ("lapsing", _("Lapsing protections")),
    )
    return [{"label": label, "url": reverse(f"dealreg_console:{name}")} for name, label in names]
