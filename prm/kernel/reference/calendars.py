"""Business time: minutes that count only while the office is open.

A pure calendar: opening hours by weekday in one zone, without the holidays. All reckoning is done between
instants in UTC. An instant is open when the clock on the office wall then reads a time within the hours,
so the hour that a spring night skips never counts and the hour that an autumn night repeats counts twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays as holiday_tables
from django.utils.translation import gettext as _

Hours = tuple[time, time]
Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_SEARCH = 3 * 366  # days looked ahead for an opening before giving up


class NeverOpen(ValueError):
    """The calendar has no opening hours that could be reached."""


@dataclass(frozen=True)
class BusinessHours:
    """When an office is open. `week` maps weekdays (Monday is 0) to hours in local time.

    An end of 00:00 is midnight at the end of the day, so `(time(0), time(0))` is open all day.
    Raises ValueError for hours that end before they begin or overlap, and for unknown zones.
    """

    zone: ZoneInfo | str
    week: Mapping[int, Iterable[Hours]]
    holidays: frozenset[date] = frozenset()
    _known: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", _zone(self.zone))
        object.__setattr__(self, "week", {day: _checked(day, hours) for day, hours in self.week.items()})
        object.__setattr__(self, "holidays", frozenset(self.holidays))

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """The instant by which so many business minutes have passed; `start` itself for none.

        Raises NeverOpen when the hours don't suffice within three years of closed days.
        """
        if minutes < 0:
            raise ValueError("business minutes can't be negative")
        left = timedelta(minutes=minutes)
        if not left:
            return _utc(start)
        for opens, closes in self._spans_after(_utc(start)):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise NeverOpen(_("The calendar has no opening hours left to count on. Add hours to it."))

    def minutes_between(self, a: datetime, b: datetime) -> int:
        """Whole business minutes from `a` to `b`; negative when `b` is earlier."""
        business = self.time_between(a, b)
        whole = abs(business) // timedelta(minutes=1)
        return -whole if business < timedelta() else whole

    def time_between(self, a: datetime, b: datetime) -> timedelta:
        """Business time from `a` to `b`, exactly; negative when `b` is earlier."""
        start, end = _utc(a), _utc(b)  # before comparing: in one zone Python compares the wall clock
        if end < start:
            return -self.time_between(end, start)
        total = timedelta()
        for opens, closes in self._spans_after(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open at that instant; the closing time itself is closed."""
        moment = _utc(at)
        return any(opens <= moment < closes for opens, closes in self._spans_on(self._local(moment)))

    def next_opening(self, at: datetime) -> datetime:
        """The instant itself when open, else when the office next opens. Raises NeverOpen."""
        for opens, _closes in self._spans_after(_utc(at)):
            return opens
        raise NeverOpen(_("The calendar is never open. Add hours to it."))

    def _spans_after(self, start: datetime) -> Iterator[Span]:
        """Open spans in order, from `start` on, until there was none for too long."""
        day, closed = self._local(start), 0
        while closed < _SEARCH:
            spans = self._spans_on(day)
            closed = 0 if spans else closed + 1
            for opens, closes in spans:
                if closes > start:
                    yield max(opens, start), closes
            day += _DAY

    def _spans_on(self, day: date) -> tuple[Span, ...]:
        spans = self._known.get(day)
        if spans is None:
            hours = () if day in self.holidays else tuple(self.week.get(day.weekday(), ()))
            spans = self._known[day] = tuple(_in_utc(day, hours, self._zone)) if hours else ()
        return spans

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    @property
    def _zone(self) -> ZoneInfo:
        assert isinstance(self.zone, ZoneInfo)
        return self.zone


def holidays_for(country: str, subdiv: str | None, years: Iterable[int]) -> dict[date, str]:
    """Public holidays with their names, in order, to seed a calendar with.

    Raises ValueError for a country or subdivision that the table doesn't have.
    """
    try:
        table = holiday_tables.country_holidays(country, subdiv=subdiv or None, years=list(years))
    except NotImplementedError:
        place = f"{country}-{subdiv}" if subdiv else country
        raise ValueError(
            _("There is no table of holidays for “%(place)s”. Use a code such as DE or US-CA.") % {"place": place}
        ) from None
    return dict(sorted(table.items()))


def _zone(zone: Any) -> ZoneInfo:
    if isinstance(zone, ZoneInfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            _("“%(zone)s” isn't a time zone. Use a name such as Europe/Berlin.") % {"zone": zone}
        ) from None


def _checked(day: int, hours: Iterable[Hours]) -> tuple[Hours, ...]:
    """The day's hours in order, or ValueError when they run backwards or overlap."""
    if day not in range(7):
        raise ValueError(_("A weekday is a number from 0 (Monday) to 6 (Sunday)."))
    ordered = tuple(sorted(hours))
    for opens, closes in ordered:
        if opens >= closes and closes != time(0):
            raise ValueError(
                _("Hours must end after they begin: %(opens)s–%(closes)s. Split them at midnight.")
                % {"opens": opens, "closes": closes}
            )
    for (_one, closes), (opens, _other) in pairwise(ordered):
        if opens < closes or closes == time(0):
            raise ValueError(_("Hours of one day overlap at %(opens)s.") % {"opens": opens})
    return ordered


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("business time needs an aware datetime")
    return moment.astimezone(UTC)


def _in_utc(day: date, hours: tuple[Hours, ...], zone: ZoneInfo) -> Iterator[Span]:
    """The instants at which the wall clock of `zone` reads that day and those hours."""
    for begins, ends, offset in _offsets_around(day, zone):
        for opens, closes in hours:
            first = _at(day, opens) - offset
            last = _at(day + _DAY if closes == time(0) else day, closes) - offset
            if max(first, begins) < min(last, ends):
                yield max(first, begins), min(last, ends)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=UTC)


def _offsets_around(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime, timedelta]]:
    """Stretches of constant offset from UTC that together hold the whole local day."""
    noon = _at(day, time(12))
    marks = [noon + timedelta(hours=hours) for hours in range(-30, 31, 6)]
    edges = [marks[0]]
    edges += [_change(a, b, zone) for a, b in pairwise(marks) if _offset(a, zone) != _offset(b, zone)]
    edges.append(marks[-1])
    return [(a, b, _offset(a, zone)) for a, b in pairwise(edges)]


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the zone's offset changes between the two."""
    offset = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
