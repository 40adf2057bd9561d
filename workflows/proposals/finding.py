"""The smallest condition that tells cases decided alike from those decided otherwise. Pure.

Every condition that could be said about enough of the alike is tried (a choice is, an amount is at most, a
list has), alone, then in twos, then in threes. Of those that no counter-example meets, the one that covers
most of the alike wins; of equals the one with fewer parts. There is no threshold to tune but the least
number of cases, and the answer is a sentence that anybody can check against the cases themselves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID

from prm.kernel.conditions import ConditionError, Fact, FactSchema, compile_python
from prm.kernel.conditions.values import READERS, WrongType
from prm.kernel.decisions import jsonable

LEAST = 8  # cases that a rule must cover
MOST = 3  # parts of a rule
WIDEST = 60  # conditions that are put together
EDGES = 12  # amounts that are tried for one fact

_EQUAL = ("choice", "text", "id", "bool")
_AT_MOST = ("money", "number")


@dataclass(frozen=True, slots=True)
class Case:
    """One decided task: its facts, and whether it was decided the way that is looked at."""

    id: UUID
    facts: Mapping[str, Any]
    alike: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A condition, and the cases that it covers: all alike."""

    when: Mapping[str, Any]
    covered: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One comparison with the cases that meet it, as bits."""

    rule: Mapping[str, Any]
    alike: int
    others: int


def find_rule(cases: Sequence[Case], schema: FactSchema, *, least: int = LEAST) -> Found | None:
    """The condition that covers most of the alike and no other; None when it would cover fewer than `least`."""
    alike = [case for case in cases if case.alike]
    others = [case for case in cases if not case.alike]
    if len(alike) < least:
        return None
    parts = _parts(alike, others, schema, least)
    best: tuple[_Part, ...] = ()
    covered = 0
    for size in range(1, MOST + 1):
        for chosen in combinations(parts, size):
            together = _meet(chosen)
            if together.bit_count() > max(covered.bit_count(), least - 1) and not _meet_others(chosen):
                best, covered = chosen, together
        least_more = max(covered.bit_count(), least - 1)
        parts = [part for part in parts if part.others and part.alike.bit_count() > least_more]  # others add nothing
    if not best:
        return None
    when = {"combinator": "and", "not": False, "rules": [dict(part.rule) for part in best]}
    return Found(when, tuple(case.id for place, case in enumerate(alike) if covered >> place & 1))


def _meet(parts: Iterable[_Part]) -> int:
    found = -1
    for part in parts:
        found &= part.alike
    return found


def _meet_others(parts: Iterable[_Part]) -> int:
    found = -1
    for part in parts:
        found &= part.others
    return found


def _parts(alike: Sequence[Case], others: Sequence[Case], schema: FactSchema, least: int) -> list[_Part]:
    """The comparisons worth trying, those that cover most first; of several that say the same one stays."""
    found: dict[tuple[int, int], _Part] = {}
    for fact in schema.facts:
        for rule in _rules(fact, alike, others, least):
            part = _part(rule, alike, others, schema)
            if part and part.alike.bit_count() >= least and (not others or part.others != 2 ** len(others) - 1):
                found.setdefault((part.alike, part.others), part)
    ordered = sorted(found.values(), key=lambda part: (-part.alike.bit_count(), part.others.bit_count()))
    return ordered[:WIDEST]


def _part(rule: Mapping[str, Any], alike: Sequence[Case], others: Sequence[Case], schema: FactSchema) -> _Part | None:
    holds = compile_python(rule, schema)
    try:
        return _Part(rule, _bits(holds, alike), _bits(holds, others))
    except ConditionError:
        return None


def _bits(holds: Any, cases: Sequence[Case]) -> int:
    return sum(1 << place for place, case in enumerate(cases) if holds(case.facts))


def _rules(fact: Fact, alike: Sequence[Case], others: Sequence[Case], least: int) -> Iterator[dict[str, Any]]:
    """What could be said of a fact. Without a counter-example only a bound on an amount says anything."""
    values = [value for case in alike if (value := _value(fact, case.facts)) is not None]
    if len(values) < least:
        return
    if fact.type in _AT_MOST:
        for edge in _edges(values, [v for case in others if (v := _value(fact, case.facts)) is not None]):
            yield {"field": fact.key, "operator": "<=", "value": str(edge)}
    elif others and fact.type in _EQUAL:
        for value in _frequent(values, least):
            yield {"field": fact.key, "operator": "=", "value": jsonable(value)}
    elif others and fact.type == "list":
        for value in _frequent([item for items in values for item in sorted(items)], least):
            yield {"field": fact.key, "operator": "contains", "value": value}


def _edges(values: list[Any], others: list[Any]) -> list[Any]:
    """The highest of the alike, and the highest below each counter-example."""
    edges = {max(values)}
    for other in others:
        below = [value for value in values if value < other]
        edges |= {max(below)} if below else set()
    return sorted(edges, reverse=True)[:EDGES]


def _frequent(values: list[Any], least: int) -> list[Any]:
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return [value for value, count in counts.items() if count >= least]


def _value(fact: Fact, facts: Mapping[str, Any]) -> Any:
    try:
        return READERS[fact.type](facts.get(fact.key))
    except WrongType:
        return None
