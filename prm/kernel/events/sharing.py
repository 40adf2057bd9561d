"""Which claimed rows may share a transaction. A commit costs more than most of what is done in it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import OperationalError, transaction

from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.remembering import forget_all

log = logging.getLogger(__name__)


class Claimed(Protocol):
    """What a claim says of itself."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def attempt(self) -> int: ...


One = TypeVar("One", bound=Claimed)


def work_through(
    claims: Iterable[One],
    *,
    take: Callable[[One, datetime], Exception | None],
    alone: Callable[[One], None],
    tell: Callable[[One, Exception], None],
) -> None:
    """Work on many claims: first tries of one tenant share a transaction, each behind a savepoint of its own.

    So one that fails takes nothing of the others along; it is told once they are committed. What was tried before
    goes alone, since it may be what killed its worker; so does whatever the shared transaction could not take.
    `take` gives a fault that it has dealt with itself, or None.
    """
    together, single = sorted_out(claims)
    for tenant, some in together:
        faults, left = _together(tenant, some, take)
        for claimed, fault in faults:
            tell(claimed, fault)
        single += left
    for claimed in single:
        alone(claimed)


def _together(
    tenant: UUID, claims: list[One], take: Callable[[One, datetime], Exception | None]
) -> tuple[list[tuple[One, Exception]], list[One]]:
    """Gives those that failed, and those that must go alone."""
    faults: list[tuple[One, Exception]] = []
    again: list[One] = []
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            for claimed in claims:
                try:
                    with transaction.atomic():
                        fault = take(claimed, now)
                    if fault is not None:
                        faults.append((claimed, fault))
                except OperationalError:  # two that locked the same in another order, or the server has gone
                    again.append(claimed)
                    forget_all()
                except Exception as error:
                    faults.append((claimed, error))
                    forget_all()  # what was read since the savepoint may never have been
    except Exception as error:
        log.info("%s claims go one by one: %s", len(claims), error)
        return [], claims
    return faults, again


def sorted_out(claims: Iterable[One]) -> tuple[list[tuple[UUID, list[One]]], list[One]]:
    """First tries by tenant, the tenant with the fewest in front so that nobody waits behind a flood; and those
    that go alone, because they were tried before."""
    together: dict[UUID, list[One]] = {}
    alone: list[One] = []
    for one in claims:
        if one.attempt > 1:
            alone.append(one)
        else:
            together.setdefault(one.tenant_id, []).append(one)
    return sorted(together.items(), key=lambda entry: len(entry[1])), alone
