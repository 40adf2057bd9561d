"""Ids and names of answers: they follow what a block says until a version with them has been published."""

from collections import Counter
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from django.utils.text import slugify

from workflows.designer.trees import Block, Tree, block_at, walk, ways

SAVES = frozenset({"validate", "action", "approval", "webhook", "subworkflow"})
_SAID: Mapping[str, tuple[str, str]] = {  # by type: the part that names it, and what is put before that
    "approval": ("title", ""),
    "parallel": ("title", ""),
    "branch": ("name", ""),
    "validate": ("action", ""),
    "action": ("action", ""),
    "notify": ("template", "tell-"),
    "subworkflow": ("workflow", "run-"),
    "end": ("result", "end-"),
    "sla_start": ("clock", "start-"),
    "sla_pause": ("clock", "pause-"),
    "sla_resume": ("clock", "resume-"),
    "sla_stop": ("clock", "stop-"),
}


def said(block: Mapping[str, Any]) -> str:
    """What an id is made of: the block's own words, else its type."""
    kind = str(block.get("type") or "block")
    part, before = _SAID.get(kind, ("", ""))
    value = block.get(part)
    words = value if isinstance(value, str) else ""
    if part in ("action", "template"):
        words = words.rpartition(".")[2]
    return _short(f"{before}{words}" if words else kind)


def fresh(words: str, taken: Collection[str]) -> str:
    """The words as an id that nobody has yet."""
    if words not in taken:
        return words
    number = 2
    while f"{words}-{number}" in taken:
        number += 1
    return f"{words}-{number}"


def ids_of(tree: Mapping[str, Any]) -> set[str]:
    return {str(block["id"]) for _path, _depth, block in walk(tree) if block.get("id")}


def answers_of(tree: Mapping[str, Any]) -> set[str]:
    return {str(block["save_as"]) for _path, _depth, block in walk(tree) if block.get("save_as")}


def christen(tree: Mapping[str, Any], block: Block) -> Block:
    """A new block with its id and, where it answers, the name of its answer."""
    named: Block = {"id": fresh(said(block), ids_of(tree)), **block}
    if named.get("type") in SAVES:
        named["save_as"] = fresh(_answer(named["id"]), answers_of(tree))
    return named


def rechristen(tree: Mapping[str, Any], path: str, before: Mapping[str, Any], kept: Collection[str]) -> Tree:
    """After the block at `path` was changed from `before`: its id follows, unless it was given or published."""
    changed: Tree = deepcopy(dict(tree))
    block = block_at(changed, path)
    if block is None or not block.get("id"):
        return changed
    old = str(block["id"])
    if old in kept or not _follows(old, said(before)) or said(before) == said(block):
        return changed
    block["id"] = fresh(said(block), ids_of(changed) - {old})
    saved = block.get("save_as")
    if saved == _answer(old) and before.get("save_as") == saved:
        block.pop("save_as")
        new = fresh(_answer(block["id"]), answers_of(changed))
        if saved not in answers_of(changed):
            changed = renamed(changed, str(saved), new)
            block = block_at(changed, path) or block
        block["save_as"] = new
    return changed


def in_order(tree: Mapping[str, Any], kept: Collection[str]) -> Tree:
    """Blocks that say the same are numbered as they are read, in whatever order they came to be.

    So the same workflow has the same ids, built by mouse or by keyboard, from the front or from the back. Ids
    that somebody gave, and those in `kept`, stay; names of answers follow, wherever they are mentioned.
    """
    changed: Tree = deepcopy(dict(tree))
    blocks = [block for _path, _depth, block in walk(changed) if block.get("id")]
    follows = [b["id"] not in kept and _follows(str(b["id"]), said(b)) for b in blocks]
    following = [block for block, free in zip(blocks, follows, strict=True) if free]
    taken = {str(block["id"]) for block, free in zip(blocks, follows, strict=True) if not free}
    answered = Counter(str(b["save_as"]) for b in blocks if b.get("save_as"))
    answers: dict[str, str] = {}
    for block in following:
        _ways_in_order(block)
        old, new = str(block["id"]), fresh(said(block), taken)
        taken.add(new)
        if block.get("save_as") == _answer(old) and answered[_answer(old)] == 1:
            answers[_answer(old)] = _answer(new)
        block["id"] = new
    moved = {old: new for old, new in answers.items() if old != new}
    free = answered.keys() - moved.keys()
    return _answers_renamed(changed, {old: new for old, new in moved.items() if new not in free})


def _answers_renamed(tree: Tree, names: Mapping[str, str]) -> Tree:
    """All at once, by way of names that nobody has: two may change places."""
    between = {old: f"\0{number}" for number, old in enumerate(names)}
    for old, parked in between.items():
        tree = _saved_as(renamed(tree, old, parked), old, parked)
    for old, new in names.items():
        tree = _saved_as(renamed(tree, between[old], new), between[old], new)
    return tree


def _saved_as(tree: Tree, old: str, new: str) -> Tree:
    for _path, _depth, block in walk(tree):
        if block.get("save_as") == old:
            block["save_as"] = new
    return tree


def _ways_in_order(block: Block) -> None:
    parts = [part for part in (block.get("cases") or block.get("branches") or []) if isinstance(part, dict)]
    words = [_short(str(part.get("name") or "")) for part in parts]
    follows = [_follows(str(part.get("id") or ""), word) for part, word in zip(parts, words, strict=True)]
    taken = {str(part.get("id")) for part, free in zip(parts, follows, strict=True) if not free}
    for part, word, free in zip(parts, words, follows, strict=True):
        if free:
            part["id"] = fresh(word, taken)
            taken.add(part["id"])


def copy_of(tree: Mapping[str, Any], block: Mapping[str, Any]) -> Block:
    """The block again with everything in it, under names of its own."""
    copied: Block = deepcopy(dict(block))
    taken, answers = ids_of(tree), answers_of(tree)
    inside = [inner for _path, _depth, inner in walk({"blocks": [copied]})]
    renames = {}
    for inner in inside:
        if inner.get("id"):
            inner["id"] = fresh(_base(str(inner["id"])), taken)
            taken.add(inner["id"])
        if old := inner.get("save_as"):
            renames.setdefault(str(old), fresh(_base(str(old)), answers))
            answers.add(renames[str(old)])
    for old, new in renames.items():
        copied = renamed(copied, old, new)
        for _path, _depth, inner in walk({"blocks": [copied]}):
            if inner.get("save_as") == old:
                inner["save_as"] = new
    return copied


def way_named(block: Mapping[str, Any], name: str) -> str:
    """An id for a new case or branch of the block."""
    taken = {
        str(part.get("id")) for part in (block.get("cases") or block.get("branches") or []) if isinstance(part, Mapping)
    }
    return fresh(_short(name), taken)


def rename_ways(tree: Mapping[str, Any], path: str, before: Mapping[str, Any]) -> Tree:
    """Ids of cases and branches follow their names as ids of blocks do."""
    changed: Tree = deepcopy(dict(tree))
    block = block_at(changed, path)
    if block is None or not ways(block, path):
        return changed
    inner = "cases" if block["type"] == "branch" else "branches"
    earlier = before.get(inner) or []
    for number, part in enumerate(block.get(inner) or []):
        was = earlier[number] if number < len(earlier) else {}
        words = str(part.get("name") or "")
        if (
            words
            and was.get("name") != words
            and _follows(str(part.get("id") or ""), _short(str(was.get("name") or "")))
        ):
            others = {str(one.get("id")) for one in block[inner] if one is not part}
            part["id"] = fresh(_short(words), others)
    return changed


def renamed(node: Any, old: str, new: str) -> Any:
    """Every mention of an answer under its new name: in conditions, parameters, and “in the name of”."""
    if isinstance(node, list):
        return [renamed(part, old, new) for part in node]
    if not isinstance(node, Mapping):
        return node
    return {key: _renamed_part(key, part, old, new) for key, part in node.items()}


def _renamed_part(key: str, part: Any, old: str, new: str) -> Any:
    if not isinstance(part, str):
        return renamed(part, old, new)
    if key == "as" and part == old:
        return new
    if key == "field" and part == f"steps.{old}":
        return f"steps.{new}"
    if key == "from":
        for head in (old, f"steps.{old}"):
            if part == head or part.startswith(f"{head}."):
                return part.replace(old, new, 1)
    return part


def _follows(identity: str, words: str) -> bool:
    return not identity or identity == words or _base(identity) == words


def _base(identity: str) -> str:
    head, _dash, number = identity.rpartition("-")
    return head if head and number.isdecimal() else identity


def _short(words: str) -> str:
    short = slugify(words.replace("_", "-").replace(".", "-"))[:38].strip("-") or "block"
    return short if short[0].isalpha() else f"b-{short}"


def _answer(identity: str) -> str:
    return identity.replace("-", "_")[:40]
