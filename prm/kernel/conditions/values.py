"""Reading the values of facts and of rules into exact Python types; None is the one empty value.

Stored facts come back from JSON, so the text forms that `jsonable` writes are read as well: Decimal and
dates as text. Whatever isn't plainly of the type is refused, never guessed.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from prm.kernel.money import Money

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?(E[+-]?[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_TEXT = 500

T = TypeVar("T")


class WrongType(ValueError):
    """A value is not of its fact's type; the message says what would be."""


def read_money(raw: Any) -> Decimal | None:
    """An exact amount. A float is refused: it has lost the cents already."""
    if isinstance(raw, Money):
        return raw.amount
    if isinstance(raw, Mapping):
        return read_money(raw.get("amount"))
    if isinstance(raw, float):
        raise WrongType(_("Give the amount as text, such as “1000.00”: a float isn't exact."))
    return _decimal(raw)


def read_number(raw: Any) -> Decimal | None:
    """An exact number; a float is taken by its shortest decimal form."""
    return _decimal(repr(raw) if isinstance(raw, float) else raw)


def read_text(raw: Any) -> str | None:
    """Text as it is; the empty text counts as no value."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, Enum):
        return read_text(raw.value)
    if isinstance(raw, (str, Promise)):
        return str(raw)
    raise WrongType(_("Give a text."))


def read_code(raw: Any) -> str | None:
    """A choice or an id, compared exactly, as text."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, Enum):
        return read_code(raw.value)
    if isinstance(raw, bool) or not isinstance(raw, (str, int, UUID)):
        raise WrongType(_("Give one of the choices."))
    return str(raw)


def read_bool(raw: Any) -> bool | None:
    """True or false."""
    if raw is None or isinstance(raw, bool):
        return raw
    raise WrongType(_("Give yes or no."))


def read_date(raw: Any) -> date | None:
    """A calendar day; a datetime is refused, since its day depends on the zone."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        return _parsed(date.fromisoformat, raw, _("Give a day that exists, such as 2026-02-19."))
    raise WrongType(_("Give a day, such as 2026-02-19."))


def read_datetime(raw: Any) -> datetime | None:
    """A moment with its offset from UTC."""
    if raw is None or raw == "":
        return None
    wanted = _("Give a moment with its offset, such as 2026-02-19T14:00:00+01:00.")
    moment = _parsed(datetime.fromisoformat, raw, wanted) if isinstance(raw, str) else raw
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise WrongType(wanted)
    return moment


def read_list(raw: Any) -> frozenset[str] | None:
    """A set of codes; the empty set counts as no value."""
    if raw is None:
        return None
    if not isinstance(raw, (list, tuple, set, frozenset)):
        raise WrongType(_("Give a list."))
    if any(isinstance(item, (int, float)) for item in raw):
        raise WrongType(_("Give a list of texts."))
    return frozenset(code for item in raw if (code := read_code(item)) is not None) or None


READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "money": read_money,
        "number": read_number,
        "text": read_text,
        "choice": read_code,
        "id": read_code,
        "bool": read_bool,
        "date": read_date,
        "datetime": read_datetime,
        "list": read_list,
    }
)


def read_operand(fact_type: str, raw: Any) -> Any:
    """What a rule compares a fact with: of the fact's type, and never empty."""
    value = (read_code if fact_type == "list" else READERS[fact_type])(raw)
    if value is None:
        raise WrongType(_("Give a value, or ask whether the field is empty."))
    if isinstance(value, str):
        _refuse_unstorable(value)
    return value


def _refuse_unstorable(value: str) -> None:
    """PostgreSQL stores neither NUL nor half a surrogate pair, so no fact could ever match one."""
    if len(value) > MAX_TEXT:
        raise WrongType(_("Give at most %(count)d characters.") % {"count": MAX_TEXT})
    if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in value):
        raise WrongType(_("The text has a character that can't be stored."))


def _decimal(raw: Any) -> Decimal | None:
    if raw is None or raw == "":
        return None
    if isinstance(raw, Decimal) and raw.is_finite():
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        return Decimal(raw)
    raise WrongType(_("Give a number, such as 1000 or 1000.50."))


def _parsed(parse: Callable[[str], T], raw: str, message: str) -> T:
    try:
        return parse(raw)
    except ValueError:
        raise WrongType(message) from None
