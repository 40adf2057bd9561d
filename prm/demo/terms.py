"""The demo's terms of trade: a price book, a distributor with its resellers, and a row of its own in the matrix."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealreg import actions as deals
from partners import actions as partner_actions
from prm.demo.cast import BUILDER, Organisation, Worker
from prm.kernel.clock import local_date
from prm.kernel.reference.actions import keep_record
from prm.kernel.reference.models import PriceBook, PriceEntry, Product
from prm.kernel.tenancy.context import acting
from workflows import actions as workflows

PRICES = {"PLT-STD": "240.00", "PLT-ENT": "420.00", "SEC-STD": "95.00", "SVC-DAY": "1150.00"}
LARGE = {"field": "deal.amount", "operator": ">", "value": "60000"}
IN_DACH = {"field": "deal.territory", "operator": "=", "value": "dach"}
MAY_CONFLICT = {"field": "task.reasons", "operator": "contains", "value": "deal.possible_conflict"}
FOR_RESELLERS = (
    ("Meridian Freight Services", "meridian-freight.example", {"PLT-STD": ("80", "12")}, "new-business"),
    ("Ostara Kliniken", "ostara-kliniken.example", {"PLT-ENT": ("150", "28"), "SVC-DAY": ("10", "0")}, "new-business"),
    ("Halcyon Print Works", "halcyon-print.example", {"SEC-STD": ("120", "10")}, "renewal"),
)


def add(tenant: UUID, partners: list[Organisation], admin: Worker) -> None:
    """Prices, the matrix's row, and deals that a distributor registers with products for its resellers."""
    distributor, resellers = partners[1], partners[2:4]
    with acting(tenant=tenant, audience="vendor") as now:
        _prices(now)
        _matrix(admin, now)
        partner_actions.update_partner(
            partner_id=distributor.id, changes={"kind": "distributor"}, actor=BUILDER, now=now
        )
        for reseller in resellers:
            partner_actions.update_partner(
                partner_id=reseller.id, changes={"parent_id": distributor.id}, actor=BUILDER, now=now
            )
    with acting(tenant=tenant, audience="partner", partners=[distributor.id]) as now:
        for number, deal in enumerate(FOR_RESELLERS):
            _register(distributor, resellers[number % len(resellers)], deal, local_date(now), now)


def share_out(tenant: UUID, admin: Worker, approver: Worker) -> None:
    """Who gets what the deal desk and the approvers are asked: the first rule that fits."""
    with acting(tenant=tenant, audience="vendor") as now:
        for name, when, taker in (
            ("Large deals in DACH", [LARGE, IN_DACH], {"kind": "person", "person_id": approver.membership_id}),
            ("Large deals elsewhere, in turn", [LARGE], {"kind": "round_robin", "role": "approver"}),
            ("Possible conflicts", [MAY_CONFLICT], {"kind": "least_loaded", "role": "approver"}),
        ):
            condition = {"combinator": "and", "not": False, "rules": when}
            fields = {"name": name, "queue": "deals", "about": "deal", "when": condition, **taker}
            workflows.keep_assignment_rule(fields=fields, actor=admin.actor, now=now)


def _prices(now: datetime) -> None:
    book = PriceBook(
        code="eur-list",
        name="Euro list prices",
        currency="EUR",
        valid_from=local_date(now) - timedelta(days=300),
        shown_to_partners=True,
    )
    keep_record(record=book, before={}, actor=BUILDER, now=now)
    products = {product.sku: product for product in Product.objects.filter(sku__in=list(PRICES))}
    for sku, price in PRICES.items():
        entry = PriceEntry(book=book, product=products[sku], list_price=Decimal(price))
        keep_record(record=entry, before={}, actor=BUILDER, now=now)


def _matrix(admin: Worker, now: datetime) -> None:
    """Deep discounts on deals of some size are finance's as well: the row goes to the top."""
    decision = deals.keep_approval_rule(
        fields={"amount_above": Decimal(20_000), "discount_above": Decimal(20), "decider": "role", "role": "finance"},
        actor=admin.actor,
        now=now,
    )
    made = UUID(decision.facts["row"]["id"])
    for _step in range(2):
        deals.move_approval_rule(rule_id=made, up=True, actor=admin.actor, now=now)


def _register(distributor: Organisation, reseller: Organisation, deal: Any, today: date, now: datetime) -> None:
    name, domain, wanted, kind = deal
    products = [
        {"product": sku, "quantity": quantity, "discount": discount} for sku, (quantity, discount) in wanted.items()
    ]
    fields = {
        "customer_name": name,
        "customer_domain": domain,
        "customer_country": distributor.countries[0],
        "currency": "EUR",
        "expected_close_on": (today + timedelta(days=70)).isoformat(),
        "deal_type": kind,
        "reseller": str(reseller.id),
        "items": products,
    }
    actor = distributor.seller.actor
    draft = deals.save_draft(partner_id=distributor.id, fields=fields, actor=actor, now=now)
    deals.submit_deal(deal_id=draft.pk, actor=actor, now=now)
