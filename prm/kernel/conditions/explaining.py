"""Why a condition held or didn't: each comparison with its value, and the smallest change that turns it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions.facts import NOW, TODAY, Fact, FactSchema, choices_of
from prm.kernel.conditions.operators import CHANGES, DAYS
from prm.kernel.conditions.python import Facts, anchor_of, bounds, judge_of, value_of
from prm.kernel.conditions.tree import Leaf, parsed
from prm.kernel.conditions.wording import leaf_in_words, opposite_in_words, value_in_words
from prm.kernel.decisions import Check

_CENT = Decimal("0.01")
_FAR = Decimal(2)  # farther than any change of a figure to another


def explain(tree: Any, schema: FactSchema, facts: Facts) -> tuple[Check, ...]:
    """Each comparison, in reading order, with the value that it met; none is left out."""
    return tuple(_check(leaf, facts) for leaf in parsed(tree, schema).leaves())


def nearest_change(tree: Any, schema: FactSchema, facts: Facts) -> str | None:
    """The smallest change of one fact that turns the outcome, as a sentence; None when there is none."""
    judge = judge_of(parsed(tree, schema))
    held = judge(facts)
    return nearest([tree], schema, facts, lambda changed: judge(changed) != held)


def nearest(trees: Iterable[Any], schema: FactSchema, facts: Facts, turns: Callable[[Facts], bool]) -> str | None:
    """The smallest single change to a fact, among those that the trees ask for, for which `turns`."""
    changes = [change for tree in trees for change in _changes(tree, schema, facts)]
    for change in sorted(changes, key=lambda change: change.size):
        if turns({**facts, change.leaf.fact.key: change.value}):
            return _in_words(change, facts)
    return None


@dataclass(frozen=True)
class _Change:
    """A value that the leaf's fact could have instead, by which the leaf turns."""

    leaf: Leaf
    value: Any
    size: Decimal
    held: bool


def _check(leaf: Leaf, facts: Facts) -> Check:
    return Check(
        label=leaf_in_words(leaf),
        passed=judge_of(leaf)(facts),
        actual=value_in_words(leaf.fact, value_of(leaf.fact, facts)),
        path=leaf.path,
    )


def _changes(tree: Any, schema: FactSchema, facts: Facts) -> Iterator[_Change]:
    for leaf in parsed(tree, schema).leaves():
        if leaf.operator not in CHANGES:
            yield from _changes_of(leaf, facts)


def _changes_of(leaf: Leaf, facts: Facts) -> Iterator[_Change]:
    judge, actual = judge_of(leaf), value_of(leaf.fact, facts)
    held = judge(facts)
    for value in _candidates(leaf, actual, facts):
        if value != actual and judge({**facts, leaf.fact.key: value}) != held:
            yield _Change(leaf, value, _distance(actual, value), held)


def _in_words(change: _Change, facts: Facts) -> str:
    fact = change.leaf.fact
    wanted = opposite_in_words(change.leaf) if change.held else leaf_in_words(change.leaf)
    actual = value_in_words(fact, value_of(fact, facts))
    return _("It would turn if %(change)s; now it is %(actual)s.") % {"change": wanted, "actual": actual}


def _candidates(leaf: Leaf, actual: Any, facts: Facts) -> list[Any]:
    """Values at the edges of what the comparison asks for, on either side."""
    if leaf.operator in DAYS:
        anchor = anchor_of(leaf.fact, facts.get(NOW), facts.get(TODAY))
        return _edges(bounds(leaf.operator, leaf.value, anchor))
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    if leaf.fact.type == "bool":
        return [True, False, None]
    if leaf.fact.type == "list":
        return _lists(leaf, actual or frozenset(), values)
    if leaf.value is None:
        return [None, _some(leaf.fact)]
    if isinstance(values[0], str):
        return [*values, *_others(leaf.fact, values), None]
    return [*_edges(values), None]


def _edges(values: Iterable[Any]) -> list[Any]:
    return [near for value in values for near in (value, *_beside(value))]


def _beside(value: Any) -> Iterator[Any]:
    step = {Decimal: _CENT, datetime: timedelta(minutes=1), date: timedelta(days=1)}[type(value)]
    with suppress(OverflowError):  # there is no day before the first
        yield value + step
        yield value - step


def _others(fact: Fact, values: Iterable[str]) -> list[str]:
    """A value that the comparison doesn't name."""
    refused = set(values)
    offered = [value for value in choices_of(fact) if value not in refused]
    return offered[:1] or ["\N{BULLET}"]


def _lists(leaf: Leaf, actual: frozenset[str], values: tuple[Any, ...]) -> list[Any]:
    if leaf.value is None:
        return [frozenset(), frozenset(_others(leaf.fact, ()))]
    named = frozenset(values)
    others = frozenset(_others(leaf.fact, values))
    return [actual | {values[0]}, actual - named or others, actual | others]


_SOME: Mapping[str, Any] = {
    "money": Decimal(0),
    "number": Decimal(0),
    "date": date(2000, 1, 1),
    "datetime": datetime(2000, 1, 1, tzinfo=UTC),
}


def _some(fact: Fact) -> Any:
    """Any value of the fact's type."""
    return _SOME[fact.type] if fact.type in _SOME else _others(fact, ())[0]


def _distance(actual: Any, value: Any) -> Decimal:
    """How far apart two values are: figures by proportion, days by the year, all else alike."""
    if actual is None or value is None:
        return _FAR + (1 if value is None else 0)
    if isinstance(actual, Decimal):
        return Decimal(abs(actual - value) / max(abs(actual), abs(value), Decimal(1)))
    if isinstance(actual, (date, datetime)):
        return min(Decimal((actual - value) // timedelta(seconds=1)).copy_abs() / 31_536_000, _FAR)
    return Decimal(1)
