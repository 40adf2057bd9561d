"""Hints and stories. A partner's readers see what the wall lets them see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from dealreg.entry import plain
from dealreg.models import Customer, Deal, DealFile, Protection
from dealreg.models.deals import LIVE
from prm.kernel.matching import Normal, Record, decide, normalise, score

OWN_SEARCHED = 400


@dataclass(frozen=True, slots=True)
class OwnMatch:
    """A deal of the partner's own for what seems to be the same customer."""

    deal_id: UUID
    number: str
    customer_name: str
    status: str
    probability: float


def own_duplicates(
    *,
    customer_name: str,
    customer_domain: str = "",
    customer_country: str = "",
    partner_ids: Iterable[UUID] | None = None,
    but: UUID | None = None,
) -> list[OwnMatch]:
    """The partner's own live deals that look like the same customer: nobody else's are read at all."""
    if not plain(customer_name):
        return []
    typed = normalise(Record(plain(customer_name)[:300], plain(customer_domain)[:255], plain(customer_country)[:60]))
    own = Deal.objects.filter(status__in=LIVE)
    if but is not None:
        own = own.exclude(pk=but)
    if partner_ids is not None:
        own = own.filter(partner_id__in=list(partner_ids))
    rows = own.order_by("-submitted_at").values_list("pk", "number", "customer_name", "status", "normal")
    found = []
    for pk, number, name, status, normal in rows[:OWN_SEARCHED]:
        scored = score(typed, Normal.from_json(normal))
        if decide(scored).outcome != "clear":
            found.append(OwnMatch(pk, number, name, status, scored.probability))
    return sorted(found, key=lambda match: -match.probability)[:5]


def read_file(*, deal_id: UUID, file_id: UUID) -> tuple[DealFile, bytes]:
    """A file and its content. Raises DealFile.DoesNotExist where the reader may not see it."""
    row = DealFile.objects.get(pk=file_id, deal_id=deal_id)
    with default_storage.open(row.stored_name) as stored:
        return row, stored.read()


def customer_story(customer_id: UUID) -> dict[str, Any]:
    """A customer with its names, who is or was protected there, and the deals resolved to it. Vendor only."""
    customer = Customer.objects.select_related("parent").get(pk=customer_id)
    return {
        "customer": customer,
        "aliases": list(customer.aliases.order_by("name")),
        "children": list(customer.children.order_by("name")[:50]),
        "protections": list(
            Protection.objects.filter(customer=customer)
            .select_related("partner", "deal", "product_line")
            .order_by("-granted_on")[:100]
        ),
        "deals": list(
            Deal.objects.filter(assessments__customer=customer)
            .select_related("partner")
            .order_by("-submitted_at")[:100]
        ),
    }


def visible_deals() -> QuerySet[Deal]:
    """The deals that the open context may see, ready for a list: one query for all that a row shows."""
    return Deal.objects.select_related("partner", "territory", "vertical", "owner_cam", "program")
