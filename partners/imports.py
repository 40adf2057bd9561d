"""Partners and their people out of files: columns, and how one row is brought in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import actions, queries
from partners.models import Enrolment, Partner, Tier
from prm.kernel.automation.imports import (
    CREATED,
    UNCHANGED,
    UPDATED,
    ImportColumn,
    Importer,
    ImportProblem,
    folded,
)
from prm.kernel.identity.actions import change_roles, invite_person
from prm.kernel.identity.actors import PARTNER_ROLES, Actor
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.matching.normalise import country_code
from prm.kernel.reference.models import Program, Territory

PROFILE = ("name", "legal_name", "kind", "domain", "website", "country", "city", "external_id")
ROLE_NAMES = {
    "partner_admin": ("partneradmin", "admin", "administrator"),
    "seller": ("seller", "sales", "vertrieb"),
    "marketing": ("marketing",),
    "partner_finance": ("partnerfinance", "finance", "finanzen"),
}


def parse_kind(text: str) -> str:
    """Reseller, distributor or referral, in the words of either language."""
    for value, label in Partner.Kind.choices:
        if folded(text) in (folded(value), folded(str(label))):
            return value
    raise ImportProblem(_("“{text}” is no kind of partner: reseller, distributor or referral.").format(text=text[:40]))


def parse_country(text: str) -> str:
    """A country as its code, from the code or its name."""
    code = country_code(text)
    if not code:
        raise ImportProblem(_("“{text}” is no country that we know. Use a code such as DE.").format(text=text[:40]))
    return code


def parse_website(text: str) -> str:
    return text if "://" in text else f"https://{text}"


def parse_domain(text: str) -> str:
    """The bare domain of an address of any kind."""
    return (
        text.lower().rpartition("@")[2].partition("://")[2].partition("/")[0]
        if "://" in text
        else (text.lower().rpartition("@")[2].partition("/")[0])
    )


def parse_email(text: str) -> str:
    validate_email(text)
    return text.lower()


def parse_words(text: str) -> list[str]:
    """A list in one cell, separated by commas, semicolons or bars."""
    return [word.strip() for word in text.replace(";", ",").replace("|", ",").split(",") if word.strip()]


def parse_roles(text: str) -> list[str]:
    """Roles in a partner, by key or by name."""
    roles = []
    for word in parse_words(text):
        role = next((key for key, names in ROLE_NAMES.items() if folded(word) in names), None)
        if role is None:
            known = ", ".join(PARTNER_ROLES)
            raise ImportProblem(_("“{word}” is no role: use {known}.").format(word=word[:40], known=known))
        roles.append(role)
    return sorted(set(roles))


def run_partner(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    """Bring one partner in; it is known again by your reference, else its domain, else its very name."""
    profile = {name: row[name] for name in PROFILE if row.get(name) is not None}
    partner = _known_partner(row)
    result = UNCHANGED
    if partner is None:
        partner, result = actions.create_partner(actor=actor, now=now, **profile), CREATED
    elif any(getattr(partner, name) != value for name, value in profile.items()):
        partner, result = actions.update_partner(partner_id=partner.pk, changes=profile, actor=actor, now=now), UPDATED
    touched = [
        _enrol(partner, row, actor, now),
        _look_after(partner, row, actor, now),
        _put_below(partner, row, actor, now),
    ]
    return UPDATED if result == UNCHANGED and any(touched) else result


def run_person(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    """Invite one person to their partner, or bring the roles of somebody who is there up to date."""
    partner = _partner_of(row["partner"])
    roles = row.get("roles") or ["seller"]
    member = Membership.objects.filter(partner=partner, email=row["email"], ended_at=None).first()
    if member is not None:
        return _update_member(member, row, actor, now)
    waiting = Invitation.objects.filter(partner=partner, email=row["email"], accepted_at=None, revoked_at=None).first()
    if waiting is not None and sorted(waiting.roles) == roles:
        return UNCHANGED
    decision = invite_person(
        email=row["email"], name=row.get("name") or "", roles=roles, partner_id=partner.pk, actor=actor, now=now
    )
    if decision.refused:
        raise ImportProblem(" ".join(reason.text for reason in decision.reasons))
    return CREATED if waiting is None else UPDATED


def _known_partner(row: Mapping[str, Any]) -> Partner | None:
    if row.get("external_id"):
        found = queries.partner_by_external_id(row["external_id"])
        if found:
            return found
    if row.get("domain"):
        same = [p for p in Partner.objects.filter(domain=row["domain"])[:2] if _may_be(p, row)]
        if len(same) == 1:
            return same[0]
    found = queries.partner_named(row["name"])
    return found if found and _may_be(found, row) else None


def _may_be(partner: Partner, row: Mapping[str, Any]) -> bool:
    """Two references of yours are two partners, however alike they look."""
    return not (partner.external_id and row.get("external_id") and partner.external_id != row["external_id"])


def _partner_of(text: str) -> Partner:
    partner = queries.partner_by_external_id(text) or queries.partner_named(text)
    if partner is None:
        raise ImportProblem(_("There is no partner “{text}”. Import partners first.").format(text=text[:80]), "partner")
    return partner


def _enrol(partner: Partner, row: Mapping[str, Any], actor: Actor, now: datetime) -> bool:
    if not row.get("tier"):
        if row.get("territories"):
            raise ImportProblem(_("Territories belong to an enrolment: name the tier too."), "territories")
        return False
    program = _program(row.get("program"))
    tiers = list(queries.tiers_of(program.pk))
    tier = next((t for t in tiers if _is_called(t, row["tier"])), None)
    if tier is None:
        told = _("“{text}” is no tier of {program}. Choose from: {names}.")
        names = ", ".join(t.name for t in tiers)
        raise ImportProblem(told.format(text=row["tier"][:40], program=program, names=names), "tier")
    held = Enrolment.objects.filter(partner=partner, program=program, status=Enrolment.Status.ACTIVE).first()
    covered = set(held.territories.values_list("territory_id", flat=True)) if held else set()
    wanted = _territories(row["territories"]) if row.get("territories") else covered
    if held and held.tier_id == tier.pk and covered == wanted:
        return False
    _enrol_in(partner, program, tier, wanted, actor, now)
    return True


def _enrol_in(
    partner: Partner, program: Program, tier: Tier, territories: Iterable[UUID], actor: Actor, now: datetime
) -> None:
    actions.enrol_partner(
        partner_id=partner.pk, program_id=program.pk, tier_id=tier.pk, territories=territories, actor=actor, now=now
    )


def _program(text: str | None) -> Program:
    if not text:
        program = queries.default_program()
        if program is None:
            raise ImportProblem(_("There is no active program yet. Make one first."), "program")
        return program
    named = [program for program in Program.objects.all() if _is_called(program, text)]
    if not named:
        raise ImportProblem(_("There is no program “{text}”.").format(text=text[:40]), "program")
    return named[0]


def _is_called(thing: Tier | Program, text: str) -> bool:
    return folded(text) in (folded(thing.code), folded(thing.name))


def _territories(words: Iterable[str]) -> set[UUID]:
    by_name = {name: t.pk for t in Territory.objects.all() for name in (folded(t.code), folded(t.name))}
    unknown = [word for word in words if folded(word) not in by_name]
    if unknown:
        raise ImportProblem(_("There is no territory “{text}”.").format(text=unknown[0][:40]), "territories")
    return {by_name[folded(word)] for word in words}


def _look_after(partner: Partner, row: Mapping[str, Any], actor: Actor, now: datetime) -> bool:
    if not row.get("cam"):
        return False
    member = Membership.objects.filter(partner=None, email__iexact=row["cam"], ended_at=None).first()
    if member is None:
        raise ImportProblem(_("Nobody of yours has the address “{text}”.").format(text=row["cam"][:80]), "cam")
    if partner.cam_id == member.pk:
        return False
    decision = actions.assign_cam(partner_id=partner.pk, cam_id=member.pk, actor=actor, now=now)
    if decision.refused:
        raise ImportProblem(" ".join(reason.text for reason in decision.reasons), "cam")
    return True


def _put_below(partner: Partner, row: Mapping[str, Any], actor: Actor, now: datetime) -> bool:
    if not row.get("parent"):
        return False
    distributor = queries.partner_by_external_id(row["parent"]) or queries.partner_named(row["parent"])
    if distributor is None:
        raise ImportProblem(
            _("There is no partner “{text}”: put distributors above their resellers in the file.").format(
                text=row["parent"][:80]
            ),
            "parent",
        )
    if partner.parent_id == distributor.pk:
        return False
    actions.update_partner(partner_id=partner.pk, changes={"parent_id": distributor.pk}, actor=actor, now=now)
    return True


def _update_member(member: Membership, row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    roles = row.get("roles")
    if not roles or sorted(member.roles) == roles:
        return UNCHANGED
    decision = change_roles(membership_id=member.pk, roles=roles, actor=actor, now=now)
    if decision.refused:
        raise ImportProblem(" ".join(reason.text for reason in decision.reasons), "roles")
    return UPDATED


PARTNERS = Importer(
    key="partners",
    label=gettext_lazy("Partners"),
    order=10,
    run=run_partner,
    help=gettext_lazy(
        "Organisations, with the tier and territories that they hold. A partner that is there "
        "already is brought up to date."
    ),
    columns=(
        ImportColumn(
            "name",
            gettext_lazy("Name"),
            True,
            aliases=("partner", "company", "account", "firma"),
            help=gettext_lazy("What the organisation is called."),
        ),
        ImportColumn(
            "external_id",
            gettext_lazy("Your reference"),
            aliases=("id", "number", "reference", "crm id", "account id"),
            help=gettext_lazy("Its number in your CRM: by this a second import knows it again."),
        ),
        ImportColumn(
            "kind",
            gettext_lazy("Kind"),
            aliases=("type", "art"),
            parse=parse_kind,
            help=gettext_lazy("Reseller, distributor or referral; reseller when empty."),
        ),
        ImportColumn(
            "tier",
            gettext_lazy("Tier"),
            aliases=("level", "status", "stufe"),
            help=gettext_lazy("Enrols the partner. Empty: it stays a prospect."),
        ),
        ImportColumn(
            "territories",
            gettext_lazy("Territories"),
            aliases=("territory", "region", "gebiet"),
            parse=parse_words,
            help=gettext_lazy("Several with commas between."),
        ),
        ImportColumn(
            "country",
            gettext_lazy("Country"),
            aliases=("land",),
            parse=parse_country,
            help=gettext_lazy("A code or a name."),
        ),
        ImportColumn("city", gettext_lazy("City"), aliases=("town", "ort", "stadt")),
        ImportColumn("domain", gettext_lazy("E-mail domain"), aliases=("domain", "email domain"), parse=parse_domain),
        ImportColumn("website", gettext_lazy("Website"), aliases=("url", "web", "homepage"), parse=parse_website),
        ImportColumn("legal_name", gettext_lazy("Legal name"), aliases=("registered name",)),
        ImportColumn(
            "program", gettext_lazy("Program"), aliases=("programm",), help=gettext_lazy("Empty: the first active one.")
        ),
        ImportColumn(
            "cam",
            gettext_lazy("Channel manager’s e-mail"),
            aliases=("cam", "channel manager", "owner"),
            parse=parse_email,
        ),
        ImportColumn(
            "parent", gettext_lazy("Distributor"), aliases=("parent",), help=gettext_lazy("Its reference or name.")
        ),
    ),
)

PEOPLE = Importer(
    key="people",
    label=gettext_lazy("People of partners"),
    order=20,
    run=run_person,
    help=gettext_lazy(
        "Each person is sent an invitation by e-mail. Whoever is there already gets the roles of the file."
    ),
    columns=(
        ImportColumn(
            "email", gettext_lazy("E-mail"), True, aliases=("mail", "e-mail", "email address"), parse=parse_email
        ),
        ImportColumn(
            "partner",
            gettext_lazy("Partner"),
            True,
            aliases=("company", "account", "organisation", "firma"),
            help=gettext_lazy("Your reference of the partner, or its name."),
        ),
        ImportColumn("name", gettext_lazy("Name"), aliases=("full name", "person")),
        ImportColumn(
            "roles",
            gettext_lazy("Roles"),
            aliases=("role", "rolle"),
            parse=parse_roles,
            help=gettext_lazy("Partner admin, seller, marketing, finance; seller when empty."),
        ),
    ),
)
