"""The operators: what each needs as its value, and which types of fact offer it."""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from prm.kernel.conditions.facts import Text


class Takes(Enum):
    """What an operator takes as its value."""

    NOTHING = "nothing"
    ONE = "one"
    MANY = "many"
    PAIR = "pair"
    DAYS = "days"


@dataclass(frozen=True)
class Operator:
    """`label` is what a list of operators shows."""

    key: str
    takes: Takes
    label: Text


def _operator(key: str, takes: Takes, label: Text) -> tuple[str, Operator]:
    return key, Operator(key, takes, label)


OPERATORS = MappingProxyType(
    dict(
        (
            _operator("=", Takes.ONE, _("is")),
            _operator("!=", Takes.ONE, _("is not")),
            _operator("<", Takes.ONE, _("is less than")),
            _operator("<=", Takes.ONE, _("is at most")),
            _operator(">", Takes.ONE, _("is more than")),
            _operator(">=", Takes.ONE, _("is at least")),
            _operator("between", Takes.PAIR, _("is between")),
            _operator("in", Takes.MANY, _("is one of")),
            _operator("not_in", Takes.MANY, _("is none of")),
            _operator("contains", Takes.ONE, _("contains")),
            _operator("starts_with", Takes.ONE, _("starts with")),
            _operator("before", Takes.ONE, _("is before")),
            _operator("after", Takes.ONE, _("is after")),
            _operator("within_days_of_now", Takes.DAYS, _("is within days of now")),
            _operator("in_next_days", Takes.DAYS, _("is in the next days")),
            _operator("in_last_days", Takes.DAYS, _("is in the last days")),
            _operator("is_empty", Takes.NOTHING, _("is empty")),
            _operator("is_not_empty", Takes.NOTHING, _("is not empty")),
            _operator("changed", Takes.NOTHING, _("changed")),
            _operator("changed_from", Takes.ONE, _("changed from")),
            _operator("changed_to", Takes.ONE, _("changed to")),
        )
    )
)

_ANY = ("is_empty", "is_not_empty", "changed", "changed_from", "changed_to")
_ORDERED = ("=", "!=", "<", "<=", ">", ">=", "between", "in", "not_in", *_ANY)
_TIMES = ("=", "!=", "before", "<=", ">=", "after", "<", ">", "between")
_DAYS = ("within_days_of_now", "in_next_days", "in_last_days", *_ANY)

BY_TYPE = MappingProxyType(
    {
        "money": _ORDERED,
        "number": _ORDERED,
        "text": ("=", "!=", "contains", "starts_with", "in", "not_in", *_ANY),
        "choice": ("=", "!=", "in", "not_in", *_ANY),
        "id": ("=", "!=", "in", "not_in", *_ANY),
        "bool": ("=", "!=", *_ANY),
        "date": (*_TIMES, *_DAYS),
        "datetime": (*_TIMES, *_DAYS),
        "list": ("contains", "in", "not_in", "is_empty", "is_not_empty", "changed"),
    }
)

CHANGES = frozenset({"changed", "changed_from", "changed_to"})
DAYS = frozenset({"within_days_of_now", "in_next_days", "in_last_days"})

_FOR_TIMES = {"<=": _("is on or before"), ">=": _("is on or after")}
_FOR_LISTS = {"in": _("has any of"), "not_in": _("has none of"), "contains": _("has")}
_SAME_AS = {"date": frozenset({"<", ">"}), "datetime": frozenset({"<", ">"})}


def label_of(operator: str, fact_type: str) -> str:
    """The operator in the words that suit the fact: a date is on or after, a number at least."""
    if fact_type in ("date", "datetime") and operator in _FOR_TIMES:
        return str(_FOR_TIMES[operator])
    if fact_type == "list" and operator in _FOR_LISTS:
        return str(_FOR_LISTS[operator])
    return str(OPERATORS[operator].label)


def offered(fact_type: str) -> list[tuple[str, str]]:
    """The operators to choose from, with labels; `<` and `>` of dates are read but not offered."""
    hidden = _SAME_AS.get(fact_type, frozenset())
    return [(key, label_of(key, fact_type)) for key in BY_TYPE[fact_type] if key not in hidden]
