"""What of the reference data travels with a program: calendars, territories, industries, products, price books."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from prm.kernel.automation.imports import register_importer
from prm.kernel.automation.parts import Taking, Trouble, register_part
from prm.kernel.money import currency_codes
from prm.kernel.reference.actions import keep_record, values_of
from prm.kernel.reference.imports import PRICES
from prm.kernel.reference.models import (
    Calendar,
    DealType,
    Holiday,
    PriceBook,
    PriceEntry,
    Product,
    ProductLine,
    Territory,
    Vertical,
)
from prm.kernel.reference.records import RecordPart, Rows


def _calendar(calendar: Any) -> Iterator[Trouble]:
    if calendar.time_zone not in available_timezones():
        yield "time_zone", _("{zone} is no time zone. Use one such as Europe/Berlin.").format(zone=calendar.time_zone)
    if calendar.closes <= calendar.opens:
        yield "closes", _("It must close after it opens.")
    if not calendar.days or any(day > 6 for day in calendar.days):
        yield "days", _("Working days are numbers from 0, Monday, to 6, Sunday; at least one.")


def _one_default(calendar: Any, taking: Taking) -> None:
    """The default moves: the calendar that was it steps back."""
    if not calendar.is_default:
        return
    for other in Calendar.objects.filter(is_default=True).exclude(pk=calendar.pk):
        before = values_of(other)
        other.is_default = False
        keep_record(record=other, before=before, actor=taking.actor, now=taking.now)


def _territory(territory: Any) -> Iterator[Trouble]:
    for code in territory.countries:
        if len(code) != 2 or not code.isalpha() or not code.isupper():
            yield "countries", _("“{code}” is no two-letter country code.").format(code=code[:20])
    other = Territory.objects.exclude(code=territory.code).filter(countries__overlap=territory.countries).first()
    if other is not None:
        shared = ", ".join(sorted(set(territory.countries) & set(other.countries)))
        yield "countries", _("{codes} belongs to {name} already.").format(codes=shared, name=other.name)


def _price_book(book: Any) -> Iterator[Trouble]:
    if book.currency not in currency_codes():
        yield "currency", _("{code} is no ISO 4217 currency.").format(code=book.currency[:20])
    if book.valid_until and book.valid_until < book.valid_from:
        yield "valid_until", _("The last day comes after the first.")
    known = set(Territory.objects.values_list("code", flat=True))
    for code in book.territories:
        if code not in known:
            yield "territories", _("There is no “%(name)s”.") % {"name": code}


register_part(
    RecordPart("territories", 10, Territory, "code", ("code", "name", "countries"), check=_territory),
)
register_importer(PRICES)
register_part(
    RecordPart("deal-types", 10, DealType, "code", ("code", "name", "grants_protection", "position", "is_active"))
)
register_part(RecordPart("verticals", 10, Vertical, "code", ("code", "name")))
register_part(
    RecordPart(
        "product-lines",
        10,
        ProductLine,
        "code",
        ("code", "name", "protection_days", "is_active"),
        rows=(Rows("products", Product, "line", "sku", ("sku", "name", "is_active")),),
    )
)
register_part(
    RecordPart(
        "calendars",
        20,
        Calendar,
        "code",
        ("code", "name", "time_zone", "days", "opens", "closes", "is_default"),
        rows=(Rows("holidays", Holiday, "calendar", "day", ("day", "name")),),
        check=_calendar,
        before=_one_default,
    )
)
register_part(
    RecordPart(
        "price-books",
        40,
        PriceBook,
        "code",
        ("code", "name", "currency", "program", "territories", "valid_from", "valid_until", "shown_to_partners"),
        refers={"program": "code"},
        rows=(
            Rows(
                "prices",
                PriceEntry,
                "book",
                "product",
                ("product", "list_price"),
                order=("product__sku",),
                refers={"product": "sku"},
            ),
        ),
        check=_price_book,
    )
)
