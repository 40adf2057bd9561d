"""The reports' figures over the API: what the pages show, with the filters that the pages take."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from dealreg.models import PipelineStage
from dealreg.reports.ageing import Ageing
from dealreg.reports.filters import AGES
from dealreg.reports.forecast import LATER, MONTHS, PASSED, PIVOTS, Forecast, Row, Sum3
from dealreg.reports.lapsing import lapsing_sums
from dealreg.reports.lists import AgeingDeals, CohortDeals, LapsingDeals, PartnerPipeline, PipelineDeals
from dealreg.reports.outcomes import BY, Line, Outcomes
from prm.kernel.api import HasRoles, actor_of, router
from prm.kernel.api_defaults import none_unknown
from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.reference.queries import vendor_currency

VENDOR = frozenset(VENDOR_ROLES)
MONEY: dict[str, Any] = {"max_digits": 20, "decimal_places": 2}


class Sums(serializers.Serializer[Any]):
    """Deals, what they are worth in the vendor's currency, and that weighted by their stages."""

    deals = serializers.IntegerField()
    value = serializers.DecimalField(**MONEY)
    weighted = serializers.DecimalField(**MONEY)


class Month(Sums):
    month = serializers.CharField(help_text="The month's first day, `passed` or `later`")


class ForecastRow(Sums):
    key = serializers.CharField(help_text="An id or a stage; `none` where there is none")
    name = serializers.CharField()
    months = Month(many=True)


class Unrated(serializers.Serializer[Any]):
    currency = serializers.CharField()
    deals = serializers.IntegerField()
    amount = serializers.DecimalField(**MONEY)


class ForecastAnswer(serializers.Serializer[Any]):
    """Protected deals by month of their expected close. What has no exchange rate is told apart, in no total."""

    currency = serializers.CharField()
    rates_of = serializers.DateField()
    by = serializers.CharField()
    rows = ForecastRow(many=True)
    total = Sums()
    without_rate = Unrated(many=True)


class OutcomeFigures(serializers.Serializer[Any]):
    """Rates are shares from 0 to 1; null where there is nothing to divide by."""

    key = serializers.CharField()
    name = serializers.CharField(source="label")
    registered = serializers.IntegerField()
    decided = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    won = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    approval_rate = serializers.FloatField(allow_null=True)
    win_rate = serializers.FloatField(allow_null=True)
    conflict_rate = serializers.FloatField(allow_null=True)
    median_hours = serializers.FloatField(allow_null=True)
    p95_hours = serializers.FloatField(allow_null=True)


class OutcomesAnswer(serializers.Serializer[Any]):
    by = serializers.CharField()
    since = serializers.DateField(source="first")
    until = serializers.DateField(source="last")
    rows = OutcomeFigures(many=True, source="lines")
    total = OutcomeFigures()
    before = OutcomeFigures(help_text="The same number of days just before")


class Age(serializers.Serializer[Any]):
    age = serializers.CharField()
    deals = serializers.IntegerField()


class StatusAges(serializers.Serializer[Any]):
    status = serializers.CharField()
    deals = serializers.IntegerField()
    ages = Age(many=True)


class Stretch(serializers.Serializer[Any]):
    """Protections that end within so many days."""

    days = serializers.IntegerField()
    deals = serializers.IntegerField()
    value = serializers.DecimalField(**MONEY)
    weighted = serializers.DecimalField(**MONEY)
    currency = serializers.CharField()


class ReportQuery(serializers.Serializer[Any]):
    """Which deals a report counts."""

    partner = serializers.UUIDField(required=False)
    region = serializers.UUIDField(required=False)
    cam = serializers.UUIDField(required=False)


class ForecastQuery(ReportQuery):
    by = serializers.ChoiceField(
        required=False, choices=sorted({one.key for pivots in PIVOTS.values() for one in pivots})
    )
    months = serializers.ChoiceField(required=False, choices=[str(count) for count in MONTHS])
    stage = serializers.MultipleChoiceField(required=False, choices=PipelineStage.choices)
    line = serializers.UUIDField(required=False)
    owner = serializers.UUIDField(required=False)
    close_from = serializers.DateField(required=False)
    close_to = serializers.DateField(required=False, help_text="The last day, included")


class OutcomesQuery(ReportQuery):
    by = serializers.ChoiceField(required=False, choices=list(BY))
    submitted_at_from = serializers.DateField(required=False)
    submitted_at_to = serializers.DateField(required=False, help_text="The last day, included")


def check(request: Request, form: type[serializers.Serializer[Any]]) -> None:
    """400 for a parameter that isn't what it should be: to ignore it would count other deals than were meant."""
    typed, many = request.query_params, serializers.MultipleChoiceField
    fields = form().fields
    none_unknown(request, list(fields))
    given = {
        name: typed.getlist(name) if isinstance(field, many) else typed[name]
        for name, field in fields.items()
        if name in typed
    }
    form(data=given).is_valid(raise_exception=True)


class Reports(viewsets.ViewSet):
    """The figures of the pipeline and of the reports on deals."""

    permission_classes = [HasRoles]
    action_roles = dict.fromkeys(("outcomes", "ageing", "lapsing"), VENDOR)

    @extend_schema(responses=ForecastAnswer, parameters=[ForecastQuery])
    @action(detail=False, methods=["get"])
    def forecast(self, request: Request) -> Response:
        """The weighted forecast; a partner's key sees its own deals."""
        check(request, ForecastQuery)
        vendor = actor_of(request).is_vendor
        rows = (PipelineDeals if vendor else PartnerPipeline)(request._request)
        audience = "console" if vendor else "portal"
        page = Forecast(rows, audience, reverse(f"dealreg_{audience}:pipeline_deals"))
        body = {
            "currency": page.currency,
            "rates_of": page.today,
            "by": page.pivot.key,
            "rows": [_row(page, row) for row in page.rows],
            "total": _sums(page.total),
            "without_rate": [
                {"currency": code, "deals": deals, "amount": amount} for code, deals, amount, _url in page.unknown
            ],
        }
        return Response(ForecastAnswer(body).data)

    @extend_schema(responses=OutcomesAnswer, parameters=[OutcomesQuery])
    @action(detail=False, methods=["get"])
    def outcomes(self, request: Request) -> Response:
        """What became of registrations, and how fast they were answered."""
        check(request, OutcomesQuery)
        page = Outcomes(CohortDeals(request._request), reverse("dealreg_console:report_deals"))
        lines: list[Line] = page.lines
        body = {"by": page.by, "first": page.first, "last": page.last, "lines": lines}
        return Response(OutcomesAnswer({**body, "total": page.total, "before": page.before}).data)

    @extend_schema(responses=StatusAges(many=True), parameters=[ReportQuery])
    @action(detail=False, methods=["get"])
    def ageing(self, request: Request) -> Response:
        """How long deals stand where they are."""
        check(request, ReportQuery)
        rows = Ageing(AgeingDeals(request._request)).rows
        body = [
            {
                "status": row.status,
                "deals": row.total.count,
                "ages": [{"age": age[0], "deals": cell.count} for age, cell in zip(AGES, row.cells, strict=True)],
            }
            for row in rows
        ]
        return Response(StatusAges(body, many=True).data)

    @extend_schema(responses=Stretch(many=True), parameters=[ReportQuery])
    @action(detail=False, methods=["get"])
    def lapsing(self, request: Request) -> Response:
        """Protections about to end."""
        check(request, ReportQuery)
        currency = vendor_currency()
        body = [
            {
                "days": one["days"],
                "deals": one["all"],
                "value": one["worth_sum"],
                "weighted": one["likely_sum"],
                "currency": currency,
            }
            for one in lapsing_sums(LapsingDeals(request._request))
        ]
        return Response(Stretch(body, many=True).data)


def _row(page: Forecast, row: Row) -> dict[str, Any]:
    months = [
        {"month": _slot(slot[0]), **_sums(cell)} for slot, cell in zip(page.slots, row.cells, strict=True) if cell.deals
    ]
    return {"key": row.key, "name": row.label, "months": months, **_sums(row.total)}


def _slot(day: Any) -> str:
    return {PASSED: "passed", LATER: "later"}.get(day) or day.isoformat()


def _sums(one: Sum3) -> dict[str, Any]:
    return {"deals": one.deals, "value": one.worth, "weighted": one.likely}


router.register("reports", Reports, basename="reports")
