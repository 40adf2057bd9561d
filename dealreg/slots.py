"""What deal registration shows on other records: a partner's page has its deals without knowing what a deal is."""

from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from dealreg.models import Deal, DealStatus
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


def _list_of(partner_id: UUID, **more: str) -> str:
    return f"{reverse('dealreg_console:list')}?{urlencode({'partner': partner_id, **more})}"


register_slot("partner", Slot("deals", _("Deals"), "dealreg/partner_deals.html", deals_of_partner, order=10))
