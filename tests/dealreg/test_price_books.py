"""Products of a deal at their list prices: which book, which sum, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg import actions
from dealreg.models import Deal, DealItem
from dealreg.queries import deal_facts
from prm.kernel.audit.models import AuditEntry
from prm.kernel.automation.imports import run_rows
from prm.kernel.reference.imports import PRICES
from prm.kernel.reference.models import ExchangeRate, PriceBook, PriceEntry, Product, Program
from prm.kernel.reference.prices import list_prices, net
from tests.cast import ada, bea, birch, bo, cedar, client_of, partner, vendor
from tests.dealreg import deals
from tests.identity.test_tokens import call, key_of

SKU, OTHER = "PLT-STD", "SEC-STD"
LONG_AGO = date(2020, 1, 1)


def book(code: str, price: str, sku: str = SKU, currency: str = "EUR", shown: bool = True, **fields: Any) -> UUID:
    fields |= {"valid_from": LONG_AGO, "shown_to_partners": shown}
    with vendor():
        made = PriceBook.objects.create(code=code, name=code, currency=currency, **fields)
        PriceEntry.objects.create(book=made, product=Product.objects.get(sku=sku), list_price=Decimal(price))
        return made.pk


def items(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"product": sku, "quantity": quantity, "discount": discount} for sku, quantity, discount in rows]


def hand_in(**changes: Any) -> tuple[UUID, Any]:
    deal = deals.draft(birch, **changes)
    with partner(birch) as now:
        return deal, actions.submit_deal(deal_id=deal, actor=bo.actor, now=now)


class TestTheNearestBook:
    def test_says_the_price(self) -> None:
        with vendor() as now:
            today, program = now.date(), Program.objects.get()
        book("all", "100")
        book("uk", "120", territories=["uk-ireland"])
        book("ours", "90", program=program)
        book("over", "10", valid_until=today - timedelta(days=1))
        book("dollars", "130", currency="USD")
        with vendor():
            PriceBook.objects.filter(code="over").update(valid_from=date(2024, 1, 1))

            def price(territory: str, currency: str = "EUR", program_id: Any = None, on: date = today) -> list[Decimal]:
                return [p.price for p in list_prices(program_id, territory, currency, on).values()]

            assert price("dach") == [Decimal(100)]
            assert price("dach", program_id=program.pk) == [Decimal(90)]
            assert price("uk-ireland", program_id=program.pk) == [Decimal(120)]
            assert price("dach", "USD") == [Decimal(130)]
            assert price("dach", "CHF") == []
            assert price("dach", on=today - timedelta(days=1)) == [Decimal(10)]


class TestTheSum:
    def test_is_the_deals_amount_with_the_lines_of_its_products(self) -> None:
        book("list", "240.00")
        book("more", "95.05", sku=OTHER)
        deal, decision = hand_in(items=items((SKU, "40", "12"), (OTHER, "3", "0")), amount="1", product_lines=[])
        assert decision.allowed
        with vendor():
            found = Deal.objects.get(pk=deal)
            assert found.amount == Decimal("8448.00") + Decimal("285.15") == found.amount_vendor
            assert sorted(found.lines.values_list("product_line__code", flat=True)) == ["platform", "security"]
            facts = deal_facts(found)
            assert (facts["deal.products"], facts["deal.discount"]) == ([SKU, OTHER], Decimal(12))

    def test_is_rounded_to_the_currency(self) -> None:
        with vendor():
            ExchangeRate.objects.create(currency="JPY", valid_from=LONG_AGO, rate=Decimal("0.006"))
        book("yen", "33333", currency="JPY")
        deal, decision = hand_in(items=items((SKU, "10", "0.5")), currency="JPY")
        assert decision.allowed
        assert deals.the(deal).amount == Decimal(331663)  # 331,663.35 yen

    @given(
        st.decimals(0, 10**6, places=2), st.integers(1, 10_000), st.decimals(0, 100, places=2),
        st.sampled_from(["EUR", "JPY", "KWD"]),
    )  # fmt: skip
    @pytest.mark.pure
    def test_never_is_off_by_more_than_half_a_unit(
        self, price: Decimal, quantity: int, discount: Decimal, currency: str
    ) -> None:
        unit = {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}[currency]
        told = net(price, quantity, discount, currency)
        assert abs(told - price * quantity * (100 - discount) / 100) <= unit / 2
        assert told == told.quantize(unit) >= 0

    def test_stays_as_typed_where_only_product_lines_are_named(self) -> None:
        deal, _decision = hand_in()
        with vendor():
            assert Deal.objects.get(pk=deal).amount == Decimal(12_000)
            assert not DealItem.objects.exists()

    @pytest.mark.parametrize(
        ("opened", "answer", "amount", "lines", "products"),
        [
            ("product_lines", {"product_lines": ["services"]}, "9600.00", ["platform", "services"], 1),
            ("amount", {"amount": "5000"}, "5000.00", ["platform"], 0),
            ("amount", {"items": [{"product": SKU, "quantity": "10"}]}, "2400.00", ["platform"], 1),
        ],
    )
    def test_follows_what_a_returned_deal_is_answered_with(
        self, opened: str, answer: Any, amount: str, lines: list[str], products: int
    ) -> None:
        book("list", "240.00")
        deal = deals.returned(birch, opened=(opened,), items=items((SKU, "40", "0")))
        with partner(birch) as now:
            assert actions.resubmit_deal(deal_id=deal, fields=answer, actor=bo.actor, now=now).allowed
        with vendor():
            found = Deal.objects.get(pk=deal)
            assert str(found.amount) == amount
            assert sorted(found.lines.values_list("product_line__code", flat=True)) == lines
            assert found.items.count() == products

    def test_a_partner_reads_its_own_products_alone(self) -> None:
        book("list", "240.00")
        hand_in(items=items((SKU, "40", "0")))
        with partner(birch):
            assert DealItem.objects.count() == 1
        with partner(cedar):
            assert not DealItem.objects.exists()


class TestABookThatIsNotShown:
    def test_is_behind_the_wall_and_on_no_page_of_a_partner(self) -> None:
        book("open", "240.00", sku=OTHER)
        book("secret", "777.00", shown=False)
        with partner(birch):
            assert list(PriceBook.objects.values_list("code", flat=True)) == ["open"]
            assert [str(price) for price in PriceEntry.objects.values_list("list_price", flat=True)] == ["240.00"]
        seller, ops = key_of(bea, "seller"), key_of(ada, "ops")
        assert {row["book"] for row in call(seller, "/api/v1/prices").json()["results"]} == {"open"}
        assert {row["book"] for row in call(ops, "/api/v1/prices").json()["results"]} == {"open", "secret"}
        assert "€777" not in client_of(bo).get("/portal/prices/").content.decode()

    def test_is_nearer_than_one_that_is_shown_and_hides_its_price_too(self) -> None:
        book("everywhere", "240.00")
        with vendor():
            program = Program.objects.get()
        book("ours", "777.00", shown=False, program=program)
        page = client_of(bo).get("/portal/prices/").content.decode()
        assert "€240<" not in page and "€777<" not in page

    def test_lets_a_partner_choose_products_and_type_the_amount(self) -> None:
        book("secret", "777.00", shown=False)
        client = client_of(bo)
        page = client.get("/portal/deals/terms").content.decode()
        assert 'name="quantity-' in page and "€777" not in page and "what you type above" in page

        deal, decision = hand_in(items=items((SKU, "10", "5")), amount="9000")

        assert decision.allowed and deals.the(deal).amount == Decimal(9000)
        with vendor():
            assert DealItem.objects.get().amount == Decimal("7381.50")
        told = call(key_of(bea, "seller"), f"/api/v1/deals/{deal}").json()["items"]
        assert told == [{"sku": SKU, "quantity": 10, "list_price": None, "discount": "5.00", "amount": None}]
        assert call(key_of(ada, "ops"), f"/api/v1/deals/{deal}").json()["items"][0]["list_price"] == "777.00"
        shown = client.get(f"/portal/deals/{deal}/").content.decode()
        assert (
            "€777" not in shown
            and "€7,381" not in shown
            and "€7,381" in client_of(ada).get(f"/console/deals/{deal}/").content.decode()
        )

    def test_is_what_a_new_book_is_until_an_admin_shows_it(self) -> None:
        with vendor() as now:
            typed = {"code": "new", "name": "New", "currency": "EUR", "valid_from": now.date().isoformat()}
        rows = {"entries-TOTAL_FORMS": "0", "entries-INITIAL_FORMS": "0"}
        assert client_of(ada).post("/admin/reference/pricebook/add/", {**typed, **rows}).status_code == 302
        with vendor():
            made = PriceBook.objects.get()
        assert not made.shown_to_partners
        form = {**typed, **rows, "shown_to_partners": "on"}
        assert client_of(ada).post(f"/admin/reference/pricebook/{made.pk}/change/", form).status_code == 302
        with vendor():
            change = AuditEntry.objects.get(action="configuration.changed")
        assert change.after == {"shown_to_partners": True} and change.before == {"shown_to_partners": False}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("rows", "key", "words"),
        [
            ([(OTHER, "1", "0")], "items.no_price", "“Security Standard” has no list price in EUR"),
            ([("NO-SUCH", "1", "0")], "items.unknown", "“NO-SUCH” is none of the products"),
            ([(SKU, "1.5", "0")], "items.quantity", "whole number"),
            ([(SKU, "-3", "0")], "items.quantity", "whole number"),
            ([(SKU, "١٢", "0")], "items.quantity", "whole number"),
            ([(SKU, "1", "101")], "items.discount", "between 0 and 100"),
            ([(SKU, "1", "=1+1")], "items.discount", "between 0 and 100"),
            ([(SKU, "1", "100")], "items.not_positive", "add up to nothing"),
            ([(SKU, "1", "0"), (SKU, "2", "0")], "items.twice", "Add the quantities up"),
            ([(SKU, "10000000", "0")], "items.too_large", "more than we can handle"),
        ],
    )
    def test_with_a_sentence(self, rows: Any, key: str, words: str) -> None:
        book("list", "2400000.00")
        _deal, decision = hand_in(items=items(*rows))
        assert decision.reason_keys == (key,)
        assert words in decision.for_partner().reasons[0].text


class TestTheImporter:
    HEADER = ("book", "sku", "list_price", "currency", "valid_from", "valid_until", "territories")

    def bring(self, *rows: str) -> Any:
        mapping = {name: place for place, name in enumerate(self.HEADER)}
        lines = [(number, row.split("|")) for number, row in enumerate(rows, 2)]
        with vendor() as now:
            return run_rows(PRICES, mapping, lines, ada.actor, now)

    def test_brings_the_good_lines_in_once_and_tells_of_the_others(self) -> None:
        rows = (
            "eur|PLT-STD|240.00|EUR|2026-01-01||",
            "eur|PLT-ENT|1,240.50|EUR|||dach, nordics",
            "eur|NOPE|1|EUR|2026-01-01||",
            "eur|SEC-STD|1|USD|2026-01-01||",
            "late|SEC-STD|1|EUR|2026-02-01|2026-01-01|",
            "gbp|SEC-STD|-5|GBP|2026-02-01||",
            "x y|SEC-STD|5|GBP|2026-02-01||",
            "no|SEC-STD|5|GBP|||",
            "at|SEC-STD|5|GBP|2026-02-01||atlantis",
        )
        tally = self.bring(*rows)
        assert (tally.counts["created"], [line for line, _column, _why in tally.errors]) == (2, [4, 5, 6, 7, 8, 9, 10])
        with vendor():
            assert list(PriceBook.objects.values_list("code", "territories")) == [("eur", ["dach", "nordics"])]
            assert dict(PriceEntry.objects.values_list("product__sku", "list_price")) == {
                "PLT-STD": Decimal("240.00"),
                "PLT-ENT": Decimal("1240.50"),
            }
        assert self.bring(*rows[:2]).counts == {"unchanged": 2}


class TestTheFaces:
    def test_the_form_offers_products_and_takes_quantities(self) -> None:
        book("list", "240.00")
        client = client_of(bo)
        with vendor() as now:
            product, close = Product.objects.get(sku=SKU).pk, (now + timedelta(days=60)).date()
        page = client.get("/portal/deals/terms").content.decode()
        assert f'name="quantity-{product}"' in page and "€240<" in page

        typed = {
            "form": "0190aaaa-0000-7000-8000-000000000001", "customer_name": "Acorn Mills", "customer_country": "DE",
            "customer_domain": "acorn.example", "currency": "EUR", "amount": "", "expected_close_on": close.isoformat(),
            "deal_type": "", "notes": "", f"quantity-{product}": "10", f"discount-{product}": "5",
        }  # fmt: skip
        saved = client.post("/portal/deals/draft", typed).content.decode()
        assert "€2,280</span>: that is the deal" in saved
        assert client.post("/portal/deals/new/", typed).status_code == 302
        with vendor():
            deal = Deal.objects.get()
        assert (deal.status, deal.amount) == ("submitted", Decimal("2280.00"))
        assert "€2,280<" in client.get(f"/portal/deals/{deal.pk}/").content.decode()
        refused = client.post("/portal/deals/new/", {**typed, "form": "", f"quantity-{product}": "many"})
        assert refused.status_code == 422 and "whole number of pieces" in refused.content.decode()

    def test_the_portal_shows_list_prices_and_what_the_tier_takes_off(self) -> None:
        book("list", "240.00")
        book("dollars", "999.00", currency="USD")
        page = client_of(bo).get("/portal/prices/").content.decode()
        assert "€240<" in page and "999" not in page
