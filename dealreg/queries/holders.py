"""Who holds a customer, and what a finding tells of another deal: read in two statements, past the model layer.

Every conflict check asks this. It reads over the wall between partners; call it as the vendor.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from dealreg.opportunity import Side

RELATIVES = 20

_BOOKS = """
SELECT * FROM app.books(%(ids)s::uuid[], %(heads)s::uuid[], %(parents)s::uuid[], %(relatives)s, %(on)s)
"""
_DEALS = """
SELECT d.id::text, d.partner_id, p.name, d.number, d.status, d.submitted_at, d.customer_name, d.customer_domain,
  d.customer_country, d.customer_city, d.amount, d.currency, d.amount_vendor, d.expected_close_on, d.contact_name,
  d.contact_email, d.normal ->> 'p', ARRAY(
    SELECT l.product_line_id::text FROM dealreg_dealline AS l WHERE l.tenant_id = d.tenant_id AND l.deal_id = d.id)
FROM dealreg_deal AS d JOIN partners_partner AS p ON p.tenant_id = d.tenant_id AND p.id = d.partner_id
WHERE d.id = ANY(%(ids)s::uuid[])
"""


class Held(NamedTuple):
    """One product line of one customer, protected for a deal."""

    deal_id: str
    partner_id: UUID
    line_id: UUID
    until: date


class Known(NamedTuple):
    """A customer, as far as a finding tells of it, and what is protected there."""

    id: str
    name: str
    domain: str
    country: str
    city: str
    is_house: bool
    is_blocked: bool
    normal: str
    held: list[Held]


class Other(NamedTuple):
    """Another deal, as far as a finding tells of it."""

    id: str
    partner_id: UUID
    partner_name: str
    number: str
    status: str
    submitted_at: datetime | None
    customer_name: str
    customer_domain: str
    customer_country: str
    customer_city: str
    amount: Decimal | None
    currency: str
    amount_vendor: Decimal | None
    close_on: date | None
    contact_name: str
    contact_email: str
    place: str | None
    lines: list[str]

    def side(self, lines: Iterable[str] | None = None) -> Side:
        """What it says about its opportunity, with those lines alone where they are given."""
        return Side.told(
            self.lines if lines is None else lines,
            self.amount_vendor,
            self.close_on,
            self.contact_name,
            self.contact_email,
            self.place or "",
        )


def in_the_books(ids: list[str], certain: Mapping[str, str | None], on: date) -> dict[str, Known]:
    """Customers with what is protected there on a day.

    And the parents, children and sisters, by the CRM's links, of those that are certain, which are given with their
    parents.
    """
    parents = [parent for parent in certain.values() if parent]
    known: dict[str, Known] = {}
    about = {"parents": parents, "heads": [*certain, *parents], "relatives": RELATIVES, "on": on}
    for row in _rows(_BOOKS, ids, **about):
        customer = known.setdefault(row[0], Known._make((*row[:8], [])))
        if row[8]:
            customer.held.append(Held(*row[8:]))
    return known


def other_deals(ids: Iterable[str]) -> dict[str, Other]:
    return {row[0]: Other(*row) for row in _rows(_DEALS, list(dict.fromkeys(ids)))}


def _rows(statement: str, ids: list[str], **values: Any) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids, **values})
        return list(cursor.fetchall())
