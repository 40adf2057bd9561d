"""What other apps may read about partners."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from partners.models import Enrolment, Partner, PartnerCertification, Tier
from prm.kernel import clock
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import Program
from prm.kernel.tenancy.context import current, deciding
from prm.kernel.tenancy.remembering import remembered

STANDING = (  # what a partner's facts are read from
    "partners.Partner",
    "partners.Enrolment",
    "partners.EnrolmentTerritory",
    "partners.PartnerCertification",
    "partners.Tier",
    "partners.Watch",
    "reference.Program",
    "reference.Territory",
    "identity.Membership",
)


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
    facts, certificates = _facts(partner_id, program_id)
    day = on or clock.local_date(current().now)
    valid = tuple(code for code, since, until in certificates if since <= day and (until is None or until >= day))
    return replace(facts, certified=True, certifications=valid) if valid else facts


Certificate = tuple[str, date, date | None]  # its code, since when, until when


@remembered(*STANDING)
def _facts(partner_id: UUID, program_id: UUID) -> tuple[PartnerFacts, tuple[Certificate, ...]]:
    """What holds on any day, and the certificates, of which each has its own days."""
    with connection.cursor() as cursor:  # one statement: every step of every deal asks for these
        cursor.execute(_FACTS, {"partner": partner_id, "program": program_id})
        row = cursor.fetchone()
        if row is None:
            raise Partner.DoesNotExist(f"No partner {partner_id} in program {program_id}.")
        found = dict(zip((column.name for column in cursor.description), row, strict=True))
    found["discount"] = Decimal(0) if found["discount"] is None else found["discount"]
    found["territories"], found["countries"] = tuple(found["territories"]), frozenset(found["countries"])
    codes, since, until = (found.pop(name) for name in ("certificates", "achieved", "expire"))
    return PartnerFacts(**found, certified=False, certifications=()), tuple(zip(codes, since, until, strict=True))


_FACTS = """
SELECT p.id AS partner_id, p.name, p.kind, p.status, p.country, p.domain, p.external_id,
       e.id IS NOT NULL AS enrolled, g.code AS program_code,
       t.id AS tier_id, coalesce(t.code, '') AS tier_code, coalesce(t.name, '') AS tier_name,
       coalesce(t.rank, 0) AS tier_rank, coalesce(t.protection_days, g.protection_days) AS protection_days,
       t.discount, t.auto_approve_limit, p.cam_id, coalesce(c.name, '') AS cam_name, p.parent_id,
       w.id IS NOT NULL AS watched, coalesce(w.reason, '') AS watch_reason,
       ARRAY(SELECT y.code FROM partners_enrolmentterritory AS x JOIN reference_territory AS y ON y.id = x.territory_id
             WHERE x.enrolment_id = e.id ORDER BY y.code) AS territories,
       ARRAY(SELECT DISTINCT unnest(y.countries) FROM partners_enrolmentterritory AS x
             JOIN reference_territory AS y ON y.id = x.territory_id WHERE x.enrolment_id = e.id) AS countries,
       k.codes AS certificates, k.achieved, k.expire
FROM partners_partner AS p
JOIN reference_program AS g ON g.id = %(program)s
LEFT JOIN partners_enrolment AS e ON e.partner_id = p.id AND e.program_id = g.id AND e.status = 'active'
LEFT JOIN partners_tier AS t ON t.id = e.tier_id
LEFT JOIN identity_membership AS c ON c.id = p.cam_id
LEFT JOIN partners_watch AS w ON w.partner_id = p.id
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(code ORDER BY code), '{}') AS codes,
         coalesce(array_agg(achieved_on ORDER BY code), '{}') AS achieved,
         coalesce(array_agg(expires_on ORDER BY code), '{}') AS expire
  FROM partners_partnercertification WHERE partner_id = p.id) AS k
WHERE p.id = %(partner)s
"""


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


@remembered("reference.Program")
def default_program() -> Program | None:
    """The first program that is active."""
    return Program.objects.filter(is_active=True).order_by("starts_on", "code").first()


@remembered("partners.Enrolment", "reference.Program")
def programs_of(partner_id: UUID) -> tuple[Program, ...]:
    """The active programs that a partner is enrolled in, the oldest first."""
    enrolled = Enrolment.objects.filter(partner_id=partner_id, status=Enrolment.Status.ACTIVE, program__is_active=True)
    programs = [enrolment.program for enrolment in enrolled.select_related("program")]
    return tuple(sorted(programs, key=lambda program: (program.starts_on, program.code)))


def resellers_of(partner_id: UUID) -> tuple[Partner, ...]:
    """Who buys through a distributor; its own people may ask, nobody else's. Empty for all other partners."""
    distributor = visible_partners().filter(pk=partner_id, kind=Partner.Kind.DISTRIBUTOR).exists()
    if not distributor:
        return ()
    with deciding():
        return tuple(Partner.objects.filter(parent_id=partner_id).exclude(status="terminated").order_by("name"))


def reseller_name(distributor_id: UUID, reseller_id: UUID | None) -> str:
    """For whom a distributor acts; whoever sees the distributor may ask. Empty when it acts for itself."""
    if reseller_id is None or not visible_partners().filter(pk=distributor_id).exists():
        return ""
    with deciding():
        return names_of([reseller_id]).get(reseller_id, "")


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


def distributor_name(partner_id: UUID) -> str:
    """Through whom a partner buys; its own people may ask. Empty when it buys from the vendor."""
    partner = visible_partners().filter(pk=partner_id).first()
    if partner is None or partner.parent_id is None:
        return ""
    with deciding():
        return Partner.objects.values_list("name", flat=True).get(pk=partner.parent_id)
