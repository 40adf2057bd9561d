"""Which blocks and ways of a version have really been taken, from its run events alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count

from workflows.definition.blocks import block_id
from workflows.definition.outline import sentence_of
from workflows.definition.parameters import applied
from workflows.definition.ways import ways_of
from workflows.models import RunEvent, WorkflowVersion

Counts = Mapping[tuple[str, str, str], int]  # how often by kind, block and value


@dataclass(frozen=True, slots=True)
class Spot:
    """A block, or with `way` one way out of it, and how often runs have taken it."""

    block: str
    type: str
    text: str
    count: int
    way: str = ""

    @property
    def name(self) -> str:
        return f"{self.block}/{self.way}" if self.way else self.block


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every spot of a version in reading order."""

    version: str
    runs: int
    spots: tuple[Spot, ...]

    @property
    def taken(self) -> int:
        return sum(1 for spot in self.spots if spot.count)

    @property
    def missing(self) -> tuple[Spot, ...]:
        return tuple(spot for spot in self.spots if not spot.count)

    @property
    def percent(self) -> float:
        """Of spots, in percent; a version without any is covered."""
        return 100 * self.taken / len(self.spots) if self.spots else 100.0

    @property
    def by_name(self) -> dict[str, int]:
        return {spot.name: spot.count for spot in self.spots}


def coverage_of(version: WorkflowVersion) -> Coverage:
    """What runs of this version have taken."""
    counts = counted(version.pk)
    tree = applied(version.tree)
    runs = sum(count for (kind, _block, _value), count in counts.items() if kind == "started")
    spots: list[Spot] = []
    _chain(tree.get("blocks") or (), "blocks", runs, counts, spots)
    return Coverage(str(version), runs, tuple(spots))


def counted(version_id: UUID) -> Counts:
    """Run events of a version by kind, block and value."""
    rows = (
        RunEvent.objects.filter(
            run__version_id=version_id, kind__in=["started", "step", "branch", "arrived", "waiting"]
        )
        .order_by()
        .values_list("kind", "block", "value")
        .annotate(count=Count("id"))
    )
    found: Counter[tuple[str, str, str]] = Counter()
    for kind, block, value, count in rows:
        found[(kind, block, value if kind in ("branch", "arrived") else "")] += count
    return found


def _chain(items: Sequence[Mapping[str, Any]], path: str, arrived: int, counts: Counts, spots: list[Spot]) -> int:
    """Walk a list of blocks that `arrived` runs have come to; gives how many go on behind it.

    Ends write no event of their own, so what comes to them is what the block before them let through.
    """
    for index, item in enumerate(items):
        arrived = _block(item, f"{path}.{index}", arrived, counts, spots)
    return arrived


def _block(item: Mapping[str, Any], path: str, arrived: int, counts: Counts, spots: list[Spot]) -> int:
    identity, kind = block_id(item, path), str(item.get("type"))
    if kind == "end":
        spots.append(Spot(identity, kind, sentence_of(item), arrived))
        return 0
    if kind == "branch":
        return _branch(item, path, counts, spots)
    done = counts.get(("step", identity, ""), 0)
    begun = max(done, counts.get(("waiting", identity, ""), 0))
    spots.append(Spot(identity, kind, sentence_of(item), begun))
    for way in ways_of(item, path):  # of a parallel: all are begun, some arrive
        came = counts.get(("arrived", identity, way.key), 0)
        spots.append(Spot(identity, kind, way.label, came, way.key))
        _chain(way.blocks, way.path, came, counts, spots)
    return done


def _branch(item: Mapping[str, Any], path: str, counts: Counts, spots: list[Spot]) -> int:
    identity = block_id(item, path)
    ways = [(way, counts.get(("branch", identity, way.key), 0)) for way in ways_of(item, path)]
    spots.append(Spot(identity, "branch", sentence_of(item), sum(count for _way, count in ways)))
    onward = 0
    for way, count in ways:
        spots.append(Spot(identity, "branch", way.label, count, way.key))
        onward += _chain(way.blocks, way.path, count, counts, spots)
    return onward
