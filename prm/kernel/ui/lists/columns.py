"""A column: what a row shows in it, on the page and in an export."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prm.kernel.ui.states import tone_and_word
from prm.kernel.ui.tags import values
from prm.kernel.ui.tags.blocks import shown

Text = str | Promise
AT_END = frozenset({"money", "number", "percent"})
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\0")
LONG = 100  # letters; a longer text takes two lines of its row, and the rest of it is in its title


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `value` is an attribute path (`customer.name`) or a function of the row; by default the key.

    sort: the ORM path to order by; currency and states say how money and status are read; `sub` is a second,
    quieter line; `optional` columns stay off until chosen.
    """

    key: str
    label: Text
    kind: str = "text"
    sort: str | None = None
    value: str | Callable[[Any], Any] | None = None
    link: Callable[[Any], str] | None = None
    currency: str | Callable[[Any], str] = "EUR"
    states: str = ""
    sub: Callable[[Any], Any] | None = None
    optional: bool = False
    style: str = "short"

    @property
    def at_end(self) -> bool:
        return self.kind in AT_END

    def raw(self, row: Any) -> Any:
        """The value itself."""
        return resolve(row, self.value or self.key)

    def cell(self, row: Any, request: HttpRequest) -> SafeString:
        """The value as the page shows it."""
        value = self._drawn(row, request)
        if self.kind == "text" and isinstance(whole := self.raw(row), str) and len(whole) > LONG:
            value = format_html('<span class="clamp" title="{}">{}</span>', whole, value)
        if self.link and (url := self.link(row)):
            value = format_html('<a class="row-link" href="{}">{}</a>', url, value)
        if self.sub and (below := self.sub(row)):
            return format_html('{}<div class="cell-sub">{}</div>', value, below)
        return format_html("{}", value)

    def _drawn(self, row: Any, request: HttpRequest) -> Any:
        value = self.raw(row)
        if self.kind == "sla":
            return values.sla_chip(request, value)
        return shown(
            request, value, kind=self.kind, currency=self.currency_of(row), states=self.states, style=self.style
        )

    def currency_of(self, row: Any) -> str:
        """The currency's code: given, or found on the row."""
        if callable(self.currency):
            return self.currency(row)
        is_code = len(self.currency) == 3 and self.currency.isupper()
        return self.currency if is_code else str(resolve(row, self.currency) or "EUR")

    def typed(self, row: Any) -> Any:
        """The value as a file takes it: figures and days as what they are, everything else in words."""
        value = self.raw(row)
        if value is None or isinstance(value, (date, Decimal)) or self.kind in AT_END:
            return value
        if self.kind == "bool":
            return _("Yes") if value else _("No")
        if self.kind == "status":
            return str(tone_and_word(self.states, value)[1])
        return str(getattr(value, "name", value)) if self.kind == "person" else str(value)


def resolve(row: Any, path: str | Callable[[Any], Any]) -> Any:
    """The value at a path such as `customer.name`; nothing on the way is nothing."""
    if callable(path):
        return path(row)
    for name in path.replace("__", ".").split("."):
        if row is None:
            return None
        row = row.get(name) if isinstance(row, dict) else getattr(row, name)
    return row() if callable(row) and not hasattr(row, "_meta") else row


def neutral(text: str) -> str:
    """Text that no spreadsheet runs: a leading = + - @ tab CR or NUL gets an apostrophe (ASVS 1.2.10)."""
    safe = text.replace("\0", "") if not text.startswith("\0") else "\0" + text[1:].replace("\0", "")
    return "'" + safe.lstrip("\0") if safe.startswith(_RISKY) else safe
