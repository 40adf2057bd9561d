"""A tree's parameters: values that an admin sets by a form while the tree stays as it is. Pure.

A tree says them at its top, `"parameters": [{"key", "label", "type", "value"}]`, and anywhere in a block or
the trigger's condition `{"parameter": "<key>"}` stands for the value. What shapes the tree (ids, types,
actions, lists of blocks) is never a parameter's.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.automation import registry
from prm.kernel.identity.actors import ANSWERING_ROLES, VENDOR_ROLES

MAX_PARAMETERS = 40
MAX_DEPTH = 60
LONGEST_WAIT = 527_040
SHAPE = frozenset(
    {"id", "type", "save_as", "action", "as", "blocks", "branches", "cases", "otherwise", "event", "workflow", "clock"}
    | {"key", "format", "combinator", "rules", "field", "operator"}
)
TYPES: Mapping[str, Any] = {
    "text": gettext_lazy("a text"),
    "number": gettext_lazy("a number, written as text, such as “12.5”"),
    "money": gettext_lazy("an amount, written as text, such as “1000.00”"),
    "bool": gettext_lazy("true or false"),
    "minutes": gettext_lazy("a whole number of minutes from 1 to 527040 (a year)"),
    "count": gettext_lazy("a whole number from 1 to 999"),
    "percentages": gettext_lazy("a list of percentages from 1 to 99"),
    "role": gettext_lazy("a role that may decide"),
    "recipients": gettext_lazy("a list of recipients"),
}
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that can be set. `help` says what it does where the label is not enough."""

    key: str
    label: str
    type: str
    value: Any
    help: str = ""


def parameters_of(tree: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """The parameters that a sound tree says, in their order."""
    return tuple(
        Parameter(one["key"], str(one.get("label") or one["key"]), one["type"], one.get("value"), one.get("help", ""))
        for one in _said(tree)
    )


def applied(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tree with every reference replaced by its value. A reference to nothing stays, for the lint to tell."""
    if not isinstance(tree, Mapping) or not tree.get("parameters"):
        return tree
    values = {one["key"]: one.get("value") for one in _said(tree)}
    head = ("parameters", "key", "format")
    return {name: part if name in head else _filled(part, values, 1) for name, part in tree.items()}


def with_values(tree: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The same tree with other values; keys that it does not have change nothing."""
    told = [
        {**one, "value": values[one["key"]]} if isinstance(one, Mapping) and one.get("key") in values else one
        for one in tree.get("parameters") or ()
    ]
    return {**tree, "parameters": told} if told else dict(tree)


def without_values(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree as it is whatever its parameters are set to: equal for two that differ in values alone."""
    return with_values(tree, dict.fromkeys((one["key"] for one in _said(tree)), None))


def wrong(kind: str, value: Any) -> str:
    """What is wrong with a value of this type; empty when nothing is."""
    if kind not in TYPES:
        return _("There is no type “%(type)s”. Use one of: %(known)s.") % {
            "type": str(kind)[:40],
            "known": ", ".join(TYPES),
        }
    return "" if _FITS[kind](value) else _("This must be %(what)s.") % {"what": TYPES[kind]}


def problems(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, message) for parameters that are wrong, unknown, unused or stand where none may."""
    said = tree.get("parameters")
    if said is None:
        said = []
    if not isinstance(said, list) or len(said) > MAX_PARAMETERS:
        yield "parameters", _("Parameters are a list of at most %(max)d.") % {"max": MAX_PARAMETERS}
        return
    used = list(_references(tree))
    seen: set[str] = set()
    for index, one in enumerate(said):
        yield from _said_wrong(one, f"parameters.{index}", seen, {key for _path, key, _allowed in used})
    for path, key, allowed in used:
        if key not in seen:
            yield path, _("There is no parameter “%(key)s”.") % {"key": key[:40]}
        elif not allowed:
            yield path, _("A parameter can't stand here: it would change the shape of the tree.")


def _said_wrong(one: Any, path: str, seen: set[str], used: set[str]) -> Iterator[tuple[str, str]]:
    key = one.get("key") if isinstance(one, Mapping) else None
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        yield path, _("A parameter has a key of small letters, digits and _, a label, a type and a value.")
        return
    if key in seen:
        yield f"{path}.key", _("Two parameters are called “%(key)s”.") % {"key": key}
    seen.add(key)
    if set(one) - {"key", "label", "type", "value", "help"}:
        yield path, _("A parameter holds key, label, type, value and help, and nothing else.")
    for name in ("label", "help"):
        if not isinstance(one.get(name, ""), str) or len(one.get(name, "")) > 300:
            yield f"{path}.{name}", _("This is a text of at most 300 characters.")
    if told := wrong(str(one.get("type")), one.get("value")):
        yield f"{path}.value", _("The parameter “%(key)s”: %(problem)s") % {"key": key, "problem": told}
    if key not in used:
        yield path, _("The parameter “%(key)s” is used nowhere.") % {"key": key}


def _said(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parameters that have at least a key, from trees that may be malformed."""
    said = tree.get("parameters")
    found = said if isinstance(said, list) else []
    return [one for one in found if isinstance(one, Mapping) and isinstance(one.get("key"), str) and "type" in one]


def _is_reference(part: Any) -> bool:
    return isinstance(part, Mapping) and len(part) == 1 and isinstance(part.get("parameter"), str)


def _filled(part: Any, values: Mapping[str, Any], depth: int) -> Any:
    if isinstance(part, str) or depth > MAX_DEPTH:
        return part
    if _is_reference(part):
        return values.get(part["parameter"], part)
    if isinstance(part, Mapping):
        return {name: _filled(inner, values, depth + 1) for name, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, values, depth + 1) for inner in part]
    return part


def _references(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Every reference: its path, its key, and whether one may stand there."""
    for name, part in tree.items():
        if name != "parameters":
            yield from _within(part, str(name), name not in SHAPE, 1)


def _within(part: Any, path: str, allowed: bool, depth: int) -> Iterator[tuple[str, str, bool]]:
    if isinstance(part, str) or depth > MAX_DEPTH:
        return
    if _is_reference(part):
        yield path, part["parameter"], allowed
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _within(inner, f"{path}.{name}", name not in SHAPE, depth + 1)
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from _within(inner, f"{path}.{index}", allowed, depth + 1)


# --- types -------------------------------------------------------------------------------------


def _is_decimal(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 30:
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_list(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) <= 50 and all(map(fits, value))


def _is_recipient(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    kind, _colon, who = value.partition(":")
    if kind == "role":
        return who in VENDOR_ROLES
    return value == "queue.owner" or value in registry.recipients or (kind == "person" and bool(who))


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and len(value) <= 2000,
    "number": _is_decimal,
    "money": lambda value: _is_decimal(value) and Decimal(value) >= 0,
    "bool": lambda value: isinstance(value, bool),
    "minutes": _is_whole(1, LONGEST_WAIT),
    "count": _is_whole(1, 999),
    "percentages": _is_list(_is_whole(1, 99)),
    "role": lambda value: value in ANSWERING_ROLES if isinstance(value, str) else False,
    "recipients": _is_list(_is_recipient),
}
