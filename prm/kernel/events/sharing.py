"""Which claimed rows may share a transaction. A commit costs more than most of what is done in it."""

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID


class Claimed(Protocol):
    """What a claim says of itself."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def attempt(self) -> int: ...


One = TypeVar("One", bound=Claimed)


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
