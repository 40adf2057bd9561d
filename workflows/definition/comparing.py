"""Two trees side by side, block by block: what was added, removed, moved and changed. Pure."""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prm.kernel.conditions import ConditionError, sentence
from workflows.definition.blocks import schema_of
from workflows.definition.broken import BrokenDefinition
from workflows.definition.ways import Place, places, ways_of

_SIGNS = {"added": "+", "removed": "-", "moved": ">", "changed": "~"}
_WAYS = ("cases", "branches", "otherwise")
NONE = object()  # a field that is not there, which is not the same as null


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `where` is the way and place it stands in; old and new are texts, empty for none."""

    kind: str
    block: str
    type: str = ""
    field: str = ""
    old: str = ""
    new: str = ""
    where: str = ""

    @property
    def text(self) -> str:
        """A line of a diff."""
        name = self.block or "workflow"
        sort = f" ({self.type})" if self.type else ""
        if self.kind == "changed":
            return f"~ {name}{sort}: {self.field}: {self.old or '–'} -> {self.new or '–'}"
        if self.kind == "moved":
            return f"> {name}{sort}: {self.old} -> {self.new}"
        return f"{_SIGNS[self.kind]} {name}{sort} {self.where}".rstrip()


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference, the head first, then the blocks as the new tree reads, then what is gone."""
    before = {place.id: place for place in places(old.get("blocks"))}
    after = {place.id: place for place in places(new.get("blocks"))}
    tell = (_teller(old), _teller(new))
    moved = _moved(before, after)
    changes = list(_head(old, new, tell))
    for identity, place in after.items():
        if identity not in before:
            changes.append(Change("added", identity, str(place.item.get("type")), where=_where(place)))
            continue
        if identity in moved:
            kind = str(place.item.get("type"))
            changes.append(Change("moved", identity, kind, old=_where(before[identity]), new=_where(place)))
        changes += _block(before[identity].item, place.item, identity, tell)
    changes += [
        Change("removed", identity, str(place.item.get("type")), where=_where(place))
        for identity, place in before.items()
        if identity not in after
    ]
    return tuple(changes)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, old, new) of two JSON values, as deep as objects go; lists are compared as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from differences(old.get(name, NONE), new.get(name, NONE), f"{path}.{name}".lstrip("."))
    elif old is NONE or new is NONE or json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
        yield path, old, new


def shown(value: Any) -> str:
    """A value in a line: texts as they are, the rest as compact JSON, what is not there as nothing."""
    if value is NONE:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


Tell = Callable[[Any], str]  # a condition in words, by the facts of its own tree
Tellers = tuple[Tell, Tell]


def _head(old: Mapping[str, Any], new: Mapping[str, Any], tell: Tellers) -> Iterator[Change]:
    skipped = ("blocks", "parameters", "trigger")
    one, other = ({k: v for k, v in tree.items() if k not in skipped} for tree in (old, new))
    yield from _changed(one, other, "", "", tell)
    yield from _changed(_object(old.get("trigger")), _object(new.get("trigger")), "", "trigger", tell)
    before, after = ({str(one.get("key")): one for one in tree.get("parameters") or ()} for tree in (old, new))
    for key in sorted({*before, *after}):
        yield from _changed(before.get(key, {}), after.get(key, {}), "", f"parameter {key}", tell)


def _block(old: Mapping[str, Any], new: Mapping[str, Any], identity: str, tell: Tellers) -> Iterator[Change]:
    """A block's own fields, and the names and conditions of the ways out of it."""
    one, other = ({name: part for name, part in item.items() if name not in (*_WAYS, "id")} for item in (old, new))
    kind = str(new.get("type"))
    yield from _changed(one, other, identity, "", tell, kind)
    before, after = ({way.key: way for way in ways_of(item) if way.data} for item in (old, new))
    for key, way in after.items():
        if key not in before:
            yield Change("changed", identity, kind, f"case {key}", "", way.label)
        else:
            was, now = (
                {n: p for n, p in ways[key].data.items() if n not in ("id", "blocks")} for ways in (before, after)
            )
            yield from _changed(was, now, identity, f"case {key}", tell, kind)
    for key, way in before.items():
        if key not in after:
            yield Change("changed", identity, kind, f"case {key}", way.label, "")
    stood, stands = ([key for key in ways if key in before and key in after] for ways in (before, after))
    if stood != stands:
        yield Change("changed", identity, kind, "order of cases", ", ".join(stood), ", ".join(stands))


def _changed(
    old: Mapping[str, Any], new: Mapping[str, Any], block: str, prefix: str, tell: Tellers, kind: str = ""
) -> Iterator[Change]:
    """The fields of one object; conditions as the sentences that they are."""
    was, now = old.get("when") or {}, new.get("when") or {}
    if json.dumps(was, sort_keys=True) != json.dumps(now, sort_keys=True):
        yield Change("changed", block, kind, f"{prefix} when".strip(), tell[0](was), tell[1](now))
    one, other = ({key: part for key, part in given.items() if key != "when"} for given in (old, new))
    for path, before, after in differences(one, other):
        yield Change("changed", block, kind, f"{prefix} {path}".strip(), shown(before), shown(after))


def _object(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, Mapping) else {}


def _teller(tree: Mapping[str, Any]) -> Tell:
    trigger = tree.get("trigger")
    try:
        schema = schema_of(trigger, tree.get("blocks"))
    except (BrokenDefinition, LookupError, TypeError):
        return shown

    def tell(when: Any) -> str:
        try:
            return sentence(when, schema) if when else ""
        except (ConditionError, TypeError, ValueError):
            return shown(when)

    return tell


def _where(place: Place) -> str:
    return f"in {place.chain} at {place.index + 1}" if place.chain else f"at {place.index + 1}"


def _moved(before: Mapping[str, Place], after: Mapping[str, Place]) -> set[str]:
    """Blocks that hang elsewhere now, and the fewest that explain another order where the rest stayed."""
    common = [identity for identity in after if identity in before]
    moved = {identity for identity in common if before[identity].chain != after[identity].chain}
    chains: dict[str, list[str]] = {}
    for identity in common:
        if identity not in moved:
            chains.setdefault(after[identity].chain, []).append(identity)
    for identities in chains.values():
        stayed = _longest_rising([before[identity].index for identity in identities])
        moved |= {identity for number, identity in enumerate(identities) if number not in stayed}
    return moved


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest rising run of numbers that need not be neighbours."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for position, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(at[place - 1] if place else -1)
        ends[place : place + 1] = [number]
        at[place : place + 1] = [position]
    found: set[int] = set()
    position = at[-1] if at else -1
    while position >= 0:
        found.add(position)
        position = before[position]
    return found
