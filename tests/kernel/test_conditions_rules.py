"""Rule documents: every reason at once, the strongest outcome, and a broken rule that allows nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.kernel.conditions import Fact, FactSchema, evaluate_rules, validate_rules
from prm.kernel.decisions import Decision, Reason
from tests.kernel.condition_tables import NOW, SCHEMA, rows, trees

pytestmark = pytest.mark.pure


def when(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"combinator": "and", "not": False, "rules": [{"field": field, "operator": operator, "value": value}]}


def entry(key: str, condition: Any, outcome: str = "refuse", **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "when": condition, "outcome": outcome, **more}


def document(*rules: Any, otherwise: str = "allow") -> dict[str, Any]:
    return {"rules": list(rules), "otherwise": otherwise}


def judged(doc: Any, **facts: Any) -> Decision:
    return evaluate_rules(doc, SCHEMA, {"@now": NOW, **facts}, rule="deal-eligibility/3")


SMALL = entry(
    "small",
    when("amount", "<", "1000"),
    reason={"key": "deal.below_minimum", "partner": "Deals start at 1,000.", "vendor": "Below the minimum."},
)
WATCHED = entry("watched", when("tier", "=", "bronze"), "review", reason={"vendor": "Bronze is looked at."})
FAST = entry("fast", when("certified", "=", True), "fast-lane", reason=None)


class TestOutcomes:
    def test_nothing_against_it_allows(self):
        decision = judged(document(SMALL, WATCHED), amount=Decimal(5000), tier="gold")
        assert (decision.outcome, decision.allowed, decision.reasons) == ("allow", True, ())

    def test_every_reason_is_told_and_the_strongest_wins(self):
        decision = judged(document(WATCHED, SMALL, FAST), amount=Decimal(5), tier="bronze", certified=True)
        assert decision.outcome == "refuse"
        assert decision.refused
        assert decision.reason_keys == ("watched", "deal.below_minimum", "deal.below_minimum", "fast")

    def test_review_is_not_allowed_yet(self):
        decision = judged(document(SMALL, WATCHED), amount=Decimal(5000), tier="bronze")
        assert (decision.outcome, decision.allowed) == ("review", False)

    def test_the_first_other_outcome_counts(self):
        doc = document(FAST, entry("slow", when("tier", "=", "gold"), "slow-lane"))
        decision = judged(doc, tier="gold", certified=True)
        assert (decision.outcome, decision.allowed) == ("fast-lane", True)

    def test_an_allowing_rule_spares_the_otherwise(self):
        doc = document(entry("gold", when("tier", "=", "gold"), "allow"), otherwise="review")
        assert judged(doc, tier="gold").outcome == "allow"
        assert judged(doc, tier="silver").outcome == "review"

    def test_an_inactive_rule_is_not_asked(self):
        assert judged(document({**SMALL, "active": False}), amount=Decimal(1)).checks == ()


class TestReasons:
    def test_partner_and_vendor_read_their_own_words(self):
        decision = judged(document(SMALL), amount=Decimal(1))
        assert decision.reasons == (
            Reason("deal.below_minimum", "Deals start at 1,000.", "partner"),
            Reason("deal.below_minimum", "Below the minimum.", "vendor"),
        )
        assert [reason.text for reason in decision.for_partner().reasons] == ["Deals start at 1,000."]

    def test_words_for_the_partner_alone_are_for_both(self):
        doc = document({**SMALL, "reason": {"partner": "Too small."}})
        assert judged(doc, amount=Decimal(1)).reasons == (Reason("small", "Too small.", "both"),)

    def test_without_words_the_vendor_reads_the_condition(self):
        doc = document(entry("small", when("amount", "<", "1000")))
        [reason] = judged(doc, amount=Decimal(1)).reasons
        assert (reason.key, reason.audience) == ("small", "vendor")
        assert reason.text == "Small: Amount is less than 1,000.00"


class TestEvidence:
    def test_every_check_of_every_rule_is_kept(self):
        decision = judged(document(SMALL, WATCHED), amount=Decimal(900), tier="gold")
        assert [(check.path, check.passed) for check in decision.checks] == [("small:0", True), ("watched:0", False)]
        assert decision.facts["amount"] == "900"

    def test_the_nearest_change_turns_the_whole_outcome(self):
        decision = judged(document(SMALL, WATCHED), amount=Decimal(900), tier="gold")
        assert decision.nearest == "It would turn if Amount is at least 1,000.00; now it is 900.00."

    def test_no_single_change_heals_two_refusals(self):
        doc = document(SMALL, entry("tier", when("tier", "=", "bronze")))
        assert judged(doc, amount=Decimal(900), tier="bronze").nearest is None

    def test_choices_are_read_once_however_many_checks_name_them(self):
        reads: list[int] = []

        def tiers() -> list[tuple[str, str]]:
            reads.append(1)
            return [("gold", "Gold")]

        schema = FactSchema("x", "x", (Fact("tier", "Tier", "choice", choices=tiers),))
        doc = document(*(entry(str(number), when("tier", "=", "gold")) for number in range(5)))
        decision = evaluate_rules(doc, schema, {"tier": "gold"}, rule="x/1")
        assert decision.checks[4].actual == "Gold"
        assert len(reads) <= 2

    @settings(max_examples=100, deadline=None)
    @given(st.lists(trees(), max_size=3), rows())
    def test_a_stored_decision_is_judged_alike_again(self, conditions, facts):
        outcomes = ("refuse", "review", "fast-lane")
        doc = document(*(entry(str(n), tree, outcomes[n]) for n, tree in enumerate(conditions)))
        decision = judged(doc, **facts)
        again = evaluate_rules(doc, SCHEMA, decision.document()["facts"], rule=decision.rule)
        assert again == decision


class TestBrokenRules:
    @pytest.mark.parametrize(
        "broken",
        [
            "not a rule",
            entry("odd", when("nothing", "=", "1")),
            entry("odd", when("amount", "=", "ten")),
            entry("odd", "amount < 5"),
            {"key": "odd", "outcome": "allow"},
            {**SMALL, "outcome": None},
            {**SMALL, "outcome": "error"},
            {**SMALL, "reason": "because"},
            entry("odd", when("close_on", "=", "soon")),
        ],
    )
    def test_allows_nothing_and_names_itself(self, broken):
        doc = document(entry("fine", when("tier", "=", "gold"), "allow"), broken)
        decision = judged(doc, tier="gold", amount=Decimal(5000))
        assert (decision.outcome, decision.allowed, decision.nearest) == ("error", False, None)
        assert decision.reason_keys == ("rule.broken",)
        assert decision.for_partner().reasons == ()
        assert validate_rules(doc, SCHEMA)

    def test_the_reason_names_the_rule(self):
        reason = judged(document(entry("odd", when("nothing", "=", "1")))).reasons[0]
        assert reason.text.startswith("The rule “Odd” can't be judged: “nothing” isn't a field of subjects.")

    def test_the_sound_rules_are_told_all_the_same(self):
        decision = judged(document(entry("odd", when("nothing", "=", "1")), SMALL), amount=Decimal(1))
        assert decision.outcome == "error"
        assert decision.reason_keys == ("rule.broken", "deal.below_minimum", "deal.below_minimum")

    def test_a_fact_of_the_wrong_type_is_an_error_too(self):
        assert judged(document(SMALL), amount=1.5).outcome == "error"

    def test_choices_that_can_not_be_read_are_an_error_too(self):
        def broken() -> list[tuple[str, str]]:
            raise RuntimeError("no tiers")

        schema = FactSchema("x", "x", (Fact("tier", "Tier", "choice", choices=broken),))
        decision = evaluate_rules(document(entry("t", when("tier", "=", "a"))), schema, {"tier": "a"}, rule="x/1")
        assert decision.outcome == "error"

    @pytest.mark.parametrize("doc", [None, [], "x", {}, {"rules": None}, {"rules": "x", "otherwise": "allow"}])
    def test_a_document_of_no_sense_allows_nothing(self, doc):
        assert judged(doc).outcome == "error"
        assert validate_rules(doc, SCHEMA)

    def test_an_otherwise_of_no_sense_allows_nothing(self):
        assert judged({"rules": [], "otherwise": 5}).outcome == "error"


class TestValidation:
    def test_a_sound_document_has_no_problems(self):
        assert validate_rules(document(SMALL, WATCHED, FAST, otherwise="review"), SCHEMA) == []

    @pytest.mark.parametrize(
        ("doc", "path", "message"),
        [
            (document({**SMALL, "sql": ""}), "0", "Remove “sql”"),
            (document({**SMALL, "key": ""}), "0", "Give the rule its “key”"),
            (document({**SMALL, "active": "yes"}), "0", "“active” is true or false"),
            (document(SMALL, SMALL), "1", "Two rules have the key “small”"),
            (document(SMALL, {**WATCHED, "when": when("tier", "=", "lead")}), "1:0", "isn't one of the choices"),
            (document(otherwise=""), "", "when no rule applies"),
        ],
    )
    def test_says_where_and_what_to_do(self, doc, path, message):
        (problem,) = validate_rules(doc, SCHEMA)
        assert problem.path == path
        assert message in problem.message
