"""The deals behind every figure: each report counts the rows of one of these lists, within the same filters."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg.lists import colleague_options, partner_options, staff_options
from dealreg.models import Deal, DealStatus, PipelineStage
from dealreg.queries.worth import valued
from dealreg.reports.filters import SINCE, STANDING, Age, Lapsing, Line, Outcome, Rate, distances, lapsing_within
from prm.kernel.clock import local_date
from prm.kernel.reference.models import ProductLine, Territory
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui.lists import Choice, ChoiceOrNone, Column, Empty, List, Period, Search


def region_options(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Territory.objects.values_list("pk", "name")]


def line_options(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in ProductLine.objects.values_list("pk", "name")]


def _ours(_row: Any) -> str:
    return vendor_currency()


def _console(deal: Deal) -> str:
    return reverse("dealreg_console:deal", args=[deal.pk])


PARTNER = Choice("partner", _("Partner"), options=partner_options, field="partner_id")
REGION = ChoiceOrNone("region", _("Region"), options=region_options, none=_("No region"), field="territory_id")
CAM = ChoiceOrNone(
    "cam", _("Channel manager"), options=staff_options, none=_("No channel manager"), field="owner_cam_id"
)
LINE = Line("line", _("Product line"), options=line_options)
STAGE = Choice("stage", _("Stage"), options=PipelineStage.choices, field="pipeline_stage", many=True)
CLOSE = Period("close", _("Expected close"), field="expected_close_on", date_only=True)
WORTH = Column("worth", _("Value"), kind="money", currency=_ours, sort="worth")
LIKELIHOOD = Column("likelihood", _("Probability"), kind="percent", sort="likelihood")
LIKELY = Column("likely", _("Weighted"), kind="money", currency=_ours, sort="likely")
ENDS = Column("protected_until", _("Protected until"), kind="date", sort="protected_until")
CLOSES = Column("expected_close_on", _("Expected close"), kind="date", sort="expected_close_on")
IN_STAGE = Column("stage", _("Stage"), value=lambda d: d.get_pipeline_stage_display(), sort="pipeline_stage")
AS_TYPED = Column("amount", _("Amount"), kind="money", currency="currency", optional=True)


class PipelineDeals(List):
    """Open protected deals with what they are worth today. With a product line chosen: that line's share."""

    key = "pipeline"
    title = _("Pipeline")
    noun = (_("deal"), _("deals"))
    default_sort = "-likely"
    columns = (
        Column("customer_name", _("Customer"), sort="customer_name", link=_console),
        Column("partner", _("Partner"), value=lambda d: d.partner.name, sort="partner__name"),
        IN_STAGE,
        LIKELIHOOD,
        WORTH,
        LIKELY,
        CLOSES,
        ENDS,
        Column("region", _("Region"), value=lambda d: d.territory and d.territory.name, optional=True),
        Column(
            "cam", _("Channel manager"), value=lambda d: d.owner_cam and d.owner_cam.name, kind="person", optional=True
        ),
        AS_TYPED,
        Column("number", _("Number"), kind="code", sort="number", optional=True),
    )
    filters = (
        Search("customer_name", "number", "partner__name"),
        PARTNER,
        REGION,
        CAM,
        LINE,
        STAGE,
        CLOSE,
        Lapsing(),
        Rate(),
    )
    empty = Empty(
        _("No protected deals yet"),
        _("Once a registration is approved, its deal stands here until it is won, lost or its protection ends."),
        icon="chart-column",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        deals = Deal.objects.filter(status=DealStatus.APPROVED).select_related("partner", "owner_cam", "territory")
        return valued(deals, local_date(request.now), self.line)  # type: ignore[attr-defined]

    @property
    def line(self) -> UUID | None:
        chosen = LINE.read(dict(self.params.lists()), self.request)
        return UUID(chosen[0]) if chosen else None


class PartnerPipeline(PipelineDeals):
    """A partner's own: row-level security sees to that."""

    key = "partner-pipeline"
    columns = (
        Column(
            "customer_name",
            _("Customer"),
            sort="customer_name",
            link=lambda d: reverse("dealreg_portal:deal", args=[d.pk]),
        ),
        IN_STAGE,
        LIKELIHOOD,
        WORTH,
        LIKELY,
        CLOSES,
        ENDS,
        AS_TYPED,
        Column("number", _("Number"), kind="code", sort="number", optional=True),
    )
    filters = (
        Search("customer_name", "number", "name"),
        ChoiceOrNone("owner", _("Registered by"), options=colleague_options, none=_("Nobody"), field="submitted_by_id"),
        LINE,
        STAGE,
        CLOSE,
        Rate(),
    )
    empty = Empty(
        _("No protected deals yet"),
        _("Once a deal is approved, you see here when it may close and what it may bring."),
        action=_("Register a deal"),
        url_name="dealreg_portal:register",
        icon="chart-column",
    )


class ReportedDeals(List):
    """Every registration that was handed in, by what became of it and how long it stands where it is."""

    key = "reported-deals"
    title = _("Registrations")
    noun = (_("deal"), _("deals"))
    default_sort = "since"
    columns = (
        Column("customer_name", _("Customer"), sort="customer_name", link=_console),
        Column("partner", _("Partner"), value=lambda d: d.partner.name, sort="partner__name"),
        Column("status", _("Status"), kind="status", states="registration", sort="status"),
        Column("since", _("Since"), kind="when", sort="since"),
        Column("amount", _("Amount"), kind="money", currency="currency", sort="amount_vendor"),
        Column("submitted_at", _("Submitted"), kind="when", sort="submitted_at"),
        Column("decided_at", _("Decided"), kind="when", sort="decided_at"),
        Column("region", _("Region"), value=lambda d: d.territory and d.territory.name, optional=True),
        Column(
            "cam", _("Channel manager"), value=lambda d: d.owner_cam and d.owner_cam.name, kind="person", optional=True
        ),
        Column("number", _("Number"), kind="code", sort="number", optional=True),
    )
    filters = (
        Search("customer_name", "number", "partner__name"),
        Choice("status", _("Status"), options=DealStatus.choices, many=True),
        Outcome(),
        Age(),
        PARTNER,
        REGION,
        CAM,
        Period("submitted_at", _("Submitted")),
    )
    empty = Empty(
        _("No registrations yet"), _("Deals appear here when partners register them in the portal."), icon="file-check"
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        deals = Deal.objects.exclude(submitted_at=None).exclude(status=DealStatus.DRAFT)
        return deals.select_related("partner", "owner_cam", "territory").annotate(since=SINCE)


class CohortDeals(ReportedDeals):
    """The same registrations, for the report that tells what became of them."""

    filters = (
        Search("customer_name", "number", "partner__name"),
        PARTNER,
        REGION,
        CAM,
        Period("submitted_at", _("Submitted")),
    )


class AgeingDeals(ReportedDeals):
    """What is not settled: waiting for us, for the partner, or protected and not yet won or lost."""

    key = "ageing"
    title = _("Ageing")
    empty = Empty(_("Nothing waits"), _("What waits for an answer or for the sale stands here, the oldest first."))

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return super().rows(request).filter(status__in=STANDING)


class LapsingDeals(PipelineDeals):
    """Protections that end soon, the next one first."""

    key = "lapsing"
    title = _("Lapsing protections")
    default_sort = "protected_until"
    columns = (
        Column("customer_name", _("Customer"), sort="customer_name", link=_console),
        Column("partner", _("Partner"), value=lambda d: d.partner.name, sort="partner__name"),
        ENDS,
        IN_STAGE,
        WORTH,
        LIKELY,
        CLOSES,
        Column("cam", _("Channel manager"), value=lambda d: d.owner_cam and d.owner_cam.name, kind="person"),
        Column("extended_on", _("Extended"), kind="date", sort="extended_on", optional=True),
        Column("number", _("Number"), kind="code", sort="number", optional=True),
    )
    filters = (Search("customer_name", "number", "partner__name"), Lapsing(), PARTNER, REGION, CAM, STAGE)
    empty = Empty(
        _("No protection ends soon"),
        _("Partners are reminded before their protection ends; those deals stand here until then."),
        icon="shield-check",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return super().rows(request).filter(lapsing_within(max(distances(), default=0), request))

    @property
    def line(self) -> None:
        return None
