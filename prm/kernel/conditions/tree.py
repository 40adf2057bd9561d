"""The tree of a condition: read once from its data into typed nodes, with every problem found on the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from prm.kernel.conditions.facts import Fact, FactSchema, UnknownFact
from prm.kernel.conditions.operators import BY_TYPE, OPERATORS, Takes, label_of
from prm.kernel.conditions.values import WrongType, read_operand

MAX_DEPTH = 5
MAX_NODES = 100
MAX_VALUES = 200
MAX_DAYS = 36_500

JSON_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Condition",
    "description": f"Nested to {MAX_DEPTH} levels and {MAX_NODES} nodes; no rules means always.",
    "anyOf": [{"$ref": "#/$defs/group"}, {"$ref": "#/$defs/rule"}],
    "$defs": {
        "group": {
            "type": "object",
            "properties": {
                "combinator": {"enum": ["and", "or"]},
                "not": {"type": "boolean"},
                "rules": {
                    "type": "array",
                    "items": {"anyOf": [{"$ref": "#/$defs/group"}, {"$ref": "#/$defs/rule"}]},
                },
            },
            "required": ["combinator", "rules"],
            "additionalProperties": False,
        },
        "rule": {
            "type": "object",
            "properties": {
                "field": {"type": "string", "description": "the key of a registered fact"},
                "operator": {"enum": list(OPERATORS)},
                "value": {
                    "description": "by the fact's type: exact numbers as text, ISO dates; "
                    "a list for in and not_in, two for between, days for the operators of days"
                },
            },
            "required": ["field", "operator"],
            "additionalProperties": False,
        },
    },
}

ALWAYS: Mapping[str, Any] = {"combinator": "and", "not": False, "rules": []}


class ConditionError(ValueError):
    """A condition can't be judged: it is malformed, or a fact isn't of its type."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place of the tree ("0.1" is the second rule of the first group), and what to do."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison; `value` is typed: a value, a tuple of them, a number of days or None."""

    path: str
    fact: Fact
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes joined by and / or; without nodes it is always true. `negated` turns the result."""

    path: str
    combinator: str
    negated: bool
    nodes: "tuple[Leaf | Group, ...]"

    def leaves(self) -> Iterator[Leaf]:
        """Every comparison, in reading order."""
        for node in self.nodes:
            if isinstance(node, Leaf):
                yield node
            else:
                yield from node.leaves()


Node = Leaf | Group
T = TypeVar("T")


def read(tree: Any, schema: FactSchema) -> tuple[Group, list[Problem]]:
    """The typed tree of whatever is sound, and the problems of the rest."""
    reader = _Reader(schema)
    return reader.root(tree), reader.problems


def parse(tree: Any, schema: FactSchema) -> Group:
    """The typed tree; raises ConditionError when anything in it is wrong."""
    root, problems = read(tree, schema)
    if problems:
        raise ConditionError(problems[0].message)
    return root


def once(make: Callable[[Group], T]) -> Callable[[Any, FactSchema], T]:
    """Do the work once for each tree and schema: `make` gets the typed tree."""

    @lru_cache(maxsize=4096)
    def cached(text: str, schema: FactSchema) -> T:
        return make(parse(json.loads(text), schema))

    @wraps(make)
    def wrapped(tree: Any, schema: FactSchema) -> T:
        return cached(_text(tree), schema)

    return wrapped


@once
def parsed(root: Group) -> Group:
    """The typed tree, read once; raises ConditionError when anything in it is wrong."""
    return root


def is_group(node: Any) -> bool:
    """Whether the data means a group of rules."""
    return isinstance(node, Mapping) and "rules" in node


def rooted(tree: Any) -> Any:
    """The tree as a group: nothing means always, and a rule may stand alone."""
    if tree is None or tree == {}:
        return ALWAYS
    if isinstance(tree, Mapping) and "field" in tree and "rules" not in tree:
        return {**ALWAYS, "rules": [tree]}
    return tree


def _text(tree: Any) -> str:
    try:
        return json.dumps(tree, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise ConditionError(_("The condition isn't plain data.")) from None


class _Reader:
    """One walk over the data; problems are gathered, never raised."""

    def __init__(self, schema: FactSchema) -> None:
        self.schema = schema
        self.problems: list[Problem] = []
        self.nodes = 0

    def root(self, tree: Any) -> Group:
        tree = rooted(tree)
        if not is_group(tree):
            self._wrong("", _("A condition is a group of rules. Begin with an empty group."))
            return Group("", "and", False, ())
        group = self._group(tree, "", depth=1)
        if self.nodes > MAX_NODES:
            self._wrong(
                "",
                _("The condition has %(count)d rules and groups; %(max)d are allowed. Split it in two.")
                % {"count": self.nodes, "max": MAX_NODES},
            )
        return group

    def _group(self, data: Mapping[str, Any], path: str, depth: int) -> Group:
        self.nodes += 1
        combinator, negated, rules = data.get("combinator"), data.get("not", False), data["rules"]
        if combinator not in ("and", "or"):
            self._wrong(path, _("Say whether all of the rules must hold (and) or any of them (or)."))
        if not isinstance(negated, bool):
            self._wrong(path, _("“not” is true or false."))
        if unknown := set(data) - {"combinator", "not", "rules"}:
            self._wrong(path, _("Remove %(keys)s: a group has no such part.") % {"keys": _named(unknown)})
        if not isinstance(rules, list):
            self._wrong(path, _("The rules of a group are a list."))
            rules = []
        if path and not rules:
            self._wrong(path, _("This group is empty. Add a rule to it or remove it."))
        nodes = tuple(self._children(rules, path, depth))
        return Group(path, "or" if combinator == "or" else "and", negated is True, nodes)

    def _children(self, rules: list[Any], path: str, depth: int) -> Iterator[Node]:
        for index, data in enumerate(rules):
            here = f"{path}.{index}" if path else str(index)
            if not is_group(data):
                self.nodes += 1
                if leaf := self._leaf(data, here):
                    yield leaf
            elif depth < MAX_DEPTH:
                yield self._group(data, here, depth + 1)
            else:
                self._wrong(
                    here,
                    _("Groups can be nested %(max)d deep. Move this group further out.") % {"max": MAX_DEPTH},
                )

    def _leaf(self, data: Any, path: str) -> Leaf | None:
        if not isinstance(data, Mapping) or set(data) - {"field", "operator", "value"}:
            self._wrong(path, _("A rule has a field, an operator and a value, nothing else."))
            return None
        fact = self._fact(data.get("field"), path)
        if fact is None:
            return None
        operator = data.get("operator")
        if not isinstance(operator, str) or operator not in BY_TYPE[fact.type]:
            self._wrong(path, self._unsuited(fact, operator))
            return None
        try:
            return Leaf(path, fact, operator, _operand(fact, operator, data.get("value")))
        except WrongType as wrong:
            self._wrong(path, f"{fact.label}: {wrong}")
            return None

    def _fact(self, key: Any, path: str) -> Fact | None:
        if not isinstance(key, str) or not key:
            self._wrong(path, _("Choose a field."))
            return None
        try:
            return self.schema.fact(key)
        except UnknownFact:
            self._wrong(path, self._unknown(key))
            return None

    def _unknown(self, key: str) -> str:
        meant = self.schema.like(key)
        named = {"field": key[:60], "subject": self.schema.label}
        if meant is None:
            return _("“%(field)s” isn't a field of %(subject)s. Choose one of the list.") % named
        return _("“%(field)s” isn't a field of %(subject)s. Did you mean “%(meant)s”?") % (
            named | {"meant": meant.label}
        )

    def _unsuited(self, fact: Fact, operator: Any) -> str:
        if not operator:
            return _("%(field)s: choose how to compare it.") % {"field": fact.label}
        words = str(operator)[:40]
        if isinstance(operator, str) and operator in OPERATORS:
            words = label_of(operator, fact.type)
        return _("%(field)s can't be asked whether it “%(operator)s”. Choose another comparison.") % {
            "field": fact.label,
            "operator": words,
        }

    def _wrong(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))


def _operand(fact: Fact, operator: str, raw: Any) -> Any:
    takes = OPERATORS[operator].takes
    if takes is Takes.NOTHING:
        return _nothing(raw)
    if takes is Takes.DAYS:
        return _days(raw)
    if takes is Takes.MANY:
        return _many(fact, raw)
    if takes is Takes.PAIR:
        return _pair(fact, raw)
    return _one(fact, raw)


def _nothing(raw: Any) -> None:
    if raw not in (None, ""):
        raise WrongType(_("This comparison takes no value. Remove it."))


def _one(fact: Fact, raw: Any) -> Any:
    if isinstance(raw, Mapping) and fact.currency and raw.get("currency") != fact.currency:
        raise WrongType(_("The amount must be in %(currency)s.") % {"currency": fact.currency})
    return read_operand(fact.type, raw)


def _many(fact: Fact, raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list) or not raw:
        raise WrongType(_("Give at least one value."))
    if len(raw) > MAX_VALUES:
        raise WrongType(_("Give at most %(max)d values.") % {"max": MAX_VALUES})
    return tuple(dict.fromkeys(_one(fact, item) for item in raw))


def _pair(fact: Fact, raw: Any) -> tuple[Any, Any]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise WrongType(_("Give a lowest and a highest value."))
    low, high = (_one(fact, item) for item in raw)
    if low > high:
        raise WrongType(_("The lowest value comes first: exchange the two."))
    return low, high


def _days(raw: Any) -> int:
    text = str(raw) if isinstance(raw, (int, str)) and not isinstance(raw, bool) else ""
    if not (text.isascii() and text.isdigit()) or len(text) > 6 or int(text) > MAX_DAYS:
        raise WrongType(_("Give a number of days from 0 to %(max)d.") % {"max": MAX_DAYS})
    return int(text)


def _named(keys: Any) -> str:
    return ", ".join(sorted(f"“{str(key)[:30]}”" for key in keys))
