"""Trying a tree on a past event: followed over what was recorded then, and nothing is written.

Answers are those that the event's own run got; where there was none, what the reader supposes, else unknown.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, product
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions import ConditionError, FactSchema, compile_python, explain
from workflows.designer.drawing import title_of
from workflows.designer.kinds import Kind, kind_of
from workflows.designer.offers import answers
from workflows.designer.trees import Way, walk, ways

MANY = 64  # combinations of unknown answers that are tried at a branch
QUIET = {"notify": "sent", "wait": "elapsed", "sla_start": "started", "sla_stop": "in_time"}


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a past event: its facts, and what its run's blocks answered."""

    facts: Mapping[str, Any]
    before: Mapping[str, Any]
    at: datetime
    saved: Mapping[str, str] = field(default_factory=dict)  # by the name of the answer
    blocks: Mapping[str, str] = field(default_factory=dict)  # by the block's id


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a trial. `known` is recorded, supposed or unknown; a branch tells why it went its way."""

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


class _Ended(Exception):
    pass


def attempt(tree: Mapping[str, Any], schema: FactSchema, past: Past, supposed: Mapping[str, str]) -> Trial:
    """Follow the tree as the engine would, over what is known."""
    return _Walk(tree, schema, past, supposed).trial()


class _Walk:
    def __init__(self, tree: Mapping[str, Any], schema: FactSchema, past: Past, supposed: Mapping[str, str]) -> None:
        self.tree, self.schema, self.past, self.supposed = tree, schema, past, supposed
        self.facts: dict[str, Any] = {**past.facts, "@before": past.before, "@now": past.at}
        self.lines: list[Line] = []
        self.unknown: dict[str, tuple[str, ...]] = {}  # facts that nobody knows, with what they may be
        self.paths = {id(block): path for path, _depth, block in walk(tree)}

    def trial(self) -> Trial:
        trigger = self.tree.get("trigger")
        when = trigger.get("when") if isinstance(trigger, Mapping) else None
        if not self._holds(when):
            return Trial((), _("Its condition does not hold: no run starts."), False, 0)
        try:
            self._follow(self.tree.get("blocks"))
            result = _("done")
        except _Ended as end:
            result = str(end)
        return Trial(
            tuple(self.lines), result, True, sum(bool(line.known == "unknown" and line.choices) for line in self.lines)
        )

    def _follow(self, blocks: Any) -> None:
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, Mapping):
                self._step(block)

    def _step(self, block: Mapping[str, Any]) -> None:
        path, kind = self.paths.get(id(block), ""), str(block.get("type"))
        if kind == "branch":
            self._branch(block, path)
        elif kind == "parallel":
            self._parallel(block, path)
        elif kind == "end":
            result = str(block.get("result") or "done")
            self.lines.append(Line(path, kind_of(block), title_of(block), result))
            raise _Ended(result)
        else:
            self._answered(block, path)

    def _answered(self, block: Mapping[str, Any], path: str) -> None:
        value, known = self._answer(block)
        choices = answers(block) if known != "recorded" else ()
        identity = str(block.get("id") or "")
        self.lines.append(Line(path, kind_of(block), title_of(block), value, known, (), choices, identity))
        if name := block.get("save_as"):
            self.facts[f"steps.{name}"] = value or None
            self.unknown.pop(f"steps.{name}", None)
            if known == "unknown":
                self.unknown[f"steps.{name}"] = tuple(choices)

    def _answer(self, block: Mapping[str, Any]) -> tuple[str, str]:
        identity, name = str(block.get("id") or ""), str(block.get("save_as") or "")
        if self.supposed.get(identity):
            return self.supposed[identity], "supposed"
        possible = answers(block)
        for recorded in (self.past.saved.get(name), self.past.blocks.get(identity)):
            if recorded and (not possible or recorded in possible):
                return recorded, "recorded"
        if str(block.get("type")) in QUIET and not possible:
            return QUIET[str(block["type"])], "supposed"
        return "", "unknown" if possible else "supposed"

    def _branch(self, block: Mapping[str, Any], path: str) -> None:
        """Go the way that holds; where it hangs on an answer that nobody knows, only if all answers lead there."""
        asked = {key for key in self.unknown if f'"{key}"' in json.dumps(block.get("cases"))}
        names = sorted(asked)
        possible = islice(product(*(self.unknown[name] for name in names)), MANY)
        taken = (self._way(block, path, zip(names, one, strict=True)) for one in possible)
        found = {way.path: way for way in taken if way}
        if len(found) != 1:
            self.lines.append(Line(path, kind_of(block), title_of(block), "", "unknown"))
            raise _Ended(_("it depends on an answer that is not known"))
        way = next(iter(found.values()))
        when = block["cases"][way.number].get("when") if way.number is not None else None
        checks = tuple(self._checks(when)) if when else ()
        self.lines.append(Line(path, kind_of(block), title_of(block), way.name, checks=checks))
        self._follow(way.blocks)

    def _way(self, block: Mapping[str, Any], path: str, supposed: Iterable[tuple[str, str]]) -> Way | None:
        facts = {**self.facts, **dict(supposed)}
        for way in ways(block, path):
            when = block["cases"][way.number].get("when") if way.number is not None else None
            if way.number is None or (when and self._holds(when, facts)):
                return way
        return None

    def _parallel(self, block: Mapping[str, Any], path: str) -> None:
        self.lines.append(Line(path, kind_of(block), title_of(block), ""))
        for way in ways(block, path):
            self._follow(way.blocks)
        if name := block.get("save_as"):
            self.facts[f"steps.{name}"] = "joined"

    def _holds(self, when: Any, facts: Mapping[str, Any] | None = None) -> bool:
        try:
            return compile_python(when or {}, self.schema)(facts or self.facts)
        except ConditionError:
            return False

    def _checks(self, when: Any) -> Iterator[str]:
        try:
            for check in explain(when, self.schema, self.facts):
                yield str(check.label)
        except ConditionError:
            return
