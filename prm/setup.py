"""Setting a vendor up from nothing: its tenant, a configuration to start from, and its first admin.

Composition lives here, above the apps: what each app ships (rules, workflows) comes from the registries.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from dealreg.actions import ship_approval_matrix
from dealreg.models import CloseReason
from partners.models import Tier, TierBenefit
from partners.starter import BENEFITS
from prm.kernel.automation import actions as automation
from prm.kernel.automation import registry
from prm.kernel.automation.models import RuleVersion
from prm.kernel.identity.actions import invite_person
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Invitation
from prm.kernel.identity.secrets import invitation_secret
from prm.kernel.money import currency_codes
from prm.kernel.reference.actions import seed_holidays
from prm.kernel.reference.calendars import holidays_for
from prm.kernel.reference.models import Calendar, DealType, Product, ProductLine, Program, Territory, Vertical
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

SETTER = Actor(kind="system", id="vendor set-up", name="Vendor set-up", roles=frozenset({"admin"}))
SHIPPED = Actor.system("shipped with the product")
WORKING_DAYS = [0, 1, 2, 3, 4]

CLOSE_REASONS = {
    "won": {
        "won-product": "Our product fitted best",
        "won-price": "Price",
        "won-relationship": "The customer knows us",
        "won-service": "Service and support",
    },
    "lost": {
        "lost-price": "Price",
        "lost-competitor": "The customer took another product",
        "lost-budget": "The budget was cut",
        "lost-no-decision": "No decision was made",
        "lost-timing": "Postponed",
    },
}
TIERS: tuple[dict[str, Any], ...] = (
    {
        "code": "gold",
        "name": "Gold",
        "rank": 3,
        "protection_days": 120,
        "discount": Decimal(25),
        "auto_approve_limit": Decimal(100_000),
        "colour": "#b7791f",
    },
    {
        "code": "silver",
        "name": "Silver",
        "rank": 2,
        "protection_days": 90,
        "discount": Decimal(18),
        "auto_approve_limit": Decimal(50_000),
        "colour": "#64748b",
    },
    {
        "code": "bronze",
        "name": "Bronze",
        "rank": 1,
        "protection_days": 60,
        "discount": Decimal(10),
        "auto_approve_limit": Decimal(20_000),
        "colour": "#9a5b34",
    },
)
TERRITORIES = {
    "dach": ("DACH", ["DE", "AT", "CH", "LI"]),
    "benelux": ("Benelux", ["BE", "NL", "LU"]),
    "france": ("France", ["FR", "MC"]),
    "uk-ireland": ("UK and Ireland", ["GB", "IE"]),
    "nordics": ("Nordics", ["DK", "FI", "IS", "NO", "SE"]),
    "southern-europe": ("Southern Europe", ["ES", "PT", "IT", "GR", "MT", "CY"]),
    "north-america": ("North America", ["US", "CA"]),
}
VERTICALS = {
    "manufacturing": "Manufacturing",
    "public-sector": "Public sector",
    "healthcare": "Healthcare",
    "financial-services": "Financial services",
    "retail": "Retail",
    "education": "Education",
    "other": "Other",
}
DEAL_TYPES = {  # and whether registering one protects the customer
    "new-business": ("New business", True),
    "expansion": ("Upsell or expansion", True),
    "renewal": ("Renewal", False),
}
PRODUCT_LINES = {
    "platform": ("Platform", (("PLT-STD", "Platform Standard"), ("PLT-ENT", "Platform Enterprise"))),
    "security": ("Security", (("SEC-STD", "Security Standard"),)),
    "services": ("Services", (("SVC-DAY", "Consulting day"),)),
}


@dataclass(frozen=True, slots=True)
class NewVendor:
    """A vendor as it was just made. The invitation's link is shown once and kept nowhere."""

    tenant: Tenant
    invitation_url: str


def create_vendor(
    *,
    name: str,
    slug: str,
    admin_email: str,
    admin_name: str = "",
    time_zone: str = "Europe/Berlin",
    country: str = "DE",
    currency: str = "EUR",
    language: str = "en",
    is_sandbox: bool = False,
) -> NewVendor:
    """A vendor with a configuration to start from, and a link that invites its first admin.

    Raises ValidationError, before anything is made, for a slug that is taken, a bad address, and an unknown
    zone, currency, language or country.
    """
    validate_email(admin_email)
    try:
        holidays_for(country, None, [2026])
    except ValueError as unknown:
        raise ValidationError(str(unknown)) from unknown
    tenant = create_tenant(
        slug=slug, name=name, time_zone=time_zone, currency=currency, language=language, is_sandbox=is_sandbox
    )
    with acting(tenant=tenant.pk, audience="vendor") as now, translation.override(language):
        configure_vendor(now=now, country=country)
    return NewVendor(tenant, invite_admin(tenant=tenant, email=admin_email, name=admin_name))


def create_tenant(*, slug: str, name: str, **fields: Any) -> Tenant:
    """The tenant's row, written with the owner's login (or the operator's, where that one serves)."""
    tenant = Tenant(slug=slug, name=name, **fields)
    _check(tenant)
    tenant.save(using=tenants_login(), force_insert=True)
    return tenant


def set_status(slug: str, status: str) -> Tenant:
    """Suspend a vendor or let it run again. Raises Tenant.DoesNotExist."""
    tenant = Tenant.objects.using(tenants_login()).get(slug=slug)
    tenant.status = status
    tenant.save(using=tenants_login(), update_fields=["status"])
    return tenant


def tenants_login() -> str:
    """The connection that may write tenants."""
    return "owner" if "owner" in settings.DATABASES else "default"


def configure_vendor(*, now: datetime, country: str = "DE") -> None:
    """What a new vendor starts from. Safe to run again: what is there stays as it is."""
    tenant = Tenant.objects.get()
    calendar = _calendar(tenant, country, now)
    program, _created = Program.objects.get_or_create(
        code="partner-program",
        defaults={
            "name": _("Partner program"),
            "currency": tenant.currency,
            "calendar": calendar,
            "starts_on": date(now.year, 1, 1),
        },
    )
    _tiers(program)
    for code, (name, countries) in TERRITORIES.items():
        Territory.objects.get_or_create(code=code, defaults={"name": name, "countries": countries})
    for code, name in VERTICALS.items():
        Vertical.objects.get_or_create(code=code, defaults={"name": name})
    _products()
    for position, (code, (name, protects)) in enumerate(DEAL_TYPES.items()):
        DealType.objects.get_or_create(
            code=code, defaults={"name": name, "grants_protection": protects, "position": position}
        )
    ship_approval_matrix()
    _close_reasons()
    _rules(now)
    _workflows(now)


def invite_admin(*, tenant: Tenant, email: str, name: str = "") -> str:
    """The link by which an admin comes in; the same goes out by mail. An open invitation is replaced."""
    with acting(tenant=tenant.pk, audience="vendor") as now:
        decision = invite_person(email=email, name=name, roles=["admin"], partner_id=None, actor=SETTER, now=now)
        if decision.refused:
            raise ValidationError([reason.text for reason in decision.reasons])
        open_ones = Invitation.objects.filter(partner=None, accepted_at=None, revoked_at=None)
        invitation = open_ones.get(email=email.strip().lower())
    return settings.PUBLIC_URL + reverse("identity:accept", args=[invitation_secret(invitation.pk)])


def _check(tenant: Tenant) -> None:
    validate_slug(tenant.slug)
    if tenant.currency not in currency_codes():
        raise ValidationError(_("{code} is no ISO 4217 currency.").format(code=tenant.currency))
    if tenant.language not in dict(settings.LANGUAGES):
        raise ValidationError(_("{code} is no language of the product.").format(code=tenant.language))
    if tenant.time_zone not in available_timezones():
        raise ValidationError(_("{zone} is no time zone. Use one such as Europe/Berlin.").format(zone=tenant.time_zone))
    if Tenant.objects.using(tenants_login()).filter(slug=tenant.slug).exists():
        raise ValidationError(_("There is a vendor {slug} already.").format(slug=tenant.slug))


def _calendar(tenant: Tenant, country: str, now: datetime) -> Calendar:
    calendar, created = Calendar.objects.get_or_create(
        code="office",
        defaults={
            "name": _("Office hours"),
            "time_zone": tenant.time_zone,
            "days": WORKING_DAYS,
            "is_default": not Calendar.objects.filter(is_default=True).exists(),
        },
    )
    if created:
        years = range(now.year - 1, now.year + 3)
        seed_holidays(calendar=calendar, country=country, years=years, actor=SETTER, now=now)
    return calendar


def _tiers(program: Program) -> None:
    for row in TIERS:
        fields = {name: value for name, value in row.items() if name != "code"}
        tier, created = Tier.objects.get_or_create(program=program, code=row["code"], defaults=fields)
        if created:
            TierBenefit.objects.bulk_create(
                TierBenefit(tier=tier, text=text, position=position)
                for position, text in enumerate(BENEFITS[row["code"]])
            )


def _products() -> None:
    for code, (name, products) in PRODUCT_LINES.items():
        line, _created = ProductLine.objects.get_or_create(code=code, defaults={"name": name})
        for sku, title in products:
            Product.objects.get_or_create(sku=sku, defaults={"line": line, "name": title})


def _close_reasons() -> None:
    for outcome, reasons in CLOSE_REASONS.items():
        for position, (code, name) in enumerate(reasons.items()):
            wanted = {"name": name, "outcome": outcome, "position": position}
            CloseReason.objects.get_or_create(code=code, defaults=wanted)


def _rules(now: datetime) -> None:
    """Version 1 of every shipped rule set: written by the product, published by the set-up."""
    for shipped in registry.shipped_rules.values():
        ruleset = automation.create_ruleset(
            key=shipped.key, name=str(shipped.label), schema=shipped.schema, actor=SETTER, now=now
        )
        if RuleVersion.objects.filter(ruleset=ruleset).exists():
            continue
        draft = automation.save_rule_draft(
            ruleset_id=ruleset.pk, document=shipped.document(), note=_("As shipped"), actor=SHIPPED, now=now
        )
        decision = automation.publish_rules(version_id=draft.pk, actor=SETTER, now=now)
        if decision.refused:
            raise RuntimeError(f"The shipped rules {shipped.key} can't be published: {decision.reasons}")


def _workflows(now: datetime) -> None:
    """Version 1 of every shipped workflow."""
    for key in [template.key for template in registry.templates.values() if template.from_start]:
        from workflows.actions import install_template  # the engine is the last app to load

        install_template(key=key, actor=SETTER, now=now)
