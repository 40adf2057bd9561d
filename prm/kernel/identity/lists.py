"""People, invitations and keys, in the one list component."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.kernel.identity import queries, roles
from prm.kernel.identity.bulk import INVITED, PEOPLE
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.ui.lists import Choice, Column, Empty, List, Search, View
from prm.kernel.ui.lists.filters import Filter

Words = str | Promise


def name_here(request: HttpRequest, page: str) -> str:
    """The name of a page of this audience: people look alike from both sides of the wall."""
    side = "portal" if request.path.startswith("/portal/") else "console"
    return f"identity:{side}_{page}"


def organisation(row: Any) -> str:
    return str(row.partner) if row.partner_id else str(_("Us"))


class HoldsRole(Choice):
    """Who holds one of the chosen roles."""

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(roles__overlap=list(value))


class Side(Choice):
    """Our own people, or our partners'."""

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(partner__isnull=value[0] == "vendor")


class PeopleList(List):
    """Everybody whom the reader's wall lets them see."""

    key = "people"
    title = _("People")
    noun = (_("person"), _("people"))
    default_sort = "name"
    columns: Sequence[Column] = (
        Column(
            "name",
            _("Name"),
            sort="name",
            kind="person",
            value=lambda m: m.name or m.email,
            link=lambda m: reverse("identity:console_person", args=[m.pk]),
        ),
        Column("organisation", _("Organisation"), value=organisation),
        Column("roles", _("Roles"), value=lambda m: roles.labels(m.roles)),
        Column("email", _("E-mail"), sort="email"),
        Column("joined_at", _("Joined"), kind="when", sort="joined_at", optional=True),
    )
    filters: Sequence[Filter] = (
        Search("name", "email"),
        Side("side", _("Side"), options=(("vendor", _("Us")), ("partner", _("Partners")))),
        HoldsRole("role", _("Role"), options=[(key, words[0]) for key, words in roles.ROLES.items()], many=True),
    )
    views: Sequence[View] = (
        View("staff", _("Our people"), {"side": "vendor"}),
        View("partners", _("Partners' people"), {"side": "partner"}),
    )
    bulk = PEOPLE
    empty = Empty(
        _("Nobody is here yet"),
        _("Invite the people who work with this program."),
        action=_("Invite somebody"),
        url_name="identity:console_invite",
        icon="user-plus",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Membership]:
        return queries.members()


class OwnPeopleList(PeopleList):
    """A partner's own people."""

    key = "own_people"
    columns: Sequence[Column] = (
        Column(
            "name",
            _("Name"),
            sort="name",
            kind="person",
            value=lambda m: m.name or m.email,
            link=lambda m: reverse("identity:portal_person", args=[m.pk]),
        ),
        *PeopleList.columns[2:],
    )
    views: Sequence[View] = ()
    filters: Sequence[Filter] = (
        Search("name", "email"),
        HoldsRole("role", _("Role"), options=roles.choices(partner=True), many=True),
    )
    empty = Empty(
        _("Nobody is here yet"),
        _("Invite your colleagues."),
        action=_("Invite somebody"),
        url_name="identity:portal_invite",
        icon="user-plus",
    )


class Invitations(List):
    """Who is invited and has not come yet, those whose link has lapsed among them."""

    key = "invitations"
    title = _("Invitations")
    noun = (_("invitation"), _("invitations"))
    default_sort = "-created_at"
    columns: Sequence[Column] = (
        Column("email", _("E-mail"), sort="email", sub=lambda i: i.name),
        Column("organisation", _("Organisation"), sort="organisation"),
        Column("roles", _("Roles"), value=lambda i: roles.labels(i.roles)),
        Column("invited_by_name", _("Invited by"), sort="invited_by_name", kind="person"),
        Column("created_at", _("Invited"), kind="when", sort="created_at"),
        Column("expires_at", _("Valid until"), kind="when", sort="expires_at"),
    )
    filters: Sequence[Filter] = (Search("email", "name", "organisation"),)
    bulk = INVITED
    can_save_views = False
    empty = Empty(
        _("Nobody is on their way"),
        _("Whoever you invite stands here until they have come: send the link again, or withdraw it."),
        icon="mail",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Invitation]:
        return open_invitations()


def open_invitations() -> QuerySet[Invitation]:
    """Who is invited and has not come yet, the latest first."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None).order_by("-created_at")
