"""What the portal's home shows first."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum

from dealreg.models import Deal, DealStatus
from partners.models import Enrolment, Tier
from prm.kernel.clock import local_date
from prm.kernel.identity.access import looks_only

SOON = 30  # days


def partner_home(request: Any) -> dict[str, Any]:
    """Everything in a handful of queries, however many deals there are."""
    today = local_date(request.now)
    soon = Q(status="approved", protected_until__lte=today + timedelta(days=SOON))
    figures = Deal.objects.aggregate(
        protected=Count("pk", filter=Q(status="approved")),
        protected_amount=Sum("amount_vendor", filter=Q(status="approved")),
        waiting=Count("pk", filter=Q(status__in=["submitted", "in_review"])),
        won=Count("pk", filter=Q(status="won")),
        won_amount=Sum("actual_amount", filter=Q(status="won")),
        ending=Count("pk", filter=soon),
    )
    needs = Deal.objects.filter(Q(status=DealStatus.ACTION_REQUIRED) | soon).order_by("status", "protected_until")
    enrolment = Enrolment.objects.select_related("tier", "program").first()
    return {
        "figures": figures,
        "needs": list(needs[:6]),
        "drafts": list(Deal.objects.filter(status=DealStatus.DRAFT).order_by("-changed_at")[:3]),
        "recent": list(Deal.objects.exclude(decided_at=None).order_by("-decided_at")[:6]),
        "enrolment": enrolment,
        "next_tier": next_tier(enrolment),
        "today": today,
        "soon": SOON,
        "currency": request.tenant.currency,
        "may_register": request.actor.has("seller", "partner_admin") and not looks_only(request),
    }


def next_tier(enrolment: Enrolment | None) -> Tier | None:
    if enrolment is None or enrolment.tier is None:
        return None
    better = Tier.objects.filter(program=enrolment.program_id, rank__gt=enrolment.tier.rank)
    return better.prefetch_related("benefits").order_by("rank").first()
