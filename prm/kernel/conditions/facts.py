"""What a condition may ask about: facts with a type, gathered in a schema for each subject."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from django.utils.functional import Promise

if TYPE_CHECKING:
    from django.db.models import Model

TypeName = Literal["money", "text", "choice", "number", "bool", "date", "datetime", "list", "id"]
FACT_TYPES: frozenset[str] = frozenset(get_args(TypeName))

Text = str | Promise
Choices = Iterable[tuple[Any, Any]]
Orm = str | Callable[[Any], Any]

BEFORE = "@before"  # facts[BEFORE]: the values before the event, of those that the event knows
NOW = "@now"  # facts[NOW]: business time, for operators that count days from now
TODAY = "@today"  # facts[TODAY]: the local date; the date of NOW when absent


class UnknownFact(KeyError):
    """The schema has no fact of that key."""


@dataclass(frozen=True, eq=False)
class Fact:
    """One thing known about a subject.

    `choices` gives the allowed values with their labels and may be a callable that reads them when they
    are shown or validated. `orm` is the lookup path from the schema's model, or makes an expression of its
    columns from the local date; without it the fact can be judged in Python but not counted in the
    database. `currency` names the currency of a money fact when it is fixed. `step` is what gave the answer
    that the fact holds: sentences then say that it answered.
    """

    key: str
    label: Text
    type: str
    choices: Callable[[], Choices] | Choices | None = None
    orm: Orm | None = None
    help: Text = ""
    nullable: bool = True
    currency: str | None = None
    step: Text = ""

    def __post_init__(self) -> None:
        if self.type not in FACT_TYPES:
            raise ValueError(f"fact {self.key!r} has the unknown type {self.type!r}")

    def choice_list(self) -> list[tuple[str, str]]:
        """The choices as text, read now; empty when any value is allowed."""
        offered = self.choices() if callable(self.choices) else self.choices
        return [(str(value), str(label)) for value, label in offered or ()]


@dataclass(frozen=True, eq=False)
class FactSchema:
    """The facts of one subject. Made once, at module level: compiled conditions are cached by it."""

    name: str
    label: Text
    facts: tuple[Fact, ...]
    model: "str | type[Model] | None" = None

    def fact(self, key: str) -> Fact:
        """The fact of that key, or UnknownFact."""
        try:
            return self._by_key[key]
        except (KeyError, TypeError):
            raise UnknownFact(key) from None

    def like(self, key: str) -> Fact | None:
        """The fact that somebody who wrote `key` may have meant."""
        names = {name: fact for fact in self.facts for name in (fact.key, str(fact.label))}
        found = get_close_matches(key, names, n=1, cutoff=0.6)
        return names[found[0]] if found else None

    @cached_property
    def _by_key(self) -> Mapping[str, Fact]:
        return {fact.key: fact for fact in self.facts}


_read_once: ContextVar[dict[Fact, dict[str, str]] | None] = ContextVar("choices", default=None)


def choices_of(fact: Fact) -> dict[str, str]:
    """Labels by value; within `choices_read_once` read the first time only."""
    memory = _read_once.get()
    if memory is None or not callable(fact.choices):
        return dict(fact.choice_list())
    if fact not in memory:
        memory[fact] = dict(fact.choice_list())
    return memory[fact]


@contextmanager
def choices_read_once() -> Iterator[None]:
    """Choices come from tables: a decision with many checks reads each list once."""
    token = _read_once.set({})
    try:
        yield
    finally:
        _read_once.reset(token)


_schemas: dict[str, FactSchema] = {}
_families: dict[str, Callable[[str], FactSchema]] = {}


def register_schema(schema: FactSchema) -> FactSchema:
    """Make a schema known by its name to the condition builder."""
    _schemas[schema.name] = schema
    return schema


def register_schemas(family: str, make: Callable[[str], FactSchema]) -> None:
    """Schemas made on demand: `schema_named("workflow:42")` is `make("42")` of the family "workflow".

    `make` raises UnknownFact for what doesn't exist, and returns the same object for the same name.
    """
    _families[family] = make


def registered_schemas() -> tuple[FactSchema, ...]:
    """Every schema that was registered by a name of its own, in the order of their names."""
    return tuple(_schemas[name] for name in sorted(_schemas))


def schema_named(name: str) -> FactSchema:
    """The registered schema of that name, or UnknownFact."""
    if name in _schemas:
        return _schemas[name]
    family, _colon, rest = name.partition(":")
    if family not in _families:
        raise UnknownFact(name)
    return _families[family](rest)
