"""Numbers, money and times as the reader writes them: CLDR's forms, the reader's zone."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.units import format_unit
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

# "English" of no country writes 2/19/27; the trade's readers are everywhere, so it is written 19 Feb 2027.
_HOME = {"en": "en_GB"}


def locale() -> Locale:
    """The active language's locale."""
    return _locale(get_language() or "en")


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(_HOME.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def zone(request: HttpRequest | None) -> tzinfo:
    """The reader's zone: their own, else the tenant's, else the active one."""
    for owner in ("membership", "tenant"):
        name = getattr(getattr(request, owner, None), "time_zone", "") or ""
        if name and (found := _zone(name)):
            return found
    return timezone.get_current_timezone()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def now(request: HttpRequest | None) -> datetime:
    """The request's business time; on pages outside any tenant, the machine's."""
    moment: datetime | None = getattr(request, "now", None)
    return moment or timezone.now()


def money(amount: Any, currency: str) -> str:
    """€1,200.50; whole amounts without their zeros, and no amount as a dash."""
    if amount is None or amount == "":
        return "–"
    exact = Decimal(amount)
    text = numbers.format_currency(exact, currency, locale=locale())
    return _whole(exact, currency) if exact == exact.to_integral_value() else text


def money_whole(amount: Any, currency: str) -> str:
    """€1,201: to the whole unit, for tables of many figures."""
    if amount is None or amount == "":
        return "–"
    return _whole(round(Decimal(amount)), currency)  # type: ignore[arg-type]


def money_short(amount: Any, currency: str) -> str:
    """€1.2M, for the scale of a chart."""
    return str(numbers.format_compact_currency(amount, currency, fraction_digits=1, locale=locale()))


def _whole(amount: Decimal, currency: str) -> str:
    return numbers.format_currency(
        amount, currency, format=_without_decimals(locale()), locale=locale(), currency_digits=False
    )


@lru_cache(maxsize=32)
def _without_decimals(of: Locale) -> str:
    pattern = str(of.currency_formats["standard"].pattern)
    return pattern.replace("0.00", "0")


def number(value: Any, digits: int | None = None) -> str:
    """12,345 in the reader's script; None as a dash."""
    if value is None or value == "":
        return "–"
    exact = Decimal(str(value))
    if digits is not None:
        exact = round(exact, digits)
    return str(numbers.format_decimal(exact, locale=locale()))


def percent(value: Any, digits: int = 0) -> str:
    """0.425 as 43 %."""
    if value is None or value == "":
        return "–"
    pattern = locale().percent_formats[None].pattern
    shown = pattern.replace("0%", f"0.{'0' * digits}%") if digits else pattern
    return str(numbers.format_percent(Decimal(str(value)), format=shown, locale=locale()))


def day(value: date, *, year_of: date | None = None) -> str:
    """19 Feb 2027; the year is left out when it is the year of `year_of`."""
    if year_of is not None and value.year == year_of.year:
        return str(dates.format_skeleton("MMMd", value, locale=locale()))
    return str(dates.format_date(value, "medium", locale=locale()))


def full(moment: datetime, tz: tzinfo) -> str:
    """Friday, 19 Feb 2027 at 14:05 CET."""
    return str(dates.format_datetime(moment, "EEE, d MMM y, HH:mm z", tzinfo=tz, locale=locale()))


def clock_time(moment: datetime, tz: tzinfo) -> str:
    return str(dates.format_time(moment, "short", tzinfo=tz, locale=locale()))


def date_time(moment: datetime, tz: tzinfo, at: datetime) -> str:
    """Tue 14:00 within the week, 19 Feb 14:00 within the year, else with the year."""
    near = abs(moment - at) < timedelta(days=6)
    if near:
        return str(dates.format_datetime(moment, "EEE HH:mm", tzinfo=tz, locale=locale()))
    return f"{day(moment.astimezone(tz).date(), year_of=at.astimezone(tz).date())}, {clock_time(moment, tz)}"


def relative(moment: datetime, tz: tzinfo, at: datetime) -> str:
    """In 3 hours; beyond a week, the date."""
    distance = moment - at
    if abs(distance) >= timedelta(days=7):
        return day(moment.astimezone(tz).date(), year_of=at.astimezone(tz).date())
    return str(dates.format_timedelta(distance, add_direction=True, threshold=0.95, locale=locale()))


def span(length: timedelta) -> str:
    """2 days or 3 hours, 10 minutes: the two largest parts, short."""
    minutes = int(abs(length).total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    first = next((index for index, (count, _unit) in enumerate(parts) if count), 2)
    shown = [parts[first], *(part for part in parts[first + 1 : first + 2] if part[0])]
    return " ".join(format_unit(count, f"duration-{unit}", length="short", locale=locale()) for count, unit in shown)
