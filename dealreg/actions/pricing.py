"""Products of a deal at their list prices: what they add up to is the deal's amount."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from dealreg import entry
from dealreg.actions.base import today_of
from dealreg.items import Item
from dealreg.models import Deal, DealItem
from prm.kernel.reference.models import ProductLine
from prm.kernel.reference.prices import ListPrice, list_prices, net

TOO_MUCH = Decimal(10) ** 13


def with_items(deal: Deal, typed: entry.Entry, now: datetime) -> list[ProductLine] | None:
    """Price what was typed, in memory: the deal's amount becomes the sum, unless that would tell a partner prices
    that it may not read. Gives the product lines, with those that the products belong to; None where nothing says
    what they are.

    An amount typed without products stands by itself: products that were there before go.
    """
    lines: list[ProductLine] | None = typed.values.get("product_lines")
    given = typed.values.get(entry.ITEMS)
    if given is None:
        if "amount" in typed.values and entry.ITEMS not in typed.typed and not deal._state.adding:
            deal.__dict__["priced"] = []
        elif lines is not None and not deal._state.adding:
            return _with_held(deal, lines)
        return lines
    prices = _prices(deal, given, now)
    rows = _priced(deal, prices)
    total = _total(rows)
    deal.__dict__["priced"] = rows if total < TOO_MUCH else []
    if rows and total < TOO_MUCH and all(price is None or price.shown for _item, price in prices):
        deal.amount = total
    if lines is None and not given:
        return None
    named = {line.pk: line for line in (lines or [])} | {item.product.line_id: item.product.line for item in given}
    return list(named.values())


def _with_held(deal: Deal, lines: list[ProductLine]) -> list[ProductLine]:
    """The lines that were typed, and those of the products that stay."""
    held = ProductLine.objects.filter(products__in=DealItem.objects.filter(deal=deal).values("product"))
    return list({line.pk: line for line in (*lines, *held)}.values())


def item_problems(deal: Deal, items: Iterable[Item], now: datetime) -> list[entry.Problem]:
    """Products that no price book knows for this deal, and sums that are none."""
    wanted = list(items)
    text = _("“%(name)s” has no list price in %(currency)s for this program and country. Type the amount instead.")
    prices = _prices(deal, wanted, now)
    found = [
        (f"{entry.ITEMS}.no_price", text % {"name": item.product.name, "currency": deal.currency or "–"})
        for item, price in prices
        if price is None
    ]
    total = _total(_priced(deal, prices))
    if wanted and not found and total <= 0:
        found.append((f"{entry.ITEMS}.not_positive", _("These products add up to nothing. Check the discounts.")))
    if total >= TOO_MUCH:
        found.append((f"{entry.ITEMS}.too_large", _("That is more than we can handle. Check the quantities.")))
    return found


def put_items(deal: Deal) -> None:
    """Write what was priced, and nothing else; what nobody typed stays as it is."""
    priced: list[DealItem] | None = deal.__dict__.pop("priced", None)
    if priced is None:
        return
    DealItem.objects.filter(deal=deal).delete()
    DealItem.objects.bulk_create(priced)


def _prices(deal: Deal, items: Iterable[Item], now: datetime) -> list[tuple[Item, ListPrice | None]]:
    wanted = list(items)
    if not wanted:
        return []
    known = list_prices(deal.program_id, deal.territory.code if deal.territory else "", deal.currency, today_of(now))
    return [(item, known.get(item.product.pk)) for item in wanted]


def _priced(deal: Deal, prices: Iterable[tuple[Item, ListPrice | None]]) -> list[DealItem]:
    return [_item(deal, item, price) for item, price in prices if price is not None]


def _total(rows: Iterable[DealItem]) -> Decimal:
    return sum((row.amount for row in rows), Decimal(0))


def _item(deal: Deal, item: Item, price: ListPrice) -> DealItem:
    return DealItem(
        deal=deal,
        product=item.product,
        price_book_id=price.book_id,
        quantity=item.quantity,
        list_price=price.price,
        discount=item.discount,
        amount=net(price.price, item.quantity, item.discount, deal.currency),
    )
