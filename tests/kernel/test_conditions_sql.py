"""Python and PostgreSQL judge alike, empty values, negation and odd letters included."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prm.kernel.conditions import Fact, FactSchema, NotQueryable, compile_python, to_q
from tests.kernel.condition_tables import (
    CODES,
    NOW,
    SCHEMA,
    STORED,
    Line,
    Subject,
    fill,
    leaves,
    rows,
    tables,
    trees,
)
from tests.world import logged_in_as

pytestmark = pytest.mark.pure  # temporary tables only


@pytest.fixture(scope="module", autouse=True)
def temporary_tables(django_db_blocker: Any) -> Iterator[None]:
    """As the owner, who alone may make tables; no table of the application is touched."""
    with django_db_blocker.unblock(), logged_in_as("owner"), tables():
        yield


def both_ways(tree: dict[str, Any], subjects: list[dict[str, Any]]) -> tuple[list[int], list[int]]:
    """The ids that match, as PostgreSQL finds them and as Python does."""
    fill(subjects)
    by_sql = list(Subject.objects.filter(to_q(tree, SCHEMA, now=NOW)).order_by("id").values_list("id", flat=True))
    judge = compile_python(tree, SCHEMA)
    return by_sql, [index for index, facts in enumerate(subjects) if judge({**facts, "@now": NOW})]


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {
        "combinator": "and",
        "not": False,
        "rules": [{"field": field, "operator": operator, "value": value}],
    }


slow = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
NOTHING = dict.fromkeys([fact.key for fact in SCHEMA.facts])


class TestPythonAndSqlAgree:
    @slow
    @given(leaves(STORED, changes=False), st.lists(rows(), min_size=1, max_size=8))
    @example({"field": "name", "operator": "contains", "value": "%"}, [NOTHING | {"name": "a_b"}])
    @example({"field": "name", "operator": "=", "value": "äb"}, [NOTHING | {"name": "ÄB"}])
    @example({"field": "products", "operator": "not_in", "value": ["x"]}, [NOTHING | {"products": ["x", "y"]}])
    def test_on_every_single_comparison(self, leaf, subjects):
        for negated in (False, True):
            by_sql, by_python = both_ways({"combinator": "and", "not": negated, "rules": [leaf]}, subjects)
            assert by_sql == by_python

    @slow
    @given(trees(STORED, changes=False), st.lists(rows(), min_size=1, max_size=8))
    def test_on_nested_conditions(self, tree, subjects):
        by_sql, by_python = both_ways(tree, subjects)
        assert by_sql == by_python

    @slow
    @given(trees(STORED, changes=False), st.lists(rows(), min_size=1, max_size=6))
    def test_a_condition_and_its_negation_share_out_the_rows(self, tree, subjects):
        fill(subjects)
        yes = set(Subject.objects.filter(to_q(tree, SCHEMA, now=NOW)).values_list("id", flat=True))
        turned = {**tree, "not": not tree["not"]}
        no = set(Subject.objects.filter(to_q(turned, SCHEMA, now=NOW)).values_list("id", flat=True))
        assert yes | no == set(range(len(subjects)))
        assert not yes & no


class TestCounting:
    def test_a_subject_with_many_lines_counts_once(self):
        fill([NOTHING | {"products": ["x", "x", "y"]}])
        assert Line.objects.count() == 3
        assert Subject.objects.filter(to_q(rule("products", "in", ["x", "y"]), SCHEMA)).count() == 1

    def test_an_empty_condition_matches_all_and_its_negation_none(self):
        fill([NOTHING, NOTHING])
        always = {"combinator": "or", "not": False, "rules": []}
        assert Subject.objects.filter(to_q(always, SCHEMA)).count() == 2
        assert Subject.objects.filter(to_q({**always, "not": True}, SCHEMA)).count() == 0

    @pytest.mark.parametrize("code", ["not-a-uuid", "0" * 32, "x" * 300])
    def test_an_id_that_no_column_can_hold_equals_nothing(self, code):
        subjects = [NOTHING | {"code": CODES[0]}, NOTHING]
        assert both_ways(rule("code", "=", code), subjects) == ([], [])
        assert both_ways(rule("code", "!=", code), subjects) == ([0], [0])

    def test_joins_with_other_filters(self):
        fill([NOTHING | {"owner": 1}, NOTHING | {"owner": 2}, NOTHING])
        found = Subject.objects.filter(to_q(rule("country", "is_empty"), SCHEMA), owner__isnull=False)
        assert [subject.id for subject in found] == [1]


ODD_COLUMNS = [
    ("date", "seen_at"),
    ("text", "code"),
    ("text", "products__code"),
    ("list", "name"),
    ("text", "nowhere"),
]


class TestWhatCanNotBeCounted:
    @pytest.mark.parametrize(
        ("tree", "why"),
        [
            (rule("score", ">", "1"), "isn't stored"),
            (rule("amount", "changed"), "known at an event only"),
            (rule("tier", "changed_to", "gold"), "known at an event only"),
        ],
    )
    def test_says_why(self, tree, why):
        with pytest.raises(NotQueryable, match=why):
            to_q(tree, SCHEMA)

    @pytest.mark.parametrize(("kind", "orm"), ODD_COLUMNS)
    def test_a_column_of_another_kind_is_refused(self, kind, orm):
        schema = FactSchema("odd", "odd", (Fact("odd", "Odd", kind, orm=orm),), model=Subject)
        with pytest.raises(NotQueryable):
            to_q(rule("odd", "is_empty"), schema)

    def test_a_subject_without_rows(self):
        schema = FactSchema("thing", "things", (Fact("odd", "Odd", "text"),))
        with pytest.raises(NotQueryable, match="no list of things"):
            to_q(rule("odd", "is_empty"), schema)
