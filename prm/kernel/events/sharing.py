"""Which claimed rows may share a transaction. A commit costs more than most of what is done in it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction

from prm.kernel.tenancy.context import acting, current
from prm.kernel.tenancy.remembering import forget_all

log = logging.getLogger(__name__)
PATIENCE = "50ms"  # for a lock; far less than the second after which PostgreSQL looks for deadlocks


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
    take: Callable[[list[One], datetime], Exception | None],
    alone: Callable[[One], None],
    tell: Callable[[One, Exception], None],
    kind: Callable[[One], object] = id,
) -> None:
    """Work on many claims: first tries of one tenant share a transaction, each behind a savepoint of its own.

    So one that fails takes nothing of the others along; it is told once they are committed. What was tried before
    goes alone, since it may be what killed its worker; so does whatever the shared transaction could not take.
    `take` gives a fault that it has dealt with itself, or None. It gets the claims of one `kind` together, which
    share a savepoint, too; where one of them fails it gets them again, one by one.
    """
    together, single = sorted_out(claims)
    for tenant, some in together:
        rest = _of_a_kind(some, kind)
        while rest:
            faults, left, rest = _together(tenant, rest, take)
            for claimed, fault in faults:
                tell(claimed, fault)
            single += left
    for claimed in single:
        alone(claimed)


def _of_a_kind(claims: Iterable[One], kind: Callable[[One], object]) -> list[list[One]]:
    """Each kind where its first one stands."""
    found: dict[object, list[One]] = {}
    for claimed in claims:
        found.setdefault(kind(claimed), []).append(claimed)
    return list(found.values())


def _together(
    tenant: UUID, claims: list[list[One]], take: Callable[[list[One], datetime], Exception | None]
) -> tuple[list[tuple[One, Exception]], list[One], list[list[One]]]:
    """Gives those that failed, those that must go alone, and those whose turn comes in the next transaction.

    It ends early once others stand in line for it. And it waits for nobody's locks but for a moment: it holds
    locks of several runs in no order of theirs, and would else make a person's request the victim of a deadlock.
    """
    faults: list[tuple[One, Exception]] = []
    again: list[One] = []
    rest = list(claims)
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            if len(rest) > 1:
                _be_patient_for(PATIENCE)
            while rest and not current().in_line:
                some = rest.pop(0)
                try:
                    with transaction.atomic():
                        fault = take(some, now)
                    if fault is not None:
                        faults += [(claimed, fault) for claimed in some]
                except OperationalError:  # somebody else holds a lock of it, or the server has gone
                    again += some
                    forget_all()
                except Exception as error:
                    if len(some) > 1:
                        rest[:0] = [[claimed] for claimed in some]
                    else:
                        faults.append((some[0], error))
                    forget_all()  # what was read since the savepoint may never have been
    except Exception as error:
        log.info("%s claims go one by one: %s", sum(map(len, claims)), error)
        return [], [claimed for some in claims for claimed in some], []
    return faults, again, rest


def _be_patient_for(patience: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])


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
