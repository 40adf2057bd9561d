"""The demo's pipeline at the end of its year: sales at every stage, rates of the day, a file on the Exports page."""

import random
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealreg import actions as deals
from dealreg.models import Deal, DealStatus, PipelineStage
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import ExchangeRate
from prm.kernel.tenancy.context import acting
from prm.kernel.ui.actions import ask_for_export

MOVED = 120
RATES = {"USD": "0.9240000000", "GBP": "1.1710000000", "CHF": "1.0480000000"}
SHARES = (30, 25, 20, 15, 10)  # of a hundred sales, how many stand at each stage


def fill(tenant: UUID, rng: random.Random) -> None:
    """Partners say how far their sales are; the vendor enters rates and has its open registrations written."""
    with acting(tenant=tenant, audience="vendor") as now:
        for currency, rate in RATES.items():
            ExchangeRate.objects.get_or_create(
                currency=currency, valid_from=now.date(), defaults={"rate": Decimal(rate)}
            )
        open_ones = (
            Deal.objects.filter(status=DealStatus.APPROVED, submitted_by__isnull=False)
            .select_related("submitted_by")
            .order_by("number")
        )
        for deal in list(open_ones)[-MOVED:]:
            stage = rng.choices(PipelineStage.values, weights=SHARES)[0]
            if stage != deal.pipeline_stage:
                deals.change_stage(deal_id=deal.pk, stage=stage, actor=_actor(deal.submitted_by), now=now)
        staff = Membership.objects.filter(partner=None, roles__contains=["ops"]).order_by("name").first()
        if staff is not None:
            ask_for_export(
                member_id=staff.pk,
                address="/console/deals/?view=open",
                title="Registrations",
                format="xlsx",
                expected_rows=Deal.objects.filter(status__in=["submitted", "in_review", "action_required"]).count(),
                language="en",
                actor=_actor(staff),
                now=now,
            )


def _actor(member: Any) -> Actor:
    return Actor(
        kind="person",
        id=str(member.person_id),
        name=str(member),
        roles=frozenset(member.roles),
        membership_id=member.pk,
        partner_id=member.partner_id,
    )
