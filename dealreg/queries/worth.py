"""What deals are worth in the vendor's currency at today's rates, and how much of it is likely to come.

Every deal is rounded to the cent before anything is added up, so that the figures of a table add up to its
totals, and a figure to the deals behind it. A deal in a currency without a rate has no worth: it is counted and
told apart, never guessed.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Round

from dealreg.models import Deal, DealLine
from dealreg.models.stages import SHIPPED_PROBABILITIES, StageProbability
from prm.kernel.reference.models import ExchangeRate
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.tenancy.remembering import remembered

MONEY: Any = DecimalField(max_digits=20, decimal_places=2)
EXACT: Any = DecimalField(max_digits=30, decimal_places=10)


@remembered("tenancy.Tenant", "reference.ExchangeRate")
def rates(on: date) -> tuple[tuple[str, Decimal], ...]:
    """What one unit of each known currency is worth on a day; the vendor's own first."""
    newest = ExchangeRate.objects.filter(valid_from__lte=on).order_by("currency", "-valid_from").distinct("currency")
    own = vendor_currency()
    others = [(code, rate) for code, rate in newest.values_list("currency", "rate") if code != own]
    return ((own, Decimal(1)), *others)


@remembered("dealreg.StageProbability")
def probabilities() -> dict[str, Decimal]:
    """How likely a deal of each stage is to close; shipped ones where the vendor has set none."""
    own = dict(StageProbability.objects.values_list("stage", "probability"))
    return {stage.value: own.get(stage.value, usual) for stage, usual in SHIPPED_PROBABILITIES.items()}


def valued(deals: "QuerySet[Deal]", on: date, line: UUID | None = None) -> "QuerySet[Deal]":
    """Deals with `worth`, `likelihood` and `likely`; of one product line, with that line's share of each."""
    whole = deals.annotate(worth=worth_at(on), likelihood=likelihood())
    whole = whole.annotate(likely=Round(F("worth") * F("likelihood"), 2, output_field=MONEY))
    if line is None:
        return whole
    through, before = _share(line, "lte"), _share(line, "lt")
    return deals.annotate(full=worth_at(on), likelihood=likelihood(), through=through, before=before).annotate(
        worth=_between("full"),
        likely=_between(Round(F("full") * F("likelihood"), 2, output_field=MONEY)),
    )


_BY_LINE = """
WITH deals AS ({deals}), upto AS (
  SELECT l.product_line_id AS line, d.slot, d.whole, round(d.whole * d.likelihood, 2) AS likely,
    CASE WHEN count(*) FILTER (WHERE l.amount > 0) OVER deal = count(*) OVER deal
      THEN sum(l.amount) OVER here / sum(l.amount) OVER deal
      ELSE row_number() OVER here::numeric / count(*) OVER deal END AS through,
    CASE WHEN count(*) FILTER (WHERE l.amount > 0) OVER deal = count(*) OVER deal
      THEN (sum(l.amount) OVER here - l.amount) / sum(l.amount) OVER deal
      ELSE (row_number() OVER here - 1)::numeric / count(*) OVER deal END AS before
  FROM deals AS d JOIN dealreg_dealline AS l ON l.deal_id = d.id
  WINDOW deal AS (PARTITION BY l.deal_id), here AS (PARTITION BY l.deal_id ORDER BY l.product_line_id)
)
SELECT line, p.name, slot, count(*), sum(round(whole * through, 2) - round(whole * before, 2)),
       sum(round(likely * through, 2) - round(likely * before, 2))
FROM upto JOIN reference_productline AS p ON p.id = line WHERE %s::uuid IS NULL OR line = %s GROUP BY 1, 2, 3
"""


def by_line(deals: "QuerySet[Deal]", slot: Any, line: UUID | None) -> list[tuple[Any, ...]]:
    """Of `valued` deals what each product line is worth: its id and name, the slot, deals, worth, likely.

    A deal's lines add up to the deal. Lines that all have an amount share by it, others equally; the odd cents go
    to the later ones. One pass over the lines, since a year's deals have many.
    """
    asked = deals.annotate(whole=F("full" if line else "worth"), slot=slot).order_by()
    sql, values = asked.values("id", "whole", "likelihood", "slot").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_BY_LINE.format(deals=sql), [*values, line, line])
        return list(cursor.fetchall())


def worth_at(on: date) -> Any:
    """The amount at the day's rates, to the cent; null in a currency without one."""
    known = [
        When(
            currency=code,
            then=F("amount")
            if rate == 1
            else Round(F("amount") * Value(rate, output_field=EXACT), 2, output_field=MONEY),
        )
        for code, rate in rates(on)
    ]
    return Case(*known, default=Value(None), output_field=MONEY)


def likelihood() -> Any:
    """The stage's probability."""
    each = [
        When(pipeline_stage=stage, then=Value(share, output_field=EXACT)) for stage, share in probabilities().items()
    ]
    return Case(*each, default=Value(Decimal(0), output_field=EXACT), output_field=EXACT)


def _between(full: Any) -> Any:
    """The part of a sum that belongs to one line: rounded ends, so that all parts add up to the whole."""
    full = F(full) if isinstance(full, str) else full
    ends = [Round(full * F(name), 2, output_field=MONEY) for name in ("through", "before")]
    return ends[0] - ends[1]


def _share(line: UUID, how: str) -> Any:
    """How much of a deal its lines up to this one are, from 0 to 1."""
    upto = Q(**{f"product_line_id__{how}": line})
    lines = DealLine.objects.filter(deal=OuterRef("pk")).order_by().values("deal")
    counted = lines.annotate(
        all=Count("pk"),
        priced=Count("pk", filter=Q(amount__gt=0)),
        number=Count("pk", filter=upto),
        amounts=Sum("amount"),
        amount_upto=Coalesce(Sum("amount", filter=upto), Value(Decimal(0), output_field=MONEY)),
    )
    share = Case(
        When(priced=F("all"), then=F("amount_upto") / F("amounts")),
        default=Cast("number", EXACT) / F("all"),
        output_field=EXACT,
    )
    return Subquery(counted.annotate(share=share).values("share"), output_field=EXACT)


def summed(deals: "QuerySet[Deal]") -> dict[str, Any]:
    """What valued deals come to: how many, worth, likely, and how many have no worth."""
    return deals.order_by().aggregate(
        deals=Count("pk", filter=Q(worth__isnull=False)),
        worth_sum=Coalesce(Sum("worth"), Value(Decimal(0), output_field=MONEY)),
        likely_sum=Coalesce(Sum("likely"), Value(Decimal(0), output_field=MONEY)),
        unknown=Count("pk", filter=Q(worth__isnull=True)),
    )
