"""Keys made anew after the matcher has changed, so that nobody who was known before goes unfound."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from dealreg import entry
from dealreg.actions.base import write_keys
from dealreg.models import Customer, CustomerAlias, Deal, MatchKey
from dealreg.queries.matcher import keys_are_current
from prm.kernel import audit
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import FINGERPRINT, Normal, Record, key_values, normalise
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

AT_ONCE = 500
KINDS = (MatchKey.Kind.CUSTOMER, MatchKey.Kind.DEAL)


def bring_keys_up_to_date(tenant: UUID) -> int | None:
    """Look at every record of a vendor, a batch a transaction; None where this code has done so before.

    Returns how many had other keys. Whoever dies half-way leaves good keys behind, and the next begins anew.
    """
    with acting(tenant=tenant, audience="vendor"):
        if keys_are_current():
            return None
    changed = sum(_kind(tenant, kind) for kind in KINDS)
    with acting(tenant=tenant, audience="vendor") as now:
        _note(changed, now)
    return changed


def _kind(tenant: UUID, kind: MatchKey.Kind) -> int:
    changed, after = 0, UUID(int=0)
    while True:
        with acting(tenant=tenant, audience="vendor"):
            seen, made = _batch(kind, after)
        changed += made
        if not seen:
            return changed
        after = seen[-1]


def _batch(kind: MatchKey.Kind, after: UUID) -> tuple[list[UUID], int]:
    """Those behind `after`: their ids, and how many had other keys than they should."""
    if kind == MatchKey.Kind.CUSTOMER:
        customers = Customer.objects.select_for_update(of=("self",)).filter(pk__gt=after)
        aliases = Prefetch("aliases", CustomerAlias.objects.order_by("name"))
        rows: list[Any] = list(customers.prefetch_related(aliases).order_by("pk")[:AT_ONCE])
    else:  # a deal that is closed has none
        kept = MatchKey.objects.filter(kind=kind, record_id__gt=after).order_by("record_id")
        ids = list(kept.values_list("record_id", flat=True).distinct()[:AT_ONCE])
        rows = list(Deal.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    held = _held(kind, [row.pk for row in rows])
    return [row.pk for row in rows], sum(_mend(kind, row, held[row.pk]) for row in rows)


def _held(kind: MatchKey.Kind, ids: Iterable[UUID]) -> dict[UUID, set[int]]:
    found: dict[UUID, set[int]] = defaultdict(set)
    for record, key in MatchKey.objects.filter(kind=kind, record_id__in=list(ids)).values_list("record_id", "key"):
        found[record].add(key)
    return found


def _mend(kind: MatchKey.Kind, row: Any, held: set[int]) -> bool:
    normal = _normal(row) if kind == MatchKey.Kind.CUSTOMER else entry.normal_of(row)
    if normal == row.normal and held == set(key_values(Normal.from_json(dict(normal)))):
        return False
    row.normal = normal
    row.save(update_fields=["normal"])
    write_keys(kind, row.pk, normal)
    return True


def _normal(customer: Customer) -> dict[str, Any]:
    aliases = [alias.name for alias in customer.aliases.all()]
    return normalise(Record(customer.name, customer.domain, customer.country, customer.city, aliases=aliases)).to_json()


def _note(changed: int, now: datetime) -> None:
    after = {"matcher": FINGERPRINT, "changed": changed}
    audit.record("keys.refreshed", target=Tenant.objects.get(), actor=Actor.system("matcher"), at=now, after=after)
