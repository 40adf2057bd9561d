"""What is said in one language is read in another: reasons are kept with what they are made of."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.template import Context, Template
from django.utils import translation

from dealreg.rules import decide_conflict, decide_routing
from prm.kernel import wording
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.conditions import evaluate_rules, schema_named, sentence
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests import world
from tests.cast import birch, bo, client_of, olivia, vendor
from tests.dealreg import deals
from tests.workflows.things import settle
from workflows.models import HumanTask

ABOVE: dict[str, Any] = {
    "findings": [], "auto_limit": "50000.00", "amount": "64000.00", "currency": "EUR", "tier": "Silver",
    "territory": "dach", "has_cam": True, "quality_sample": False, "broken_rule": False, "conflict": "clear",
}  # fmt: skip
ENGLISH = "€64,000.00 is above the €50,000.00 that go through without a person."


class TestAReason:
    pytestmark = pytest.mark.pure

    def test_is_read_in_the_readers_language_money_included(self):
        stored = decide_routing(ABOVE).document()
        assert stored["reasons"][0]["text"] == ENGLISH
        with translation.override("de"):
            german = Decision.of(stored).reasons[0].text
        assert "64.000,00" in german
        assert german != ENGLISH
        assert Decision.of(stored).reasons[0].text == ENGLISH

    def test_that_was_said_in_german_is_read_in_english(self):
        with translation.override("de"):
            stored = decide_routing(ABOVE).document()
        assert stored["reasons"][0]["text"] != ENGLISH
        assert Decision.of(stored).reasons[0].text == ENGLISH

    def test_keeps_what_it_is_made_of_when_it_is_handed_on(self):
        decision = decide_routing(ABOVE)
        handed_on = [Reason.of({**told, "audience": "vendor"}).told() for told in [decision.reasons[0].told()]]
        with translation.override("de"):
            assert "64.000,00" in wording.told(handed_on[0])
            assert "64.000,00" in wording.joined([wording.told(handed_on[0]), "Und mehr."])

    @pytest.mark.parametrize(
        ("stored", "shown"),
        [
            ({"key": "a", "text": "Written by an admin: 100% sure"}, "Written by an admin: 100% sure"),
            ({"key": "a.b", "text": ""}, "a.b"),
            ({"key": "a", "text": "As it was", "said": {"id": "%(gone)s is gone", "with": {}}}, "As it was"),
            ({"key": "a", "text": "As it was", "said": {"odd": 1}}, "As it was"),
            ("plain", "plain"),
            (None, ""),
        ],
    )
    def test_that_is_old_or_odd_is_shown_as_it_was_said(self, stored: Any, shown: str):
        assert wording.told(stored) == shown

    def test_of_one_sentence_stores_nothing_twice(self):
        assert Reason("a", wording.said("This customer is already registered for this product.")).told() == {
            "key": "a",
            "text": "This customer is already registered for this product.",
        }

    def test_names_in_it_are_never_translated(self):
        found = {"verdict": "conflict", "shares_lines": True, "mine": False, "protected": True, "name": "Open",
                 "partner_name": "Won", "number": "D-1", "kind": "customer", "probability": "0.99"}  # fmt: skip
        decision = decide_conflict({"findings": [found], "review": "0.5", "conflict": "0.95"})
        with translation.override("de"):
            text = Decision.of(decision.document()).reasons[1].text
        assert "Open" in text
        assert "Won" in text

    def test_shows_an_amount_with_all_its_digits(self):
        assert wording.amount(Decimal("12.50"), "EUR") == "€12.50"


class TestOnThePages:
    def test_the_queue_says_why_in_the_language_of_whoever_opens_it(self):
        deals.submitted(birch, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example",
                        amount="64000.00")  # fmt: skip
        with world.logged_in_as("worker"):
            settle()
        with vendor():
            task = HumanTask.objects.get()
            Membership.objects.filter(pk=olivia.membership_id).update(language="de")
        page = client_of(olivia, HTTP_ACCEPT_LANGUAGE="de").get(f"/console/queue/{task.pk}/").content.decode()
        assert "64.000,00" in page
        assert "that go through without a person" not in page

    def test_a_deals_story_tells_why_in_the_language_of_whoever_opens_it(self):
        deal = deals.submitted(birch, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example",
                               amount="64000.00")  # fmt: skip
        with world.logged_in_as("worker"):
            settle()
        with vendor():
            Membership.objects.filter(pk=olivia.membership_id).update(language="de")
        page = client_of(olivia, HTTP_ACCEPT_LANGUAGE="de").get(f"/console/deals/{deal}/").content.decode()
        assert "64.000,00" in page
        assert "that go through without a person" not in page

    def test_a_partner_reads_in_its_language_why_the_rules_declined_in_the_mail_too(self):
        with vendor():
            Membership.objects.filter(pk=bo.membership_id).update(language="de")
        deal = deals.submitted(birch, amount="500.00")
        with world.logged_in_as("worker"):
            settle()
        told = deals.the(deal)
        assert told.reason_for_partner.startswith("Registrations start at 1,000")  # what was said then
        with translation.override("de"):
            german = str(told.answer)
        assert not german.startswith("Registrations")
        assert german in client_of(bo, HTTP_ACCEPT_LANGUAGE="de").get(f"/portal/deals/{deal}/").content.decode()
        with vendor(), translation.override("en"):
            assert german in Message.objects.get(template="deal.rejected", channel="email").body
            record = DecisionRecord.objects.filter(subject_id=deal, rule__startswith="deal-eligibility/").latest("at")
            assert Decision.of(record.document).reasons[0].text.startswith("Registrations start at 1,000")


class TestATraceOfConditions:
    """What was asked, what was met and what would turn it are kept as data, and said in the reader's language."""

    RULES: ClassVar[dict[str, Any]] = {
        "rules": [
            {"key": "small", "name": "Small", "outcome": "review", "when": {"combinator": "or", "not": False, "rules": [
                {"field": "deal.amount", "operator": "<", "value": "1000"},
                {"field": "deal.country", "operator": "not_in", "value": ["DE", "AT"]},
                {"field": "deal.close_on", "operator": "in_next_days", "value": 30},
            ]}}
        ],
        "otherwise": "allow",
    }  # fmt: skip

    def stored(self) -> dict[str, Any]:
        facts = {"deal.amount": Decimal("900.50"), "deal.country": "DE", "deal.close_on": None,
                 "@now": datetime(2026, 3, 1, tzinfo=UTC), "@today": date(2026, 3, 1)}  # fmt: skip
        decision = evaluate_rules(self.RULES, schema_named("deal"), facts, "deal-eligibility/1")
        stored: dict[str, Any] = json.loads(json.dumps(decision.document()))
        return stored

    def test_said_in_english_is_read_in_german_and_back(self):
        stored = self.stored()
        with translation.override("de"):
            german, said_in_german = Decision.of(stored), self.stored()
        assert german.document()["checks"] == said_in_german["checks"]
        assert german.nearest == said_in_german["nearest"]
        assert german.reasons[0].text == said_in_german["reasons"][0]["text"]
        assert "900,50" in german.checks[0].actual
        english = Decision.of(said_in_german)
        assert [check.label for check in english.checks] == [check["label"] for check in stored["checks"]]
        assert english.nearest == stored["nearest"]
        assert english.reasons[0].text == "Small: " + self.condition()
        assert english.nearest != german.nearest

    def condition(self) -> str:
        return sentence(self.RULES["rules"][0]["when"], schema_named("deal"))

    def test_whose_field_is_gone_stays_as_it_was_said(self):
        stored = self.stored()
        for check in stored["checks"]:
            check["said"]["when"]["field"] = "deal.gone"
            check["met"]["schema"] = "gone"
        stored["nearest_said"]["with"]["change"]["schema"] = "gone"
        with translation.override("de"):
            told = Decision.of(stored)
        assert [check.label for check in told.checks] == [check["label"] for check in stored["checks"]]
        assert [check.actual for check in told.checks] == [check["actual"] for check in stored["checks"]]
        assert told.nearest == stored["nearest"]

    def test_is_shown_in_the_readers_language_on_the_page(self):
        with translation.override("de"):
            html = Template("{% load ui %}{% decision_trace d %}").render(Context({"d": self.stored()}))
        assert "is less than" not in html
        assert "900,50" in html
