"""Readers of identity."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.db.models.functions import Now

from prm.kernel.identity import secrets
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.identity.rules import Grant
from prm.kernel.tenancy.models import Tenant
from prm.kernel.tenancy.remembering import is_kept, keep, remembered


def members() -> QuerySet[Membership]:
    """The people of the organisations in sight: with a partner's eyes its own, with the vendor's all."""
    return Membership.objects.filter(ended_at=None).select_related("partner")


@remembered("identity.Membership")
def member(membership_id: UUID) -> Membership | None:
    """Somebody who is or was here, of the vendor or of a partner, with whoever stands in for them."""
    return Membership.objects.filter(pk=membership_id).select_related("delegate").first()


def current_member(membership_id: UUID) -> Membership | None:
    """The same, unless they have left."""
    found = member(membership_id)
    return found if found is not None and found.ended_at is None else None


def current_members(ids: Iterable[UUID]) -> dict[UUID, Membership]:
    """Those of many who are still here; whom nobody has asked for yet is asked for at once."""
    wanted = set(ids)
    unknown = {pk for pk in wanted if not is_kept(member, pk)}
    if len(unknown) > 1:
        found = Membership.objects.filter(pk__in=unknown).select_related("delegate").in_bulk()
        for pk in unknown:
            keep(member, found.get(pk), pk)
    return {pk: person for pk in wanted if (person := current_member(pk)) is not None}


def members_with_role(*roles: str, partner_id: UUID | None = None) -> QuerySet[Membership]:
    """Who holds one of `roles` at the vendor, or at one partner."""
    return members().filter(partner=partner_id, roles__overlap=list(roles))


def organisation_name(partner_id: UUID | None) -> str:
    """The vendor's name, or a partner's. Raises DoesNotExist for a partner that is out of sight."""
    if partner_id is None:
        return Tenant.objects.get().name
    return str(apps.get_model("partners", "Partner").objects.get(pk=partner_id))


def grant(
    *, actor: Actor, partner_id: UUID | None, roles: Sequence[str], email: str = "", member: Membership | None = None
) -> Grant:
    """The facts for judging what `actor` wants to give. Runs as the vendor."""
    return Grant(
        actor_roles=tuple(sorted(actor.roles or _definition(actor))),
        actor_is_partner=not actor.is_vendor,
        same_organisation=actor.partner_id == partner_id,
        for_partner=partner_id is not None,
        roles=tuple(sorted(set(roles))),
        is_self=member is not None and member.pk == actor.membership_id,
        already_member=bool(email) and members().filter(partner=partner_id, email=email).exists(),
        leaves_no_admin=member is not None and _leaves_no_admin(member, roles),
        viewing_as=actor.impersonator is not None,
    )


def _definition(actor: Actor) -> frozenset[str]:
    """The system and workflows act within what an admin has defined."""
    return frozenset({"admin"}) if actor.kind in ("system", "workflow") else frozenset()


def lock_admins() -> None:
    """Make two changes to who is admin wait for one another (READ COMMITTED sees neither's end)."""
    list(
        Membership.objects.select_for_update()
        .filter(partner=None, ended_at=None, roles__contains=["admin"])
        .order_by("pk")
        .values_list("pk")
    )


def _leaves_no_admin(member: Membership, roles: Sequence[str]) -> bool:
    if member.partner_id is not None or "admin" not in member.roles or "admin" in roles:
        return False
    return not members_with_role("admin").exclude(pk=member.pk).exists()


def open_invitation(secret: str, *, lock: bool = False) -> Invitation | None:
    """The invitation that a link opens, on the identity plane; None once used, revoked or expired."""
    found = Invitation.objects.filter(
        secret_hash=secrets.hash_of(secret),
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=Now(),
        tenant__status="active",
    ).select_related("tenant")
    return (found.select_for_update(of=("self",)) if lock else found).first()
