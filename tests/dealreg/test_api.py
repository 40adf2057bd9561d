"""Deals over the API: a partner's program registers and moves its own, the vendor's reads all."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from dealreg.models import Deal, DealComment
from tests.cast import acme, ada, bea, birch, cedar, vendor
from tests.dealreg import deals
from tests.identity.test_tokens import call, key_of

DEALS = "/api/v1/deals"


@pytest.fixture
def sellers_key() -> str:
    return key_of(bea, "seller")


def registration(**changes: Any) -> dict[str, Any]:
    with vendor() as now:
        close = (now + timedelta(days=60)).date()
    return {
        "customer_name": "Nordwind Logistik GmbH",
        "customer_domain": "nordwind-logistik.de",
        "customer_country": "DE",
        "product_lines": ["platform"],
        "amount": "12000.00",
        "currency": "EUR",
        "expected_close_on": close.isoformat(),
        **changes,
    }


def post(secret: str, path: str = DEALS, key: str = "one", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return Client().post(path, body, content_type="application/json", headers=headers)


def names(secret: str, query: str = "") -> list[str]:
    return sorted(row["customer_name"] for row in call(secret, f"{DEALS}{query}").json()["results"])


class TestRegistering:
    def test_hands_a_deal_in_as_the_portal_does(self, sellers_key):
        answer = post(sellers_key, **registration())

        assert answer.status_code == 201, answer.json()
        deal = deals.the(answer.json()["id"])
        assert (deal.status, deal.partner_id, str(deal.amount)) == ("submitted", birch.id, "12000.00")
        assert answer.json()["product_lines"] == ["platform"] and answer.json()["answer_due_at"]

    def test_repeated_under_the_same_key_is_one_deal(self, sellers_key):
        body = registration()
        first, second = post(sellers_key, **body), post(sellers_key, **body)

        assert first.json()["id"] == second.json()["id"]
        with vendor():
            assert Deal.objects.count() == 1

    @pytest.mark.parametrize(
        ("typed", "status"),
        [
            ({"currency": "XYZ"}, 422),
            ({"expected_close_on": "2020-02-03"}, 422),
            ({"customer_name": "x" * 10_000}, 400),
            ({"amount": "lots"}, 400),
            ({"amount": "1e9"}, 400),
            ({"product_lines": ["no-such-line"]}, 422),
        ],
    )
    def test_says_what_is_wrong_and_keeps_nothing(self, sellers_key, typed, status):
        answer = post(sellers_key, **registration(**typed))

        assert answer.status_code == status, answer.json()
        (field,) = typed
        assert field in str(answer.json())
        with vendor():
            assert not Deal.objects.exists()
        assert post(sellers_key, **registration()).status_code == 201, "mended, under the same key"

    def test_is_no_business_of_the_vendors_programs(self):
        assert post(key_of(ada, "ops"), **registration()).status_code == 403


class TestReading:
    def test_a_partner_reads_its_own_and_the_vendor_all(self, sellers_key):
        deals.submitted(birch)
        deals.submitted(cedar, customer_name="Acorn Mills", customer_domain="acorn.example")

        assert names(sellers_key) == ["Nordwind Logistik GmbH"]
        assert names(key_of(ada, "ops")) == ["Acorn Mills", "Nordwind Logistik GmbH"]

    def test_is_narrowed_by_status_customer_partner_and_time(self):
        deals.approved(birch)
        deals.submitted(cedar, customer_name="Acorn Mills", customer_domain="acorn.example")
        key = key_of(ada, "ops")

        assert names(key, "?status=approved&status=rejected") == ["Nordwind Logistik GmbH"]
        assert names(key, "?customer=acorn") == ["Acorn Mills"]
        assert names(key, f"?partner={cedar.id}") == ["Acorn Mills"]
        assert names(key, f"?submitted_after={date.max.year}-01-01T00:00:00Z") == []

    def test_does_not_show_the_vendor_what_was_not_handed_in(self, sellers_key):
        draft = deals.draft(birch)
        key = key_of(ada, "ops")

        assert (names(sellers_key), names(key), names(key, "?status=draft")) == (["Nordwind Logistik GmbH"], [], [])
        assert call(sellers_key, f"{DEALS}/{draft}").status_code == 200
        assert call(key, f"{DEALS}/{draft}").status_code == call(key, f"{DEALS}/{draft}/timeline").status_code == 404

    @pytest.mark.parametrize("path", [DEALS, "/api/v1/workflows", "/api/v1/reports/forecast"])
    def test_refuses_a_filter_that_there_is_none_of(self, path):
        answer = call(key_of(ada, "ops"), f"{path}?statuss=approved")

        assert answer.status_code == 400 and list(answer.json()["fields"]) == ["statuss"], answer.json()

    def test_goes_on_by_cursor_to_every_deal_once(self):
        for number in range(5):
            deals.submitted(birch, customer_name=f"Customer {number} AG", customer_domain=f"c{number}.example")
        key, seen, address = key_of(ada, "ops"), [], f"{DEALS}?page_size=2"
        while address:
            page = call(key, address).json()
            seen += [row["customer_name"] for row in page["results"]]
            address = page["next"]

        assert sorted(seen) == [f"Customer {number} AG" for number in range(5)]

    def test_8_2_2_a_rivals_deal_and_a_missing_one_answer_alike(self, sellers_key):
        deal = deals.submitted(cedar)

        answers = [call(sellers_key, f"{DEALS}/{pk}") for pk in (deal, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


class TestMoving:
    def test_a_protected_deal_is_won(self, sellers_key):
        deal = deals.approved(birch)
        with vendor(acme) as now:
            today = now.date().isoformat()

        answer = post(sellers_key, f"{DEALS}/{deal}/won", amount="11500.00", closed_on=today)

        assert answer.status_code == 200, answer.json()
        assert (answer.json()["status"], answer.json()["actual_amount"]) == ("won", "11500.00")

    def test_a_question_is_answered_by_the_fields_that_were_opened(self, sellers_key):
        deal = deals.returned(birch, opened=("customer_city", "amount"))
        asked = call(sellers_key, f"{DEALS}/{deal}").json()
        assert asked["returned_fields"] == ["customer_city", "amount"]

        refused = post(sellers_key, f"{DEALS}/{deal}/resubmit", customer_city="Kiel", customer_country="FR")
        taken = post(sellers_key, f"{DEALS}/{deal}/resubmit", "two", customer_city="Kiel", amount="9500.00")

        assert refused.status_code == 422 or refused.status_code == 409
        assert [reason["key"] for reason in refused.json()["reasons"]] == ["deal.field_not_open"]
        assert taken.status_code == 200, taken.json()
        assert (taken.json()["status"], taken.json()["customer_city"], taken.json()["amount"]) == (
            "submitted",
            "Kiel",
            "9500.00",
        )

    def test_what_the_state_does_not_allow_is_a_409_with_its_reason(self, sellers_key):
        deal = deals.approved(birch)
        assert post(sellers_key, f"{DEALS}/{deal}/withdraw", reason="No budget").status_code == 200

        answer = post(sellers_key, f"{DEALS}/{deal}/withdraw", key="two", reason="No budget")

        assert answer.status_code == 409 and answer.json()["reasons"]

    def test_a_partner_comments_for_both_sides_only(self, sellers_key):
        deal = deals.submitted(birch)

        assert post(sellers_key, f"{DEALS}/{deal}/comments", body="Any news?").status_code == 200
        assert post(sellers_key, f"{DEALS}/{deal}/comments", "two", body="x", audience="vendor").status_code == 404
        with vendor():
            assert list(DealComment.objects.values_list("body", "audience")) == [("Any news?", "partner")]
