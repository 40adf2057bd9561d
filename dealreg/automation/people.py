"""Who is told about a deal."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dealreg.queries.facts import as_read
from partners import queries as partners
from prm.kernel.automation.registry import Recipients, register_recipients
from prm.kernel.identity.queries import current_member


def submitter(deal_id: UUID) -> list[UUID]:
    """Who handed it in, or the partner's admins where that person has left or a file did it."""
    deal = as_read(deal_id)
    return _here(deal.submitted_by_id) or partner_admins(deal_id)


def partner_admins(deal_id: UUID) -> list[UUID]:
    return admins_of(as_read(deal_id).partner_id)


def admins_of(partner_id: UUID) -> list[UUID]:
    return [person.pk for person in partners.people_of(partner_id, "partner_admin")]


def channel_manager(deal_id: UUID) -> list[UUID]:
    """The deal's own channel manager, else its partner's."""
    deal = as_read(deal_id)
    return _here(deal.owner_cam_id or deal.partner.cam_id)


def _here(membership_id: UUID | None) -> list[UUID]:
    """The one, unless they have left."""
    return [membership_id] if membership_id and current_member(membership_id) else []


def other_side(deal_id: UUID, *, by_partner: bool) -> Iterable[UUID]:
    """Who reads what the one side wrote."""
    return channel_manager(deal_id) if by_partner else submitter(deal_id)


for _list in (
    Recipients("deal.submitter", _("Who submitted the deal"), submitter, "deal"),
    Recipients("deal.partner_admins", _("The partner's admins"), partner_admins, "deal"),
    Recipients("deal.cam", _("The deal's channel manager"), channel_manager, "deal"),
):
    register_recipients(_list)
