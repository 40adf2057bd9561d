"""Handing a deal in: what is asked, what is refused, and what each bad input is told."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dealreg import actions, entry
from dealreg.entry import countries, country_name
from dealreg.models import Deal, DealPolicy, DealStatus, MatchKey
from prm.kernel.audit.models import AuditEntry
from prm.kernel.events.models import EventRow
from tests.cast import birch, bo, cedar, partner, vendor
from tests.dealreg.deals import draft, fields, submitted, the


def keys_told(deal_fields: dict[str, object]) -> list[str]:
    with partner(birch) as now:
        deal = actions.save_draft(partner_id=birch.id, fields=fields(now, **deal_fields), actor=bo.actor, now=now)
        decision = actions.submit_deal(deal_id=deal.pk, actor=bo.actor, now=now)
    return list(decision.reason_keys) or [decision.outcome]


class TestDraft:
    def test_keeps_what_was_typed_even_where_it_can_not_be_read(self):
        deal = the(draft(amount="about ten thousand", expected_close_on="soon"))

        assert deal.status == DealStatus.DRAFT
        assert deal.amount is None
        assert deal.typed["amount"] == "about ten thousand"
        assert deal.customer_name == "Nordwind Logistik GmbH"

    def test_of_another_partner_is_simply_not_there(self):
        deal = draft(birch)

        with partner(cedar) as now, pytest.raises(Deal.DoesNotExist):
            actions.save_draft(partner_id=cedar.id, fields={}, actor=bo.actor, now=now, deal_id=deal)

    def test_numbers_count_up(self):
        numbers = [the(draft()).number for _each in range(3)]

        assert [int(number[-5:]) for number in numbers] == [1, 2, 3]


class TestSubmit:
    def test_makes_a_promise_and_publishes_the_facts(self):
        deal = the(submitted())

        assert deal.status == DealStatus.SUBMITTED
        assert deal.submission == 1
        assert deal.answer_due_at > deal.submitted_at
        assert deal.territory.code == "dach"
        assert deal.amount_vendor == Decimal("12000.00")
        with vendor():
            event = EventRow.objects.get(name="dealreg.deal.submitted")
            assert event.payload["facts"]["deal.amount"] == "12000.00"
            assert event.payload["facts"]["partner.status"] == "active"
            assert AuditEntry.objects.filter(action="deal.submitted", target_id=deal.pk).count() == 1
            assert MatchKey.objects.filter(record_id=deal.pk).count() > 5

    def test_twice_is_refused_and_told(self):
        deal = submitted()

        with partner(birch) as now:
            decision = actions.submit_deal(deal_id=deal, actor=bo.actor, now=now)

        assert decision.reason_keys == ("deal.wrong_status",)
        assert the(deal).submission == 1

    def test_too_many_within_an_hour_are_held_back(self):
        with vendor():
            DealPolicy.objects.create(submissions_per_hour=2)
        submitted(customer_name="One GmbH")
        submitted(customer_name="Two GmbH")
        third = draft(customer_name="Three GmbH")

        with partner(birch) as now:
            decision = actions.submit_deal(deal_id=third, actor=bo.actor, now=now)

        assert decision.reason_keys == ("deal.throttled",)
        assert the(third).status == DealStatus.DRAFT


class TestEachBadInputHasItsAnswer:
    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"currency": "XYZ"}, ["currency.unknown"]),
            ({"currency": "JPY"}, ["currency.unknown"]),
            ({"currency": ""}, ["currency.missing"]),
            ({"expected_close_on": "2020-02-30"}, ["expected_close_on.unreadable"]),
            ({"expected_close_on": "2020-02-03"}, ["expected_close_on.past"]),
            ({"customer_domain": "co.uk"}, ["customer_domain.public_suffix"]),
            ({"expected_close_on": "3026-02-03"}, ["expected_close_on.too_far"]),
            ({"customer_name": "x" * 10_000}, ["customer_name.too_long"]),
            ({"customer_name": "   "}, ["customer_name.missing"]),
            ({"customer_name": "🚀🚀"}, ["customer_name.no_letters"]),
            ({"customer_country": "Atlantis"}, ["customer_country.unknown"]),
            ({"amount": "-5"}, ["amount.not_positive"]),
            ({"amount": "lots"}, ["amount.unreadable"]),
            ({"amount": "9" * 14}, ["amount.too_large"]),
            ({"contact_email": "nobody"}, ["contact_email.invalid"]),
            ({"product_lines": ["no-such-line"]}, ["product_lines.unknown"]),
            ({"product_lines": []}, ["product_lines.missing"]),
            ({"vertical": "astrology"}, ["vertical.unknown"]),
        ],
    )
    def test_by_field(self, typed, told):
        assert keys_told(typed) == told

    @pytest.mark.pure
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_every_country_is_read_by_the_name_that_mails_and_pages_give_it(self, language):
        names = {code: country_name(code, language) for code in countries()} | {"GB": "uk"}
        read = {
            code: entry.read({"customer_country": name}).values.get("customer_country") for code, name in names.items()
        }
        assert [(code, found) for code, found in read.items() if code != found] == [] and "EU" not in read

    @pytest.mark.parametrize(
        "name",
        [
            "Müller 🚀 GmbH",
            "شركة النور للتجارة",
            '=HYPERLINK("http://evil")',
            "株式会社日立",
            "O'Brien & Söhne <b>x</b>",
            "a\x00b GmbH",
            "ACME\u202eGROUP",
        ],
    )
    def test_odd_names_are_taken_as_text(self, name):
        deal = the(submitted(customer_name=name))

        assert "\x00" not in deal.customer_name and "\u202e" not in deal.customer_name
        assert deal.customer_name.replace(" ", "")[:3] == name.replace("\x00", "").replace(" ", "")[:3]

    def test_a_free_mail_domain_is_taken_and_goes_to_people(self):
        deal = submitted(customer_domain="", contact_email="someone@gmail.com", customer_name="Corner Shop")

        with vendor() as now:
            decision = actions.validate_deal(deal_id=deal, actor=bo.actor, now=now)

        assert decision.outcome == "review"
        assert "deal.free_mail_domain" in decision.reason_keys

    def test_another_currency_is_converted_at_the_days_rate(self):
        from prm.kernel.reference.models import ExchangeRate

        with vendor() as now:
            ExchangeRate.objects.create(
                currency="USD", rate=Decimal("0.9"), valid_from=(now - timedelta(days=3)).date()
            )

        deal = the(submitted(currency="USD", amount="10,000.00"))

        assert deal.amount == Decimal("10000.00")
        assert deal.amount_vendor == Decimal("9000.00")
