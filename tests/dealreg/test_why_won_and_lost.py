"""Why a deal was won or lost, from the vendor's own list, and what was sold of which product line."""

from decimal import Decimal

import pytest

from dealreg import actions
from dealreg.models import CloseReason, DealLine
from prm.kernel.clock import local_date
from prm.kernel.events.models import EventRow
from prm.kernel.reference.models import ProductLine
from tests.cast import ada, birch, bo, cedar, client_of, mia, partner, vendor
from tests.dealreg.deals import approved, the


def two_lines():
    with vendor():
        codes = list(ProductLine.objects.filter(is_active=True).values_list("code", "pk")[:2])
    deal = approved(birch, product_lines=[str(pk) for _code, pk in codes])
    return deal, [code for code, _pk in codes]


def win(deal, amount="1000.00", **more):
    with partner(birch) as now:
        return actions.mark_won(
            deal_id=deal, amount=Decimal(amount), closed_on=local_date(now), actor=bo.actor, now=now, **more
        )


class TestWon:
    def test_keeps_what_was_sold_of_each_line_and_tells_it(self):
        deal, (first, second) = two_lines()

        assert win(deal, lines={first: Decimal("600.00"), second: Decimal("400.00")}, because="won-price").allowed

        with vendor():
            sold = dict(DealLine.objects.filter(deal_id=deal).values_list("product_line__code", "actual_amount"))
            event = EventRow.objects.get(name="dealreg.deal.won").payload["detail"]
        assert sold == {first: Decimal("600.00"), second: Decimal("400.00")}
        assert (event["lines"][first], event["because"]) == ("600.00", "won-price")
        assert the(deal).closed_because_id is not None

    @pytest.mark.parametrize(
        ("lines", "key"),
        [
            ({0: "600.00", 1: "399.99"}, "lines.sum"),
            ({2: "1000.00"}, "lines.unknown"),
            ({0: "1001", 1: "-1"}, "lines.unknown"),
        ],
    )
    def test_refuses_lines_that_are_not_the_deals_or_do_not_add_up(self, lines, key):
        deal, codes = two_lines()
        named = {(*codes, "no-such-line")[place]: Decimal(amount) for place, amount in lines.items()}

        assert win(deal, lines=named).reason_keys == (key,)
        assert the(deal).status == "approved"

    def test_of_a_shared_sale_the_lines_follow_the_shares(self):
        deal, (first, second) = two_lines()
        with vendor() as now:
            actions.split_deal(
                deal_id=deal, partner_id=cedar.id, percent=Decimal(30), names_told=False, actor=mia.actor, now=now
            )
        win(deal, "100.01", lines={first: Decimal("33.34"), second: Decimal("66.67")})

        with vendor():
            rows = DealLine.objects.values_list("deal__actual_amount", "actual_amount")
            by_deal: dict[Decimal, Decimal] = {}
            for whole, part in rows:
                by_deal[whole] = by_deal.get(whole, Decimal(0)) + part
        assert by_deal == {Decimal("70.01"): Decimal("70.01"), Decimal("30.00"): Decimal("30.00")}

    def test_the_portals_form_asks_for_each_line(self):
        deal, (first, second) = two_lines()
        with vendor() as now:
            today = local_date(now).isoformat()
        client, path = client_of(bo), f"/portal/deals/{deal}/"
        assert f'name="line_{first}"' in client.get(path).content.decode()

        typed = {"amount": "1000", "closed_on": today, f"line_{first}": "300", f"line_{second}": "600"}
        assert "must add up" in client.post(f"{path}won", typed, follow=True).content.decode()
        client.post(f"{path}won", {**typed, f"line_{second}": "700", "because": "won-price"})

        assert the(deal).status == "won"
        assert "Reason</dt><dd>Price" in client.get(path).content.decode()


class TestLost:
    @pytest.mark.parametrize("because", ["no-such", "won-price", "lost-timing"])
    def test_takes_no_reason_that_is_not_on_offer(self, because):
        deal = approved(birch)
        with vendor():
            CloseReason.objects.filter(code="lost-timing").update(is_active=False)
        with partner(birch) as now:
            decision = actions.mark_lost(
                deal_id=deal, reason="x", because=because, closed_on=local_date(now), actor=bo.actor, now=now
            )
        assert decision.reason_keys == ("because.unknown",)

    def test_a_chosen_reason_is_enough_and_words_may_come_with_it(self):
        deal = approved(birch)
        with vendor() as now:
            today = local_date(now).isoformat()
        client_of(bo).post(
            f"/portal/deals/{deal}/lost", {"because": "lost-price", "reason": "12 % above", "closed_on": today}
        )
        assert the(deal).close_reason == "Price: 12 % above"

    def test_the_admin_words_them(self):
        page = client_of(ada).get("/admin/dealreg/closereason/").content.decode()
        assert "The budget was cut" in page
