"""Charts as SVG, drawn on the server: attributes and classes only, and a table for who can't see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.template import Library

from prm.kernel.ui import formats

register = Library()
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 200, 48, 24, 8


@register.inclusion_tag("ui/bar_chart.html")
def bar_chart(
    rows: Iterable[Sequence[Any]], label: Any = "", kind: str = "number", currency: str = "EUR"
) -> dict[str, Any]:
    """Horizontal bars: [(label, number, tone, url)], the last two as wanted. kind: number, money or percent."""
    listed = [(*row, "", "")[:4] for row in rows]
    top = max((float(value or 0) for _label, value, _tone, _url in listed), default=0) or 1
    bars = [
        {
            "label": name,
            "width": round(100 * float(value or 0) / top, 2),
            "tone": tone,
            "value": _figure(value, kind, currency),
            "url": url if value else "",
        }
        for name, value, tone, url in listed
    ]
    return {"bars": bars, "label": label}


def _figure(value: Any, kind: str, currency: str) -> str:
    if kind == "money":
        return formats.money(value, currency)
    return formats.percent(value) if kind == "percent" else formats.number(value)


@register.inclusion_tag("ui/line_chart.html")
def line_chart(
    points: Iterable[Sequence[Any]], label: Any = "", kind: str = "number", currency: str = "EUR"
) -> dict[str, Any]:
    """One line over time: [(label, number)], oldest first."""
    listed = [(row[0], float(row[1] or 0), row[1]) for row in points]
    top = _rounded_up(max((value for _name, value, _raw in listed), default=0) or 1)
    spots = [
        {"label": name, "x": _x(index, len(listed)), "y": _y(value, top), "value": _figure(raw, kind, currency)}
        for index, (name, value, raw) in enumerate(listed)
    ]
    return {
        "label": label,
        "spots": spots,
        "path": _path(spots),
        "area": _area(spots),
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "floor": HEIGHT - BOTTOM,
        "grid": _grid(top, kind, currency),
        "ticks": _ticks(spots),
        "tick_y": HEIGHT - 6,
        "right": WIDTH - 8,
    }


def _x(index: int, count: int) -> float:
    return round(LEFT + (WIDTH - LEFT - 12) * (index / max(count - 1, 1)), 1)


def _y(value: float, top: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top), 1)


def _rounded_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten: a scale that reads well."""
    power = 10 ** (len(str(int(value))) - 1)
    return next((power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value), value)


def _path(spots: list[dict[str, Any]]) -> str:
    return " ".join(f"{'L' if index else 'M'}{spot['x']} {spot['y']}" for index, spot in enumerate(spots))


def _area(spots: list[dict[str, Any]]) -> str:
    if not spots:
        return ""
    floor = HEIGHT - BOTTOM
    return f"{_path(spots)} L{spots[-1]['x']} {floor} L{spots[0]['x']} {floor} Z"


def _grid(top: float, kind: str, currency: str) -> list[dict[str, Any]]:
    return [{"y": _y(top * share, top), "value": _figure(_plain(top * share), kind, currency)} for share in (0, 0.5, 1)]


def _plain(value: float) -> Any:
    return int(value) if value == int(value) else round(value, 2)


def _ticks(spots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most seven labels under the line, the last always among them."""
    step = max(1, -(-len(spots) // 7))
    return [spot for index, spot in enumerate(reversed(spots)) if index % step == 0][::-1]


BROAD, TALL, FEET, GAP = 1040, 250, 44, 0.34


@register.inclusion_tag("ui/column_chart.html")
def column_chart(
    columns: Iterable[Sequence[Any]], label: Any = "", whole: Any = "", part: Any = "", currency: str = "EUR"
) -> dict[str, Any]:
    """Columns of money with the part of each that is filled: [(label, whole, part, url)], two words for the legend."""
    listed = list(columns)
    top = _rounded_up(max((float(row[1]) for row in listed), default=0) or 1)
    step = (BROAD - LEFT - 16) / max(len(listed), 1)
    bars = [_bar(row, index, step, top, currency) for index, row in enumerate(listed)]
    lines = [
        {"y": _rise(top * share, top), "value": formats.money_short(top * share, currency)} for share in (0, 0.5, 1)
    ]
    return {
        "label": label,
        "whole": whole,
        "part": part,
        "bars": bars,
        "lines": lines,
        "width": BROAD,
        "height": TALL,
        "left": LEFT + 8,
        "right": BROAD - 8,
    }


def _bar(row: Sequence[Any], index: int, step: float, top: float, currency: str) -> dict[str, Any]:
    name, whole, part, url = row
    x, floor = LEFT + 12 + index * step, TALL - FEET
    first, _space, rest = str(name).partition(" ")
    return {
        "label": name,
        "words": [first, rest],
        "x": round(x + step * GAP / 2, 1),
        "width": round(step * (1 - GAP), 1),
        "middle": round(x + step / 2, 1),
        "y": _rise(float(whole), top),
        "height": round(floor - _rise(float(whole), top), 1),
        "part_y": _rise(float(part), top),
        "part_height": round(floor - _rise(float(part), top), 1),
        "whole": formats.money(whole, currency),
        "part": formats.money(part, currency),
        "url": url,
    }


def _rise(value: float, top: float) -> float:
    return round(TOP + (TALL - FEET - TOP) * (1 - value / top), 1)


@register.inclusion_tag("ui/stacked_bars.html")
def stacked_bars(rows: Iterable[Sequence[Any]], parts: Sequence[Any], label: Any = "") -> dict[str, Any]:
    """Horizontal bars cut into parts: [(label, [count, …])], each part named once; darker means further on."""
    listed = [(row[0], [int(count) for count in row[1]]) for row in rows]
    top = max((sum(counts) for _label, counts in listed), default=0) or 1
    return {"bars": [_cut(name, counts, top) for name, counts in listed], "parts": list(parts), "label": label}


def _cut(name: Any, counts: Sequence[int], top: int) -> dict[str, Any]:
    x, cuts = 0.0, []
    for step, count in enumerate(counts):
        width = 100 * count / top
        cuts.append({"x": round(x, 2), "width": round(width, 2), "step": step, "value": formats.number(count)})
        x += width
    return {"label": name, "cuts": cuts, "total": formats.number(sum(counts))}


@register.inclusion_tag("ui/spark.html")
def spark(numbers: Iterable[Any], label: Any = "") -> dict[str, Any]:
    """A line the size of a word."""
    figures = [float(number or 0) for number in numbers]
    low, high = min(figures, default=0), max(figures, default=1)
    reach = (high - low) or 1
    points = [
        f"{round(80 * index / max(len(figures) - 1, 1), 1)},{round(26 - 24 * (value - low) / reach, 1)}"
        for index, value in enumerate(figures)
    ]
    return {"points": " ".join(points), "label": label}
