"""What deal registration shows on other records: a partner's page has its deals without knowing what a deal is."""

from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from dealreg import queries
from dealreg.models import Deal, DealPolicy, DealStatus
from prm.kernel.ui.slots import Slot, register_slot

LATEST = 5


def deals_of_partner(request: HttpRequest, partner_id: UUID) -> dict[str, Any]:
    """The partner's latest deals, and how many there are in each state with the way to them."""
    deals = Deal.objects.filter(partner_id=partner_id).exclude(status=DealStatus.DRAFT)
    counted = deals.order_by("status").values_list("status").annotate(Count("pk"))
    return {
        "deals": deals.order_by("-submitted_at", "-pk")[:LATEST],
        "counts": [(status, count, _list_of(partner_id, status=status)) for status, count in counted],
        "all_url": _list_of(partner_id),
    }


def files_of_partner(request: HttpRequest, partner_id: UUID) -> dict[str, Any]:
    """How much room the partner's files take, and who may give it more."""
    policy = queries.policy()
    return {
        "room": queries.room_of(partner_id, policy),
        "setting": _setting(policy) if request.actor.has("admin") else "",  # type: ignore[attr-defined]
    }


def _setting(policy: DealPolicy) -> str:
    """Where the limit is set: the vendor's own row, or the form that makes it."""
    if policy._state.adding:  # the shipped limits hold
        return reverse("admin:dealreg_dealpolicy_add")
    return reverse("admin:dealreg_dealpolicy_change", args=[policy.pk])


def _list_of(partner_id: UUID, **more: str) -> str:
    return f"{reverse('dealreg_console:list')}?{urlencode({'partner': partner_id, **more})}"


register_slot("partner", Slot("deals", _("Deals"), "dealreg/partner_deals.html", deals_of_partner, order=10))
register_slot("partner", Slot("files", _("Files"), "dealreg/partner_files.html", files_of_partner, order=20))
