"""What other apps may read about partners."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from partners.models import Enrolment, EnrolmentTerritory, Partner, PartnerCertification, Tier, Watch
from prm.kernel import clock
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import Program
from prm.kernel.tenancy.context import current, deciding


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """A partner as rules see it in one program. Without an enrolment there, `tier_code` is empty."""

    partner_id: UUID
    name: str
    kind: str
    status: str
    country: str
    domain: str
    external_id: str
    enrolled: bool
    program_code: str
    tier_id: UUID | None
    tier_code: str
    tier_name: str
    tier_rank: int
    protection_days: int
    discount: Decimal
    auto_approve_limit: Decimal | None
    territories: tuple[str, ...]
    countries: frozenset[str]
    cam_id: UUID | None
    cam_name: str
    certified: bool
    certifications: tuple[str, ...]
    watched: bool
    watch_reason: str
    parent_id: UUID | None


def partner_facts(partner_id: UUID, program_id: UUID, on: date | None = None) -> PartnerFacts:
    """The partner's facts in a program on a day (today by default). Raises Partner.DoesNotExist.

    Call it as the vendor or inside `deciding()`: whether a partner is watched is not its own to know.
    """
    partner = Partner.objects.select_related("cam").get(pk=partner_id)
    program = Program.objects.get(pk=program_id)
    enrolment = (
        Enrolment.objects.filter(partner=partner, program=program, status=Enrolment.Status.ACTIVE)
        .select_related("tier")
        .first()
    )
    tier = enrolment.tier if enrolment else None
    covered = [row.territory for row in _territories(enrolment)]
    certificates = tuple(certificates_of(partner.pk, on or clock.local_date(current().now)))
    watch = Watch.objects.filter(partner=partner).first()
    return PartnerFacts(
        partner_id=partner.pk,
        name=partner.name,
        kind=partner.kind,
        status=partner.status,
        country=partner.country,
        domain=partner.domain,
        external_id=partner.external_id,
        enrolled=enrolment is not None,
        program_code=program.code,
        tier_id=tier.pk if tier else None,
        tier_code=tier.code if tier else "",
        tier_name=tier.name if tier else "",
        tier_rank=tier.rank if tier else 0,
        protection_days=(tier.protection_days if tier else None) or program.protection_days,
        discount=tier.discount if tier else Decimal(0),
        auto_approve_limit=tier.auto_approve_limit if tier else None,
        territories=tuple(territory.code for territory in covered),
        countries=frozenset(country for territory in covered for country in territory.countries),
        cam_id=partner.cam_id,
        cam_name=partner.cam.name if partner.cam else "",
        certified=bool(certificates),
        certifications=certificates,
        watched=watch is not None,
        watch_reason=watch.reason if watch else "",
        parent_id=partner.parent_id,
    )


def certificates_of(partner_id: UUID, on: date) -> list[str]:
    """The codes of the certificates that are valid on a day."""
    valid = PartnerCertification.objects.filter(
        Q(expires_on=None) | Q(expires_on__gte=on), partner_id=partner_id, achieved_on__lte=on
    )
    return list(valid.order_by("code").values_list("code", flat=True))


def visible_partners() -> QuerySet[Partner]:
    """The partners that the open context may see: the wall decides."""
    return Partner.objects.all()


def partner_by_external_id(external_id: str) -> Partner | None:
    return Partner.objects.filter(external_id=external_id).first() if external_id else None


def partner_named(name: str) -> Partner | None:
    """The partner of that very name, letter case aside; None when there is none or more than one."""
    found = list(Partner.objects.filter(name__iexact=name.strip())[:2]) if name.strip() else []
    return found[0] if len(found) == 1 else None


def cam_of(partner_id: UUID) -> Membership | None:
    """Who looks after the partner. Its own people may ask: a channel manager is no secret."""
    partner = visible_partners().filter(pk=partner_id).first()
    if partner is None or partner.cam_id is None:
        return None
    with deciding():
        return Membership.objects.filter(pk=partner.cam_id, ended_at=None).first()


def people_of(partner_id: UUID, *roles: str) -> list[Membership]:
    """The partner's current people; with `roles`, those who hold one of them."""
    people = Membership.objects.filter(partner_id=partner_id, ended_at=None)
    return list((people.filter(roles__overlap=list(roles)) if roles else people).order_by("name"))


def channel_managers() -> list[Membership]:
    """The vendor's people who can look after partners."""
    people = Membership.objects.filter(partner=None, ended_at=None, roles__overlap=["cam"])
    return list(people.order_by("name"))


def names_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of many partners at once."""
    return dict(Partner.objects.filter(pk__in=list(ids)).values_list("pk", "name"))


def default_program() -> Program | None:
    """The first program that is active."""
    return Program.objects.filter(is_active=True).order_by("starts_on", "code").first()


def tiers_of(program_id: UUID) -> list[Tier]:
    """A program's tiers, the best first."""
    return list(Tier.objects.filter(program_id=program_id).prefetch_related("benefits").order_by("-rank"))


def enrolments_of(partner_id: UUID) -> list[Enrolment]:
    """A partner's enrolments with their programs, tiers and territories."""
    return list(
        Enrolment.objects.filter(partner_id=partner_id)
        .select_related("program", "tier")
        .prefetch_related("territories__territory", "tier__benefits")
        .order_by("program__name")
    )


def enrolments_by_partner(ids: Iterable[UUID]) -> dict[UUID, list[Enrolment]]:
    """The enrolments of many partners at once, with program and tier."""
    found: dict[UUID, list[Enrolment]] = {}
    for enrolment in Enrolment.objects.filter(partner_id__in=list(ids)).select_related("program", "tier"):
        found.setdefault(enrolment.partner_id, []).append(enrolment)
    return found


def _territories(enrolment: Enrolment | None) -> Iterable[EnrolmentTerritory]:
    if enrolment is None:
        return ()
    return enrolment.territories.select_related("territory").order_by("territory__code")


def distributor_name(partner_id: UUID) -> str:
    """Through whom a partner buys; its own people may ask. Empty when it buys from the vendor."""
    partner = visible_partners().filter(pk=partner_id).first()
    if partner is None or partner.parent_id is None:
        return ""
    with deciding():
        return Partner.objects.values_list("name", flat=True).get(pk=partner.parent_id)
