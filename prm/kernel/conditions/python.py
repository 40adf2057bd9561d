"""Conditions as Python closures: compiled once, judged in microseconds.

Two-valued: every comparison with an empty fact is false, and `not` turns the result of its group.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions.facts import BEFORE, NOW, TODAY, Fact
from prm.kernel.conditions.folding import fold
from prm.kernel.conditions.operators import CHANGES, DAYS
from prm.kernel.conditions.tree import ConditionError, Group, Leaf, Node, once
from prm.kernel.conditions.values import READERS, WrongType, read_date, read_datetime

Facts = Mapping[str, Any]
Judge = Callable[[Facts], bool]
Test = Callable[[Any], bool]


@once
def compile_python(root: Group) -> Judge:
    """The condition as a function of facts. Raises ConditionError when malformed; so does the function
    for a fact that isn't of its type."""
    return judge_of(root)


def judge_of(node: Node) -> Judge:
    """The closure of a typed node."""
    if isinstance(node, Leaf):
        return _leaf(node)
    judges = tuple(judge_of(child) for child in node.nodes)
    together = _any if node.combinator == "or" and judges else _all
    return _negation(together(judges)) if node.negated else together(judges)


def value_of(fact: Fact, facts: Facts) -> Any:
    """The fact's typed value, None when empty; raises ConditionError when it is of another type."""
    return _typed(fact, facts.get(fact.key))


def _all(judges: tuple[Judge, ...]) -> Judge:
    if len(judges) == 1:
        return judges[0]

    def holds(facts: Facts) -> bool:
        for judge in judges:  # noqa: SIM110 - a generator costs as much as the comparisons
            if not judge(facts):
                return False
        return True

    return holds


def _any(judges: tuple[Judge, ...]) -> Judge:
    if len(judges) == 1:
        return judges[0]

    def holds(facts: Facts) -> bool:
        for judge in judges:  # noqa: SIM110
            if judge(facts):
                return True
        return False

    return holds


def _negation(judge: Judge) -> Judge:
    return lambda facts: not judge(facts)


def _leaf(leaf: Leaf) -> Judge:
    fact, operator = leaf.fact, leaf.operator
    if operator in CHANGES:
        return _change(leaf)
    if operator in DAYS:
        return _days(leaf)
    if operator == "is_empty":
        return lambda facts: value_of(fact, facts) is None
    if operator == "is_not_empty":
        return lambda facts: value_of(fact, facts) is not None
    return _comparison(fact, test_of(leaf))


def _comparison(fact: Fact, test: Test) -> Judge:
    key, read = fact.key, READERS[fact.type]

    def holds(facts: Facts) -> bool:
        try:
            value = read(facts.get(key))
        except WrongType as wrong:
            raise _mistyped(fact, wrong) from None
        return value is not None and test(value)

    return holds


def test_of(leaf: Leaf) -> Test:
    """The leaf's test of a value that isn't empty."""
    if leaf.fact.type == "text":
        return _TEXTS[leaf.operator](_folded(leaf.value))
    if leaf.fact.type == "list":
        return _LISTS[leaf.operator](leaf.value)
    return _TESTS[leaf.operator](leaf.value)


def _among(values: Any) -> Test:
    allowed = frozenset(values)
    return lambda value: value in allowed


def _not_among(values: Any) -> Test:
    refused = frozenset(values)
    return lambda value: value not in refused


def _between(pair: Any) -> Test:
    low, high = pair
    return lambda value: bool(low <= value <= high)


_TESTS: Mapping[str, Callable[[Any], Test]] = MappingProxyType(
    {
        "=": lambda wanted: lambda value: bool(value == wanted),
        "!=": lambda wanted: lambda value: bool(value != wanted),
        "<": lambda wanted: lambda value: bool(value < wanted),
        "<=": lambda wanted: lambda value: bool(value <= wanted),
        ">": lambda wanted: lambda value: bool(value > wanted),
        ">=": lambda wanted: lambda value: bool(value >= wanted),
        "before": lambda wanted: lambda value: bool(value < wanted),
        "after": lambda wanted: lambda value: bool(value > wanted),
        "between": _between,
        "in": _among,
        "not_in": _not_among,
    }
)

_TEXTS: Mapping[str, Callable[[Any], Test]] = MappingProxyType(
    {
        "=": lambda wanted: lambda value: fold(value) == wanted,
        "!=": lambda wanted: lambda value: fold(value) != wanted,
        "contains": lambda wanted: lambda value: wanted in fold(value),
        "starts_with": lambda wanted: lambda value: fold(value).startswith(wanted),
        "in": lambda wanted: lambda value: fold(value) in wanted,
        "not_in": lambda wanted: lambda value: fold(value) not in wanted,
    }
)

_LISTS: Mapping[str, Callable[[Any], Test]] = MappingProxyType(
    {
        "contains": lambda wanted: lambda value: wanted in value,
        "in": lambda wanted: lambda value: not value.isdisjoint(wanted),
        "not_in": lambda wanted: lambda value: value.isdisjoint(wanted),
    }
)


def _change(leaf: Leaf) -> Judge:
    fact, operator = leaf.fact, leaf.operator
    alike = _folded if fact.type == "text" and operator != "changed" else _as_is
    wanted = alike(leaf.value)

    def holds(facts: Facts) -> bool:
        before = facts.get(BEFORE)
        if not before or fact.key not in before:
            return False
        was, now = alike(_typed(fact, before[fact.key])), alike(value_of(fact, facts))
        if operator == "changed":
            return bool(was != now)
        one, other = (was, now) if operator == "changed_from" else (now, was)
        return bool(one == wanted and other != wanted)

    return holds


def _days(leaf: Leaf) -> Judge:
    fact, operator, days = leaf.fact, leaf.operator, leaf.value

    def holds(facts: Facts) -> bool:
        value = value_of(fact, facts)
        if value is None:
            return False
        low, high = bounds(operator, days, anchor_of(fact, facts.get(NOW), facts.get(TODAY)))
        return bool(low <= value <= high)

    return holds


def anchor_of(fact: Fact, now: Any, today: Any) -> date | datetime:
    """What "now" is for the fact: the local day for a date, the moment for a datetime."""
    try:
        moment, day = read_datetime(now), read_date(today)
    except WrongType as wrong:
        raise ConditionError(str(wrong)) from None
    anchor = moment if fact.type == "datetime" else day or (moment and moment.date())
    if anchor is None:
        raise ConditionError(_("%(field)s: what time is now isn't known.") % {"field": fact.label})
    return anchor


def bounds(operator: str, days: int, anchor: Any) -> tuple[Any, Any]:
    """The earliest and the latest value that is within the days."""
    span = timedelta(days=days)
    low = anchor if operator == "in_next_days" else anchor - span
    high = anchor if operator == "in_last_days" else anchor + span
    return low, high


def _typed(fact: Fact, raw: Any) -> Any:
    try:
        return READERS[fact.type](raw)
    except WrongType as wrong:
        raise _mistyped(fact, wrong) from None


def _mistyped(fact: Fact, wrong: WrongType) -> ConditionError:
    return ConditionError(_("The fact “%(fact)s” is unusable. %(why)s") % {"fact": fact.key, "why": wrong})


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return fold(value)
    return frozenset(map(fold, value)) if isinstance(value, tuple) else value


def _as_is(value: Any) -> Any:
    return value
