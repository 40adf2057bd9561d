"""The products of a deal as they are typed: which, how many, with which discount asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dealreg.models import Deal, DealItem
from dealreg.text import Unreadable, plain
from prm.kernel.reference.models import Product
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.remembering import remembered

MOST_ITEMS = 200
MOST_OF_ONE = 10_000_000
_PERCENTAGE = re.compile(r"^\d{1,3}(\.\d{1,2})?$")


@dataclass(frozen=True, slots=True)
class Item:
    """A product, how many of it, and the discount in percent that is asked for."""

    product: Product
    quantity: int
    discount: Decimal


def items_of(deal: Deal) -> list[DealItem]:
    """A deal's products. A partner reads `list_price` and `amount` where the price book is shown to partners; of
    others they are None.
    """
    return [as_read(item) for item in deal.items.select_related("product", "price_book")]


def as_read(item: DealItem) -> Any:
    """The same product without the prices that the reader may not know."""
    book = item.price_book
    if current().audience == "partner" and not (book and book.shown_to_partners):
        item.list_price = item.amount = None  # type: ignore[assignment]
    return item


def items_as_typed(raw: Any) -> list[dict[str, str]]:
    rows = raw if isinstance(raw, (list, tuple)) else []
    names = ("product", "quantity", "discount")
    return [{name: plain(row.get(name))[:80] for name in names} for row in rows if isinstance(row, Mapping)][
        :MOST_ITEMS
    ]


def read_items(raw: Any) -> list[Item]:
    """Products by id or SKU, each once; rows without a quantity are left out."""
    offered = _offered_products()
    found: dict[UUID, Item] = {}
    for row in items_as_typed(raw):
        if not row["product"] or row["quantity"] in ("", "0"):
            continue
        product = offered.get(row["product"]) or offered.get(row["product"].casefold())
        if product is None:
            text = _("“%(text)s” is none of the products offered.") % {"text": row["product"][:40]}
            raise Unreadable("unknown", text)
        if product.pk in found:
            raise Unreadable("twice", _("“%(name)s” is there twice. Add the quantities up.") % {"name": product.name})
        found[product.pk] = Item(product, _quantity(row["quantity"], product), _discount(row["discount"], product))
    return list(found.values())


@remembered("reference.Product", "reference.ProductLine")
def _offered_products() -> Mapping[str, Product]:
    offered = Product.objects.filter(is_active=True, line__is_active=True).select_related("line")
    return {key: one for one in offered for key in (str(one.pk), one.sku, one.sku.casefold())}


def _quantity(text: str, product: Product) -> int:
    told = text.replace(" ", "")
    if not (told.isascii() and told.isdigit()) or not 1 <= int(told[:12]) <= MOST_OF_ONE or len(told) > 12:
        raise Unreadable("quantity", _("%(name)s: give a whole number of pieces.") % {"name": product.name})
    return int(told)


def _discount(text: str, product: Product) -> Decimal:
    told = text.replace("%", "").replace(",", ".").strip() or "0"
    if not _PERCENTAGE.match(told) or Decimal(told) > 100:
        raise Unreadable("discount", _("%(name)s: a discount is between 0 and 100 percent.") % {"name": product.name})
    return Decimal(told)
