"""Facts of a deal that no column holds, as expressions: they say the same as `queries.deal_facts()`."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from dealreg.models import Deal, DealAssessment, DealItem, DealLine, DealPolicy, Protection
from dealreg.models.deals import OPEN
from partners import counting as partners


def days_until_close(today: date) -> Any:
    ends = (F("expected_close_on"), Cast(Value(today), DateField()))
    return Func(*ends, template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())


def assessed(field: str) -> Callable[[date], Any]:
    """A field of what checking the deal brought to light."""
    return lambda today: Subquery(DealAssessment.objects.filter(deal_id=OuterRef("pk")).values(field)[:1])


def domain_kind(today: date) -> Any:
    """What the customer's domain is worth as evidence, read from the normal form."""
    named = Q(normal__has_key="d") & ~Q(normal__d="") & ~Q(normal__d=None)
    notes = (
        ("domain.disposable", "disposable"),
        ("domain.free_mail", "free_mail"),
        ("domain.public_suffix", "shared"),
        ("domain.platform", "shared"),
    )
    noted = [When(normal__x__contains=[note], then=Value(kind)) for note, kind in notes]
    return Case(When(named, then=Value("business")), *noted, default=Value("none"), output_field=CharField())


def covers_country(today: date) -> Any:
    return partners.covers("customer_country")


def has_cam(today: date) -> Any:
    theirs = Q(owner_cam__isnull=False) | Q(partner__cam__isnull=False)
    return Case(When(theirs, then=Value(True)), default=Value(False), output_field=BooleanField())


def largest_discount(today: date) -> Any:
    asked = DealItem.objects.filter(deal_id=OuterRef("pk")).order_by().values("deal_id").annotate(n=Max("discount"))
    return Subquery(asked.values("n"))


def former_holder(today: date) -> Any:
    """Whether another partner's protection of the customer lapsed within its days of precedence."""
    days = (DealPolicy.objects.first() or DealPolicy()).precedence_days
    lines = DealLine.objects.filter(deal_id=OuterRef(OuterRef("pk"))).values("product_line_id")
    customer = DealAssessment.objects.filter(deal_id=OuterRef(OuterRef("pk"))).values("customer_id")
    lapsed = Protection.objects.filter(
        Q(released_at=None) | Q(released_because="lapsed"),
        customer_id__in=customer,
        product_line_id__in=lines,
        until__lt=today,
        until__gte=today - timedelta(days=days),
    ).exclude(partner_id=OuterRef("partner_id"))
    return Exists(lapsed)


def open_deals(today: date) -> Any:
    """How many open deals the deal's partner has."""
    theirs = Deal.objects.filter(partner_id=OuterRef("partner_id"), status__in=OPEN).order_by()
    counted = theirs.values("partner_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())
