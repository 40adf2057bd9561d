"""Where each block of a tree stands in a drawing, in whole pixels. Pure: the template makes the SVG of it."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.definition.blocks import block_id
from workflows.definition.graph import named, starting, titled
from workflows.definition.parameters import applied
from workflows.definition.ways import Way, ways_of

WIDTH, LINE, GAP, ASIDE, LETTERS, EDGE = 184, 16, 26, 20, 26, 8


@dataclass(frozen=True, slots=True)
class Shape:
    """A box with its lines of text, each with the height at which it is written."""

    x: int
    y: int
    height: int
    kind: str
    block: str
    lines: tuple[tuple[int, str], ...]
    title: str
    width: int = WIDTH

    @property
    def middle(self) -> int:
        return self.x + WIDTH // 2


@dataclass(frozen=True, slots=True)
class Label:
    x: int
    y: int
    text: str


@dataclass(slots=True)
class Drawing:
    """Boxes, lines as SVG paths, and the words at the ways out of branches."""

    width: int = 0
    height: int = 0
    shapes: list[Shape] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def drawing_of(tree: Mapping[str, Any]) -> Drawing:
    """The tree from top to bottom, ways beside one another."""
    tree = applied(tree)
    drawing = Drawing()
    items = tree.get("blocks") or ()
    width = _width(items)
    middle = width // 2 + EDGE
    y = _box(drawing, "start", starting(tree), "", middle, EDGE)
    _x, drawing.height, _open = _chain(drawing, items, middle, y, "blocks")
    drawing.width, drawing.height = width + 2 * EDGE, drawing.height + EDGE
    return drawing


def _width(items: Sequence[Mapping[str, Any]]) -> int:
    return max([WIDTH, *(_spread(ways_of(item)) for item in items)])


def _spread(ways: Sequence[Way]) -> int:
    return sum(_width(way.blocks) for way in ways) + ASIDE * max(len(ways) - 1, 0)


def _chain(
    drawing: Drawing, items: Sequence[Mapping[str, Any]], middle: int, y: int, path: str
) -> tuple[int, int, bool]:
    """Draw a list of blocks under `y`; gives where it ends and whether anything goes on from there."""
    goes_on = True
    for index, item in enumerate(items):
        here = f"{path}.{index}"
        if goes_on:
            drawing.paths.append(f"M{middle} {y}V{y + GAP}")
        y = _box(drawing, str(item.get("type")), titled(item), block_id(item, here), middle, y + GAP)
        goes_on = item.get("type") != "end"
        if ways := ways_of(item, here):
            y, goes_on = _ways(drawing, ways, middle, y)
    return middle, y, goes_on


def _ways(drawing: Drawing, ways: Sequence[Way], middle: int, y: int) -> tuple[int, bool]:
    """Draw ways beside one another; those that do not end come together again below."""
    left = middle - _spread(ways) // 2
    bar, ends = y + GAP // 2, []
    drawing.paths.append(f"M{middle} {y}V{bar}")
    for way in ways:
        own = _width(way.blocks)
        at = left + own // 2
        drawing.paths.append(f"M{middle} {bar}H{at}V{bar + LINE + 6}")
        drawing.labels.append(Label(at, bar + LINE + 2, _short(named(way), own // 7)))
        ends.append((at, *_chain(drawing, way.blocks, at, bar + LINE + 6, way.path)[1:]))
        left += own + ASIDE
    bottom = max(low for _at, low, _open in ends) + GAP // 2
    opened = [(at, low) for at, low, is_open in ends if is_open]
    for at, low in opened:
        drawing.paths.append(f"M{at} {low}V{bottom}H{middle}")
    return bottom, bool(opened)


def _box(drawing: Drawing, kind: str, text: str, block: str, middle: int, y: int) -> int:
    """One box; gives its lower edge."""
    told = textwrap.wrap(text, LETTERS) or [""]
    if len(told) > 3:
        told = [*told[:2], _short(told[2] + " …", LETTERS)]
    height = LINE * len(told) + 14
    lines = tuple((y + 7 + LINE * number + 12, line) for number, line in enumerate(told))
    drawing.shapes.append(Shape(middle - WIDTH // 2, y, height, kind, block, lines, text))
    return y + height


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: max(letters - 1, 1)].rstrip() + "…"
