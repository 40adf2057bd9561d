"""A program made ready to be walked many times: every condition compiled once, blocks nested as in the tree."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from prm.kernel.automation import registry
from prm.kernel.conditions import ConditionError, FactSchema, compile_python
from prm.kernel.conditions.tree import parsed
from workflows.definition import Program
from workflows.definition.blocks import block_id

Holds = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way through a block: a case of a branch, one of its parallel lines, or an approval's answer of its
    own. `asks`: the facts it reads."""

    id: str
    holds: Holds
    asks: frozenset[str]
    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A block with what it holds. `otherwise` is None where a branch has no default."""

    id: str
    type: str
    data: Mapping[str, Any]
    outcomes: tuple[str, ...] = ()  # what people, or the action, can answer
    ends_with: tuple[str, ...] = ()  # every value that it can end with
    spec: registry.ActionSpec | None = None
    ways: tuple[Way, ...] = ()
    otherwise: "tuple[Node, ...] | None" = None
    asks: frozenset[str] = frozenset()

    @property
    def saves(self) -> str:
        return str(self.data.get("save_as") or "")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The whole program; `start` holds the trigger's condition."""

    program: Program
    start: Way
    nodes: tuple[Node, ...]
    known: Mapping[str, Node] = field(repr=False)


@lru_cache(maxsize=64)
def plan_of(program: Program) -> Plan:
    """The plan of a program, made once. A condition that can't be judged breaks the walk that asks it, and no
    other."""
    known: dict[str, Node] = {}
    top = sorted(
        (int(block.path.removeprefix("blocks.")), block.data)
        for block in program.blocks.values()
        if block.path.removeprefix("blocks.").isdigit()
    )
    nodes = _nodes([data for _index, data in top], "blocks", program, known)
    start = _way("trigger", program.when, (), program.schema)
    return Plan(program, start, nodes, known)


def asked_by(condition: Any, schema: FactSchema) -> frozenset[str]:
    """The keys of the facts that a condition reads."""
    return frozenset(leaf.fact.key for leaf in parsed(condition or {}, schema).leaves())


def _nodes(items: Any, path: str, program: Program, known: dict[str, Node]) -> tuple[Node, ...]:
    return tuple(_node(item, f"{path}.{index}", program, known) for index, item in enumerate(items or ()))


def _node(item: Mapping[str, Any], path: str, program: Program, known: dict[str, Node]) -> Node:
    identity, kind = block_id(item, path), item["type"]
    ways = tuple(_ways(item, path, program, known))
    otherwise = None
    if kind == "branch" and "otherwise" in item:
        otherwise = _nodes(item["otherwise"], f"{path}.otherwise", program, known)
    block = program.block(identity)
    node = known[identity] = Node(
        id=identity,
        type=kind,
        data=item,
        outcomes=block.outcomes,
        ends_with=block.ends_with,
        spec=registry.actions.get(str(item.get("action"))),
        ways=ways,
        otherwise=otherwise,
        asks=frozenset().union(*(way.asks for way in ways)),
    )
    return node


def _ways(item: Mapping[str, Any], path: str, program: Program, known: dict[str, Node]) -> Iterator[Way]:
    part = {"branch": "cases", "parallel": "branches", "approval": "answers"}.get(item["type"])
    for number, case in enumerate(item.get(part) or () if part else ()):
        name = str(case.get("id") or f"{'branch' if part == 'branches' else 'case'}-{number + 1}")
        nodes = _nodes(case.get("blocks"), f"{path}.{part}.{number}.blocks", program, known)
        yield _way(name, case.get("when"), nodes, program.schema)


def _way(name: str, condition: Any, nodes: tuple[Node, ...], schema: FactSchema) -> Way:
    try:
        return Way(name, compile_python(condition or {}, schema), asked_by(condition, schema), nodes)
    except ConditionError as error:
        return Way(name, _broken(str(error)), frozenset(), nodes)


def _broken(why: str) -> Holds:
    def holds(_facts: Mapping[str, Any]) -> bool:
        raise ConditionError(why)

    return holds
