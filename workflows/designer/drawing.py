"""The two faces of a tree: the steps of the diagram, and the rows of the outline."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import blake2s
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.messages.registry import kinds as messages
from workflows.definition import Problem
from workflows.definition.outline import duration, sentence_of
from workflows.designer.kinds import KINDS, Kind, kind_of
from workflows.designer.trees import Target, targets, walk, ways


@dataclass(frozen=True, slots=True)
class Marks:
    """What is to be seen on blocks beside themselves: problems, and the path of a trial."""

    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lit: frozenset[str] = frozenset()
    trial: bool = False
    selected: str = ""
    sought: bool = False  # the selected one has moved: the keyboard goes after it


@dataclass(frozen=True, slots=True)
class Row:
    """A block in the outline."""

    path: str
    kind: Kind
    title: str
    text: str
    problems: Sequence[str]
    lit: bool
    dim: bool
    selected: bool
    sought: bool
    first: bool
    last: bool
    targets: Sequence[Target]
    ways: "Sequence[Branch]"

    @property
    def name(self) -> str:
        """The row's id on the page."""
        return f"row-{self.path}"

    @property
    def mark(self) -> str:
        """Of all that is drawn of it: its ways are drawn apart, its menu when it is opened."""
        apart = ("kind", "ways", "first", "last", "targets")
        told = {part.name: getattr(self, part.name) for part in fields(self) if part.name not in apart}
        return mark_of({**told, "kind": (self.kind.type, self.kind.label)})


@dataclass(frozen=True, slots=True)
class Branch:
    """A list of rows: a way out of a block with its condition in words, or all that the workflow does."""

    name: str
    text: str
    path: str
    rows: Sequence[Row]

    @property
    def head(self) -> str:
        """The id of its heading on the page."""
        return f"way-{self.path}"

    @property
    def mark(self) -> str:
        """Of its heading."""
        return mark_of((self.name, self.text))

    @property
    def list(self) -> str:
        """The id of its rows on the page."""
        return f"list-{self.path}"

    @property
    def shape(self) -> str:
        """A mark of how many rows there are, and which ways lead out of them; not of what they say."""
        return mark_of([[(row.title, way.name) for way in row.ways] for row in self.rows])


@dataclass(frozen=True, slots=True)
class Changes:
    """What of an outline is to be drawn anew: whole lists, and in the others headings and rows."""

    lists: "list[Branch]" = field(default_factory=list)
    heads: list[Branch] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def look_through(self, place: Branch, known: Collection[str]) -> None:
        """Take up what lies in the list and is not known by its id."""
        if place.list not in known:
            self.lists.append(place)
            return
        for row in place.rows:
            self.rows.extend([row] if row.name not in known else ())
            for way in row.ways:
                self.heads.extend([way] if way.head not in known else ())
                self.look_through(way, known)


def mark_of(told: Any) -> str:
    """A few letters that are others as soon as anything told is."""
    return blake2s(repr(told).encode(), digest_size=6).hexdigest()


def marks_of(tree: Mapping[str, Any], problems: Iterable[Problem]) -> tuple[dict[str, list[str]], list[str]]:
    """Problems by the block that they belong to; and those of the workflow itself."""
    paths = sorted((path for path, _depth, _block in walk(tree)), key=len, reverse=True)
    marked: dict[str, list[str]] = {}
    rest = []
    for problem in problems:
        at = next((p for p in paths if problem.path == p or problem.path.startswith(f"{p}.")), None)
        if at is None:
            rest.append(problem.message)
        else:
            marked.setdefault(at, []).append(problem.message)
    return marked, rest


def told(block: Mapping[str, Any]) -> str:
    """What a block does, in a sentence; its kind while it is incomplete."""
    try:
        return sentence_of(block)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        return str(kind_of(block).label)


def title_of(block: Mapping[str, Any]) -> str:
    """The few words on a block in the diagram, which says its kind beside them."""
    try:
        words = _BRIEF.get(str(block.get("type")), lambda _block: "")(block)
    except (TypeError, ValueError, AttributeError, KeyError):
        words = ""
    own = block.get("title") or block.get("name") or words
    return _shorten(str(own) if own else told(block)) or str(kind_of(block).label)


def _action(block: Mapping[str, Any]) -> str:
    spec = registry.actions.get(str(block.get("action")))
    return str(spec.label) if spec else ""


def _message(block: Mapping[str, Any]) -> str:
    found = messages.get(str(block.get("template")))
    return str(found.label) if found else ""


def _time(block: Mapping[str, Any]) -> str:
    minutes = block.get("business_minutes") or block.get("minutes")
    return duration(minutes) if isinstance(minutes, int) else ""


def _clock(block: Mapping[str, Any]) -> str:
    name = str(block.get("clock") or "").replace("_", " ")
    return f"{name}: {_time(block)}" if name and _time(block) else name


_BRIEF: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "validate": _action,
    "action": _action,
    "notify": _message,
    "wait": _time,
    "sla_start": _clock,
    "sla_pause": _clock,
    "sla_resume": _clock,
    "sla_stop": _clock,
    "webhook": lambda block: str(block.get("url") or "").removeprefix("https://"),
    "subworkflow": lambda block: str(block.get("workflow") or ""),
    "end": lambda block: str(block.get("result") or _("done")),
}


def _shorten(words: str) -> str:
    return words if len(words) <= 44 else f"{words[:42].rstrip()}…"


def outline_of(tree: Mapping[str, Any], marks: Marks, conditions: Any) -> Branch:
    """All that the workflow does. `conditions` tells a condition in words."""
    blocks = tree.get("blocks")
    return Branch("", "", "blocks", _rows(blocks if isinstance(blocks, list) else [], "blocks", marks, conditions))


def _rows(blocks: Sequence[Any], path: str, marks: Marks, conditions: Any) -> list[Row]:
    found = []
    for index, block in enumerate(blocks):
        if not isinstance(block, Mapping):
            continue
        here = f"{path}.{index}"
        found.append(
            Row(
                path=here,
                kind=kind_of(block),
                title=title_of(block),
                text=_line(block),
                problems=marks.problems.get(here, ()),
                lit=here in marks.lit,
                dim=marks.trial and here not in marks.lit,
                selected=here == marks.selected,
                sought=marks.sought and here == marks.selected,
                first=index == 0,
                last=index == len(blocks) - 1,
                targets=targets(blocks, here),
                ways=[
                    Branch(
                        way.name,
                        _way_told(block, way.number, conditions),
                        way.path,
                        _rows(way.blocks, way.path, marks, conditions),
                    )
                    for way in ways(block, here)
                ],
            )
        )
    return found


def flat(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows of an outline in reading order, those inside of others after them."""
    for row in rows:
        yield row
        for way in row.ways:
            yield from flat(way.rows)


def _line(block: Mapping[str, Any]) -> str:
    """The sentence, after the block's own name where the sentence leaves it out."""
    own, words = str(block.get("title") or block.get("name") or ""), told(block)
    return words if not own or own in words else f"{own}: {words}"


def _way_told(block: Mapping[str, Any], number: int | None, conditions: Any) -> str:
    if number is None:
        return _("when no case holds")
    if block.get("type") != "branch":
        return ""
    return str(conditions(block["cases"][number].get("when")))


def sequence_of(tree: Mapping[str, Any], marks: Marks) -> list[dict[str, Any]]:
    """The steps as sequential-workflow-designer draws them. A step's id is its block's place."""
    blocks = tree.get("blocks")
    return _steps(blocks if isinstance(blocks, list) else [], "blocks", marks)


def _steps(blocks: Sequence[Any], path: str, marks: Marks) -> list[dict[str, Any]]:
    return [_step(block, f"{path}.{index}", marks) for index, block in enumerate(blocks) if isinstance(block, Mapping)]


def _step(block: Mapping[str, Any], path: str, marks: Marks) -> dict[str, Any]:
    kind = kind_of(block)
    step: dict[str, Any] = {
        "id": path,
        "type": kind.type if kind.type in KINDS else "unknown",
        "componentType": "switch" if ways(block, path) else "task",
        "name": title_of(block),
        "properties": {
            "kind": str(kind.label),
            "icon": kind.icon,
            "tone": kind.group.lower(),
            "wrong": bool(marks.problems.get(path)),
            "lit": path in marks.lit,
            "dim": marks.trial and path not in marks.lit,
            "ways": [way.path for way in ways(block, path)],
        },
    }
    branches: dict[str, Any] = {}
    names: Counter[str] = Counter()
    for way in ways(block, path):
        names[way.name] += 1
        shown = way.name if names[way.name] == 1 else f"{way.name} {names[way.name]}"
        branches[f"{len(branches)}:{shown}"] = _steps(way.blocks, way.path, marks)
    if branches:
        step["branches"] = branches
    return step
