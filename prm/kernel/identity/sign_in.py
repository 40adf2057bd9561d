"""Where a person goes after signing in, and what is remembered of every try."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from allauth.core.internal.httpkit import get_client_ip
from django.core.signing import Signer
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from prm.kernel.identity import operators
from prm.kernel.identity.models import Membership, Person, SecurityEvent
from prm.kernel.tenancy.context import acting

HOMES = {"partner": "/portal/", "vendor": "/console/"}
MEMBERSHIP_KEY = "membership_id"


def landing(request: HttpRequest) -> str:
    """The address to show after sign-in: home, or the chooser when there is a choice (or nothing)."""
    mine = memberships_of(person_id(request))
    membership = remembered(request) or (mine[0] if len(mine) == 1 else None)
    if membership is None:
        operates = not mine and operators.is_operator(person_id(request))
        return reverse("identity:operator" if operates else "identity:choose")
    request.session[MEMBERSHIP_KEY] = str(membership.pk)
    return home_of(membership.audience)


def person_id(request: HttpRequest) -> UUID:
    """Who is signed in. Only for requests that have passed `login_required`."""
    return cast(UUID, request.user.pk)


def home_of(audience: str) -> str:
    return HOMES[audience]


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
    return next((m for m in memberships_of(person_id(request)) if str(m.pk) == chosen), None) if chosen else None


def note(request: HttpRequest | None, kind: str, person: Person | None, **detail: Any) -> None:
    """Write one line of the person's security history."""
    SecurityEvent.objects.create(kind=kind, person=person, detail=detail, address=address_of(request))


def note_failure(request: HttpRequest, *, email: str) -> None:
    """A failed sign-in, kept with the person it was tried for; an unknown address is not kept as typed."""
    note(request, "login.failed", Person.objects.filter(email=email.lower()).first())


def address_of(request: HttpRequest | None) -> str | None:
    """Where the request came from; a proxy's word is taken only with PRM_TRUST_PROXY."""
    return get_client_ip(request) or None if request else None


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


KNOWN_COOKIE = "known"
KNOWN_FOR = 180 * 24 * 3600  # seconds
_known = Signer(salt="prm.kernel.identity.known")


def known_device(request: HttpRequest, email: str) -> bool:
    """Whether `email` signed in from this browser before: its tries are counted apart from strangers'.

    OWASP's device cookie: an attacker who uses up the tries for an address locks out other strangers,
    never the person who owns it.
    """
    return constant_time_compare(request.COOKIES.get(KNOWN_COOKIE, ""), _mark(email))


def remember_device(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    response.set_cookie(
        KNOWN_COOKIE,
        _mark(email),
        max_age=KNOWN_FOR,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
        path=reverse("account_login"),
    )


def _mark(email: str) -> str:
    return _known.signature(email.lower())


WORDS = {
    "login": _("Signed in"),
    "login.failed": _("A sign-in failed"),
    "logout": _("Signed out"),
    "password.set": _("Password set"),
    "password.changed": _("Password changed"),
    "password.reset": _("Password reset by mail"),
    "email.added": _("E-mail address added"),
    "email.changed": _("E-mail address changed"),
    "email.removed": _("E-mail address removed"),
    "factor.added": _("Second factor added"),
    "factor.removed": _("Second factor removed"),
    "factor.reset": _("Recovery codes made anew"),
    "factor.failed": _("A wrong second factor was given"),
    "session.moved": _("A session went on from another place"),
    "session.ended": _("Another device signed out"),
    "operator.added": _("Became an operator of the platform"),
    "operator.removed": _("Is no operator of the platform any more"),
}


def described(event: SecurityEvent) -> dict[str, Any]:
    """A line of the security history, for a timeline."""
    worrying = event.kind.endswith(".failed") or event.kind == "session.moved"
    return {
        "at": event.recorded_at,
        "title": WORDS.get(event.kind, event.kind),
        "text": event.address or "",
        "icon": "shield-alert" if worrying else "shield-check",
        "tone": "warn" if worrying else "neutral",
    }
