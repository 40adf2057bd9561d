"""Editing a tree by place. Pure: every change gives a new tree. A place is a path, such as blocks.2.otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from workflows.definition.blocks import MAX_BLOCKS, MAX_DEPTH

Tree = dict[str, Any]
Block = dict[str, Any]


class NotPossible(ValueError):
    """The change makes no sense where it was asked for; the text says why."""


@dataclass(frozen=True, slots=True)
class Way:
    """One list of blocks inside a block: a case, the default, or a parallel branch."""

    name: str
    path: str
    blocks: Sequence[Any]
    number: int | None = None  # of the case or branch; None is the default


def ways(block: Mapping[str, Any], path: str) -> list[Way]:
    """Where a block branches, in order; empty for one that doesn't."""
    kind, found = block.get("type"), []
    inner = {"branch": "cases", "parallel": "branches"}.get(str(kind))
    if inner is None:
        return []
    for number, part in enumerate(_list(block.get(inner))):
        if isinstance(part, Mapping):
            name = str(part.get("name") or part.get("id") or _("Way %(number)d") % {"number": number + 1})
            found.append(Way(name, f"{path}.{inner}.{number}.blocks", _list(part.get("blocks")), number))
    if kind == "branch":
        found.append(Way(_("Otherwise"), f"{path}.otherwise", _list(block.get("otherwise"))))
    return found


def walk(tree: Mapping[str, Any]) -> Iterator[tuple[str, int, Block]]:
    """Every block with its path and depth, as a reader meets them."""
    yield from _walk(_list(tree.get("blocks")), "blocks", 1)


def _walk(blocks: Sequence[Any], path: str, depth: int) -> Iterator[tuple[str, int, Block]]:
    for index, block in enumerate(blocks):
        if isinstance(block, dict) and depth <= MAX_DEPTH + 1:
            here = f"{path}.{index}"
            yield here, depth, block
            for way in ways(block, here):
                yield from _walk(way.blocks, way.path, depth + 1)


def block_at(tree: Mapping[str, Any], path: str) -> Block | None:
    """The block at that place; None where there is none."""
    return next((block for here, _depth, block in walk(tree) if here == path), None)


def list_at(tree: Tree, path: str) -> list[Any]:
    """The list of blocks at that place of a tree that may be changed; made where a block lacks it."""
    if path == "blocks":
        return _made(tree, "blocks")
    for here, _depth, block in walk(tree):
        if path == f"{here}.otherwise" and block.get("type") == "branch":
            return _made(block, "otherwise")
        for way in ways(block, here):
            if way.path == path and way.number is not None:
                inner = "cases" if block["type"] == "branch" else "branches"
                return _made(block[inner][way.number], "blocks")
    raise NotPossible(_("That place is no longer there."))


def path_of(tree: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Where this very block stands."""
    return next((path for path, _depth, block in walk(tree) if block is wanted), "")


def split(path: str) -> tuple[str, int]:
    """A block's list and its index in it."""
    parent, _dot, index = path.rpartition(".")
    if not parent or not index.isdecimal():
        raise NotPossible(_("That place is no longer there."))
    return parent, int(index)


def add(tree: Mapping[str, Any], block: Block, path: str, index: int) -> tuple[Tree, str]:
    """With a new block in that list, at that index or at its end."""
    changed = deepcopy(dict(tree))
    target = list_at(changed, path)
    target.insert(min(max(index, 0), len(target)), block)
    return _checked(changed), path_of(changed, block)


def remove(tree: Mapping[str, Any], path: str) -> tuple[Tree, str]:
    """Without a block; also the place to look at next."""
    changed = deepcopy(dict(tree))
    parent, index = split(path)
    target = list_at(changed, parent)
    if index >= len(target):
        raise NotPossible(_("That block is no longer there."))
    del target[index]
    if target:
        return changed, f"{parent}.{min(index, len(target) - 1)}"
    return changed, owner_of(parent)


def owner_of(path: str) -> str:
    """The block that holds the list at `path`, however deep it lies."""
    cuts = [path.rfind(mark) for mark in (".otherwise", ".cases.", ".branches.")]
    return path[: max(cuts)] if max(cuts) > 0 else ""


def move(tree: Mapping[str, Any], path: str, target_path: str, index: int) -> tuple[Tree, str]:
    """With a block moved into a list, before what stands at that index now."""
    changed = deepcopy(dict(tree))
    block = block_at(changed, path)
    if block is None:
        raise NotPossible(_("That block is no longer there."))
    if target_path.startswith(f"{path}."):
        raise NotPossible(_("A block can't be moved into itself."))
    parent, at = split(path)
    source, target = list_at(changed, parent), list_at(changed, target_path)
    del source[at]
    if source is target and at < index:
        index -= 1
    target.insert(min(max(index, 0), len(target)), block)
    return _checked(changed), path_of(changed, block)


def shift(tree: Mapping[str, Any], path: str, by: int) -> tuple[Tree, str]:
    """One place up (-1) or down (+1) in its own list."""
    parent, index = split(path)
    if index + by < 0 or index + by >= len(list_at(deepcopy(dict(tree)), parent)):
        raise NotPossible(_("It stands at the end of its list already."))
    return move(tree, path, parent, index + by + (1 if by > 0 else 0))


@dataclass(frozen=True, slots=True)
class Target:
    """A list that a block can be moved into or out to, in words."""

    label: str
    path: str
    index: int


def targets(siblings: Sequence[Any], path: str) -> list[Target]:
    """Into the ways of the blocks beside it, and out of the one it stands in; `siblings` are its list."""
    parent, index = split(path)
    found = []
    for beside in (index - 1, index + 1):
        block = siblings[beside] if 0 <= beside < len(siblings) else None
        for way in ways(block, f"{parent}.{beside}") if isinstance(block, dict) else ():
            at = len(way.blocks) if beside < index else 0
            found.append(Target(_("Move into “%(way)s”") % {"way": way.name}, way.path, at))
    if owner := owner_of(parent):
        outer, position = split(owner)
        found.append(Target(_("Move out, behind the branch"), outer, position + 1))
    return found


def put_way(tree: Mapping[str, Any], path: str, way: Mapping[str, Any]) -> Tree:
    """With one more case or branch at the end of a block's ways."""
    changed = deepcopy(dict(tree))
    block = block_at(changed, path)
    if block is None or block.get("type") not in ("branch", "parallel"):
        raise NotPossible(_("That block is no longer there."))
    _made(block, "cases" if block["type"] == "branch" else "branches").append(dict(way))
    return changed


def drop_way(tree: Mapping[str, Any], path: str, number: int) -> Tree:
    """Without a case or branch and all that stands in it."""
    return _with_ways(tree, path, number, lambda ways_, at: ways_.pop(at))


def lift_way(tree: Mapping[str, Any], path: str, number: int) -> Tree:
    """With a case asked one earlier."""
    if number < 1:
        raise NotPossible(_("It stands at the end of its list already."))
    return _with_ways(tree, path, number, lambda ways_, at: ways_.insert(at - 1, ways_.pop(at)))


def _with_ways(tree: Mapping[str, Any], path: str, number: int, change: Any) -> Tree:
    changed = deepcopy(dict(tree))
    block = block_at(changed, path)
    parts = block.get("cases" if block.get("type") == "branch" else "branches") if block else None
    if not isinstance(parts, list) or not 0 <= number < len(parts):
        raise NotPossible(_("That place is no longer there."))
    change(parts, number)
    return changed


def _checked(tree: Tree) -> Tree:
    found = list(walk(tree))
    if len(found) > MAX_BLOCKS:
        raise NotPossible(_("A workflow has %(max)d blocks at most. Split it.") % {"max": MAX_BLOCKS})
    if any(depth > MAX_DEPTH for _path, depth, _block in found):
        raise NotPossible(_("Branches can be nested %(max)d deep at most.") % {"max": MAX_DEPTH})
    return tree


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _made(holder: dict[str, Any], key: str) -> list[Any]:
    if not isinstance(holder.get(key), list):
        holder[key] = []
    made: list[Any] = holder[key]
    return made
