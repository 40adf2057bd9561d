"""The same customer is not yet the same opportunity."""

from datetime import date
from decimal import Decimal

import pytest

from dealreg import actions, queries
from dealreg.opportunity import Side, judge, told
from tests.cast import birch, cam, cedar, olivia, vendor
from tests.dealreg.deals import approved, submitted

ONE = Side(frozenset({"platform"}), Decimal(12_000), date(2026, 3, 1), "jo roe", "jo@nordwind.de", "hamburg")


class TestJudge:
    @pytest.mark.parametrize(
        ("other", "outcome"),
        [
            (ONE, "same"),
            (Side(ONE.lines, Decimal(11_000), date(2026, 3, 20)), "same"),
            (Side(ONE.lines), "unsure"),
            (Side(ONE.lines, Decimal(60_000), date(2027, 3, 1), "al poe", "al@nordwind-air.de", "kiel"), "other"),
            (Side(frozenset({"storage"})), "other"),
        ],
        ids=["itself", "near", "little known", "all differs", "other products"],
    )
    def test_what_is_known_adds_up(self, other, outcome):
        judged = judge(ONE, other)

        assert judged["outcome"] == judge(other, ONE)["outcome"] == outcome
        assert sum(Decimal(line[2]) for line in judged["lines"]) == Decimal(judged["points"])

    @pytest.mark.parametrize(("day", "text"), [(1, "on the same day"), (2, "a day apart"), (9, "within 8 days")])
    def test_days_are_said_as_people_say_them(self, day, text):
        shown = told(judge(ONE, Side(ONE.lines, close_on=date(2026, 3, day))))
        assert any(text in line["text"] for line in shown["lines"])

    def test_every_line_is_a_sentence(self):
        shown = told(judge(ONE, Side(ONE.lines, Decimal(48_000), date(2027, 3, 1), "al", "al@x.de", "kiel")))

        assert shown["label"] == "Perhaps another opportunity"
        assert "One amount is 4.0 times the other." in [line["text"] for line in shown["lines"]]
        assert sum(line["weight"] for line in shown["lines"]) == shown["points"]


def checked(**changes):
    deal = submitted(cedar, **changes)
    with vendor() as now:
        decision = actions.check_conflicts(deal_id=deal, actor=cam.actor, now=now)
        return decision, queries.rivals_of(deal)["best"]


class TestInTheConflictCheck:
    def test_a_protected_customer_is_a_conflict_for_the_same_opportunity_only(self):
        approved(birch, contact_name="Jo Roe", contact_email="jo@nordwind-logistik.de")

        same, _best = checked(contact_name="Jo Roe", contact_email="jo@nordwind-logistik.de")
        with vendor() as now:
            later = (now.date().replace(year=now.year + 2)).isoformat()
        other, best = checked(
            amount="90000.00", expected_close_on=later, contact_name="Al Poe", contact_email="al@air.example"
        )

        assert same.outcome == "conflict"
        assert other.outcome == "review"
        assert "deal.other_opportunity" in other.reason_keys
        assert not [r for r in other.for_partner().reasons if "opportunity" in r.key]
        assert best["opportunity"]["outcome"] == "other" and len(best["opportunity"]["lines"]) == 5


class TestRelatives:
    def test_a_protected_mother_of_the_customer_goes_to_people(self):
        with vendor() as now:
            mother, child = (
                actions.create_customer(name=name, domain=domain, country="DE", actor=olivia.actor, now=now)
                for name, domain in (("Zeppelin Holding SE", "zeppelin.example"), ("Tulpe Garten AG", "tulpe.example"))
            )
            actions.update_customer(customer_id=child.pk, changes={"parent_id": mother.pk}, actor=olivia.actor, now=now)
        approved(birch, customer_name="Zeppelin Holding SE", customer_domain="zeppelin.example")

        decision, best = checked(customer_name="Tulpe Garten AG", customer_domain="tulpe.example")

        assert decision.outcome == "review"
        assert "deal.related_protected" in decision.reason_keys
        assert best["name"] in ("Tulpe Garten AG", "Zeppelin Holding SE")
