"""What of a deal can be written to other systems, and when it is looked at again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from dealreg import events, queries
from dealreg.models import Deal, DealStatus
from prm.kernel.automation.registry import SyncSpec, register_sync

OFFERED = 25


def facts_now(deal_id: UUID) -> Mapping[str, Any]:
    """The deal as it is. Raises Deal.DoesNotExist."""
    return queries.deal_facts(queries.as_read(deal_id))


def recent() -> list[UUID]:
    """The deals handed in last."""
    deals = Deal.objects.exclude(status=DealStatus.DRAFT).order_by("-submitted_at")
    return list(deals.values_list("pk", flat=True)[:OFFERED])


def existing(after: UUID | None) -> QuerySet[Deal, UUID]:
    """Every deal that was handed in, the oldest first."""
    deals = Deal.objects.exclude(status=DealStatus.DRAFT).order_by("pk")
    return (deals.filter(pk__gt=after) if after else deals).values_list("pk", flat=True)


register_sync(
    SyncSpec(
        subject="deal",
        schema="deal",
        events=frozenset(
            event.name
            for event in (
                events.DealSubmitted,
                events.DealInReview,
                events.DealReturned,
                events.DealApproved,
                events.DealRejected,
                events.DealWithdrawn,
                events.DealWon,
                events.DealLost,
                events.DealExpired,
                events.DealExtended,
                events.StageChanged,
                events.DealReassigned,
                events.DealShared,
            )
        ),
        facts=facts_now,
        recent=recent,
        existing=existing,
    )
)
