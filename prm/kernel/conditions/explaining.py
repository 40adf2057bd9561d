"""Why a condition held or didn't: each comparison with its value, and the smallest change that turns it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from prm.kernel.conditions import retelling
from prm.kernel.conditions.facts import NOW, TODAY, Fact, FactSchema, choices_of
from prm.kernel.conditions.operators import CHANGES, DAYS
from prm.kernel.conditions.python import Facts, anchor_of, bounds, judge_of, value_of
from prm.kernel.conditions.tree import Leaf, parsed
from prm.kernel.decisions import Check
from prm.kernel.wording import said as _

_CENT = Decimal("0.01")
_FAR = Decimal(2)  # farther than any change of a figure to another
_ITEMS = 5  # of a list are put in and taken out in every combination; further ones singly


def explain(tree: Any, schema: FactSchema, facts: Facts) -> tuple[Check, ...]:
    """Each comparison, in reading order, with the value that it met; none is left out."""
    return tuple(_check(leaf, schema, facts) for leaf in parsed(tree, schema).leaves())


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of one fact by which an outcome turns: the fact's key, the value it would have, in words."""

    field: str
    value: Any
    sentence: str


def nearest_change(tree: Any, schema: FactSchema, facts: Facts) -> str | None:
    """The smallest change of one fact that turns the outcome, as a sentence; None when there is none."""
    turn = nearest_turn(tree, schema, facts)
    return turn.sentence if turn else None


def nearest_turn(tree: Any, schema: FactSchema, facts: Facts) -> Turn | None:
    """The same with the fact and its value: putting it among the facts turns the outcome."""
    judge = judge_of(parsed(tree, schema))
    held = judge(facts)
    return nearest([tree], schema, facts, lambda changed: judge(changed) != held)


def nearest(trees: Iterable[Any], schema: FactSchema, facts: Facts, turns: Callable[[Facts], bool]) -> Turn | None:
    """The smallest single change to a fact, among those that the trees ask for, for which `turns`.

    For every fact the values on either side of every edge are tried that any comparison draws: between two
    edges nothing changes, so that what can be turned by one number, day, choice or list is found.
    """
    found: list[tuple[Decimal, _Change]] = []
    for leaves in _by_fact(trees, schema).values():
        for change in _changes_of(leaves, facts):
            found.append((_distance(change.actual, change.value), change))
    for _size, change in sorted(found, key=lambda pair: pair[0]):
        if turns(change.applied(facts)):
            return Turn(change.fact.key, change.value, _in_words(change, schema, facts, turns))
    return None


@dataclass(frozen=True)
class _Change:
    """A value that a fact could have instead. `leaf` is the comparison that drew the edge."""

    leaf: Leaf
    value: Any
    actual: Any
    leaves: tuple[Leaf, ...]

    @property
    def fact(self) -> Fact:
        return self.leaf.fact

    def applied(self, facts: Facts) -> Facts:
        return {**facts, self.fact.key: self.value}


def _check(leaf: Leaf, schema: FactSchema, facts: Facts) -> Check:
    return Check(
        label=retelling.comparison(leaf, schema),
        passed=judge_of(leaf)(facts),
        actual=retelling.value(leaf.fact, value_of(leaf.fact, facts), schema),
        path=leaf.path,
    )


def _by_fact(trees: Iterable[Any], schema: FactSchema) -> dict[str, list[Leaf]]:
    """The comparisons of each fact, but for those with what was before, which nobody can change."""
    found: dict[str, list[Leaf]] = {}
    for tree in trees:
        for leaf in parsed(tree, schema).leaves():
            if leaf.operator not in CHANGES:
                found.setdefault(leaf.fact.key, []).append(leaf)
    return found


def _changes_of(leaves: list[Leaf], facts: Facts) -> Iterator[_Change]:
    actual, together = value_of(leaves[0].fact, facts), tuple(leaves)
    named = tuple(dict.fromkeys(value for leaf in leaves for value in _named(leaf)))
    seen: set[Any] = {actual}
    for leaf in leaves:
        for value in _candidates(leaf, actual, facts, named):
            if value not in seen:
                seen.add(value)
                yield _Change(leaf, value, actual, together)


def _in_words(change: _Change, schema: FactSchema, facts: Facts, turns: Callable[[Facts], bool]) -> str:
    """As the comparison says it where that suffices, else with the very value."""
    leaf, now = change.leaf, retelling.value(change.fact, change.actual, schema)
    held = judge_of(leaf)(facts)
    if judge_of(leaf)(change.applied(facts)) != held and _suffices(change, facts, turns):
        wanted = (retelling.opposite if held else retelling.comparison)(leaf, schema)
    else:
        wanted = retelling.fact_is(change.fact, change.value, schema)
    return _("It would turn if %(change)s; now it is %(actual)s.") % {"change": wanted, "actual": now}


def _suffices(change: _Change, facts: Facts, turns: Callable[[Facts], bool]) -> bool:
    """Whether every value by which the one comparison turns would turn the outcome."""
    judge = judge_of(change.leaf)
    held = judge(facts)
    others = [one.applied(facts) for one in _changes_of(list(change.leaves), facts) if one.value is not None]
    return all(turns(other) for other in others if judge(other) != held)


def _named(leaf: Leaf) -> tuple[Any, ...]:
    if leaf.value is None or leaf.operator in DAYS:
        return ()
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _candidates(leaf: Leaf, actual: Any, facts: Facts, named: tuple[Any, ...]) -> list[Any]:
    """Values at the edges of what the comparison asks for, on either side; `named` are those of all
    comparisons of the fact."""
    if leaf.operator in DAYS:
        anchor = anchor_of(leaf.fact, facts.get(NOW), facts.get(TODAY))
        return [*_edges(bounds(leaf.operator, leaf.value, anchor)), None]
    if leaf.fact.type == "bool":
        return [True, False, None]
    if leaf.fact.type == "list":
        return _lists(leaf.fact, actual or frozenset(), named)
    if leaf.value is None:
        return [None, *_others(leaf.fact, named), _some(leaf.fact)]
    values = _named(leaf)
    if isinstance(values[0], str):
        return [*values, *_others(leaf.fact, named), None]
    return [*_edges(values), None]


def _edges(values: Iterable[Any]) -> list[Any]:
    return [near for value in values for near in (value, *_beside(value))]


def _beside(value: Any) -> Iterator[Any]:
    step = {Decimal: _CENT, datetime: timedelta(minutes=1), date: timedelta(days=1)}[type(value)]
    with suppress(OverflowError):  # there is no day before the first
        yield value + step
        yield value - step


def _others(fact: Fact, values: Iterable[str]) -> list[str]:
    """A value that no comparison names."""
    if fact.type not in ("text", "choice", "id", "list"):
        return []
    refused = set(values)
    offered = [value for value in choices_of(fact) if value not in refused]
    return offered[:1] or ["\N{BULLET}"]


def _lists(fact: Fact, actual: frozenset[str], named: tuple[str, ...]) -> list[Any]:
    """The list with any of the named items put in or taken out, beside another item, or empty."""
    items = named[:_ITEMS]
    other = frozenset(_others(fact, named))
    changed = []
    for number in range(2 ** len(items)):
        put = frozenset(item for place, item in enumerate(items) if number >> place & 1)
        kept = actual - frozenset(items)
        changed += [kept | put, kept | put | other]
    changed += [actual | {item} for item in named[_ITEMS:]]
    return [frozenset(value) or None for value in (*changed, actual - frozenset(named), ())]


_SOME: Mapping[str, Any] = {
    "money": Decimal(0),
    "number": Decimal(0),
    "date": date(2000, 1, 1),
    "datetime": datetime(2000, 1, 1, tzinfo=UTC),
}


def _some(fact: Fact) -> Any:
    """Any value of the fact's type."""
    return _SOME[fact.type] if fact.type in _SOME else True if fact.type == "bool" else _others(fact, ())[0]


def _distance(actual: Any, value: Any) -> Decimal:
    """How far apart two values are: figures by proportion, days by the year, all else alike."""
    if actual is None or value is None:
        return _FAR + (1 if value is None else 0)
    if isinstance(actual, Decimal):
        return Decimal(abs(actual - value) / max(abs(actual), abs(value), Decimal(1)))
    if isinstance(actual, (date, datetime)):
        return min(Decimal((actual - value) // timedelta(seconds=1)).copy_abs() / 31_536_000, _FAR)
    if isinstance(actual, frozenset):
        return Decimal(len(actual ^ value))
    return Decimal(1)
