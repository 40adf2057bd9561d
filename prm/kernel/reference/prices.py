"""List prices: which price book says what a product costs in a program, a territory and a currency on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from prm.kernel.money import Money, Rounding
from prm.kernel.reference.models import PriceBook, PriceEntry
from prm.kernel.tenancy.remembering import remembered

OF = ("reference.PriceBook", "reference.PriceEntry", "reference.Product", "reference.ProductLine")


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What one costs, and by which book."""

    product_id: UUID
    sku: str
    name: str
    line_id: UUID
    line: str
    price: Decimal
    book_id: UUID
    book: str
    shown: bool  # to partners


@remembered(*OF)
def list_prices(program_id: UUID | None, territory: str, currency: str, on: date) -> Mapping[UUID, ListPrice]:
    """The price of each product that has one there. Where several books say one, the nearest does: a book of this
    territory before one of everywhere, then one of this program before one of all, then the one that began last.
    To be asked as the vendor: a partner sees some books only, and another book's price would seem to hold.
    """
    books = PriceBook.objects.filter(
        Q(program=None) | Q(program_id=program_id),
        Q(territories=[]) | Q(territories__contains=[territory]),
        Q(valid_until=None) | Q(valid_until__gte=on),
        currency=currency,
        valid_from__lte=on,
    )
    farthest_first = sorted(books, key=lambda b: (bool(b.territories), b.program_id is not None, b.valid_from, b.code))
    place = {book.pk: number for number, book in enumerate(farthest_first)}
    entries = PriceEntry.objects.filter(book__in=list(place), product__is_active=True, product__line__is_active=True)
    found: dict[UUID, ListPrice] = {}
    for entry in sorted(entries.select_related("product__line", "book"), key=lambda e: place[e.book_id]):
        found[entry.product_id] = _told(entry)
    return found


def _told(entry: Any) -> ListPrice:
    product = entry.product
    return ListPrice(
        product.pk,
        product.sku,
        product.name,
        product.line_id,
        product.line.name,
        entry.list_price,
        entry.book_id,
        entry.book.name,
        entry.book.shown_to_partners,
    )


def net(price: Decimal, quantity: int, discount: Decimal, currency: str) -> Decimal:
    """So many at a list price less a discount in percent, rounded half up to the currency's smallest unit."""
    full = Money(price, currency) * quantity * (1 - discount / 100)
    return full.rounded(Rounding.HALF_UP).amount
