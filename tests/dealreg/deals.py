"""Deals in each state, made by the product's own actions."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from dealreg import actions
from dealreg.models import Deal
from prm.kernel.reference.models import ProductLine, Vertical
from tests.cast import Organisation, Somebody, birch, bo, cam, cedar, cy, mia, partner, vendor

FIELDS = {
    "customer_name": "Nordwind Logistik GmbH",
    "customer_domain": "nordwind-logistik.de",
    "customer_country": "DE",
    "customer_city": "Hamburg",
    "name": "40 seats",
    "amount": "12000.00",
    "currency": "EUR",
}
SELLER = {birch.id: bo, cedar.id: cy}


def fields(now: Any, **changes: Any) -> dict[str, Any]:
    """A form as a seller fills it in, within a context of any audience."""
    return {
        **FIELDS,
        "expected_close_on": (now + timedelta(days=60)).date().isoformat(),
        "vertical": str(Vertical.objects.get(code="retail").pk),
        "product_lines": [str(ProductLine.objects.get(code="platform").pk)],
        **changes,
    }


def draft(of: Organisation = birch, **changes: Any) -> UUID:
    with partner(of) as now:
        return actions.save_draft(partner_id=of.id, fields=fields(now, **changes), actor=seller(of).actor, now=now).pk


def submitted(of: Organisation = birch, **changes: Any) -> UUID:
    deal = draft(of, **changes)
    with partner(of) as now:
        decision = actions.submit_deal(deal_id=deal, actor=seller(of).actor, now=now)
    assert decision.allowed, decision.reasons
    return deal


def in_review(of: Organisation = birch, **changes: Any) -> UUID:
    deal = submitted(of, **changes)
    with vendor() as now:
        actions.check_conflicts(deal_id=deal, actor=mia.actor, now=now)
        assert actions.start_review(deal_id=deal, actor=mia.actor, now=now).allowed
    return deal


def approved(of: Organisation = birch, **changes: Any) -> UUID:
    deal = in_review(of, **changes)
    with vendor() as now:
        decision = actions.approve_deal(deal_id=deal, actor=mia.actor, now=now)
    assert decision.allowed, decision.reasons
    return deal


def returned(of: Organisation = birch, opened: tuple[str, ...] = ("customer_city",), **changes: Any) -> UUID:
    deal = in_review(of, **changes)
    with vendor() as now:
        decision = actions.return_deal(deal_id=deal, reason="Which city?", fields=opened, actor=cam.actor, now=now)
    assert decision.allowed, decision.reasons
    return deal


def seller(of: Organisation) -> Somebody:
    return SELLER[of.id]


def the(deal: UUID) -> Deal:
    """The deal as the vendor sees it now."""
    with vendor():
        return Deal.objects.select_related("partner", "territory").get(pk=deal)
