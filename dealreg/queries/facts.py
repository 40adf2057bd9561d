"""What rules are told about a deal."""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from json import loads
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import JSONField, Model

from dealreg.models import Deal, DealAssessment, DealPolicy, DealStatus
from dealreg.models.deals import OPEN
from partners import queries as partners
from prm.kernel import wording
from prm.kernel.audit.models import AuditEntry
from prm.kernel.conditions.facts import NOW, TODAY
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.identity.queries import member as person
from prm.kernel.reference import queries as reference
from prm.kernel.reference.models import ProductLine, Program
from prm.kernel.reference.queries import calendar_hours, vendor_currency
from prm.kernel.tenancy.context import current, deciding, tenant_id
from prm.kernel.tenancy.remembering import is_kept, keep, remembered

APPROVING_ROLES = ("approver", "ops", "admin", "cam")


NAMED = ("partner", "territory", "vertical", "deal_type")  # what facts, pages and messages name; few have a reseller


BESIDE = (  # what the facts about a deal are read from, beside its partner
    "dealreg.Deal",
    "dealreg.DealLine",
    "dealreg.DealItem",
    "dealreg.DealAssessment",
    "dealreg.DealPolicy",
    "dealreg.Protection",
    "dealreg.Customer",
)


@remembered(*BESIDE, "reference.DealType", *partners.STANDING)
def deal_facts(deal: Deal) -> dict[str, Any]:
    """The facts of the schema "deal" as they are now. For events, rules and messages, not for partners."""
    with deciding() as now:
        today = now.astimezone(current().zone).date()
        partner = partners.partner_facts(deal.partner_id, deal.program_id, today)
        about = _about(deal.pk, deal.partner_id)
        return {
            "deal.number": deal.number,
            "deal.name": deal.name or deal.customer_name,
            "deal.amount": deal.amount_vendor,
            "deal.currency": deal.currency,
            "deal.country": deal.customer_country,
            "deal.territory": deal.territory.code if deal.territory else None,
            "deal.type": deal.deal_type.code if deal.deal_type else None,
            "deal.program": partner.program_code,
            "deal.product_lines": list(about.lines),
            "deal.products": list(about.products),
            "deal.discount": about.discount,
            "deal.vertical": deal.vertical.code if deal.vertical else None,
            "deal.close_on": deal.expected_close_on,
            "deal.close_in_days": (deal.expected_close_on - today).days if deal.expected_close_on else None,
            "deal.status": deal.status,
            "deal.stage": deal.pipeline_stage,
            "deal.submission": deal.submission,
            "deal.customer_name": deal.customer_name,
            "deal.customer_domain": deal.customer_domain,
            "deal.customer_domain_kind": domain_kind(deal),
            "deal.answer_due_at": deal.answer_due_at,
            "deal.protected_until": deal.protected_until,
            "deal.late_days": deal.late_days,
            "deal.reason": wording.remembering(deal.reason_for_partner, deal.answer),
            "customer.is_blocked": about.is_blocked,
            "customer.is_house": about.is_house,
            "deal.conflict": about.conflict or None,
            "deal.former_holder": about.former_holder,
            "deal.reseller": deal.reseller.name if deal.reseller else None,
            "reseller.status": deal.reseller.status if deal.reseller else None,
            "partner.name": partner.name,
            "partner.kind": partner.kind,
            "partner.status": partner.status,
            "partner.country": partner.country,
            "partner.enrolled": partner.enrolled,
            "partner.tier": partner.tier_code or None,
            "partner.tier_rank": partner.tier_rank or None,
            "partner.certified": partner.certified,
            "partner.certifications": list(partner.certifications),
            "partner.covers_country": deal.customer_country in partner.countries if partner.countries else None,
            "partner.has_cam": (deal.owner_cam_id or partner.cam_id) is not None,
            "partner.watched": partner.watched,
            "partner.open_deals": about.open_deals,
        }


def facts_ahead(deals: Iterable[Deal]) -> None:
    """Ask at once for what stands beside the deals whose facts deal_facts() is about to be asked for."""
    asked = [(deal.pk, deal.partner_id) for deal in deals]
    for key, about in _all_about(asked).items():
        keep(_about, about, *key)


def eligibility_facts(deal: Deal, now: datetime, today: date) -> dict[str, Any]:
    """The deal's facts, and what day it is for rules that count days."""
    return deal_facts(deal) | {NOW: now, TODAY: today}


@remembered(
    "dealreg.Deal",
    "partners.Partner",
    "tenancy.Tenant",
    "reference.Territory",
    "reference.Vertical",
    "reference.DealType",
)
def as_read(deal_id: UUID) -> Deal:
    """The deal with what its pages and messages name, to look at and never to change. Raises Deal.DoesNotExist."""
    return with_names(own_row(deal_id))


def own_row(deal_id: UUID, *, lock: bool = False) -> Deal:
    """The deal without those that it names, past the layer that makes models of rows: every step asks for one.

    Raises Deal.DoesNotExist.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED_ROW if lock else _ROW, [deal_id])
        row = cursor.fetchone()
        if row is None:
            raise Deal.DoesNotExist(f"There is no deal {deal_id} in sight.")
        told = dict(zip([column.name for column in cursor.description], row, strict=True))
    for name in _JSON:
        told[name] = loads(told[name])
    fields = Deal._meta.concrete_fields
    return Deal.from_db(connection.alias, [field.attname for field in fields], [told[field.column] for field in fields])


_ROW = "SELECT * FROM dealreg_deal WHERE id = %s"
_LOCKED_ROW = "SELECT * FROM dealreg_deal WHERE id = %s FOR UPDATE"
_JSON = [field.column for field in Deal._meta.concrete_fields if isinstance(field, JSONField)]


def read_ahead(ids: Iterable[UUID]) -> None:
    """Read at once the deals that as_read() is about to be asked for."""
    for deal in Deal.objects.filter(pk__in={pk for pk in ids if not is_kept(as_read, pk)}):
        keep(as_read, with_names(deal), deal.pk)


def with_names(deal: Deal) -> Deal:
    """With its partner, territory, industry and type: many deals have the same, so that each is asked for once."""
    for name in NAMED:
        field: Any = Deal._meta.get_field(name)
        named = getattr(deal, field.attname)
        field.set_cached_value(deal, _named(field.related_model, named) if named else None)
    return deal


@remembered("partners.Partner", "reference.Territory", "reference.Vertical", "reference.DealType")
def _named(model: type[Model], pk: UUID) -> Model:
    return model._default_manager.get(pk=pk)


def domain_kind(deal: Deal) -> str:
    """What the customer's domain is worth as evidence."""
    notes = set(deal.normal.get("x", ()))
    if deal.normal.get("d"):
        return "business"
    for note, kind in (
        ("domain.disposable", "disposable"),
        ("domain.free_mail", "free_mail"),
        ("domain.public_suffix", "shared"),
        ("domain.platform", "shared"),
    ):
        if note in notes:
            return kind
    return "none"


def line_codes(deal: Deal) -> list[str]:
    return sorted(line.code for line in _lines_of(deal.pk))


def line_ids(deal: Deal) -> set[UUID]:
    return {line.id for line in _lines_of(deal.pk)}


class _Line(NamedTuple):
    id: UUID
    code: str
    protection_days: int | None


@remembered("dealreg.DealLine", "reference.ProductLine")
def _lines_of(deal_id: UUID) -> tuple[_Line, ...]:
    with connection.cursor() as cursor:  # every check asks this
        cursor.execute(_LINES, [tenant_id(), deal_id])
        return tuple(_Line(*row) for row in cursor.fetchall())


_LINES = """
SELECT l.product_line_id, p.code, p.protection_days FROM dealreg_dealline AS l
JOIN reference_productline AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_line_id
WHERE l.tenant_id = %s AND l.deal_id = %s
"""


def lines_by_code(codes: Iterable[str]) -> list[str]:
    """The ids of product lines; a code that is none stays as it is, so that entry can name it."""
    known = {code: str(pk) for pk, code in ProductLine.objects.values_list("pk", "code")}
    return [known.get(str(code), str(code)) for code in codes]


@dataclass(frozen=True, slots=True)
class _About:
    """What stands beside a deal: its lines, what checking it found, how many deals its partner has open."""

    lines: list[str]
    conflict: str | None
    is_blocked: bool | None
    is_house: bool | None
    open_deals: int
    products: list[str]
    discount: Decimal | None
    former_holder: bool


_BESIDE = """
SELECT one.deal_id, one.partner_id, ARRAY(SELECT p.code FROM dealreg_dealline AS l
             JOIN reference_productline AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_line_id
             WHERE l.tenant_id = %(tenant)s AND l.deal_id = one.deal_id ORDER BY p.code),
       a.outcome, c.is_blocked, c.is_house,
       (SELECT count(*) FROM dealreg_deal AS d
        WHERE d.tenant_id = %(tenant)s AND d.partner_id = one.partner_id AND d.status = ANY(%(open)s)),
       ARRAY(SELECT q.sku FROM dealreg_dealitem AS i
             JOIN reference_product AS q ON q.tenant_id = i.tenant_id AND q.id = i.product_id
             WHERE i.tenant_id = %(tenant)s AND i.deal_id = one.deal_id ORDER BY q.sku),
       (SELECT max(i.discount) FROM dealreg_dealitem AS i WHERE i.tenant_id = %(tenant)s AND i.deal_id = one.deal_id),
       EXISTS (SELECT 1 FROM dealreg_protection AS x
               JOIN dealreg_dealline AS l ON l.tenant_id = x.tenant_id AND l.product_line_id = x.product_line_id
               WHERE x.tenant_id = %(tenant)s AND x.customer_id = a.customer_id AND x.partner_id <> one.partner_id
                 AND l.deal_id = one.deal_id AND x.until < %(today)s AND x.until >= %(since)s
                 AND (x.released_at IS NULL OR x.released_because = 'lapsed'))
FROM unnest(%(deals)s::uuid[], %(partners)s::uuid[]) AS one(deal_id, partner_id)
LEFT JOIN dealreg_dealassessment AS a ON a.tenant_id = %(tenant)s AND a.deal_id = one.deal_id
LEFT JOIN dealreg_customer AS c ON c.tenant_id = a.tenant_id AND c.id = a.customer_id
"""


@remembered(*BESIDE)
def _about(deal_id: UUID, partner_id: UUID) -> _About:
    return _all_about([(deal_id, partner_id)])[deal_id, partner_id]


def _all_about(deals: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], _About]:
    """By deal and its partner."""
    today = current().now.astimezone(current().zone).date()
    with connection.cursor() as cursor:
        cursor.execute(
            _BESIDE,
            {
                "tenant": tenant_id(),
                "deals": [deal for deal, _partner in deals],
                "partners": [partner for _deal, partner in deals],
                "open": [str(status) for status in OPEN],
                "today": today,
                "since": today - timedelta(days=policy().precedence_days),
            },
        )
        return {(row[0], row[1]): _About(*row[2:]) for row in cursor.fetchall()}


@remembered("dealreg.DealAssessment", "dealreg.Customer")
def assessment_of(deal_id: UUID) -> DealAssessment | None:
    return DealAssessment.objects.select_related("customer").filter(deal_id=deal_id).first()


@remembered("dealreg.DealPolicy")
def policy() -> DealPolicy:
    """The vendor's policy, or the defaults (unsaved) where it has set none."""
    return DealPolicy.objects.first() or DealPolicy()


def extension_days() -> int:
    """By how many days a partner may extend its protection; the partner may ask, too."""
    with deciding():
        return policy().extension_days


def answer_due(program: Program, now: datetime) -> datetime:
    """When a partner is promised an answer: business minutes on the program's calendar."""
    return calendar_hours(program.calendar_id).add_minutes(now, program.answer_within_minutes)


def handed_in_within_the_hour(partner_id: UUID, now: datetime) -> int:
    return Deal.objects.filter(partner_id=partner_id, submitted_at__gt=now - timedelta(hours=1)).count()


def is_quality_sample(deal: Deal, share: Decimal) -> bool:
    """Whether a clear deal goes to people all the same. Keyed, so that a partner can't foresee it."""
    secret = f"{settings.SECRET_KEY}:quality".encode()
    digest = hmac.new(secret, f"{deal.pk}:{deal.submission}".encode(), hashlib.sha256).digest()
    return Decimal(int.from_bytes(digest[:8], "big")) < share * Decimal(2**64)


def routing_facts(deal: Deal, findings: Iterable[tuple[str, str]], conflict: str, broken: bool) -> dict[str, Any]:
    program = reference.program(deal.program_id)
    partner = partners.partner_facts(deal.partner_id, deal.program_id)
    return {
        "findings": [list(pair) for pair in findings],
        "conflict": conflict,
        "broken_rule": broken,
        "amount": str(deal.amount_vendor),
        "currency": vendor_currency(),
        "auto_limit": None if partner.auto_approve_limit is None else str(partner.auto_approve_limit),
        "tier": partner.tier_name,
        "territory": deal.territory.code if deal.territory else "",
        "has_cam": (deal.owner_cam_id or partner.cam_id) is not None,
        "quality_sample": is_quality_sample(deal, program.quality_share),
    }


def move_facts(deal: Deal, to: DealStatus, method: str, **more: Any) -> dict[str, Any]:
    """Facts for any change of status; `method` is the transition on the model."""
    from django_fsm import can_proceed

    return {
        "status": str(deal.status),
        "status_label": str(DealStatus(deal.status).label),
        "to": str(to.value),
        "legal": can_proceed(getattr(deal, method)),
        **more,
    }


def extension_facts(deal: Deal, days: int) -> dict[str, Any]:
    """What an extension by so many days is judged by."""
    return {
        "status": deal.shown_status,
        "stage": deal.pipeline_stage,
        "days": days,
        "extended_on": deal.extended_on.isoformat() if deal.extended_on else "",
    }


def approver_facts(deal: Deal, actor: Actor) -> dict[str, Any]:
    """Who approves, up to what, and whether it is their own deal."""
    member = person(actor.membership_id) if actor.membership_id else None
    submitter = person(deal.submitted_by_id) if member and deal.submitted_by_id else None
    limit = member.approval_limit if member else None
    same = bool(member and submitter and member.person_id and member.person_id == submitter.person_id)
    return {
        "by": "person" if actor.kind in ("person", "token") else actor.kind,
        "may_approve": actor.has(*APPROVING_ROLES) and actor.is_vendor,
        "approver_limit": None if limit is None else str(limit),
        "is_submitter": same or bool(member and (member.pk == deal.submitted_by_id or handed_in_as(deal, member))),
        "amount": str(deal.amount_vendor),
        "currency": vendor_currency(),
    }


def handed_in_as(deal: Deal, member: Membership) -> bool:
    """Whether this member of ours handed the deal in while viewing as a partner's person."""
    found = AuditEntry.objects.filter(target_id=deal.pk, action="deal.submitted", impersonator_id=member.pk)
    return found.exists()


def protection_facts(deal: Deal, now: datetime, today: date) -> dict[str, Any]:
    """Days of protection by product line, and how many days late the answer is."""
    partner = partners.partner_facts(deal.partner_id, deal.program_id, today)
    late = now - deal.answer_due_at if deal.answer_due_at and now > deal.answer_due_at else timedelta(0)
    return {
        "start": today.isoformat(),
        "tier_days": partner.protection_days,
        "late_days": -(-late // timedelta(days=1)),
        "lines": {str(line.id): line.protection_days for line in _lines_of(deal.pk)},
    }
