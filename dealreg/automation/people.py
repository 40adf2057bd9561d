"""Who is told about a deal."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dealreg.models import Deal
from partners import queries as partners
from prm.kernel.automation.registry import Recipients, register_recipients
from prm.kernel.identity.models import Membership


def submitter(deal_id: UUID) -> list[UUID]:
    """Who handed it in, or the partner's admins where that person has left or a file did it."""
    deal = Deal.objects.get(pk=deal_id)
    here = Membership.objects.filter(pk=deal.submitted_by_id, ended_at=None).values_list("pk", flat=True)
    return list(here) or partner_admins(deal_id)


def partner_admins(deal_id: UUID) -> list[UUID]:
    partner_id = Deal.objects.values_list("partner_id", flat=True).get(pk=deal_id)
    return [person.pk for person in partners.people_of(partner_id, "partner_admin")]


def channel_manager(deal_id: UUID) -> list[UUID]:
    """The deal's own channel manager, else its partner's."""
    deal = Deal.objects.select_related("partner").get(pk=deal_id)
    wanted = deal.owner_cam_id or deal.partner.cam_id
    return list(Membership.objects.filter(pk=wanted, ended_at=None).values_list("pk", flat=True))


def other_side(deal_id: UUID, *, by_partner: bool) -> Iterable[UUID]:
    """Who reads what the one side wrote."""
    return channel_manager(deal_id) if by_partner else submitter(deal_id)


for _list in (
    Recipients("deal.submitter", str(_("Who submitted the deal")), submitter, "deal"),
    Recipients("deal.partner_admins", str(_("The partner's admins")), partner_admins, "deal"),
    Recipients("deal.cam", str(_("The deal's channel manager")), channel_manager, "deal"),
):
    register_recipients(_list)
