"""From our facts to the other side's fields, and what of them is new there. Nothing here reads or writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from prm.kernel.decisions import jsonable

ID = "id"  # our own id of the record, which every kind of record has
Fields = Mapping[str, Any]
OTHERWISE = "*"  # in a list of values: what every other value becomes


@dataclass(frozen=True, slots=True)
class Rule:
    """A field mapping with the type of its fact; `labels` are the words of a choice."""

    remote_field: str
    fact: str
    transform: str
    type: str = "text"
    values: Mapping[str, str] = field(default_factory=dict)
    constant: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Translated:
    """The record in the other side's words; `problems` name what could not be said, by field."""

    fields: Fields
    problems: Mapping[str, str] = field(default_factory=dict)


def translate(rules: Iterable[Rule], facts: Fields, zone: ZoneInfo) -> Translated:
    """Every mapped field of a record. `facts` may be as they are or as JSON keeps them."""
    fields: dict[str, Any] = {}
    problems: dict[str, str] = {}
    plain = jsonable(facts)
    for rule in rules:
        try:
            fields[rule.remote_field] = _value(rule, plain.get(rule.fact), zone)
        except (ValueError, InvalidOperation):
            problems[rule.remote_field] = _("“%(value)s” can't be said this way.") % {"value": plain.get(rule.fact)}
    return Translated(fields, problems)


def _value(rule: Rule, value: Any, zone: ZoneInfo) -> Any:
    if rule.transform == "constant":
        return rule.constant
    if value is None or value == "" or value == []:
        return None
    if rule.transform == "values":
        return rule.values.get(str(value), rule.values.get(OTHERWISE)) or None
    if rule.transform == "label":
        return _words(rule, value)
    if rule.transform == "text":
        return _text(value)
    if rule.transform == "day":
        return _day(value, zone).isoformat()
    return _same(rule, value)


def _same(rule: Rule, value: Any) -> Any:
    if rule.type in ("money", "number"):
        number = Decimal(str(value))
        return number.quantize(Decimal("0.01")) if rule.type == "money" else number.normalize() + 0
    if isinstance(value, list):
        return ";".join(str(one) for one in value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _words(rule: Rule, value: Any) -> str:
    many = value if isinstance(value, list) else [value]
    return ", ".join(rule.labels.get(str(one), str(one)) for one in many)


def _day(value: Any, zone: ZoneInfo) -> date:
    text = str(value)
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).astimezone(zone).date()


def difference(acknowledged: Fields, whole: Fields) -> dict[str, Any]:
    """What the other side does not know yet: fields whose value differs from what it acknowledged last."""
    return {
        name: value
        for name, value in whole.items()
        if name not in acknowledged or acknowledged[name] != jsonable(value)
    }


def told_apart(acknowledged: Fields, changed: Fields) -> dict[str, list[Any]]:
    """The difference for people and the ledger: by field, what it was and what it becomes."""
    return {name: [acknowledged.get(name), jsonable(value)] for name, value in changed.items()}


# --- which ways fit which types ---------------------------------------------------------------------

WAYS: Mapping[str, tuple[str, ...]] = {
    "money": ("same", "text"),
    "number": ("same", "text"),
    "text": ("same", "values"),
    "choice": ("same", "label", "values"),
    "bool": ("same", "text", "values"),
    "date": ("same", "text"),
    "datetime": ("same", "day", "text"),
    "list": ("same", "text", "label"),
    "id": ("same",),
}
TAKES: Mapping[str, frozenset[str]] = {
    "number": frozenset({"money", "number"}),
    "bool": frozenset({"bool"}),
    "day": frozenset({"date"}),
    "moment": frozenset({"datetime"}),
}


def fits(type_name: str, transform: str) -> bool:
    """Whether a fact of this type can be said this way."""
    return transform == "constant" or transform in WAYS.get(type_name, ("same",))


def taken_by(remote_kind: str, type_name: str, transform: str) -> bool:
    """Whether a field over there of this kind can hold what comes out."""
    if transform in ("constant", "values"):
        return True
    if remote_kind == "day" and transform == "day":
        return True
    wanted = TAKES.get(remote_kind)
    return wanted is None or (transform == "same" and type_name in wanted)
