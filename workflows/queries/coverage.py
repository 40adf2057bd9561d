"""Which blocks and ways of a version have really been taken, from its run events alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from workflows.definition.blocks import block_id
from workflows.definition.outline import sentence_of
from workflows.definition.parameters import applied
from workflows.definition.ways import ways_of
from workflows.models import RunEvent, WorkflowVersion

KINDS = ("started", "step", "branch", "waiting", "entered", "arrived")
Counts = Mapping[tuple[str, str, str], int]  # how often by kind, block and value


@dataclass(frozen=True, slots=True)
class Spot:
    """A block, or with `way` one way out of it, and how often runs have taken it."""

    block: str
    type: str
    text: str
    count: int
    way: str = ""
    depth: int = 0

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
    _Walk(counts, spots).chain(tree.get("blocks") or (), "blocks", runs, 0)
    return Coverage(str(version), runs, tuple(spots))


def counted(version_id: UUID) -> Counts:
    """Run events of a version by kind, block and value."""
    rows = (
        RunEvent.objects.filter(run__version_id=version_id, kind__in=KINDS)
        .order_by()
        .values_list("kind", "block", "value")
        .annotate(count=Count("id"))
    )
    found: Counter[tuple[str, str, str]] = Counter()
    for kind, block, value, count in rows:
        found[(kind, block, value if kind in ("branch", "arrived") else "")] += count
    return found


@dataclass(frozen=True, slots=True)
class _Walk:
    """Follows the counts through the tree. Ends write no event of their own, so what comes to them is what
    the block before them let through."""

    counts: Counts
    spots: list[Spot]

    def chain(self, items: Sequence[Mapping[str, Any]], path: str, arrived: int, depth: int) -> int:
        """A list of blocks that `arrived` runs have come to; gives how many go on behind it."""
        for index, item in enumerate(items):
            arrived = self.block(item, f"{path}.{index}", arrived, depth)
        return arrived

    def block(self, item: Mapping[str, Any], path: str, arrived: int, depth: int) -> int:
        identity, kind = block_id(item, path), str(item.get("type"))
        text = sentence_of(item)
        if kind == "end":
            self.spots.append(Spot(identity, kind, text, arrived, depth=depth))
            return 0
        if kind == "branch":
            return self.branch(item, path, text, depth)
        done = self.counts.get(("step", identity, ""), 0)
        begun = max(done, *(self.counts.get((kind, identity, ""), 0) for kind in ("waiting", "entered")))
        self.spots.append(Spot(identity, kind, text, begun, depth=depth))
        for way in ways_of(item, path):  # of a parallel: all are begun, and each arrives, ends the run or is dropped
            own: list[Spot] = []
            _Walk(self.counts, own).chain(way.blocks, way.path, begun, depth + 2)
            ended = sum(spot.count for spot in own if spot.type == "end")
            came = self.counts.get(("arrived", identity, way.key), 0) + ended
            self.spots.extend([Spot(identity, "case", way.label, came, way.key, depth + 1), *own])
        return done

    def branch(self, item: Mapping[str, Any], path: str, text: str, depth: int) -> int:
        identity = block_id(item, path)
        ways = [(way, self.counts.get(("branch", identity, way.key), 0)) for way in ways_of(item, path)]
        self.spots.append(Spot(identity, "branch", text, sum(count for _way, count in ways), depth=depth))
        onward = 0
        for way, count in ways:
            self.spots.append(Spot(identity, "case", way.label or _("Otherwise"), count, way.key, depth + 1))
            onward += self.chain(way.blocks, way.path, count, depth + 2)
        return onward
