"""From what people type to what a deal holds: each field read on its own, each problem told in a sentence.

Problems are (key, text) with the key `<field>.<problem>`, so that a form knows where to show them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from babel import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from dealreg.items import items_as_typed, read_items
from dealreg.models import Deal
from dealreg.text import Unreadable as Unreadable
from dealreg.text import paragraphs as paragraphs
from dealreg.text import plain as plain
from partners import queries as partners
from partners.models import Partner
from prm.kernel.matching import Record, normalise
from prm.kernel.money import MoneyError, currency_codes, parse_money
from prm.kernel.reference.models import DealType, ProductLine, Program, Vertical
from prm.kernel.tenancy.remembering import remembered

FIELDS = (
    "customer_name",
    "customer_domain",
    "customer_country",
    "customer_city",
    "contact_name",
    "contact_email",
    "name",
    "amount",
    "currency",
    "expected_close_on",
    "vertical",
    "product_lines",
    "notes",
    "deal_type",
    "program",
    "reseller",
)
ITEMS = "items"  # products with quantities, beside the fields: they say what the amount is
REQUIRED = ("customer_name", "customer_country", "amount", "currency", "expected_close_on", "product_lines")
LONGEST_KEPT = 20_000  # of a draft's field as typed
LONGEST_NOTES = 4_000
NAMED = 12  # at most so many choices are named to whoever named none of them
_PLAIN_AMOUNT = re.compile(r"^\d{1,14}(\.\d{2})?$")  # what programs write, whatever the language
_DAY = {re.compile(r"^\d{4}-\d{1,2}-\d{1,2}$"): "%Y-%m-%d", re.compile(r"^\d{1,2}\.\d{1,2}\.\d{4}$"): "%d.%m.%Y"}

_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})

Problem = tuple[str, str]


@dataclass
class Entry:
    """What was typed: `values` for what could be read, `problems` for what couldn't, `typed` as it came."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    typed: dict[str, Any] = field(default_factory=dict)


def read(fields: Mapping[str, Any], partner_id: UUID | None = None) -> Entry:
    """Read the fields that are there, as `partner_id` may fill them; unknown names are ignored."""
    entry = Entry()
    currency = str(fields.get("currency") or "").strip().upper()
    of_partner: dict[str, Callable[[Any], Any]] = {
        "amount": lambda raw: _read_amount(raw, currency),
        "program": lambda raw: _read_program(raw, partner_id),
        "reseller": lambda raw: _read_reseller(raw, partner_id),
    }
    for name in (*FIELDS, ITEMS):
        if name not in fields:
            continue
        raw = fields[name]
        entry.typed[name] = items_as_typed(raw) if name == ITEMS else _as_typed(raw)
        try:
            entry.values[name] = of_partner.get(name, _READERS.get(name, plain))(raw)
        except Unreadable as why:
            entry.problems.append((f"{name}.{why.problem}", why.text))
    return entry


def missing(deal: Deal, lines: int) -> list[Problem]:
    """What a deal still lacks before it can be handed in."""
    there = {name: getattr(deal, name, None) for name in REQUIRED} | {"product_lines": lines or None}
    return [(f"{name}.missing", _("Please fill this in.")) for name in REQUIRED if there[name] in (None, "")]


def impossible(deal: Deal, today: date, currencies: Sequence[str]) -> list[Problem]:
    """What can't be true: a close in the past, a currency nobody can convert."""
    problems = []
    if deal.expected_close_on and deal.expected_close_on < today:
        problems.append(("expected_close_on.past", _("The expected close is in the past. Give a day from today on.")))
    if deal.expected_close_on and deal.expected_close_on.year > today.year + 20:
        problems.append(("expected_close_on.too_far", _("That is more than twenty years away. Check the year.")))
    if deal.currency and deal.currency not in currencies:
        problems.append(
            (
                "currency.unknown",
                _("We have no exchange rate for %(currency)s. Use one of: %(known)s.")
                % {"currency": deal.currency, "known": ", ".join(currencies)},
            )
        )
    if deal.customer_name and "name.no_letters" in deal.normal.get("x", ()):
        problems.append(("customer_name.no_letters", _("Write the customer's name in letters, as on its letterhead.")))
    if deal.customer_domain and "domain.invalid" in deal.normal.get("x", ()):
        problems.append(
            ("customer_domain.invalid", _("That is no web address. Write it like example.com, or leave it empty."))
        )
    if deal.customer_domain and "domain.public_suffix" in deal.normal.get("x", ()):
        text = _("Many firms have their address under “%(ending)s”. Write the customer's own, or leave it empty.")
        problems.append(("customer_domain.public_suffix", text % {"ending": deal.customer_domain[:80]}))
    return problems


def record_of(deal: Deal) -> Record:
    """The customer of a deal, as the matcher takes it."""
    return Record(
        deal.customer_name, deal.customer_domain, deal.customer_country, deal.customer_city, deal.contact_email
    )


def normal_of(deal: Deal) -> dict[str, Any]:
    return normalise(record_of(deal)).to_json()


def day(raw: Any) -> date | None:
    """A day from ISO (2026-02-19) or German (19.02.2026) writing. Raises Unreadable."""
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = plain(raw)
    if not text:
        return None
    for pattern, form in _DAY.items():
        if pattern.match(text):
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
            except ValueError:
                break
    raise Unreadable("unreadable", _("“%(text)s” is no day. Write it like 2026-02-19.") % {"text": text[:40]})


def _as_typed(raw: Any) -> Any:
    if isinstance(raw, (list, tuple)):
        return [str(item)[:80].replace("\x00", "") for item in raw][:50]
    return ("" if raw is None else str(raw))[:LONGEST_KEPT].replace("\x00", "")


def _text(name: str) -> Callable[[Any], str]:
    def reader(raw: Any) -> str:
        column: Any = Deal._meta.get_field(name)
        longest: int = column.max_length
        text = plain(raw)
        if len(text) > longest:
            raise Unreadable(
                "too_long",
                _("At most %(most)s characters; this has %(count)s.") % {"most": longest, "count": len(text)},
            )
        return text

    return reader


def _read_notes(raw: Any) -> str:
    text = paragraphs(raw)
    if len(text) > LONGEST_NOTES:
        raise Unreadable(
            "too_long",
            _("At most %(most)s characters; this has %(count)s.") % {"most": LONGEST_NOTES, "count": len(text)},
        )
    return text


def _read_country(raw: Any) -> str:
    text = plain(raw)
    if not text:
        return ""
    code = _codes().get(text.casefold()) or normalise(Record("x", country=text)).country
    if code not in countries():
        raise Unreadable(
            "unknown", _("“%(text)s” is no country we know. Use its two letters, such as DE.") % {"text": text[:40]}
        )
    return code


@cache
def countries() -> frozenset[str]:
    """The two letters of every country that a customer can be in."""
    return frozenset(str(code) for code in Locale("en").territories if len(str(code)) == 2) - _NO_COUNTRIES


def country_name(code: str, language: str = "en") -> str:
    """A country's name, which reads back as the country; a code that nobody knows as it is."""
    return str(Locale.parse(language, sep="-").territories.get(code, code))


@cache
def _codes() -> Mapping[str, str]:
    """Countries by their names in the languages that we speak."""
    return {
        country_name(code, language).casefold(): code for language, _name in settings.LANGUAGES for code in countries()
    }


def _read_email(raw: Any) -> str:
    text = plain(raw)
    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise Unreadable("invalid", _("That is no e-mail address.")) from None
    return text[:254]


def _read_currency(raw: Any) -> str:
    text = plain(raw).upper()
    if text and text not in currency_codes():
        raise Unreadable(
            "unknown", _("“%(text)s” is no currency. Use its three letters, such as EUR.") % {"text": text[:20]}
        )
    return text


def _read_amount(raw: Any, currency: str) -> Decimal | None:
    if isinstance(raw, (Decimal, int)) and not isinstance(raw, bool):
        amount = Decimal(raw)
    elif not plain(raw):
        return None
    elif _PLAIN_AMOUNT.match(plain(raw)):
        amount = Decimal(plain(raw))
    else:
        try:
            amount = parse_money(plain(raw)[:60], currency=currency if currency in currency_codes() else "EUR").amount
        except MoneyError as why:
            raise Unreadable("unreadable", str(why)) from None
    if amount <= 0:
        raise Unreadable("not_positive", _("Give an amount above zero."))
    if amount >= Decimal(10) ** 13:
        raise Unreadable("too_large", _("That is more than we can handle. Check the amount."))
    return amount


def _read_vertical(raw: Any) -> Vertical | None:
    text = plain(raw)
    if not text:
        return None
    for vertical in _verticals():
        if text in (str(vertical.pk), vertical.code) or text.casefold() == vertical.name.casefold():
            return vertical
    raise _none(_("“%(text)s” is none of the industries offered."), text, _verticals())


def _none(told: str, text: str, offered: Iterable[Any]) -> Unreadable:
    """That nothing is called so, and what there is, unless that would be a page of names."""
    names = sorted({one.name for one in offered}, key=str.casefold)
    choose = _("Choose from: %(names)s.") % {"names": ", ".join(names)} if 0 < len(names) <= NAMED else ""
    return Unreadable("unknown", f"{told % {'text': text[:40]}} {choose}".strip())


@remembered("reference.Vertical")
def _verticals() -> tuple[Vertical, ...]:
    return tuple(Vertical.objects.all())


@remembered("reference.ProductLine")
def _offered_lines() -> Mapping[str, ProductLine]:
    """The active product lines by everything that one may call them."""
    return {
        key: line
        for line in ProductLine.objects.filter(is_active=True)
        for key in (str(line.pk), line.code, line.name.casefold())
    }


def _read_lines(raw: Any) -> list[ProductLine]:
    """Ids, codes or names, in a list or with commas or semicolons between."""
    wanted = raw if isinstance(raw, (list, tuple)) else re.split("[;,]", str(raw or ""))
    offered = _offered_lines()
    found: dict[UUID, ProductLine] = {}
    for item in map(plain, wanted):
        if not item:
            continue
        line = offered.get(item) or offered.get(item.casefold())
        if line is None:
            raise _none(_("“%(text)s” is none of the product lines offered."), item, offered.values())
        found[line.pk] = line
    return list(found.values())


def _read_type(raw: Any) -> DealType | None:
    text = plain(raw)
    if not text:
        return None
    for one in deal_types():
        if text in (str(one.pk), one.code) or text.casefold() == one.name.casefold():
            return one
    raise _none(_("“%(text)s” is none of the deal types offered."), text, deal_types())


@remembered("reference.DealType")
def deal_types() -> tuple[DealType, ...]:
    """Those offered; the first is what a deal is where nobody says."""
    return tuple(DealType.objects.filter(is_active=True))


def _read_program(raw: Any, partner_id: UUID | None) -> Program | None:
    """One of the programs that the partner is enrolled in: any other is as if it were not there."""
    text = plain(raw)
    if not text:
        return None
    own = partners.programs_of(partner_id) if partner_id else ()
    for one in own:
        if text in (str(one.pk), one.code) or text.casefold() == one.name.casefold():
            return one
    raise _none(_("“%(text)s” is none of your programs."), text, own)


def _read_reseller(raw: Any, partner_id: UUID | None) -> Partner | None:
    """One of the distributor's own resellers; a stranger's and a missing one give the same answer."""
    text = plain(raw)
    if not text:
        return None
    for one in partners.resellers_of(partner_id) if partner_id else ():
        if text in (str(one.pk), one.external_id) or text.casefold() == one.name.casefold():
            return one
    raise Unreadable("unknown", _("“%(text)s” is none of your resellers.") % {"text": text[:40]})


_READERS: dict[str, Callable[[Any], Any]] = {
    **{name: _text(name) for name in ("customer_name", "customer_domain", "customer_city", "contact_name", "name")},
    "customer_country": _read_country,
    "contact_email": _read_email,
    "currency": _read_currency,
    "expected_close_on": day,
    "vertical": _read_vertical,
    "product_lines": _read_lines,
    "notes": _read_notes,
    "deal_type": _read_type,
    ITEMS: read_items,
}
