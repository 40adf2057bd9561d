"""Where a person goes after signing in, and what is remembered of every try."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from prm.kernel.identity.models import Membership, Person, SecurityEvent
from prm.kernel.tenancy.context import acting

HOMES = {"partner": ("portal:home", "/portal/"), "vendor": ("console:today", "/console/")}
MEMBERSHIP_KEY = "membership_id"


def landing(request: HttpRequest) -> str:
    """The address to show after sign-in: home, or the chooser when there is a choice (or nothing)."""
    membership = remembered(request) or only_membership(request.user.pk)
    if membership is None:
        return reverse("identity:choose")
    request.session[MEMBERSHIP_KEY] = str(membership.pk)
    return home_of(membership.audience)


def home_of(audience: str) -> str:
    name, path = HOMES[audience]
    try:
        return reverse(name)
    except NoReverseMatch:
        return path


def memberships_of(person_id: UUID) -> list[Membership]:
    """A person's open memberships of tenants that are running, in a settled order."""
    return list(
        Membership.objects.filter(person_id=person_id, ended_at=None, tenant__status="active")
        .select_related("tenant")
        .order_by("tenant__name", "joined_at", "id")
    )


def only_membership(person_id: UUID) -> Membership | None:
    found = memberships_of(person_id)
    return found[0] if len(found) == 1 else None


def remembered(request: HttpRequest) -> Membership | None:
    """The organisation chosen in this session, if the person still belongs to it."""
    chosen = request.session.get(MEMBERSHIP_KEY)
    return next((m for m in memberships_of(request.user.pk) if str(m.pk) == chosen), None) if chosen else None


def note(request: HttpRequest | None, kind: str, person: Person | None, **detail: Any) -> None:
    """Write one line of the person's security history."""
    SecurityEvent.objects.create(kind=kind, person=person, detail=detail, address=address_of(request))


def note_failure(request: HttpRequest, *, email: str) -> None:
    """A failed sign-in, kept with the person it was tried for; an unknown address is not kept as typed."""
    note(request, "login.failed", Person.objects.filter(email=email.lower()).first())


def address_of(request: HttpRequest | None) -> str | None:
    return request.META.get("REMOTE_ADDR") or None if request else None


@dataclass(frozen=True)
class Organisation:
    """One line of the chooser."""

    membership: Membership
    name: str
    vendor: str
    audience: str


def organisations_of(person_id: UUID) -> list[Organisation]:
    """The person's organisations by name. A partner's name is its tenant's data, so each is read inside."""
    return [_organisation(membership) for membership in memberships_of(person_id)]


def _organisation(membership: Membership) -> Organisation:
    vendor = membership.tenant.name
    if membership.partner_id is None:
        return Organisation(membership, vendor, vendor, "vendor")
    with acting(tenant=membership.tenant_id, audience="partner", partners=[membership.partner_id]):
        name = str(Membership.objects.select_related("partner").get(pk=membership.pk).partner)
    return Organisation(membership, name, vendor, "partner")
