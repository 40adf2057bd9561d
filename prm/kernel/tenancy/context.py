"""The one entry to a tenant's data: which tenant, for which audience, at what time.

Every query on a tenant table runs inside `acting()`. Outside it PostgreSQL answers *permission
denied*, because the login itself owns no grant: loud, never empty (docs/adr/0002-the-wall.md).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import DatabaseError, OperationalError, connection, transaction

ROLES = {
    "vendor": "prm_vendor",
    "partner": "prm_partner",
    "auditor": "prm_auditor",
    "relay": "prm_relay",
}


class TenancyError(RuntimeError):
    """A fault in how the program uses the wall; never a user's mistake."""


class NoTenant(TenancyError):
    """A tenant's data was wanted outside `acting()`."""


class NestedContext(TenancyError):
    """A second context was entered inside the first; only `deciding()` may nest."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who sees what, now. `now` is business time: the transaction's start plus the tenant's offset."""

    audience: str
    tenant_id: UUID | None
    partner_ids: tuple[UUID, ...]
    now: datetime
    zone: ZoneInfo
    stamp: UUID | None = None  # of the tenant's reference data; see remembering.py, and so the memory
    memory: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    in_line: list[str] = field(default_factory=list, compare=False, repr=False)  # what others wait for; see lines.py


_context: ContextVar[Context | None] = ContextVar("prm_context", default=None)


def current() -> Context:
    """The context that is open. Raises NoTenant outside `acting()`."""
    context = _context.get()
    if context is None:
        raise NoTenant("No tenant here. Wrap the work in `with acting(tenant=…, audience=…):`.")
    return context


def is_acting() -> bool:
    return _context.get() is not None


def tenant_id() -> UUID:
    """The tenant that owns what is being made; the default of every tenant_id column."""
    tenant = current().tenant_id
    if tenant is None:
        raise NoTenant("The relay belongs to no tenant and makes no tenant rows.")
    return tenant


@contextmanager
def acting(*, audience: str, tenant: UUID | None = None, partners: Iterable[UUID] = ()) -> Iterator[datetime]:
    """Open a transaction as `audience` of `tenant`; gives the business time `now`.

    `partners` are the organisations that a partner audience may see (a distributor sees several).
    Raises NestedContext inside another context, NoTenant for an unknown or suspended tenant.
    """
    if is_acting():
        raise NestedContext("Already acting: finish that context first (only `deciding()` nests).")
    partner_ids = tuple(partners)
    if audience not in ROLES:
        raise TenancyError(f"Unknown audience {audience!r}: one of {', '.join(ROLES)}.")
    if (tenant is None) != (audience == "relay"):
        raise TenancyError("Every audience but the relay names its tenant, and the relay names none.")
    if (audience == "partner") != bool(partner_ids):
        raise TenancyError("The partner audience, and no other, names the partners it may see.")
    with transaction.atomic():
        now, zone, stamp = _begin(audience, tenant, partner_ids)
        token = _context.set(Context(audience, tenant, partner_ids, now, zone, stamp))
        try:
            yield now
        finally:
            _context.reset(token)


@contextmanager
def deciding() -> Iterator[datetime]:
    """Look over the wall inside a partner's request: the same transaction and tenant as prm_vendor.

    Only actions and the queries that feed a Decision may call it (a test lists the callers);
    what comes out is a Decision, whose reasons are marked for the partner or for the vendor.
    """
    context = current()
    if context.audience != "partner":
        yield context.now
        return
    with transaction.atomic():  # a savepoint: rolling back restores the role as well
        _enter("vendor", context.tenant_id, ())
        token = _context.set(replace(context, audience="vendor", partner_ids=()))
        try:
            yield context.now
        finally:
            _context.reset(token)
        _enter("partner", context.tenant_id, context.partner_ids)


_ENTER = """SELECT set_config('role', %(role)s, true), set_config('app.tenant_id', %(tenant)s, true),
  set_config('app.partner_ids', %(partners)s, true)"""
# Two statements in one trip: the second is planned after the first has changed the role.
_BEGIN = """
SELECT set_config('role', %(role)s, true), set_config('app.tenant_id', %(tenant)s, true),
  set_config('app.partner_ids', %(partners)s, true);
SELECT transaction_timestamp() + clock_offset, time_zone, reference_stamp FROM tenancy_tenant
WHERE id = %(tenant)s::uuid AND status <> 'suspended'
"""
_BEGIN_RELAY = """
SELECT set_config('role', %(role)s, true), set_config('app.tenant_id', %(tenant)s, true),
  set_config('app.partner_ids', %(partners)s, true);
SELECT clock_timestamp(), 'UTC', NULL
"""


def _begin(audience: str, tenant: UUID | None, partners: tuple[UUID, ...]) -> tuple[datetime, ZoneInfo, UUID | None]:
    """Enter, and say what time it is in business and which reference data is in force."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(_BEGIN if tenant else _BEGIN_RELAY, _names(audience, tenant, partners))
        except DatabaseError as error:
            if connection.connection.closed:  # psycopg2 has no word of its own for this with two statements
                raise OperationalError(*error.args) from error
            raise
        row = cursor.fetchone()
    if row is None:
        raise NoTenant("No such tenant, or it is suspended.")
    return row[0].astimezone(UTC), ZoneInfo(row[1]), row[2]


def _enter(audience: str, tenant: UUID | None, partners: tuple[UUID, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, _names(audience, tenant, partners))


def _names(audience: str, tenant: UUID | None, partners: tuple[UUID, ...]) -> dict[str, str]:
    return {
        "role": ROLES[audience],
        "tenant": str(tenant) if tenant else "",
        "partners": "{" + ",".join(map(str, partners)) + "}" if partners else "",
    }
