"""Tries the wall: every tenant table, every verb, every kind of stranger, against a real database.

Everything happens in one transaction of the owner's, which is rolled back: nothing stays. A cell is
one try. `open` means that the statement reached the row; whatever is open without being meant to is
a hole.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connections, models, transaction
from psycopg2 import errors
from psycopg2.sql import SQL, Identifier, Placeholder

from prm.kernel.tenancy.rows import Row, new_id, row_of
from prm.kernel.tenancy.wall import Wall, tenant_models

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who tries, as the database sees it: a role, the tenant set, the partners set."""

    name: str
    role: str
    tenant: UUID | None = None
    partner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One try: `met` is open, shut (no grant), blind (no row seen) or refused (a row not let in)."""

    model: str
    verb: str
    who: str
    met: str
    meant: bool

    @property
    def is_hole(self) -> bool:
        return self.met == "open" and not self.meant

    @property
    def is_jammed(self) -> bool:
        return self.met != "open" and self.meant


@dataclass(frozen=True)
class Proof:
    cells: tuple[Cell, ...]

    @property
    def holes(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_hole]

    @property
    def jammed(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_jammed]

    @property
    def holds(self) -> bool:
        return not self.holes and not self.jammed

    def figures(self) -> Counter[str]:
        return Counter(cell.met for cell in self.cells)


def prove(using: str = "owner", only: frozenset[str] = frozenset()) -> Proof:
    """Try every cell (or those of the models named in `only`); leaves nothing behind."""
    cells: list[Cell] = []
    for model in tenant_models():
        if not only or model._meta.label in only:
            with transaction.atomic(using=using):
                cells.extend(_try_model(model, using))
                transaction.set_rollback(True, using=using)
    return Proof(tuple(cells))


def _try_model(model: type[models.Model], using: str) -> Iterator[Cell]:
    tenant, stranger_tenant, partner, sibling = uuid4(), uuid4(), uuid4(), uuid4()
    target = row_of(model, tenant, partner)
    with connections[using].cursor() as cursor:
        for number, one in enumerate((tenant, stranger_tenant)):
            _insert_tenant(cursor, one, f"proof-{number}-{one.hex[:8]}")
        for row in target.chain():
            _insert(cursor, row)
        for who in _strangers(tenant, stranger_tenant, partner, sibling):
            for verb in VERBS:
                met = _try(cursor, who, verb, target, using)
                yield Cell(model._meta.label, verb, who.name, met, _is_meant(model, verb, who.name))


def _strangers(tenant: UUID, other: UUID, partner: UUID, sibling: UUID) -> Iterator[Stranger]:
    yield Stranger("web, no context", "prm_web")
    yield Stranger("worker, no context", "prm_worker")
    yield Stranger("vendor, no context", "prm_vendor")
    yield Stranger("partner, no context", "prm_partner")
    yield Stranger("vendor of another tenant", "prm_vendor", other)
    yield Stranger("auditor of another tenant", "prm_auditor", other)
    yield Stranger("partner of another tenant", "prm_partner", other, partner)
    yield Stranger("sibling partner", "prm_partner", tenant, sibling)
    yield Stranger("own vendor", "prm_vendor", tenant)
    yield Stranger("own auditor", "prm_auditor", tenant)
    yield Stranger("own partner", "prm_partner", tenant, partner)


def _is_meant(model: type[models.Model], verb: str, who: str) -> bool:
    """What the model's declaration lets this one do."""
    wall: Wall = model.wall  # type: ignore[attr-defined]
    allowed = {
        "own vendor": wall.vendor_verbs,
        "own auditor": "SELECT",
        "own partner": wall.partner_may if wall.partner != "none" else "",
        "sibling partner": wall.partner_may if _is_shared(model) else "",
        "web, no context": wall.web,
    }.get(who, "")
    return verb in allowed


def _is_shared(model: type[models.Model]) -> bool:
    """Whether every partner sees such a row: it says so, or it hangs on one that does."""
    kind, _, through = model.wall.partner.partition(":")  # type: ignore[attr-defined]
    if kind != "child":
        return bool(kind == "shared")
    parent: Any = model._meta.get_field(through)
    return _is_shared(parent.related_model)


def _try(cursor: Any, who: Stranger, verb: str, target: Row, using: str) -> str:
    try:
        with transaction.atomic(using=using):
            _become(cursor, who)  # a failure here is a fault of the set-up, never a cell
            met = "open" if _reaches(cursor, verb, target) else "blind"
            raise _Undo(met)
    except _Undo as undo:
        return undo.met
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, errors.InsufficientPrivilege):
            return "refused" if "row-level security" in str(cause) else "shut"
        if isinstance(cause, errors.IntegrityError):
            return "open"  # the wall let it through; another rule stopped it
        raise


class CanNotPose(RuntimeError):
    """The owner lacks a membership that the proof needs; nothing is proven."""


class _Undo(Exception):
    """Rolls one try back and carries what it met."""

    def __init__(self, met: str) -> None:
        self.met = met


def _become(cursor: Any, who: Stranger) -> None:
    try:
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true), set_config('app.partner_ids', %s, true),"
            " set_config('role', %s, true)",
            [str(who.tenant or ""), f"{{{who.partner}}}" if who.partner else "", who.role],
        )
    except DatabaseError as error:
        raise CanNotPose(f"prm_owner may not pose as {who.role}: make the roles again.") from error


def _reaches(cursor: Any, verb: str, target: Row) -> bool:
    table, key = Identifier(target.model._meta.db_table), target.values["id"]
    if verb == "INSERT":
        _insert(cursor, Row(target.model, {**target.values, "id": new_id(target.model)}))
        return True
    statement = {
        "SELECT": SQL("SELECT id FROM {} WHERE id = %s"),
        "UPDATE": SQL("UPDATE {} SET tenant_id = tenant_id WHERE id = %s"),
        "DELETE": SQL("DELETE FROM {} WHERE id = %s"),
    }[verb]
    cursor.execute(statement.format(table), [key])
    return bool(cursor.rowcount == 1)


def _insert(cursor: Any, row: Row) -> None:
    columns = list(row.values)
    cursor.execute(
        SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(row.model._meta.db_table),
            SQL(", ").join(map(Identifier, columns)),
            SQL(", ").join(Placeholder() for _ in columns),
        ),
        list(row.values.values()),
    )


def _insert_tenant(cursor: Any, tenant: UUID, slug: str) -> None:
    from prm.kernel.tenancy.models import Tenant

    values = {
        "id": tenant,
        "slug": slug,
        "name": slug,
        "status": "active",
        "time_zone": "UTC",
        "language": "en",
        "currency": "EUR",
        "is_sandbox": False,
        "clock_offset": "0",
        "brand_color": "#000000",
        "logo": "",
        "mfa_required": False,
    }
    _insert(cursor, Row(Tenant, values))
