"""The products that a partner can choose, with the prices that it may read."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from prm.kernel.reference.models import Program
from prm.kernel.reference.prices import list_prices
from prm.kernel.tenancy.context import deciding


@dataclass(frozen=True, slots=True)
class Offered:
    """A product; `price` is None where its price book is not shown to partners."""

    product_id: UUID
    sku: str
    name: str
    line: str
    price: Decimal | None


def offered_products(program: Program, territory: str, currency: str, on: date) -> list[Offered]:
    """What has a price there on a day, by product line and name. Which book holds is known to the vendor alone."""
    with deciding():
        known = list_prices(program.pk, territory, currency, on)
    told = [Offered(p.product_id, p.sku, p.name, p.line, p.price if p.shown else None) for p in known.values()]
    return sorted(told, key=lambda product: (product.line, product.name))
