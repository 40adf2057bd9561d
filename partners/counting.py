"""Facts about a partner as expressions, for rows that name a `partner_id` and a `program_id`.

They say the same as `queries.partner_facts()`, for many rows at once: "matches 37 deals now".
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from partners.models import Enrolment, EnrolmentTerritory, Partner, PartnerCertification, Watch

KINDS = Partner.Kind.choices
STATES = Partner.Status.choices


def enrolled(today: date) -> Any:
    return Exists(_held())


def tier(field: str) -> Callable[[date], Any]:
    """A field of the tier held in the row's program."""
    return lambda today: Subquery(_held().values(f"tier__{field}")[:1])


def certified(today: date) -> Any:
    return Exists(_valid(today))


def certifications(today: date) -> Any:
    return ArraySubquery(_valid(today).order_by("code").values("code"))


def watched(today: date) -> Any:
    return Exists(Watch.objects.filter(partner_id=OuterRef("partner_id")))


def covers(country: str) -> Any:
    """Whether the territories held include the country in that column; null when they name none."""
    covered = EnrolmentTerritory.objects.filter(
        enrolment__partner_id=OuterRef("partner_id"),
        enrolment__program_id=OuterRef("program_id"),
        enrolment__status="active",
    ).exclude(territory__countries=[])
    here = covered.filter(territory__countries__contains=[OuterRef(country)])
    return Case(When(Exists(here), then=Value(True)), When(Exists(covered), then=Value(False)))


def _held() -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(
        partner_id=OuterRef("partner_id"), program_id=OuterRef("program_id"), status="active"
    )


def _valid(today: date) -> QuerySet[PartnerCertification]:
    lasting = Q(expires_on=None) | Q(expires_on__gte=today)
    return PartnerCertification.objects.filter(lasting, partner_id=OuterRef("partner_id"), achieved_on__lte=today)
