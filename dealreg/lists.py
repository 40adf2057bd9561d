"""Deals and customers on the one list component."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg import queries
from dealreg.bulk import MOVES, PARTNERS_MOVES, staff_options
from dealreg.marking import MARKINGS
from dealreg.models import Customer, Deal, DealStatus, Dispute, ResellerDeal, Saying, Verdict
from partners.queries import visible_partners
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import DealType
from prm.kernel.ui.lists import Choice, Column, Empty, List, Period, Search, View

OPEN = ["submitted", "in_review", "action_required"]


def partner_options(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in visible_partners().order_by("name").values_list("pk", "name")]


def colleague_options(request: HttpRequest) -> list[tuple[str, str]]:
    people = Membership.objects.filter(ended_at=None).order_by("name")
    return [(str(pk), name) for pk, name in people.values_list("pk", "name")]


def type_options(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in DealType.objects.values_list("pk", "name")]


class PartnerDeals(List):
    """A partner's own deals: row-level security sees to that."""

    key = "partner-deals"
    title = _("Deals")
    noun = (_("deal"), _("deals"))
    default_sort = "-changed_at"
    columns = (
        Column(
            "customer_name",
            _("Customer"),
            sort="customer_name",
            link=lambda d: reverse("dealreg_portal:deal", args=[d.pk]),
        ),
        Column("status", _("Status"), value="shown_status", kind="status", states="deal", sort="status"),
        Column("protected_until", _("Protected until"), kind="date", sort="protected_until"),
        Column("amount", _("Amount"), kind="money", currency="currency", sort="amount"),
        Column("expected_close_on", _("Expected close"), kind="date", sort="expected_close_on"),
        Column(
            "submitted_by", _("Registered by"), value=lambda d: d.submitted_by and d.submitted_by.name, kind="person"
        ),
        Column("number", _("Number"), kind="code", sort="number"),
        Column("changed_at", _("Changed"), kind="when", sort="changed_at", optional=True),
        Column("stage", _("Stage"), value=lambda d: d.get_pipeline_stage_display(), optional=True),
    )
    filters = (
        Search("customer_name", "number", "name"),
        Choice("status", _("Status"), options=DealStatus.choices, many=True),
        Choice("owner", _("Registered by"), options=colleague_options, field="submitted_by_id"),
        Period("expected_close_on", _("Expected close")),
    )
    views = (
        View("mine", _("Mine"), {"owner": "me"}),
        View("waiting", _("Waiting for an answer"), {"status": ["submitted", "in_review"]}),
        View("ours", _("Needs you"), {"status": ["action_required", "draft"]}),
        View("protected", _("Protected"), {"status": ["approved"]}),
    )
    bulk = PARTNERS_MOVES
    empty = Empty(
        _("No deals yet"),
        _("Register a deal to protect it: most are answered at once, and you see until when you are protected."),
        action=_("Register a deal"),
        url_name="dealreg_portal:register",
        icon="file-plus",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return Deal.objects.select_related("submitted_by")


class DealsThroughDistributor(List):
    """What a distributor registered for this reseller, to read: row-level security sees to that."""

    key = "through-distributor"
    title = _("Through our distributor")
    noun = (_("deal"), _("deals"))
    default_sort = "-changed_at"
    columns = (
        Column("customer_name", _("Customer"), sort="customer_name"),
        Column("status", _("Status"), kind="status", states="deal", sort="status"),
        Column("protected_until", _("Protected until"), kind="date", sort="protected_until"),
        Column("amount", _("Amount"), kind="money", currency="currency", sort="amount"),
        Column("expected_close_on", _("Expected close"), kind="date", sort="expected_close_on"),
        Column("distributor_name", _("Distributor"), sort="distributor_name"),
        Column("number", _("Number"), kind="code", sort="number"),
    )
    filters = (Search("customer_name", "number"), Choice("status", _("Status"), options=DealStatus.choices, many=True))
    empty = Empty(
        _("Nothing was registered for you yet"),
        _("When your distributor registers a deal for you, you can follow it here."),
        icon="handshake",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return ResellerDeal.objects.all()


class VendorDeals(List):
    key = "deals"
    title = _("Registrations")
    noun = (_("deal"), _("deals"))
    default_sort = "-submitted_at"
    columns = (
        Column(
            "customer_name",
            _("Customer"),
            sort="customer_name",
            link=lambda d: reverse("dealreg_console:deal", args=[d.pk]),
        ),
        Column("partner", _("Partner"), value=lambda d: d.partner.name, sort="partner__name"),
        Column("status", _("Status"), value="shown_status", kind="status", states="registration", sort="status"),
        Column("amount", _("Amount"), kind="money", currency="currency", sort="amount_vendor"),
        Column("submitted_at", _("Submitted"), kind="when", sort="submitted_at"),
        Column(
            "answer_due_at",
            _("Answer"),
            kind="sla",
            sort="answer_due_at",
            value=lambda d: d.answer_due_at if d.is_waiting else None,
        ),
        Column("owner_cam", _("Channel manager"), value=lambda d: d.owner_cam and d.owner_cam.name, kind="person"),
        Column("number", _("Number"), kind="code", sort="number"),
        Column("protected_until", _("Protected until"), kind="date", sort="protected_until", optional=True),
        Column("expected_close_on", _("Expected close"), kind="date", sort="expected_close_on", optional=True),
        Column("stage", _("Stage"), value=lambda d: d.get_pipeline_stage_display(), optional=True),
        Column("territory", _("Territory"), value=lambda d: d.territory and d.territory.name, optional=True),
        Column("deal_type", _("Deal type"), value=lambda d: d.deal_type and d.deal_type.name, optional=True),
        Column("reseller", _("For the reseller"), value=lambda d: d.reseller and d.reseller.name, optional=True),
    )
    filters = (
        Search("customer_name", "number", "partner__name"),
        Choice("status", _("Status"), options=DealStatus.choices, many=True),
        Choice("partner", _("Partner"), options=partner_options, field="partner_id"),
        Choice("cam", _("Channel manager"), options=staff_options, field="owner_cam_id"),
        Choice("type", _("Deal type"), options=type_options, field="deal_type_id"),
        Period("submitted_at", _("Submitted")),
        Period("expected_close_on", _("Expected close")),
    )
    views = (
        View("open", _("Open"), {"status": OPEN}),
        View("mine", _("My partners"), {"cam": "me"}),
        View("protected", _("Protected"), {"status": ["approved"]}),
        View("declined", _("Declined"), {"status": ["rejected"]}),
    )
    bulk = MOVES
    empty = Empty(
        _("No registrations yet"), _("Deals appear here when partners register them in the portal."), icon="file-check"
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        deals = Deal.objects.exclude(status=DealStatus.DRAFT)
        return deals.select_related("partner", "owner_cam", "territory", "deal_type", "reseller")


LATER = datetime(9999, 1, 1, tzinfo=UTC)


class Disputes(List):
    """What is open comes first, the oldest at the top."""

    key = "disputes"
    title = _("Disputes")
    noun = (_("dispute"), _("disputes"))
    default_sort = "raised_at"
    columns = (
        Column(
            "customer",
            _("Customer"),
            value=lambda d: d.deal.customer_name,
            sort="deal__customer_name",
            link=lambda d: reverse("dealreg_console:dispute", args=[d.pk]),
            sub=lambda d: d.deal.number,
        ),
        Column("partner", _("Partner"), value=lambda d: d.partner.name, sort="partner__name"),
        Column("about", _("Contests"), value=lambda d: d.get_about_display(), sort="about"),
        Column("status", _("Status"), kind="status", states="dispute", sort="status"),
        Column("outcome", _("Outcome"), kind="status", states="dispute_outcome", sort="outcome"),
        Column(
            "amount",
            _("Amount"),
            kind="money",
            value=lambda d: d.deal.amount,
            currency=lambda d: d.deal.currency,
            sort="deal__amount_vendor",
        ),
        Column("raised_at", _("Raised"), kind="when", sort="turn"),
        Column(
            "answer_due_at",
            _("Answer"),
            kind="sla",
            sort="answer_due_at",
            value=lambda d: d.answer_due_at if d.is_open else None,
        ),
    )
    filters = (
        Search("deal__customer_name", "deal__number", "partner__name"),
        Choice("status", _("Status"), options=Dispute.Status.choices, many=True),
        Choice("about", _("Contests"), options=Dispute.About.choices),
        Choice("partner", _("Partner"), options=partner_options, field="partner_id"),
        Period("raised_at", _("Raised")),
    )
    views = (
        View("open", _("Open"), {"status": ["open", "in_review"]}),
        View("decided", _("Decided"), {"status": ["decided"]}),
    )
    empty = Empty(
        _("No disputes"),
        _("When a partner contests an answer, it appears here and in the queue, with what speaks for it."),
        icon="scale",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        waiting = When(status__in=["open", "in_review"], then=F("raised_at"))
        turn = Case(waiting, default=Value(LATER), output_field=DateTimeField())
        return Dispute.objects.select_related("deal", "partner").annotate(turn=turn)


class Customers(List):
    key = "customers"
    title = _("Customers")
    noun = (_("customer"), _("customers"))
    default_sort = "name"
    columns = (
        Column("name", _("Customer"), sort="name", link=lambda c: reverse("dealreg_console:customer", args=[c.pk])),
        Column("domain", _("Website"), sort="domain"),
        Column("country", _("Country"), sort="country"),
        Column("city", _("City"), sort="city"),
        Column("external_id", _("Your reference"), sort="external_id"),
        Column("is_house", _("House account"), kind="bool"),
        Column("is_blocked", _("Blackout"), kind="bool"),
    )
    filters = (
        Search("name", "domain", "external_id"),
        Choice("house", _("House account"), options=[("True", _("Yes")), ("False", _("No"))], field="is_house"),
        Choice("blocked", _("Blackout"), options=[("True", _("Yes")), ("False", _("No"))], field="is_blocked"),
    )
    views = (
        View("house", _("House accounts"), {"house": "True"}),
        View("blackout", _("Blackout"), {"blocked": "True"}),
    )
    bulk = MARKINGS
    empty = Empty(
        _("No customers yet"),
        _("Import your CRM's accounts: every deal is compared with them before anybody looks."),
        icon="building",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return Customer.objects.all()


class LearnedLinks(List):
    """What people's verdicts have taught: looked up here, and taken back on its own page."""

    key = "learned-links"
    title = _("Learned links")
    noun = (_("link"), _("links"))
    default_sort = "-at"
    columns = (
        Column("name", _("As the deal says"), sort="name", link=lambda v: reverse("dealreg_console:link", args=[v.pk])),
        Column("saying", _("Verdict"), kind="status", states="saying", sort="saying"),
        Column("other_name", _("Compared with"), sort="other_name"),
        Column("status", _("State"), kind="status", states="verdict", sort="status"),
        Column("said_by", _("Said by"), sort="said_by"),
        Column("at", _("When"), kind="when", sort="at"),
        Column("probability", _("Likelihood then"), kind="percent", sort="probability"),
        Column("deal", _("Deal"), value=lambda v: v.deal.number, kind="code", optional=True),
    )
    filters = (
        Search("name", "other_name", "said_by", "deal__number"),
        Choice("saying", _("Verdict"), options=Saying.choices, many=True),
        Choice("status", _("State"), options=[one for one in Verdict.Status.choices if one[0] != "undone"], many=True),
        Period("at", _("Said")),
    )
    views = (
        View("same", _("Same"), {"saying": ["same_customer", "other_opportunity", "duplicate"]}),
        View("different", _("Not the same"), {"saying": ["not_same", "related"]}),
        View("back", _("Taken back"), {"status": ["taken_back"]}),
    )
    empty = Empty(
        _("Nothing learned yet"),
        _("When people settle a conflict in the queue, their verdict is kept here and never asked again."),
        icon="link",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.learned()
