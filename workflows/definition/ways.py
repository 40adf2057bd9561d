"""The ways that lead out of a block and hold blocks of their own: a branch's cases, a parallel's branches. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.definition.blocks import block_id


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its name in run events (`key`), the words for it, its blocks and where they stand."""

    key: str
    label: str
    path: str
    blocks: Sequence[Mapping[str, Any]]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A block where it stands: in which way of which block (`chain`), at which place in it."""

    id: str
    item: Mapping[str, Any]
    path: str
    chain: str
    index: int


def ways_of(item: Mapping[str, Any], path: str = "") -> list[Way]:
    """In reading order; empty for a block that holds none."""
    found = []
    for list_name in ("cases", "branches"):
        for number, one in enumerate(item.get(list_name) or ()):
            key = str(one.get("id") or f"{'case' if list_name == 'cases' else 'branch'}-{number + 1}")
            label = str(one.get("name") or key)
            found.append(Way(key, label, f"{path}.{list_name}.{number}.blocks", one.get("blocks") or (), one))
    if item.get("type") == "branch":
        found.append(Way("otherwise", "", f"{path}.otherwise", item.get("otherwise") or (), {}))
    return found


def places(items: Any, path: str = "blocks", chain: str = "") -> Iterator[Place]:
    """Every block of a sound tree, in reading order."""
    for index, item in enumerate(items or ()):
        here = f"{path}.{index}"
        identity = block_id(item, here)
        yield Place(identity, item, here, chain, index)
        for way in ways_of(item, here):
            yield from places(way.blocks, way.path, f"{identity}/{way.key}")
