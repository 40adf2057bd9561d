"""List prices in the portal: what products cost in a partner's programs, in their currencies."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dealreg import queries
from dealreg.models import Deal
from partners import queries as partners
from prm.kernel.clock import local_date
from prm.kernel.reference.models import Program
from prm.kernel.reference.prices import net
from prm.kernel.reference.queries import territory_of

MOST_ROWS = 60  # products that the form offers; with more, the amount is typed


@require_GET
def prices(request: Any) -> HttpResponse:
    """Each program of ours with the list prices that partners read where we are, and what our tier takes off."""
    partner = partners.visible_partners().get(pk=request.membership.partner_id)
    here, today = territory_of(partner.country), local_date(request.now)
    territory = here.code if here else ""
    held = [one for one in partners.enrolments_of(partner.pk) if one.status == "active" and one.program.is_active]
    programs = [
        {
            "program": enrolment.program,
            "tier": enrolment.tier,
            "prices": [
                (price, net(price.price, 1, enrolment.tier.discount, enrolment.program.currency))
                for price in queries.offered_products(enrolment.program, territory, enrolment.program.currency, today)
                if price.price is not None
            ],
        }
        for enrolment in held
    ]
    return render(request, "dealreg/prices.html", {"programs": programs, "territory": here})


def price_rows(request: Any, deal: Deal | None) -> list[dict[str, Any]]:
    """The products that the registration form offers, with the list prices that partners read (None: they don't),
    and what was typed beside them."""
    program = deal.program if deal else _program_of(request)
    if program is None:
        return []
    currency = (deal.currency if deal else "") or request.tenant.currency
    territory = territory_of(deal.customer_country) if deal else None
    found = queries.offered_products(program, territory.code if territory else "", currency, local_date(request.now))
    typed = _typed(request, deal)
    return [
        {"pk": price.product_id, "name": price.name, "currency": currency}
        | {"price": price.price}
        | typed.get(str(price.product_id), {"quantity": "", "discount": ""})
        for price in found[:MOST_ROWS]
    ]


def _program_of(request: Any) -> Program | None:
    return next(iter(partners.programs_of(request.membership.partner_id)), None) or partners.default_program()


def _typed(request: Any, deal: Deal | None) -> dict[str, dict[str, str]]:
    """Quantities and discounts by product: as posted, else as the draft holds them."""
    if request.method == "POST":
        asked = [name.removeprefix("quantity-") for name in request.POST if name.startswith("quantity-")]
        return {
            pk: {"quantity": request.POST[f"quantity-{pk}"], "discount": request.POST.get(f"discount-{pk}", "")}
            for pk in asked
        }
    if deal is None:
        return {}
    held = {
        str(item.product_id): {"quantity": str(item.quantity), "discount": f"{item.discount.normalize():f}"}
        for item in deal.items.all()
    }
    kept = {row["product"]: row for row in deal.typed.get("items") or [] if row.get("quantity")}
    return held | {pk: {"quantity": row["quantity"], "discount": row["discount"]} for pk, row in kept.items()}
