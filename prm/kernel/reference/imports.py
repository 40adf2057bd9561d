"""Price books from a file: a line is one price, with the book that it stands in."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.automation.imports import CREATED, UNCHANGED, UPDATED, ImportColumn, Importer, ImportProblem
from prm.kernel.identity.actors import Actor
from prm.kernel.money import MoneyError, currency_codes, parse_money
from prm.kernel.reference.actions import keep_record, values_of
from prm.kernel.reference.models import PriceBook, PriceEntry, Product, Program, Territory

_PLAIN = re.compile(r"^\d{1,13}(\.\d{1,2})?$")


def run(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    """Bring one price in: by its book's code and the product's SKU."""
    product = Product.objects.filter(sku__iexact=row["sku"]).first()
    if product is None:
        raise ImportProblem(_("There is no product “%(sku)s”.") % {"sku": row["sku"][:60]}, "sku")
    book, changed = _book(row, actor, now)
    entry = PriceEntry.objects.filter(book=book, product=product).first()
    if entry is None:
        _keep(PriceEntry(book=book, product=product, list_price=row["list_price"]), {}, actor, now)
        return CREATED
    if entry.list_price == row["list_price"]:
        return UPDATED if changed else UNCHANGED
    before = values_of(entry)
    entry.list_price = row["list_price"]
    _keep(entry, before, actor, now)
    return UPDATED


def _book(row: Mapping[str, Any], actor: Actor, now: datetime) -> tuple[PriceBook, bool]:
    """The book that the line names, made or brought up to date; empty cells change nothing of one that is there."""
    held = PriceBook.objects.filter(code=row["book"]).first()
    book = held or PriceBook(code=row["book"], name=row["book"], currency=row["currency"])
    if book.currency != row["currency"]:
        text = _("The price book %(code)s is in %(currency)s, and a book has one currency.")
        raise ImportProblem(text % {"code": book.code, "currency": book.currency}, "currency")
    before = values_of(held) if held else {}
    for name in ("name", "valid_from", "valid_until", "program", "territories"):
        if row.get(name) is not None:
            setattr(book, name, row[name])
    if book.valid_from is None:
        raise ImportProblem(_("A new price book needs the day from which it is valid."), "valid_from")
    if book.valid_until is not None and book.valid_until < book.valid_from:
        raise ImportProblem(_("The last day comes after the first."), "valid_until")
    changed = values_of(book) != before
    if changed:
        _keep(book, before, actor, now)
    return book, changed


def _keep(record: Any, before: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    keep_record(record=record, before=before, actor=actor, now=now)


def _price(text: str) -> Decimal:
    try:
        amount = Decimal(text) if _PLAIN.match(text) else parse_money(text[:40], currency="EUR").amount
    except MoneyError as why:
        raise ImportProblem(str(why)) from None
    if amount < 0 or amount >= Decimal(10) ** 13 or amount != amount.quantize(Decimal("0.01")):
        raise ImportProblem(_("Give a price of zero or more, with two decimals at most."))
    return amount


def _currency(text: str) -> str:
    if text.upper() not in currency_codes():
        raise ImportProblem(_("{code} is no ISO 4217 currency.").format(code=text[:20]))
    return text.upper()


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    raise ImportProblem(_("“%(text)s” is no day. Write it like 2026-02-19.") % {"text": text[:40]})


def _program(text: str) -> Program:
    found = Program.objects.filter(code=text).first()
    if found is None:
        raise ImportProblem(_("There is no “%(code)s”.") % {"code": text[:40]})
    return found


def _territories(text: str) -> list[str]:
    codes = [code.strip() for code in re.split("[;,]", text) if code.strip()]
    known = set(Territory.objects.values_list("code", flat=True))
    for code in codes:
        if code not in known:
            raise ImportProblem(_("There is no “%(code)s”.") % {"code": code[:40]})
    return codes


def _code(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise ImportProblem(_("A code has letters, digits, - and _, and at most 40 of them."))
    return text


PRICES = Importer(
    key="prices",
    label=gettext_lazy("Price books"),
    columns=(
        ImportColumn("book", gettext_lazy("Price book"), required=True, aliases=("price book code",), parse=_code),
        ImportColumn("sku", gettext_lazy("SKU"), required=True, aliases=("product", "article")),
        ImportColumn("list_price", gettext_lazy("List price"), required=True, aliases=("price",), parse=_price),
        ImportColumn("currency", gettext_lazy("Currency"), required=True, parse=_currency),
        ImportColumn("valid_from", gettext_lazy("Valid from"), aliases=("from",), parse=_day),
        ImportColumn("valid_until", gettext_lazy("Valid until"), aliases=("until",), parse=_day),
        ImportColumn("program", gettext_lazy("Program"), help=gettext_lazy("Empty: every program."), parse=_program),
        ImportColumn(
            "territories",
            gettext_lazy("Territories"),
            help=gettext_lazy("Codes with commas between; empty: everywhere."),
            parse=_territories,
        ),
        ImportColumn("name", gettext_lazy("Name of the price book")),
    ),
    run=run,
    order=25,
    help=gettext_lazy("One line for each price. The book is made by its first line."),
)
