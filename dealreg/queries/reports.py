"""Hints, stories and figures. A partner's readers see what the wall lets them see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import Avg, Count, F, Q, QuerySet, Sum

from dealreg.entry import plain
from dealreg.models import Customer, Deal, DealFile, DealStatus, Protection
from dealreg.models.deals import LIVE, WAITING, PipelineStage
from prm.kernel.matching import Normal, Record, decide, normalise, score

STAGE_WEIGHTS = {
    PipelineStage.DISCOVERY: Decimal("0.10"),
    PipelineStage.QUALIFIED: Decimal("0.25"),
    PipelineStage.PROPOSAL: Decimal("0.50"),
    PipelineStage.NEGOTIATION: Decimal("0.75"),
    PipelineStage.COMMITTED: Decimal("0.90"),
}
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


def pipeline() -> list[dict[str, Any]]:
    """Protected deals by stage, with the forecast: amounts weighted by how likely the stage is to close."""
    rows: dict[str, dict[str, Any]] = {
        row["pipeline_stage"]: dict(row)
        for row in Deal.objects.filter(status=DealStatus.APPROVED)
        .values("pipeline_stage")
        .annotate(deals=Count("pk"), amount=Sum("amount_vendor"))
    }
    return [
        {
            "stage": stage.value,
            "label": stage.label,
            "deals": rows.get(stage.value, {}).get("deals", 0),
            "amount": rows.get(stage.value, {}).get("amount") or Decimal(0),
            "weight": STAGE_WEIGHTS[stage],
            "forecast": ((rows.get(stage.value, {}).get("amount") or Decimal(0)) * STAGE_WEIGHTS[stage]).quantize(
                Decimal("0.01")
            ),
        }
        for stage in PipelineStage
    ]


def report_figures(*, now: datetime, days: int = 90) -> dict[str, Any]:
    """Registrations of the last days: how many, how fast, how they ended, how many waited for a person."""
    handed_in = Deal.objects.filter(submitted_at__gte=now - timedelta(days=days))
    decided = handed_in.exclude(decided_at=None)
    counts = handed_in.aggregate(
        submitted=Count("pk"),
        decided=Count("pk", filter=Q(decided_at__isnull=False)),
        approved=Count("pk", filter=Q(decided_at__isnull=False) & ~Q(status=DealStatus.REJECTED)),
        rejected=Count("pk", filter=Q(status=DealStatus.REJECTED)),
        touchless=Count("pk", filter=Q(decided_at__isnull=False, decided_by_person=False)),
        waiting=Count("pk", filter=Q(status__in=WAITING)),
        late=Count("pk", filter=Q(status__in=WAITING, answer_due_at__lt=now)),
        conflicts=Count("pk", filter=Q(assessments__outcome="conflict")),
        average=Avg(F("decided_at") - F("submitted_at"), filter=Q(decided_at__isnull=False)),
    )
    waits = sorted(
        (end - start).total_seconds() / 3600
        for start, end in decided.values_list("submitted_at", "decided_at")
        if start and end
    )
    return {
        **counts,
        "median_hours": _quantile(waits, 0.5),
        "p95_hours": _quantile(waits, 0.95),
        "touchless_rate": _share(counts["touchless"], counts["decided"]),
        "approval_rate": _share(counts["approved"], counts["decided"]),
        "conflict_rate": _share(counts["conflicts"], counts["submitted"]),
    }


def _quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
