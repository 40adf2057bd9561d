"""The nearest change that would have turned a decision: made, it really turns; and where one exists, it is found."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prm.kernel.conditions import (
    compile_python,
    compile_rules,
    evaluate_rules,
    nearest_of_rules,
    nearest_turn,
)
from tests.kernel.condition_tables import NOW, SCHEMA, VALUES, leaves, rows, trees

pytestmark = pytest.mark.pure
OUTCOMES = ("refuse", "review", "allow", "fast-lane")
KINDS = {
    "number": ("seats", "score"),
    "money": ("amount",),
    "date": ("close_on", "seen_at"),
    "choice": ("tier", "certified", "code"),
    "list": ("regions", "tags"),
}


@st.composite
def documents(draw: st.DrawFn, conditions: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Up to four rules of any outcome."""
    found = draw(st.lists(st.tuples(conditions, st.sampled_from(OUTCOMES)), min_size=1, max_size=4))
    rules = [{"key": f"r{n}", "when": when, "outcome": outcome} for n, (when, outcome) in enumerate(found)]
    return {"rules": rules, "otherwise": draw(st.sampled_from(OUTCOMES))}


def decided(document: dict[str, Any], facts: dict[str, Any]) -> str:
    return evaluate_rules(document, SCHEMA, facts, "test/1").outcome


class TestMakingTheChange:
    @settings(max_examples=150, deadline=None)
    @given(trees(), rows())
    def test_turns_a_condition(self, tree, facts):
        facts |= {"@now": NOW}
        turn = nearest_turn(tree, SCHEMA, facts)
        assume(turn is not None)
        judge = compile_python(tree, SCHEMA)
        assert judge({**facts, turn.field: turn.value}) != judge(facts)

    @settings(max_examples=120, deadline=None)
    @given(documents(trees()), rows())
    def test_turns_the_decision_of_whole_rules_to_something_no_stronger(self, document, facts):
        facts |= {"@now": NOW}
        turn = nearest_of_rules(document, SCHEMA, facts)
        assume(turn is not None)
        before, after = decided(document, facts), decided(document, {**facts, turn.field: turn.value})
        assert after not in (before, "error")
        strength = ("refuse", "review")
        assert before not in strength or after not in strength[: strength.index(before)]
        assert evaluate_rules(document, SCHEMA, facts, "test/1").nearest == turn.sentence


def other_values(key: str) -> list[Any]:
    """Values all over the fact's range, beside those that rules name."""
    near = {
        "amount": [Decimal(n) / 100 for n in (-200, -100, 0, 5000, 9999, 10000, 10001, 99999)],
        "seats": list(range(-4, 6)),
        "score": list(range(-2, 6)),
        "close_on": [date(2026, 3, 10) + timedelta(days=days) for days in range(-6, 7)],
        "seen_at": [NOW + timedelta(hours=hours) for hours in (-100, -72, -60, -48, -24, -1, 0, 1, 2, 24, 48, 90)],
        "tier": ["gold", "silver", "bronze", ""],
        "certified": [True, False],
        "regions": [[], ["x"], ["y"], ["z"], ["x", "y"], ["x", "z"], ["y", "z"], ["%"], ["x", "y", "z"], ["other"]],
    }
    near["tags"] = near["regions"]
    return [*near.get(key, []), None]


@pytest.mark.parametrize("kind", KINDS)
class TestWhereAChangeOfOneFactWouldDo:
    @settings(max_examples=120, deadline=None)
    @given(data=st.data())
    def test_one_is_found(self, kind, data):
        facts_of_kind = tuple(SCHEMA.fact(key) for key in KINDS[kind])
        group = st.fixed_dictionaries(
            {
                "combinator": st.sampled_from(["and", "or"]),
                "not": st.booleans(),
                "rules": st.lists(leaves(facts_of_kind, changes=False), min_size=1, max_size=3),
            }
        )
        document = data.draw(documents(group))
        facts = {key: data.draw(st.none() | VALUES[key]) for key in KINDS[kind]} | {"@now": NOW}
        judge = compile_rules(document, SCHEMA)
        before = judge(facts).outcome
        milder = {"refuse": ("review", "allow", "fast-lane"), "review": ("allow", "fast-lane")}
        wanted = milder.get(before, tuple(o for o in OUTCOMES if o != before))
        would_do = any(
            judge({**facts, key: value}).outcome in wanted for key in KINDS[kind] for value in other_values(key)
        )
        if would_do:
            assert nearest_of_rules(document, SCHEMA, facts) is not None


class TestItsWords:
    def rule(self, outcome: str, *when: tuple[str, str, Any]) -> dict[str, Any]:
        rules = [{"field": field, "operator": operator, "value": value} for field, operator, value in when]
        return {"key": "r", "when": {"combinator": "and", "not": False, "rules": rules}, "outcome": outcome}

    @pytest.mark.parametrize(
        ("rule", "facts", "words"),
        [
            (("amount", "<", "1000"), {"amount": Decimal(900)}, "Amount is at least 1,000.00; now it is 900.00."),
            (("seats", ">", "5"), {"seats": 9}, "Seats is at most 5; now it is 9."),
            (
                ("close_on", "after", "2026-05-01"),
                {"close_on": date(2026, 5, 9)},
                "Close date is on or before May 1, 2026; now it is May 9, 2026.",
            ),
            (("tier", "=", "silver"), {"tier": "silver"}, "Tier is not Silver; now it is Silver."),
            (("regions", "contains", "x"), {"regions": ["x", "y"]}, "Regions doesn't have x; now it is x and y."),
        ],
    )
    def test_say_what_would_have_to_be(self, rule, facts, words):
        document = {"rules": [self.rule("refuse", rule)], "otherwise": "allow"}
        assert evaluate_rules(document, SCHEMA, facts, "t/1").nearest == f"It would turn if {words}"

    def test_name_the_very_value_where_the_comparison_alone_would_not_do(self):
        document = {
            "rules": [self.rule("refuse", ("tier", "=", "gold")), self.rule("refuse", ("tier", "=", "silver"))],
            "otherwise": "allow",
        }
        nearest = evaluate_rules(document, SCHEMA, {"tier": "gold"}, "t/1").nearest
        assert nearest == "It would turn if Tier is Bronze; now it is Gold."

    def test_lead_away_from_a_refusal_and_never_to_one(self):
        document = {
            "rules": [self.rule("refuse", ("amount", "<", "1000")), self.rule("review", ("seats", ">", "5"))],
            "otherwise": "allow",
        }
        decision = evaluate_rules(document, SCHEMA, {"amount": Decimal("1000.00"), "seats": 400}, "t/1")
        assert decision.nearest == "It would turn if Seats is at most 5; now it is 400."


class TestRulesInShort:
    @settings(max_examples=80, deadline=None)
    @given(documents(trees()), rows())
    def test_say_what_the_whole_decision_says(self, document, facts):
        facts |= {"@now": NOW}
        decision, ruling = evaluate_rules(document, SCHEMA, facts, "t/1"), compile_rules(document, SCHEMA)(facts)
        assert ruling.outcome == decision.outcome
        assert sorted(ruling.reasons) == sorted(r.key for r in decision.reasons if r.seen_by("vendor"))

    @pytest.mark.parametrize(
        "broken", ["no rule", {"key": "x"}, {"key": "x", "outcome": "allow", "when": {"rules": 7}}]
    )
    def test_of_a_broken_rule_are_an_error_that_names_it(self, broken):
        ruling = compile_rules({"rules": [broken]}, SCHEMA)({})
        assert (ruling.outcome, ruling.reasons) == ("error", ("rule.broken",))

    def test_of_a_fact_that_is_none_are_an_error(self):
        more = {"field": "seats", "operator": ">", "value": "1"}
        ruling = compile_rules({"rules": [{"key": "x", "outcome": "allow", "when": more}]}, SCHEMA)
        assert ruling({"seats": "many"}).outcome == "error"
