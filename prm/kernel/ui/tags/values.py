"""Money, numbers and times in the reader's own form."""

from datetime import date, datetime
from typing import Any

from django.template import Context, Library
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prm.kernel.ui import formats
from prm.kernel.ui.tags.basics import picture

register = Library()
NOTHING = mark_safe('<span class="faint">–</span>')


@register.simple_tag
def money(amount: Any, currency: str = "EUR") -> SafeString:
    """€1,200.50 in tabular figures."""
    return format_html('<span class="num">{}</span>', formats.money(amount, currency))


@register.simple_tag
def round_money(amount: Any, currency: str = "EUR") -> SafeString:
    """€1,201 for €1,200.50, which stands in its title."""
    exact, rounded = formats.money(amount, currency), formats.money_whole(amount, currency)
    return format_html('<span class="num" title="{}">{}</span>', exact, rounded)


@register.simple_tag
def number(value: Any, digits: int | None = None) -> SafeString:
    return format_html('<span class="num">{}</span>', formats.number(value, digits))


@register.simple_tag
def percent(value: Any, digits: int = 0) -> SafeString:
    """A share: 0.42 is 42 %."""
    return format_html('<span class="num">{}</span>', formats.percent(value, digits))


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None, style: str = "relative") -> SafeString:
    """A moment in the reader's zone: relative, short (Tue 14:00), full, date or time."""
    return moment_tag(context.get("request"), moment, style)


def moment_tag(request: Any, moment: datetime | None, style: str = "relative") -> SafeString:
    """The <time> element of a moment; its title tells it in full."""
    if moment is None:
        return NOTHING
    tz, at = formats.zone(request), formats.now(request)
    words = {
        "relative": lambda: formats.relative(moment, tz, at),
        "short": lambda: formats.date_time(moment, tz, at),
        "full": lambda: formats.full(moment, tz),
        "date": lambda: formats.day(moment.astimezone(tz).date(), year_of=at.astimezone(tz).date()),
        "time": lambda: formats.clock_time(moment, tz),
    }[style]()
    live = mark_safe(" data-relative") if style == "relative" and abs((moment - at).days) < 7 else ""
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>', moment.isoformat(), formats.full(moment, tz), live, words
    )


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | datetime | None, year: bool = False) -> SafeString:
    """A local date: 19 Feb, with the year when it is another one (or when asked for)."""
    return day_tag(context.get("request"), value, year)


def day_tag(request: Any, value: date | datetime | None, year: bool = False) -> SafeString:
    """The <time> element of a day."""
    if value is None:
        return NOTHING
    plain = value.astimezone(formats.zone(request)).date() if isinstance(value, datetime) else value
    today = formats.now(request).astimezone(formats.zone(request)).date()
    words = formats.day(plain, year_of=None if year else today)
    return format_html('<time class="num" datetime="{}">{}</time>', plain.isoformat(), words)


@register.simple_tag(takes_context=True)
def sla(
    context: Context, due_at: datetime | None, now: datetime | None = None, paused: bool = False, warn_hours: int = 4
) -> SafeString:
    """How long until it is late, as a chip that counts down; late, it says for how long."""
    return sla_chip(context.get("request"), due_at, now=now, paused=paused, warn_hours=warn_hours)


def sla_chip(
    request: Any, due_at: datetime | None, *, now: datetime | None = None, paused: bool = False, warn_hours: int = 4
) -> SafeString:
    """The chip itself. `paused` is the partner's time: the clock stands still."""
    if due_at is None:
        return NOTHING
    left = due_at - (now or formats.now(request))
    late, soon = left.total_seconds() < 0, left.total_seconds() < warn_hours * 3600
    if paused:
        tone, sign, words = "neutral", "pause", _("paused")
    else:
        tone, sign = ("bad", "alarm-clock") if late else ("warn" if soon else "neutral", "clock")
        words = (_("%(time)s late") if late else _("%(time)s left")) % {"time": formats.span(left)}
    return format_html(
        '<time class="chip num tone-{}" datetime="{}" title="{}"{}>{}<span>{}</span></time>',
        tone,
        due_at.isoformat(),
        formats.full(due_at, formats.zone(request)),
        "" if paused else format_html(' data-sla="{}"', warn_hours),
        picture(sign, size=12),
        words,
    )
