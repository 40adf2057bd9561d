"""What a list can be narrowed by. Every filter reads the address, becomes a Q and says itself in words."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.ui import formats

Text = str | Promise
Options = Iterable[tuple[Any, Any]] | Callable[[HttpRequest], Iterable[tuple[Any, Any]]]
Params = Mapping[str, list[str]]
ME, NONE = "me", "none"


class Filter:
    """The base. `key` is the name in the address, `field` the ORM path (the key, if not given)."""

    template = ""
    suffixes: tuple[str, ...] = ("",)

    def __init__(self, key: str, label: Text = "", *, field: str | None = None) -> None:
        self.key, self.label, self.field = key, label, field or key

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the address that belong to it."""
        return tuple(self.key + suffix for suffix in self.suffixes)

    def read(self, params: Params, request: HttpRequest) -> Any:
        """The value asked for, or None; what makes no sense is as if it weren't there."""
        raise NotImplementedError

    def q(self, value: Any, request: HttpRequest) -> Q:
        raise NotImplementedError

    def words(self, value: Any, request: HttpRequest) -> str:
        return str(value)

    def control(self, value: Any, request: HttpRequest) -> dict[str, Any]:
        """What its template shows."""
        return {"key": self.key, "label": self.label, "value": value}


class Search(Filter):
    """Free words over some fields; every word must be found in one of them."""

    template = "ui/list/search.html"

    def __init__(self, *fields: str, key: str = "q", label: Text = gettext_lazy("Search")) -> None:
        super().__init__(key, label)
        self.fields = fields

    def read(self, params: Params, request: HttpRequest) -> str | None:
        text = _last(params, self.key)[:200]
        return "".join(char for char in text if char.isprintable()).strip() or None

    def q(self, value: str, request: HttpRequest) -> Q:
        every = Q()
        for word in value.split()[:6]:
            anywhere = Q()
            for name in self.fields:
                anywhere |= Q(**{f"{name}__icontains": word})
            every &= anywhere
        return every


class Choice(Filter):
    """One or several of some options. `me` means the reader's own membership."""

    template = "ui/list/choice.html"

    def __init__(
        self, key: str, label: Text, *, options: Options, many: bool = False, field: str | None = None
    ) -> None:
        super().__init__(key, label, field=field)
        self.options, self.many = options, many

    def listed(self, request: HttpRequest) -> list[tuple[str, Any]]:
        found = self.options(request) if callable(self.options) else self.options
        return [(str(value), label) for value, label in found]

    def read(self, params: Params, request: HttpRequest) -> tuple[str, ...] | None:
        known = {value for value, _label in self._cached(request)}
        if self.field == "pk" or self.field.endswith("_id"):  # elsewhere nobody's id makes sense
            known.add(ME)
        chosen = tuple(dict.fromkeys(value for value in params.get(self.key, ()) if value in known))
        return (chosen if self.many else chosen[-1:]) or None

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(**{f"{self.field}__in": [_myself(request) if item == ME else item for item in value]})

    def words(self, value: tuple[str, ...], request: HttpRequest) -> str:
        labels = {**dict(self._cached(request)), ME: _("Me")}
        return ", ".join(str(labels.get(item, item)) for item in value)

    def control(self, value: Any, request: HttpRequest) -> dict[str, Any]:
        options = [
            {"value": item, "label": label, "on": item in (value or ())} for item, label in self._cached(request)
        ]
        if value and ME in value and ME not in dict(self._cached(request)):
            options.insert(0, {"value": ME, "label": _("Me"), "on": True})
        return {**super().control(value, request), "options": options, "many": self.many}

    def _cached(self, request: HttpRequest) -> list[tuple[str, Any]]:
        """The options, asked for once in a request."""
        kept: dict[int, list[tuple[str, Any]]] = request.__dict__.setdefault("_list_options", {})
        if id(self) not in kept:
            kept[id(self)] = self.listed(request)
        return kept[id(self)]


class ChoiceOrNone(Choice):
    """A choice with one more option: where there is none."""

    def __init__(self, key: str, label: Text, *, options: Options, none: Text, field: str) -> None:
        super().__init__(key, label, options=options, field=field)
        self.none = none

    def listed(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [*super().listed(request), (NONE, self.none)]

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(**{f"{self.field}__isnull": True}) if value == (NONE,) else super().q(value, request)


class Flag(Choice):
    """Yes or no over a boolean field."""

    def __init__(self, key: str, label: Text, *, field: str | None = None) -> None:
        super().__init__(key, label, options=(("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))), field=field)

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(**{self.field: value[0] == "yes"})


PRESETS: dict[str, tuple[int, Text]] = {
    "7d": (-7, gettext_lazy("Last 7 days")),
    "30d": (-30, gettext_lazy("Last 30 days")),
    "90d": (-90, gettext_lazy("Last 90 days")),
    "next30": (30, gettext_lazy("Next 30 days")),
}


class Period(Filter):
    """A stretch of time: a preset that moves with the day, or from and to, both included, in the reader's zone."""

    template = "ui/list/period.html"
    suffixes = ("", "_from", "_to")

    def __init__(self, key: str, label: Text, *, field: str | None = None, date_only: bool = False) -> None:
        super().__init__(key, label, field=field)
        self.date_only = date_only

    def read(self, params: Params, request: HttpRequest) -> dict[str, Any] | None:
        preset = _last(params, self.key)
        if preset in PRESETS:
            return {"preset": preset}
        first, last = _date(_last(params, f"{self.key}_from")), _date(_last(params, f"{self.key}_to"))
        return {"from": first, "to": last} if first or last else None

    def q(self, value: dict[str, Any], request: HttpRequest) -> Q:
        first, last = self.days(value, request)
        bounds = {}
        if first:
            bounds[f"{self.field}__gte"] = self._bound(first, request)
        if last:
            end = last + timedelta(days=1)
            bounds[f"{self.field}__lt"] = self._bound(end, request)
        return Q(**bounds)

    def days(self, value: dict[str, Any], request: HttpRequest) -> tuple[date | None, date | None]:
        """The first and the last day that a value stands for."""
        if "preset" not in value:
            return value["from"], value["to"]
        today = formats.now(request).astimezone(formats.zone(request)).date()
        away = today + timedelta(days=PRESETS[value["preset"]][0])
        return min(today, away), max(today, away)

    def _bound(self, day: date, request: HttpRequest) -> date | datetime:
        if self.date_only:
            return day
        return datetime.combine(day, time.min, tzinfo=formats.zone(request)).astimezone(UTC)

    def words(self, value: dict[str, Any], request: HttpRequest) -> str:
        if "preset" in value:
            return str(PRESETS[value["preset"]][1])
        shown = [formats.day(day) if day else "…" for day in (value["from"], value["to"])]
        return " – ".join(shown)

    def control(self, value: Any, request: HttpRequest) -> dict[str, Any]:
        value = value or {}
        presets = [
            {"value": key, "label": label, "on": value.get("preset") == key} for key, (_n, label) in PRESETS.items()
        ]
        iso = {
            name: day.isoformat() if day else ""
            for name, day in (("first", value.get("from")), ("last", value.get("to")))
        }
        return {**super().control(value, request), "presets": presets, **iso}


class Range(Filter):
    """A least and a greatest number, both included."""

    template = "ui/list/range.html"
    suffixes = ("_min", "_max")

    def read(self, params: Params, request: HttpRequest) -> tuple[Decimal | None, Decimal | None] | None:
        low, high = (_decimal(_last(params, name)) for name in self.names)
        return None if low is None and high is None else (low, high)

    def q(self, value: tuple[Decimal | None, Decimal | None], request: HttpRequest) -> Q:
        pairs = zip(("gte", "lte"), value, strict=True)
        return Q(**{f"{self.field}__{name}": bound for name, bound in pairs if bound is not None})

    def words(self, value: tuple[Decimal | None, Decimal | None], request: HttpRequest) -> str:
        return " – ".join(formats.number(bound) if bound is not None else "…" for bound in value)

    def control(self, value: Any, request: HttpRequest) -> dict[str, Any]:
        low, high = value or (None, None)
        return {**super().control(value, request), "low": low, "high": high}


def _myself(request: HttpRequest) -> str:
    """The reader's membership; without one, an id that nobody has."""
    membership = getattr(request, "membership", None)
    return str(membership.pk) if membership else "00000000-0000-0000-0000-000000000000"


def _last(params: Params, name: str) -> str:
    given = params.get(name) or [""]
    return str(given[-1])


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and 1900 <= day.year <= 2200 else None  # beyond it, counting days goes off the calendar


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ".")) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number) < 10**15 else None
