"""Readers of the approval matrix: its rows, whom a deal falls to, what the matrix leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, DecimalField, Exists, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from dealreg import matrix
from dealreg.models import ApprovalRule, Deal, DealItem, DealLine
from dealreg.queries.facts import line_codes
from prm.kernel.identity.actors import VENDOR_ROLES, Actor
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import ProductLine, Territory
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.tenancy.remembering import remembered

MOST_ROWS = 60
LOOK_BACK = timedelta(days=90)
Row = Mapping[str, Any]


def row_of(rule: ApprovalRule) -> dict[str, Any]:
    """A row as the matrix judges it and as a decision keeps it."""
    ranges = ("amount_above", "amount_up_to", "discount_above", "discount_up_to")
    bounds = {name: getattr(rule, name) for name in ranges}
    return {
        "id": str(rule.pk),
        "position": rule.position,
        **{name: None if value is None else str(value) for name, value in bounds.items()},
        "territories": list(rule.territories),
        "product_lines": list(rule.product_lines),
        "decider": str(rule.decider),
        "role": rule.role,
        "person": str(rule.person_id) if rule.person_id else "",
        "people": rule.people,
    }


@remembered("dealreg.ApprovalRule")
def approval_rows() -> tuple[Row, ...]:
    """The matrix, the first row first."""
    return tuple(row_of(rule) for rule in ApprovalRule.objects.order_by("position", "pk"))


def approver_route_facts(deal: Deal, route: str) -> dict[str, Any]:
    """What the matrix asks of a deal. `route` is whom the checks would ask."""
    asked = DealItem.objects.filter(deal=deal).aggregate(largest=Max("discount"))["largest"]
    return {
        "amount": str(deal.amount_vendor),
        "currency": vendor_currency(),
        "territory": deal.territory.code if deal.territory else matrix.NOWHERE,
        "product_lines": line_codes(deal),
        "discount": str(asked or 0),
        "route": route,
        "rows": [dict(row) for row in approval_rows()],
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What a row may name, each with the word for it; `holders` counts who has a role."""

    territories: dict[str, str]
    lines: dict[str, str]
    people: dict[str, str]
    roles: dict[str, int]


def row_facts(row: Row, known: Known, others: int, actor: Actor) -> dict[str, Any]:
    """What is asked before a row may stand: `others` are the rows beside it."""
    return {
        "row": dict(row),
        "known": {
            "territories": sorted(known.territories),
            "product_lines": sorted(known.lines),
            "people": sorted(known.people),
            "roles": sorted(known.roles),
        },
        "rows": others,
        "most": MOST_ROWS,
        "may_change": actor.has("admin") and actor.is_vendor,
    }


def known_for_approvals() -> Known:
    members = Membership.objects.filter(partner=None, ended_at=None).order_by("name")
    rows = list(members.values_list("pk", "name", "roles"))
    holders = {role: sum(role in held for _pk, _name, held in rows) for role in VENDOR_ROLES if role != "auditor"}
    return Known(
        dict(Territory.objects.values_list("code", "name")),
        dict(ProductLine.objects.filter(is_active=True).values_list("code", "name")),
        {str(pk): name for pk, name, _roles in rows},
        holders,
    )


def fitting_counts(rows: tuple[Row, ...], now: datetime) -> dict[int | None, int]:
    """How many deals handed in during the last 90 days each row takes, by its place; None: no row does."""
    deals = Deal.objects.filter(submitted_at__gte=now - LOOK_BACK, submitted_at__lte=now)
    largest = DealItem.objects.filter(deal=OuterRef("pk")).order_by().values("deal").annotate(n=Max("discount"))
    zero = Value(0, output_field=DecimalField(max_digits=5, decimal_places=2))
    places = [When(_condition(row), then=Value(str(place))) for place, row in enumerate(rows)]
    placed = deals.annotate(discount=Coalesce(Subquery(largest.values("n")), zero)).annotate(
        place=Case(*places, default=Value(""), output_field=CharField())
    )
    counted = placed.order_by().values("place").annotate(n=Count("pk")).values_list("place", "n")
    return {int(place) if place else None: count for place, count in counted}


def _condition(row: Row) -> Q:
    """The row as the database asks it; the same as `matrix.fits`."""
    found = Q(amount_vendor__isnull=False)
    for column, name in (("amount_vendor", "amount"), ("discount", "discount")):
        if row[f"{name}_above"] is not None:
            found &= Q(**{f"{column}__gt": row[f"{name}_above"]})
        if row[f"{name}_up_to"] is not None:
            found &= Q(**{f"{column}__lte": row[f"{name}_up_to"]})
    if row["territories"]:
        found &= Q(territory__code__in=row["territories"])
    if row["product_lines"]:
        lines = DealLine.objects.filter(deal=OuterRef("pk"), product_line__code__in=row["product_lines"])
        found &= Q(Exists(lines))
    return found
