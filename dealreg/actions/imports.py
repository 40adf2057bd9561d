"""Customers by the thousand: three statements for each batch, however many rows."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json import dumps
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from dealreg import entry
from dealreg.actions.customers import add_alias, update_customer
from dealreg.actions.drafts import save_draft
from dealreg.actions.submission import submit_deal
from dealreg.imports import CustomerRow, ImportSummary, Row
from dealreg.models import Customer, Deal, MatchKey, Way
from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, key_values, normalise
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.models import Tenant

_CUSTOMERS = """
INSERT INTO dealreg_customer
  (id, tenant_id, name, domain, country, city, external_id, is_house, is_blocked, source, normal)
SELECT n.id, %(tenant)s, n.name, n.domain, n.country, n.city, n.external_id, n.house, n.blocked, 'import', n.normal
FROM unnest(%(id)s::uuid[], %(name)s::text[], %(domain)s::text[], %(country)s::text[], %(city)s::text[],
            %(external_id)s::text[], %(house)s::boolean[], %(blocked)s::boolean[], %(normal)s::jsonb[])
  AS n(id, name, domain, country, city, external_id, house, blocked, normal)
WHERE n.external_id <> '' OR NOT EXISTS (
  SELECT 1 FROM dealreg_customer AS c WHERE c.tenant_id = %(tenant)s AND c.name = n.name AND c.domain = n.domain
    AND c.country = n.country AND c.city = n.city AND c.external_id = '')
ON CONFLICT DO NOTHING RETURNING id::text
"""
_KEYS = """
INSERT INTO dealreg_matchkey (tenant_id, key, kind, record_id)
SELECT %(tenant)s, n.key, %(kind)s, (%(record)s::uuid[])[n.place]
FROM unnest(%(key)s::bigint[], %(place)s::int[]) AS n(key, place)
"""


_ALIASES = """
INSERT INTO dealreg_customeralias (id, tenant_id, customer_id, name, domain)
SELECT gen_random_uuid(), %(tenant)s, n.customer, n.name, '' FROM unnest(%(customer)s::uuid[], %(name)s::text[])
  AS n(customer, name) ON CONFLICT DO NOTHING
"""
_PARENTS = """
UPDATE dealreg_customer AS c SET parent_id = p.id
FROM unnest(%(child)s::text[], %(parent)s::text[]) AS n(child, parent)
JOIN dealreg_customer AS p ON p.tenant_id = %(tenant)s AND p.external_id = n.parent AND p.external_id <> ''
WHERE c.tenant_id = %(tenant)s AND c.external_id = n.child AND c.external_id <> ''
  AND c.id <> p.id AND c.parent_id IS DISTINCT FROM p.id
"""
PART, PLACES = 500, 9  # records of a part, and the bits that number them
UNCHANGED = Decision("deal-import/1", "unchanged", True)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A row made ready: its id, its text cleaned, its normal form and keys."""

    id: UUID
    row: CustomerRow
    normal: dict[str, Any]
    keys: list[int]


def import_deal(*, partner_id: UUID, row: Row, actor: Actor, now: datetime) -> Decision:
    """Submit one row of a file for a partner: "submitted", "unchanged" for a row that is in already, or "invalid".

    "already_registered" names the partner's own open deal that came in by another way. A refused row leaves
    nothing. The row's key makes sure that it goes in once, whoever else imports it.
    """
    key = row.key(str(partner_id))
    if Deal.objects.filter(partner_id=partner_id, import_key=key).exists():
        return UNCHANGED
    fields = {name: text for name, text in row.values.items() if name in entry.FIELDS}
    with transaction.atomic():
        deal = save_draft(partner_id=partner_id, fields=fields, actor=actor, now=now, import_key=key, way=Way.FILE)
        decision = submit_deal(deal_id=deal.pk, actor=actor, now=now)
        transaction.set_rollback(decision.refused and decision.outcome != "already_registered")
    return decision


def import_customers(*, records: Iterable[CustomerRow], actor: Actor, now: datetime) -> ImportSummary:
    """Bring customers in: new ones are made, those of a known CRM id are brought up to date.

    The same rows twice change nothing. Call it with a few thousand at a time: one call, one transaction.
    """
    summary = ImportSummary()
    fresh: dict[object, CustomerRow] = {}
    known = _known(rows := [_clean(record) for record in records])
    for row in rows:
        if not row.name:
            summary.refused += 1
        elif row.external_id and row.external_id in known:
            summary += _bring_up_to_date(known[row.external_id], row, actor, now)
        elif _identity(row) in fresh:
            summary.unchanged += 1
        else:
            fresh[_identity(row)] = row
    made = _insert_all(list(fresh.values()))
    summary.created += made
    summary.unchanged += len(fresh) - made
    audit.record(
        "customers.imported",
        target=Tenant.objects.get(),
        actor=actor,
        at=now,
        after={
            "created": summary.created,
            "updated": summary.updated,
            "unchanged": summary.unchanged,
            "refused": summary.refused,
        },
    )
    return summary


def link_parents(*, links: Iterable[tuple[str, str]], actor: Actor, now: datetime) -> int:
    """Tie customers to their parents, (the child's CRM id, the parent's). Returns how many ties are new.

    Call it once all of a file's customers are in: a child may stand before its parent.
    """
    pairs = [(child, parent) for child, parent in links if child and parent]
    if not pairs:
        return 0
    with connection.cursor() as cursor:
        values = {"child": [child for child, _parent in pairs], "parent": [parent for _child, parent in pairs]}
        cursor.execute(_PARENTS, values | {"tenant": tenant_id()})
        linked: int = cursor.rowcount
    if linked:
        audit.record("customers.linked", target=Tenant.objects.get(), actor=actor, at=now, after={"linked": linked})
    return linked


def _insert_all(rows: list[CustomerRow]) -> int:
    """While the database takes one part, the next is made ready: matching is pure, and psycopg2 lets go of Python."""
    parts = [rows[start : start + PART] for start in range(0, len(rows), PART)]
    with ThreadPoolExecutor(max_workers=1) as ahead:
        return sum(_insert(fresh) for fresh in ahead.map(_ready_all, parts))


def _ready_all(rows: list[CustomerRow]) -> list[_Fresh]:
    return [_ready(row) for row in rows]


def _insert(fresh: list[_Fresh]) -> int:
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _CUSTOMERS,
            {
                "tenant": tenant_id(),
                "id": [one.id for one in fresh],
                "name": [one.row.name for one in fresh],
                "domain": [one.row.domain for one in fresh],
                "country": [one.row.country for one in fresh],
                "city": [one.row.city for one in fresh],
                "external_id": [one.row.external_id for one in fresh],
                "house": [one.row.is_house for one in fresh],
                "blocked": [one.row.is_blocked for one in fresh],
                "normal": [dumps(one.normal, ensure_ascii=False) for one in fresh],
            },
        )
        made = {row[0] for row in cursor.fetchall()}
        found = [one for one in fresh if str(one.id) in made]
        pairs = sorted(key << PLACES | place for place, one in enumerate(found, start=1) for key in one.keys)
        cursor.execute(
            _KEYS,
            {
                "tenant": tenant_id(),
                "kind": int(MatchKey.Kind.CUSTOMER),
                "record": [str(one.id) for one in found],
                "key": _array(pair >> PLACES for pair in pairs),
                "place": _array(pair & (1 << PLACES) - 1 for pair in pairs),
            },
        )
        names = [(str(one.id), name) for one in found for name in one.row.aliases]
        if names:
            values = {"customer": [one for one, _name in names], "name": [name for _one, name in names]}
            cursor.execute(_ALIASES, values | {"tenant": tenant_id()})
    return len(made)


def _array(numbers: Iterable[int]) -> str:
    """PostgreSQL's own writing of an array: a hundred thousand numbers as one parameter."""
    return "{" + ",".join(map(str, numbers)) + "}"


@lru_cache(maxsize=1024)
def _country(typed: str) -> str:
    return normalise(Record("x", country=typed)).country if typed else ""


def _clean(row: CustomerRow) -> CustomerRow:
    return CustomerRow(
        entry.plain(row.name)[:300],
        entry.plain(row.domain)[:255],
        _country(row.country),
        entry.plain(row.city)[:160],
        entry.plain(row.external_id)[:80],
        row.is_house,
        row.is_blocked,
        tuple(dict.fromkeys(filter(None, (entry.plain(name)[:300] for name in row.aliases)))),
        row.parent,
    )


def _ready(row: CustomerRow) -> _Fresh:
    normal = normalise(Record(row.name, row.domain, row.country, row.city, aliases=row.aliases))
    return _Fresh(uuid7(), row, normal.to_json(), key_values(normal))


def _identity(row: CustomerRow) -> object:
    return row.external_id or (row.name, row.domain, row.country, row.city)


def _known(rows: Iterable[CustomerRow]) -> dict[str, Customer]:
    ids = {row.external_id for row in rows if row.external_id}
    return {c.external_id: c for c in Customer.objects.filter(external_id__in=ids)} if ids else {}


def _bring_up_to_date(customer: Customer, row: CustomerRow, actor: Actor, now: datetime) -> ImportSummary:
    fields = ("name", "domain", "country", "city", "is_house", "is_blocked")
    changes = {name: getattr(row, name) for name in fields if getattr(row, name) != getattr(customer, name)}
    known = set(customer.aliases.values_list("name", flat=True)) if row.aliases else set()
    fresh = [name for name in row.aliases if name not in known]
    for name in fresh:
        add_alias(customer_id=customer.pk, name=name, actor=actor, now=now)
    if changes:
        update_customer(customer_id=customer.pk, changes=changes, actor=actor, now=now)
    return ImportSummary(updated=1) if changes or fresh else ImportSummary(unchanged=1)
