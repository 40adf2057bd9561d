"""A past of many deals, made in bulk along the state machine's own moves: what reports are counted over."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dealreg.models import Deal, DealAssessment, DealLine, PipelineStage
from partners.queries import default_program
from prm.kernel.reference.models import ExchangeRate, ProductLine, Territory
from tests.cast import birch, bo, cam, cedar, vendor

CURRENCIES = ("EUR", "EUR", "USD", "CHF")  # CHF has no rate
ENDS = ("approved", "approved", "approved", "won", "lost", "expired", "rejected", "in_review", "action_required")


def live(count: int, seed: int = 1) -> list[Deal]:
    """So many deals of Birch and Cedar, of the last fourteen months, in every state."""
    rng = random.Random(seed)
    with vendor() as now:
        today = now.date()
        _rates(today)
        program, lines = default_program(), list(ProductLine.objects.order_by("code"))
        regions = [None, *Territory.objects.order_by("code")[:2]]
        deals = [_deal(number + seed * 10_000, rng, now, program, regions) for number in range(count)]
        Deal.objects.bulk_create(deals)
        DealLine.objects.bulk_create(line for deal in deals for line in _lines(deal, rng, lines))
        for deal in deals:
            _end(deal, rng, now)
        DealAssessment.objects.bulk_create(
            DealAssessment(deal=deal, outcome=rng.choice(["clear", "clear", "review", "conflict"])) for deal in deals
        )
    return deals


def _rates(today: date) -> None:
    for days, rate in ((-400, "0.70"), (-3, "0.8734567891"), (5, "9.99")):  # an old one, today's, and one to come
        ExchangeRate.objects.update_or_create(
            currency="USD", valid_from=today + timedelta(days=days), defaults={"rate": Decimal(rate)}
        )
    ExchangeRate.objects.filter(currency="CHF").delete()


def _deal(number: int, rng: random.Random, now: datetime, program: Any, regions: list[Any]) -> Deal:
    amount = Decimal(rng.randrange(100, 9_000_000)) / 100
    return Deal(
        partner_id=rng.choice([birch.id, birch.id, cedar.id]),
        program=program,
        number=f"T-{number:06}",
        customer_name=f"Customer {number}",
        customer_country="DE",
        amount=amount,
        amount_vendor=amount,
        currency=rng.choice(CURRENCIES),
        expected_close_on=now.date() + timedelta(days=rng.randrange(-60, 500)),
        pipeline_stage=rng.choice(PipelineStage.values),
        territory=rng.choice(regions),
        owner_cam_id=rng.choice([None, cam.membership_id]),
        submitted_by_id=bo.membership_id,
        created_at=now,
        changed_at=now - timedelta(hours=rng.randrange(1, 900)),
    )


def _lines(deal: Deal, rng: random.Random, lines: list[ProductLine]) -> list[DealLine]:
    """One to three lines; some deals have an amount for each, some for none, some for a part of them."""
    chosen, priced = rng.sample(lines, rng.randint(1, min(3, len(lines)))), rng.choice(["all", "none", "some"])
    return [
        DealLine(
            deal=deal,
            product_line=line,
            amount=Decimal(rng.randrange(1, 99_999)) / 100
            if priced == "all" or (priced == "some" and not index)
            else None,
        )
        for index, line in enumerate(chosen)
    ]


def _end(deal: Deal, rng: random.Random, now: datetime) -> None:
    mine, at = Deal.objects.filter(pk=deal.pk), now - timedelta(hours=rng.randrange(1, 420 * 24))
    mine.update(status="submitted", submission=1, submitted_at=at, answer_due_at=at)
    end = rng.choice(ENDS)
    decided = min(now, at + timedelta(minutes=rng.randrange(1, 20_000)))
    if end == "in_review":
        mine.update(status=end)
    elif end == "action_required":
        mine.update(status=end, returned_fields=["amount"])
    elif end == "rejected":
        mine.update(status=end, decided_at=decided)
    else:
        until = now.date() + timedelta(days=rng.randrange(0, 90))
        mine.update(status="approved", decided_at=decided, protected_until=until)
        if end != "approved":
            mine.update(status=end)
