"""Durations and shares as the analytics pages write them."""

from datetime import timedelta
from typing import Any

from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prm.kernel.ui import formats
from prm.kernel.ui.tags.values import NOTHING

register = Library()


@register.filter
def lasting(seconds: int | None) -> str | SafeString:
    """A duration by its two largest parts; none is a dash."""
    if seconds is None:
        return NOTHING
    return formats.span(timedelta(seconds=seconds)) if seconds >= 60 else _("< 1 min")


@register.filter
def share(value: Any) -> str | SafeString:
    """A rate in percent, with one digit where it matters; none is a dash."""
    if value is None:
        return NOTHING
    exact = value in (0, 1)
    return formats.percent(value, 0 if exact else 1)


@register.filter
def minutes(count: int) -> str:
    """Minutes as hours once there are some."""
    return formats.span(timedelta(minutes=count)) if count >= 60 else formats.number(count)


@register.filter
def part(total: int, count: int) -> float | None:
    """A count as a share of a total."""
    return count / total if total else None


@register.filter
def counted(count: int) -> str:
    """A number in the reader's script."""
    return formats.number(count)
