"""Trying a tree on a past event: replay's own walk over what was recorded then, told block by block.

What the event's run answered stands; rules and what follows from facts are judged; where nobody can know, the
answer is unknown until the reader supposes one. Nothing is written, and nobody is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions import ConditionError, FactSchema, explain
from workflows.definition import BrokenDefinition, program
from workflows.definition.blocks import block_id
from workflows.designer.drawing import title_of
from workflows.designer.kinds import Kind, kind_of
from workflows.designer.offers import answers
from workflows.designer.trees import walk, ways
from workflows.replay.path import (
    ASSUMED,
    BROKEN,
    CANCELLED,
    ENDED,
    JUDGED,
    NOT_STARTED,
    PLAIN,
    RECORDED,
    UNKNOWN,
    WAITING,
    Around,
    Path,
    Rulings,
    Stop,
)
from workflows.replay.plan import Node, Plan, plan_of
from workflows.replay.reading import Past
from workflows.replay.walking import Walk

SUPPOSED = "supposed"
KNOWN = {RECORDED: "recorded", PLAIN: "recorded", JUDGED: "judged", ASSUMED: SUPPOSED}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a trial. `known` is recorded, judged, supposed or unknown; a branch tells why it went its way."""

    path: str
    kind: Kind
    text: str
    value: str
    known: str = "recorded"
    checks: Sequence[str] = ()
    choices: Sequence[str] = ()
    block: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the event would go through the tree."""

    lines: Sequence[Line]
    result: str
    started: bool
    unknown: int

    @property
    def lit(self) -> frozenset[str]:
        return frozenset(line.path for line in self.lines if line.path)


def attempt(
    tree: Mapping[str, Any], past: Past, supposed: Mapping[str, str], around: Around, rulings: Rulings
) -> Trial:
    """Walk the tree as replay would, with what the reader supposes in place of what nobody knows."""
    try:
        read = program(tree)
    except BrokenDefinition as error:
        return Trial((), _("It can't be followed yet: %(why)s") % {"why": error}, False, 0)
    one = _Attempt(plan_of(read), past, supposed, around, rulings)
    return _Telling(tree, read.schema, one, one.path()).trial()


class _Attempt(Walk):
    """A walk in which the reader's answers count, and which remembers what it knew at each block."""

    def __init__(self, plan: Plan, past: Past, supposed: Mapping[str, str], around: Around, rulings: Rulings) -> None:
        super().__init__(plan, past.facts, past.run, past.at, around, past.before, rulings)
        self.supposed = supposed
        self.knew: dict[str, Mapping[str, Any]] = {}

    def _through(self, nodes: tuple[Node, ...]) -> bool:
        for node in nodes:
            self.knew[node.id] = dict(self.facts)
            if answer := self.supposed.get(node.id):
                self._note(node, answer, SUPPOSED)
                continue
            if node.type == "end":
                self.told.stops.append(Stop(node.id, node.type, str(node.data.get("result") or "done"), PLAIN, self.at))
            if not super()._through((node,)):
                return False
        return True


class _Telling:
    """A walked path as lines, in the order in which the tree is read."""

    def __init__(self, tree: Mapping[str, Any], schema: FactSchema, one: _Attempt, path: Path) -> None:
        self.schema, self.one, self.told = schema, one, path
        self.blocks = {block_id(block, at): (at, block) for at, _depth, block in walk(tree)}

    def trial(self) -> Trial:
        if self.told.state == BROKEN:
            return Trial((), self._result(), False, 0)
        if self.told.state == NOT_STARTED:
            return Trial((), _("Its condition does not hold: no run starts."), False, 0)
        order = list(self.blocks)
        stops = {stop.block: stop for stop in self.told.stops}
        if self.told.state in (WAITING, CANCELLED, UNKNOWN):  # it halted here without passing it
            for block in (one.block for one in self.told.asked):
                stops.setdefault(block, Stop(block, "approval", "", UNKNOWN, self.one.at))
        lines = [self._line(stops[block]) for block in order if block in stops]
        unknown = sum(bool(line.known == UNKNOWN and line.choices) for line in lines)
        return Trial(tuple(lines), self._result(), True, unknown)

    def _line(self, stop: Stop) -> Line:
        path, block = self.blocks[stop.block]
        if stop.type == "branch":
            return Line(path, kind_of(block), title_of(block), self._way(block, path, stop.value),
                        checks=tuple(self._checks(block, path, stop)))  # fmt: skip
        known = KNOWN.get(stop.source, stop.source)
        value = "" if known == UNKNOWN or stop.type == "parallel" else stop.value
        choices = () if known in ("recorded", "judged") else answers(block)
        return Line(path, kind_of(block), title_of(block), value, known, (), choices, stop.block)

    def _way(self, block: Mapping[str, Any], path: str, value: str) -> str:
        """The way in words: its id is what a run records."""
        for way in ways(block, path):
            case = block["cases"][way.number] if way.number is not None else {"id": "otherwise"}
            if str(case.get("id") or f"case-{(way.number or 0) + 1}") == value:
                return way.name
        return value

    def _checks(self, block: Mapping[str, Any], path: str, stop: Stop) -> Iterator[str]:
        """Why it went this way; of the default way, what spoke against each case."""
        for way in ways(block, path):
            case = block["cases"][way.number] if way.number is not None else None
            if case is None:
                continue
            taken = str(case.get("id") or f"case-{(way.number or 0) + 1}") == stop.value
            if not taken and stop.value != "otherwise":
                continue
            try:
                checks = explain(case.get("when"), self.schema, self.one.knew[stop.block])
            except ConditionError:
                return
            if taken:
                yield from (str(check.label) for check in checks)
            else:
                against = "; ".join(str(check.label) for check in checks if not check.passed)
                yield _("Not “%(case)s”: it needs %(what)s") % {"case": way.name, "what": against}

    def _result(self) -> str:
        state, why = self.told.state, self.told.why
        if state == ENDED:
            return self.told.result
        if state == UNKNOWN:
            return _("it depends on an answer that is not known")
        if state in (WAITING, CANCELLED):
            known = self.blocks.get(why)
            name = title_of(known[1]) if known else why
            return _("it waits at “%(block)s”") % {"block": name} if name else _("ended early, as it did then")
        return _("It can't be followed yet: %(why)s") % {"why": why}
