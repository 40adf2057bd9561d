"""A tree as a graph: for Mermaid, for Graphviz, and laid out for a drawing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from workflows.definition.blocks import block_id
from workflows.definition.outline import sentence_of
from workflows.definition.parameters import applied
from workflows.definition.ways import Way, ways_of

FORMATS = ("mermaid", "dot")


@dataclass(frozen=True, slots=True)
class Node:
    """`name` is plain letters and digits; `kind` is the block's type, `start`, `join` or `done`."""

    name: str
    kind: str
    text: str
    block: str = ""


@dataclass(slots=True)
class Graph:
    """Nodes and what leads where, in reading order."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, kind: str, text: str, block: str = "") -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(Node(name, kind, text, block))
        return name


Ends = list[tuple[str, str]]  # nodes that lead on, each with the words at the way out of it


def graph_of(tree: Mapping[str, Any]) -> Graph:
    """The tree as nodes and edges; ends lead nowhere."""
    tree = applied(tree)
    graph = Graph()
    start = graph.add("start", starting(tree))
    ends = _chain(graph, tree.get("blocks") or (), [(start, "")], "blocks")
    if ends:
        _lead(graph, ends, graph.add("done", _("Done")))
    return graph


def starting(tree: Mapping[str, Any]) -> str:
    """What starts it, in words."""
    trigger = tree.get("trigger")
    trigger = trigger if isinstance(trigger, Mapping) else {}
    known = registry.triggers.get(str(trigger.get("event")))
    if known:
        return str(known.label)
    if trigger.get("schedule"):
        return _("At %(times)s") % {"times": trigger["schedule"]}
    if trigger.get("date"):
        return _("Days before %(fact)s: %(days)s") % {
            "fact": trigger["date"],
            "days": trigger.get("days_before", 0),
        }
    return _("Started by a person") if trigger.get("manual") else _("Start")


def _chain(graph: Graph, items: Sequence[Mapping[str, Any]], ends: Ends, path: str) -> Ends:
    for index, item in enumerate(items):
        ends = _block(graph, item, ends, f"{path}.{index}")
    return ends


def _block(graph: Graph, item: Mapping[str, Any], ends: Ends, path: str) -> Ends:
    kind = str(item.get("type"))
    name = graph.add(kind, titled(item), block_id(item, path))
    _lead(graph, ends, name)
    if kind == "end":
        return []
    ways = ways_of(item, path)
    if not ways:
        return [(name, "")]
    out: Ends = []
    for way in ways:
        out += _chain(graph, way.blocks, [(name, named(way))], way.path)
    if kind != "parallel" or not out:
        return out
    join = graph.add("join", _("Go on after: %(join)s") % {"join": item.get("join") or "all"})
    _lead(graph, out, join)
    return [(join, "")]


def titled(item: Mapping[str, Any]) -> str:
    """What a block does, in a line."""
    return str(item.get("name") or sentence_of(item))


def named(way: Way) -> str:
    return way.label or _("otherwise")


def _lead(graph: Graph, ends: Ends, to: str) -> None:
    graph.edges += [(name, to, label) for name, label in ends]


# --- as text -------------------------------------------------------------------------------------

_SHAPES = {"branch": ("{", "}"), "parallel": ("{{", "}}"), "join": ("{{", "}}"), "approval": ("[[", "]]")}
_ROUND = ("start", "done", "end")
_DOT = {"branch": "diamond", "parallel": "hexagon", "join": "hexagon", "approval": "box3d"}


def mermaid(tree: Mapping[str, Any]) -> str:
    """A Mermaid flowchart."""
    graph = graph_of(tree)
    lines = ["flowchart TD"]
    for node in graph.nodes:
        left, right = ("([", "])") if node.kind in _ROUND else _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f'  {node.name}{left}"{_mermaid(node.text)}"{right}')
    for one, other, label in graph.edges:
        lines.append(f'  {one} -->|"{_mermaid(label)}"| {other}' if label else f"  {one} --> {other}")
    return "\n".join(lines) + "\n"


def dot(tree: Mapping[str, Any]) -> str:
    """A Graphviz digraph."""
    graph = graph_of(tree)
    lines = ["digraph workflow {", '  node [shape=box, fontname="sans-serif"];']
    for node in graph.nodes:
        shape = "oval" if node.kind in _ROUND else _DOT.get(node.kind, "box")
        lines.append(f'  {node.name} [label="{_dot(node.text)}", shape={shape}];')
    for one, other, label in graph.edges:
        lines.append(f'  {one} -> {other} [label="{_dot(label)}"];' if label else f"  {one} -> {other};")
    return "\n".join([*lines, "}"]) + "\n"


def _mermaid(text: str) -> str:
    """Mermaid reads entities; quotes and angles would end the label, or be markup."""
    kept = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "|": "#124;"}
    return "".join(kept.get(letter, letter) for letter in " ".join(text.replace("#", "#35;").split()))


def _dot(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
