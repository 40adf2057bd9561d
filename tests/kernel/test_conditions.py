"""Conditions: what they mean, what they refuse, how they explain themselves."""

import json
import timeit
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.kernel.conditions import (
    ConditionError,
    Fact,
    FactSchema,
    canonical,
    compile_python,
    explain,
    jsonable,
    nearest_change,
    register_schema,
    schema_named,
    sentence,
    validate,
)
from prm.kernel.money import Money
from tests.kernel.condition_tables import NOW, SCHEMA, leaves, rows, trees

pytestmark = pytest.mark.pure


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    found = {"field": field, "operator": operator}
    return found if value is None else found | {"value": value}


def both(*rules: Any, negated: bool = False) -> dict[str, Any]:
    return {"combinator": "and", "not": negated, "rules": list(rules)}


def either(*rules: Any, negated: bool = False) -> dict[str, Any]:
    return {**both(*rules, negated=negated), "combinator": "or"}


def holds(tree: Any, **facts: Any) -> bool:
    return compile_python(tree, SCHEMA)({"@now": NOW, **facts})


BIG = both(rule("amount", ">=", "1000.00"))


class TestComparisons:
    @pytest.mark.parametrize(
        ("leaf", "yes", "no"),
        [
            (rule("amount", "=", "100"), Decimal("100.00"), Decimal("100.01")),
            (rule("amount", "between", ["10", "20"]), Decimal(20), Decimal("20.01")),
            (rule("amount", ">", {"amount": "10.00", "currency": "EUR"}), Money(Decimal(11), "EUR"), Decimal(10)),
            (rule("seats", "in", ["1", "2"]), 2, 3),
            (rule("name", "contains", "gmbh"), "Birch GmbH", "Birch AG"),
            (rule("name", "starts_with", "ÄR"), "Ärzte", "Die Ärzte"),
            (rule("name", "!=", "acme"), "Birch", "ACME"),
            (rule("tier", "not_in", ["gold", "silver"]), "bronze", "gold"),
            (rule("certified", "=", True), True, False),
            (rule("close_on", "before", "2026-03-10"), date(2026, 3, 9), date(2026, 3, 10)),
            (rule("close_on", "in_next_days", 30), date(2026, 4, 9), date(2026, 4, 10)),
            (rule("close_on", "in_last_days", 1), date(2026, 3, 9), date(2026, 3, 11)),
            (rule("seen_at", "within_days_of_now", 1), NOW - timedelta(days=1), NOW - timedelta(days=1, seconds=1)),
            (rule("seen_at", ">=", "2026-03-10T13:00:00+01:00"), NOW, NOW - timedelta(seconds=1)),
            (rule("regions", "contains", "x"), ["x", "y"], ["y"]),
            (rule("regions", "in", ["x", "y"]), ["y", "z"], ["z"]),
            (rule("regions", "not_in", ["x"]), ["y"], ["x", "y"]),
        ],
    )  # fmt: skip
    def test_each_operator_means_what_it_says(self, leaf, yes, no):
        assert holds(both(leaf), **{leaf["field"]: yes})
        assert not holds(both(leaf), **{leaf["field"]: no})

    @settings(max_examples=200, deadline=None)
    @given(leaves())
    def test_every_comparison_with_an_empty_fact_is_false(self, leaf):
        expected = leaf["operator"] == "is_empty"
        assert holds(both(leaf)) is expected
        assert holds(both(leaf, negated=True)) is not expected

    @pytest.mark.parametrize("empty", [None, "", []])
    def test_null_and_blank_and_no_items_are_all_empty(self, empty):
        field = "regions" if empty == [] else "name"
        assert holds(both(rule(field, "is_empty")), **{field: empty})

    @settings(max_examples=150, deadline=None)
    @given(trees(), rows())
    def test_facts_that_went_through_json_are_judged_alike(self, tree, facts):
        facts = facts | {"@now": NOW}
        judge = compile_python(tree, SCHEMA)
        assert judge(json.loads(json.dumps(jsonable(facts)))) == judge(facts)

    @settings(max_examples=150, deadline=None)
    @given(trees(), rows())
    def test_not_turns_the_result(self, tree, facts):
        facts = facts | {"@now": NOW}
        turned = {**tree, "not": not tree["not"]}
        assert compile_python(turned, SCHEMA)(facts) is not compile_python(tree, SCHEMA)(facts)

    def test_a_condition_takes_microseconds(self):
        tree = both(rule("amount", ">=", "1000"), either(rule("tier", "=", "gold"), rule("certified", "=", True)))
        judge, facts = compile_python(tree, SCHEMA), {"amount": Decimal(2000), "certified": True}
        fastest = min(timeit.repeat(lambda: judge(facts), number=1000, repeat=5)) / 1000
        assert fastest < 50e-6

    def test_is_compiled_once(self):
        assert compile_python(BIG, SCHEMA) is compile_python(json.loads(json.dumps(BIG)), SCHEMA)


class TestChanges:
    @pytest.mark.parametrize(
        ("operator", "value", "before", "now", "expected"),
        [
            ("changed", None, "gold", "silver", True),
            ("changed", None, None, "silver", True),
            ("changed", None, "gold", "gold", False),
            ("changed_to", "gold", None, "gold", True),
            ("changed_to", "gold", "gold", "gold", False),
            ("changed_from", "gold", "gold", None, True),
            ("changed_from", "gold", "silver", "bronze", False),
        ],
    )
    def test_compares_with_the_value_before(self, operator, value, before, now, expected):
        facts = {"tier": now, "@before": {"tier": before}}
        assert holds(both(rule("tier", operator, value)), **facts) is expected

    def test_what_the_event_does_not_know_has_not_changed(self):
        assert not holds(both(rule("tier", "changed")), tier="gold")
        assert not holds(both(rule("tier", "changed")), tier="gold", **{"@before": {"amount": Decimal(1)}})

    def test_a_change_of_case_is_a_change_but_the_same_text_to_compare(self):
        facts = {"name": "ACME", "@before": {"name": "Acme"}}
        assert holds(both(rule("name", "changed")), **facts)
        assert not holds(both(rule("name", "changed_to", "acme")), **facts)


class TestRoots:
    @pytest.mark.parametrize("tree", [None, {}, both(), either()])
    def test_no_rules_means_always(self, tree):
        assert holds(tree)
        assert validate(tree, SCHEMA) == []

    def test_not_always_is_never(self):
        assert not holds(either(negated=True))

    def test_a_rule_may_stand_alone(self):
        assert holds(rule("tier", "=", "gold"), tier="gold")


def nested(depth: int) -> dict[str, Any]:
    tree = both(rule("tier", "=", "gold"))
    for _level in range(depth - 1):
        tree = both(tree)
    return tree


class TestRefusals:
    @pytest.mark.parametrize(
        ("tree", "path", "message"),
        [
            ("amount > 5", "", "group of rules"),
            ([], "", "group of rules"),
            ({"combinator": "xor", "rules": []}, "", "all of the rules"),
            ({"combinator": "and", "not": 1, "rules": []}, "", "true or false"),
            ({"combinator": "and", "rules": [], "sql": "x"}, "", "Remove “sql”"),
            ({"combinator": "and", "rules": "x"}, "", "are a list"),
            (both(both()), "0", "group is empty"),
            (both("x"), "0", "a field, an operator and a value"),
            (both({**rule("tier", "=", "gold"), "sql": 1}), "0", "nothing else"),
            (both(rule("", "=", "1")), "0", "Choose a field"),
            (both(rule("amuont", "=", "1")), "0", "Did you mean “Amount”"),
            (both(rule("__class__", "=", "1")), "0", "isn't a field of subjects. Choose one"),
            (both(rule("tier", ">", "gold")), "0", "Tier can't be asked"),
            (both(rule("tier", ["="], "gold")), "0", "Choose another comparison"),
            (both(rule("tier", "", "gold")), "0", "choose how to compare"),
            (both(rule("amount", "=", 1.5)), "0", "a float isn't exact"),
            (both(rule("amount", "=", "NaN")), "0", "Give a number"),
            (both(rule("amount", "=", "1_000")), "0", "Give a number"),
            (both(rule("amount", "=", True)), "0", "Give a number"),
            (both(rule("seats", "=")), "0", "Give a value, or ask whether the field is empty"),
            (both(rule("amount", "between", ["5"])), "0", "a lowest and a highest"),
            (both(rule("amount", "between", ["5", "1"])), "0", "exchange the two"),
            (both(rule("tier", "in", [])), "0", "at least one value"),
            (both(rule("tier", "in", ["gold"] * 201)), "0", "at most 200"),
            (both(rule("tier", "=", "lead")), "0", "“lead” isn't one of the choices"),
            (both(rule("certified", "=", "true")), "0", "yes or no"),
            (both(rule("close_on", "=", "2026-02-30")), "0", "a day that exists"),
            (both(rule("close_on", "=", "20260210")), "0", "Give a day"),
            (both(rule("seen_at", "=", "2026-02-10T10:00:00")), "0", "with its offset"),
            (both(rule("close_on", "in_next_days", -1)), "0", "number of days"),
            (both(rule("close_on", "in_next_days", "x")), "0", "number of days"),
            (both(rule("tier", "is_empty", "gold")), "0", "takes no value"),
            (both(rule("name", "=", "a\x00b")), "0", "can't be stored"),
            (both(rule("name", "=", "\ud800")), "0", "can't be stored"),
            (both(rule("name", "=", "x" * 10_000)), "0", "at most 500 characters"),
            (both(rule("name", "=", "ok"), both(rule("name", "=", 5))), "1.0", "Give a text"),
            (nested(6), "0.0.0.0.0", "5 deep"),
            (both(*[rule("tier", "=", "gold")] * 100), "", "101 rules and groups; 100 are allowed"),
        ],
    )
    def test_says_where_and_what_to_do(self, tree, path, message):
        problems = validate(tree, SCHEMA)
        assert [(problem.path, message in problem.message) for problem in problems] == [(path, True)]

    def test_five_levels_and_a_hundred_nodes_are_fine(self):
        assert validate(nested(5), SCHEMA) == []
        assert validate(both(*[rule("tier", "=", "gold")] * 99), SCHEMA) == []

    def test_tells_every_problem_at_once(self):
        problems = validate(both(rule("x", "=", "1"), rule("amount", "=", "y")), SCHEMA)
        assert [problem.path for problem in problems] == ["0", "1"]

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner:
           st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
               ["combinator", "not", "rules", "field", "operator", "value"]), inner, max_size=6)))  # fmt: skip
    def test_any_data_is_answered_and_never_breaks_validation(self, data):
        problems = validate(data, SCHEMA)
        assert all(problem.message for problem in problems)
        if problems:
            with pytest.raises(ConditionError):
                canonical(data, SCHEMA)

    def test_endless_nesting_is_refused(self):
        tree: Any = both()
        for _level in range(5000):
            tree = both(tree)
        assert validate(tree, SCHEMA)
        with pytest.raises(ConditionError):
            compile_python(tree, SCHEMA)

    def test_a_money_fact_of_one_currency_takes_no_other(self):
        schema = FactSchema("x", "x", (Fact("fee", "Fee", "money", currency="EUR"),))
        problems = validate(both(rule("fee", ">", {"amount": "1", "currency": "USD"})), schema)
        assert "must be in EUR" in problems[0].message

    @pytest.mark.parametrize(
        ("field", "value"),
        [("amount", 1.5), ("amount", "ten"), ("certified", "yes"), ("close_on", NOW), ("seen_at", "soon"),
         ("name", 5), ("regions", "x"), ("seen_at", datetime(2026, 1, 1))],  # noqa: DTZ001
    )  # fmt: skip
    def test_a_fact_of_another_type_is_a_fault_and_not_false(self, field, value):
        operator = "contains" if field in ("regions", "name") else "="
        wanted = {"amount": "1", "certified": True, "close_on": "2026-01-01", "seen_at": NOW.isoformat()}
        with pytest.raises(ConditionError, match=field):
            holds(both(rule(field, operator, wanted.get(field, "x"))), **{field: value})

    def test_days_from_now_need_to_know_now(self):
        judge = compile_python(both(rule("close_on", "in_next_days", 3)), SCHEMA)
        with pytest.raises(ConditionError, match="now isn't known"):
            judge({"close_on": date(2026, 3, 1)})


class TestOneWrittenForm:
    @settings(max_examples=100, deadline=None)
    @given(trees())
    def test_writing_it_again_changes_nothing(self, tree):
        written = canonical(tree, SCHEMA)
        assert canonical(json.loads(json.dumps(written)), SCHEMA) == written
        assert validate(written, SCHEMA) == validate(tree, SCHEMA)

    @settings(max_examples=100, deadline=None)
    @given(trees(), rows())
    def test_it_means_the_same(self, tree, facts):
        facts = facts | {"@now": NOW}
        assert holds(canonical(tree, SCHEMA), **facts) == holds(tree, **facts)


class TestSentences:
    def test_reads_as_english(self):
        tree = both(
            rule("amount", ">=", "1000"),
            either(rule("tier", "in", ["gold", "silver"]), rule("close_on", "in_next_days", 30)),
        )
        assert sentence(tree, SCHEMA) == (
            "Amount is at least 1,000.00 and (Tier is Gold or Silver or Close date is in the next 30 days)"
        )

    @pytest.mark.parametrize(
        ("leaf", "words"),
        [
            (rule("close_on", "<=", "2026-02-19"), "Close date is on or before Feb 19, 2026"),
            (rule("tier", "not_in", ["gold"]), "Tier is not Gold"),
            (rule("tier", "not_in", ["gold", "silver"]), "Tier is neither Gold nor Silver"),
            (rule("regions", "not_in", ["x"]), "Regions doesn't have x"),
            (rule("certified", "=", True), "Certified is yes"),
            (rule("amount", "between", ["1", "2000"]), "Amount is between 1.00 and 2,000.00"),
            (rule("tier", "changed_to", "gold"), "Tier changed to Gold"),
            (rule("close_on", "in_last_days", 1), "Close date is in the last 1 day"),
        ],
    )
    def test_each_comparison_has_its_words(self, leaf, words):
        assert sentence(leaf, SCHEMA) == words

    def test_what_a_step_answered_is_told_as_its_answer(self):
        words = (("refused", "Refused"), ("skipped", "Skipped"))
        fact = Fact("steps.check", "Answer of “Check”", "choice", choices=words, step="Check")
        told = FactSchema("told", "Told", (fact,))
        both_of = ["refused", "skipped"]
        asked = [("=", "refused"), ("!=", "refused"), ("in", both_of), ("not_in", both_of)]
        assert [sentence(rule("steps.check", how, what), told) for how, what in asked] == [
            "“Check” answered “Refused”",
            "“Check” did not answer “Refused”",
            "“Check” answered Refused or Skipped",
            "“Check” answered neither Refused nor Skipped",
        ]
        assert sentence(rule("steps.check", "is_empty"), told) == "“Check” has not answered"

    def test_always_and_never_and_not(self):
        assert sentence(both(), SCHEMA) == "always"
        assert sentence(both(negated=True), SCHEMA) == "never"
        assert sentence(both(rule("tier", "is_empty"), negated=True), SCHEMA) == "not (Tier is empty)"

    @settings(max_examples=100, deadline=None)
    @given(trees())
    def test_every_condition_can_be_told_in_both_languages(self, tree):
        for language in ("en", "de"):
            with translation.override(language):
                assert "%(" not in sentence(tree, SCHEMA)


class TestExplanations:
    def test_every_comparison_is_told_with_its_value(self):
        tree = either(rule("amount", ">=", "1000"), rule("tier", "=", "gold"))
        first, second = explain(tree, SCHEMA, {"amount": Decimal(900), "tier": "gold"})
        assert (first.label, first.passed, first.actual) == ("Amount is at least 1,000.00", False, "900.00")
        assert (second.passed, second.actual, second.path) == (True, "Gold", "1")

    @settings(max_examples=100, deadline=None)
    @given(trees(), rows())
    def test_the_checks_are_what_the_condition_was_judged_by(self, tree, facts):
        facts = facts | {"@now": NOW}
        passed = iter(check.passed for check in explain(tree, SCHEMA, facts))

        def again(node: dict[str, Any]) -> bool:
            if "rules" not in node:
                return next(passed)
            results = [again(child) for child in node["rules"]]
            joined = any(results) if node["combinator"] == "or" and results else all(results)
            return joined is not node["not"]

        assert again(tree) == holds(tree, **facts)

    @pytest.mark.parametrize(
        ("tree", "facts", "words"),
        [
            (BIG, {"amount": Decimal(900)}, "It would turn if Amount is at least 1,000.00; now it is 900.00."),
            (BIG, {"amount": Decimal(1500)}, "It would turn if Amount is less than 1,000.00; now it is 1,500.00."),
            (BIG, {}, "It would turn if Amount is at least 1,000.00; now it is empty."),
            (
                either(rule("amount", ">=", "1000"), rule("amount", ">=", "5000")),
                {"amount": Decimal(6000)},
                "It would turn if Amount is less than 1,000.00; now it is 6,000.00.",
            ),
            (
                either(rule("tier", "=", "gold"), rule("amount", ">", "1000")),
                {"tier": "silver", "amount": Decimal(950)},
                "It would turn if Amount is more than 1,000.00; now it is 950.00.",
            ),
            (both(rule("tier", "=", "gold"), rule("amount", ">", "5")), {"tier": "silver"}, None),
            (both(rule("amount", ">", "9"), rule("amount", "<", "5")), {"amount": Decimal(1)}, None),
            (both(rule("tier", "changed")), {"tier": "gold"}, None),
            (both(), {}, None),
        ],
    )
    def test_the_nearest_change_is_the_smallest_that_turns_it(self, tree, facts, words):
        assert nearest_change(tree, SCHEMA, facts) == words

    @settings(max_examples=150, deadline=None)
    @given(trees(), rows())
    def test_a_nearest_change_can_be_asked_of_anything(self, tree, facts):
        found = nearest_change(tree, SCHEMA, facts | {"@now": NOW})
        assert found is None or found.startswith("It would turn if")


class TestSchemas:
    def test_a_schema_is_found_by_its_name(self):
        register_schema(SCHEMA)
        assert schema_named("subject") is SCHEMA

    def test_choices_may_be_read_late(self):
        tiers: list[tuple[str, str]] = []
        schema = FactSchema("x", "x", (Fact("tier", "Tier", "choice", choices=lambda: tiers),))
        tiers.append(("gold", "Gold"))
        assert sentence(rule("tier", "=", "gold"), schema) == "Tier is Gold"
        assert validate(rule("tier", "=", "lead"), schema)

    def test_a_choice_that_is_gone_equals_nothing_but_still_judges(self):
        assert not holds(both(rule("tier", "=", "lead")), tier="gold")

    def test_an_unknown_type_is_a_fault_of_the_programmer(self):
        with pytest.raises(ValueError, match="unknown type"):
            Fact("x", "X", "float")
