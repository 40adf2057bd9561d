"""A condition as form fields, there and back: nobody types JSON.

A form's names say where a part belongs: `when-0.1-field` is the field of the second rule in the first group
of the condition `when`; the outermost group is called `root`. What was typed becomes a tree whose values are
text; `canonical` makes them exact once they are valid, and `Problem.path` says which row is wrong.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

from prm.kernel.conditions.facts import Fact, FactSchema, UnknownFact
from prm.kernel.conditions.operators import BY_TYPE, OPERATORS, Takes
from prm.kernel.conditions.tree import is_group

ROOT = "root"
JOINS = {"and": ("and", False), "or": ("or", False), "not and": ("and", True), "not or": ("or", True)}
_DEEPEST = 8  # further than any condition may go, so that one level too many is seen and told


class Typed(Protocol):
    """What a QueryDict offers, and a MultiValueDict."""

    def __iter__(self) -> Any: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def getlist(self, key: str) -> list[Any]: ...


class Entered(dict[str, Any]):
    """A tree as somebody typed it: its problems are shown beside its rows."""


def entered(data: Typed, name: str, schema: FactSchema) -> Entered | None:
    """The tree that a form holds; None when the form has no condition of that name."""
    places = _places(data, name)
    if ROOT not in places:
        return None
    return Entered(_group(data, name, (), places, schema))


def change(tree: Mapping[str, Any], command: str) -> tuple[dict[str, Any], str]:
    """The tree after a button was pressed ("add-rule:0.1"), and the place that gets the focus.

    "clear" drops a row's value, since another field was chosen. An unknown command or place changes nothing.
    """
    word, _colon, place = command.partition(":")
    path = _steps(place)
    if path is None or word not in ("add-rule", "add-group", "remove", "clear"):
        return dict(tree), ""
    if word in ("remove", "clear"):
        return _without(tree, path, value_only=word == "clear")
    return _added(tree, path, word)


def shown(fact: Fact, value: Any) -> str:
    """A value as its input shows it; a moment in the reader's zone."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return str(value.get("amount", ""))
    if fact.type == "datetime":
        return _local(str(value))
    return str(value)


def blank_rule() -> dict[str, Any]:
    """A row in which nothing is chosen yet."""
    return {"field": "", "operator": ""}


def blank_group() -> dict[str, Any]:
    """A group with one blank row."""
    return {"combinator": "and", "not": False, "rules": [blank_rule()]}


def _places(data: Typed, name: str) -> set[str]:
    """The places that the form's names speak of."""
    parts = (key[len(name) + 1 :].rpartition("-") for key in data if key.startswith(f"{name}-"))
    return {place for place, _dash, part in parts if part in ("join", "field")}


def _steps(place: str) -> tuple[int, ...] | None:
    if place == ROOT:
        return ()
    steps = place.split(".")
    if len(steps) > _DEEPEST or not all(step.isascii() and step.isdigit() and len(step) < 5 for step in steps):
        return None
    return tuple(map(int, steps))


def _place(path: Iterable[int]) -> str:
    return ".".join(map(str, path)) or ROOT


def _group(data: Typed, name: str, path: tuple[int, ...], places: set[str], schema: FactSchema) -> dict[str, Any]:
    combinator, negated = JOINS.get(data.get(f"{name}-{_place(path)}-join") or "", ("", False))
    below = (steps for place in places if (steps := _steps(place)))
    children = sorted(steps for steps in below if steps[:-1] == path)
    rules = [_node(data, name, child, places, schema) for child in children]
    return {"combinator": combinator, "not": negated, "rules": rules}


def _node(data: Typed, name: str, path: tuple[int, ...], places: set[str], schema: FactSchema) -> dict[str, Any]:
    prefix = f"{name}-{_place(path)}"
    if data.get(f"{prefix}-join") is not None:
        return _group(data, name, path, places, schema)
    return _rule(data, prefix, schema)


def _rule(data: Typed, prefix: str, schema: FactSchema) -> dict[str, Any]:
    """A row: its value is read as its field and operator take it."""
    key, operator = data.get(f"{prefix}-field") or "", data.get(f"{prefix}-operator") or ""
    rule = {"field": key, "operator": operator}
    try:
        fact = schema.fact(key)
    except UnknownFact:
        return rule
    if operator not in BY_TYPE[fact.type]:
        operator = rule["operator"] = _first_of(operator, fact)
    typed = [text for text in data.getlist(f"{prefix}-value") if text != ""]
    return rule | _value(fact, operator, typed, data.get(f"{prefix}-value2") or "")


def _first_of(operator: str, fact: Fact) -> str:
    """Another field was chosen: begin with its first operator; an unknown one stays and is told."""
    return BY_TYPE[fact.type][0] if operator in OPERATORS or not operator else operator


def _value(fact: Fact, operator: str, typed: list[str], highest: str) -> dict[str, Any]:
    takes = OPERATORS[operator].takes if operator in OPERATORS else Takes.ONE
    if takes is Takes.NOTHING:
        return {}
    if takes is Takes.PAIR:
        return {"value": [_plain(fact, text) for text in (*typed[:1], highest) if text != ""]}
    if takes is Takes.MANY:
        listed = typed if fact.choices is not None else [part for text in typed for part in _listed(text)]
        return {"value": [_plain(fact, text) for text in listed]}
    if not typed:
        return {"value": ""}
    return {"value": typed[0].strip() if takes is Takes.DAYS else _plain(fact, typed[0])}


def _listed(text: str) -> list[str]:
    """One value on each line: names have commas in them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _plain(fact: Fact, text: str) -> Any:
    """The text as JSON would have it; what isn't of the fact's type stays text, for validation to tell."""
    if fact.type == "bool":
        return {"true": True, "false": False}.get(text, text)
    if fact.type == "datetime":
        return _moment(text)
    return text if fact.type == "text" else text.strip()


def _moment(text: str) -> str:
    """A local date and time as a moment with its offset, in the reader's zone."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (local if local.tzinfo else timezone.make_aware(local)).isoformat()


def _local(text: str) -> str:
    try:
        return timezone.localtime(datetime.fromisoformat(text)).replace(tzinfo=None).isoformat()
    except ValueError:
        return text


def _added(tree: Mapping[str, Any], path: tuple[int, ...], word: str) -> tuple[dict[str, Any], str]:
    rules = _rules_at(tree, path)
    if rules is None:
        return dict(tree), ""
    new = blank_rule() if word == "add-rule" else blank_group()
    place = _place((*path, len(rules)))
    return _with_rules(tree, path, [*rules, new]), place if word == "add-rule" else f"{place}.0"


def _without(tree: Mapping[str, Any], path: tuple[int, ...], value_only: bool) -> tuple[dict[str, Any], str]:
    """Without the row, the group or just a row's value."""
    rules = _rules_at(tree, path[:-1]) if path else None
    if rules is None or path[-1] >= len(rules):
        return dict(tree), ""
    if value_only:
        rules[path[-1]] = {key: part for key, part in rules[path[-1]].items() if key != "value"}
        return _with_rules(tree, path[:-1], rules), ""
    del rules[path[-1]]
    return _with_rules(tree, path[:-1], rules), _beside(path, len(rules))


def _beside(path: tuple[int, ...], left: int) -> str:
    """Where the focus goes when the row at `path` is gone: its neighbour, or else its group."""
    return _place((*path[:-1], min(path[-1], left - 1))) if left else _place(path[:-1])


def _rules_at(tree: Any, path: tuple[int, ...]) -> list[Any] | None:
    """The rules of the group at that place; None when there is no group."""
    for step in path:
        rules = tree["rules"] if is_group(tree) else []
        if step >= len(rules):
            return None
        tree = rules[step]
    return list(tree["rules"]) if is_group(tree) else None


def _with_rules(tree: Mapping[str, Any], path: tuple[int, ...], rules: list[Any]) -> dict[str, Any]:
    if not path:
        return {**tree, "rules": rules}
    inner = list(tree["rules"])
    inner[path[0]] = _with_rules(inner[path[0]], path[1:], rules)
    return {**tree, "rules": inner}
