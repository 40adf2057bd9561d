"""What is known of disputes: for their partner, for the desk that decides, and for workflows."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dealreg.models import Deal, DealSplit, DealStatus, Dispute, FormerDeal
from dealreg.queries.evidence import queue_rows, rivals_of, traces_of
from dealreg.queries.facts import deal_facts

COPIED = (
    *("deal.number", "deal.amount", "deal.country", "deal.territory", "deal.customer_name", "deal.conflict"),
    *("partner.name", "partner.tier", "partner.tier_rank"),
)
OPEN = (Dispute.Status.OPEN, Dispute.Status.IN_REVIEW)


def dispute_facts(dispute: Dispute) -> dict[str, Any]:
    """The facts of the schema "dispute" as they are now."""
    deal = deal_facts(dispute.deal)
    return {
        "dispute.about": dispute.about,
        "dispute.status": dispute.status,
        "dispute.outcome": dispute.outcome,
        "dispute.answer_due_at": dispute.answer_due_at,
        **{key: deal[key] for key in COPIED},
    }


def dispute_of(deal: Deal) -> Dispute | None:
    """The latest dispute about a deal that the open context may see."""
    return Dispute.objects.filter(deal=deal, partner_id=deal.partner_id).order_by("-raised_at", "-pk").first()


def may_contest(deal: Deal, latest: Dispute | None) -> bool:
    """Whether the page offers it; the action judges again, time limit and all."""
    turned = any(reason.get("key") == "deal.protection_moved" for reason in deal.answer_reasons)
    if deal.status != DealStatus.REJECTED and not (deal.status == DealStatus.EXPIRED and turned):
        return False
    if latest is None or latest.status == Dispute.Status.WITHDRAWN:
        return True
    return bool(latest.decided_at and deal.decided_at and latest.decided_at < deal.decided_at)


def former_deal(deal_id: UUID) -> FormerDeal | None:
    """What the open context's partner keeps of a deal that it no longer sees; None where it has the deal."""
    kept = FormerDeal.objects.filter(deal_id=deal_id).order_by("-moved_at").first()
    return None if kept is None or Deal.objects.filter(pk=deal_id).exists() else kept


def registered_before(deal: Deal) -> FormerDeal | None:
    """Who had registered a deal that was handed to another partner, with whose it was then; vendor only."""
    if deal.submitted_by_id is not None:
        return None
    kept = FormerDeal.objects.filter(deal=deal).exclude(registered_by="").select_related("partner")
    return kept.order_by("moved_at").first()


def former_deals() -> list[FormerDeal]:
    """The latest of them."""
    return list(FormerDeal.objects.order_by("-moved_at", "-pk")[:20])


def parts_of(deal: Deal) -> list[dict[str, Any]]:
    """The parts of a shared sale, the one that leads first. Vendor only; empty for a deal that is not shared."""
    if deal.share_percent is None:
        return []
    rows = DealSplit.objects.filter(Q(lead=deal) | Q(other=deal)).select_related("lead__partner", "other__partner")
    return [
        part
        for split in rows
        for part in (
            {"deal": split.lead, "percent": split.lead_percent, "leads": True},
            {"deal": split.other, "percent": split.other_percent, "leads": False},
        )
    ]


def dispute_rows(ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """What the queue's list shows of disputes: the deal's line, under the dispute's own address."""
    found = dict(Dispute.objects.filter(pk__in=list(ids)).values_list("pk", "deal_id"))
    deals = queue_rows(found.values())
    return {
        pk: {**deals[deal_id], "url": reverse("dealreg_console:dispute", args=[pk])}
        for pk, deal_id in found.items()
        if deal_id in deals
    }


def dispute_evidence(dispute_id: UUID) -> Mapping[str, Any]:
    """What speaks for the partner, what was decided before, and who stands against it."""
    dispute = Dispute.objects.select_related("deal__partner", "deal__vertical", "deal__territory", "raised_by").get(
        pk=dispute_id
    )
    deal = dispute.deal
    return {
        "evidence": {
            **rivals_of(deal.pk, deal=deal),
            "dispute": dispute,
            "files": list(dispute.files.order_by("at")),
            "traces": traces_of(deal.pk),
        },
        "share": _("Share of %(partner)s in percent") % {"partner": deal.partner.name},
    }


def facts_of_dispute(dispute_id: UUID) -> dict[str, Any]:
    """The facts, and what the wording of a message may use."""
    dispute = Dispute.objects.select_related("deal__partner").get(pk=dispute_id)
    outcome = dispute.get_outcome_display()
    return dispute_facts(dispute) | {"dispute.reason": dispute.reason, "dispute.answer": outcome}
