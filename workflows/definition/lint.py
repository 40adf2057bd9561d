"""What is wrong with a tree, each problem with its place and what to do; whatever is thrown at it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.conditions import FactSchema, validate
from workflows.definition import blocks as tree_of
from workflows.definition import parameters
from workflows.definition.blocks import (
    BLOCKS,
    DEFAULT_OUTCOMES,
    MAX_BLOCKS,
    MAX_BYTES,
    MAX_DEPTH,
    block_id,
    program,
    schema_of,
    walk,
)
from workflows.definition.broken import BrokenDefinition
from workflows.definition.fitting import misshapen, wrong_types
from workflows.definition.flow_checks import FlowChecks, Problem, Surroundings
from workflows.definition.shapes import is_int as _is_int
from workflows.definition.shapes import is_minutes as _is_minutes
from workflows.definition.shapes import is_name as _is_name

_SLA = ("sla_start", "sla_pause", "sla_resume", "sla_stop")
_ALL_NEED: dict[str, tuple[str, ...]] = {
    "validate": ("action",),
    "action": ("action",),
    "branch": ("cases",),
    "parallel": ("branches",),
    "subworkflow": ("workflow",),
    "webhook": ("url",),
    "approval": ("title", "queue"),
    "notify": ("template", "recipients"),
    "sla_start": ("clock",),
    "sla_pause": ("clock",),
    "sla_resume": ("clock",),
    "sla_stop": ("clock",),
    "wait": (),
    "end": (),
}


def lint(tree: Any, around: Surroundings | None = None) -> list[Problem]:
    """Every problem found; an empty list means that the tree may be published."""
    if not isinstance(tree, Mapping):
        return [Problem("", _("A workflow is a JSON object with a trigger and blocks."))]
    try:
        size = len(json.dumps(tree, default=str))
    except (RecursionError, ValueError, TypeError):
        return [Problem("", _("The workflow is nested too deeply."))]
    if size > MAX_BYTES:
        return [Problem("", _("The workflow is larger than 256 kB. Split it."))]
    problems = [Problem(path, message) for path, message in parameters.problems(tree)]
    applied = parameters.applied(tree)
    problems += _Lint(applied, around or Surroundings()).problems()
    problems = problems or list(misshapen(applied))
    if not problems:
        try:
            program(tree)
        except BrokenDefinition as error:
            problems.append(Problem("", str(error)))
    return problems


class _Lint(FlowChecks):
    def __init__(self, tree: Mapping[str, Any], around: Surroundings) -> None:
        self.tree, self.around = tree, around
        self.seen: dict[str, str] = {}
        self.saved: set[str] = set()
        self.clocks: set[str] = set()
        self.schema: FactSchema | None = None
        self.subject = ""

    def problems(self) -> Iterator[Problem]:
        """Front to back, as a reader would meet them."""
        yield from self._head()
        items = self.tree.get("blocks")
        if not isinstance(items, list) or not items:
            yield Problem("blocks", _("The workflow has no blocks. Add at least one."))
            return
        found = list(walk(items))
        if len(found) > MAX_BLOCKS:
            told = _("%(count)d blocks are too many: %(max)d are allowed.")
            yield Problem("", told % {"count": len(found), "max": MAX_BLOCKS})  # of the whole: no page could draw it
            return
        for path, depth, item in found:
            if depth > MAX_DEPTH:
                yield Problem(
                    path, _("Branches can be nested %(max)d deep. Move this one further out.") % {"max": MAX_DEPTH}
                )
                return
            own = str(item.get("id", "")) if isinstance(item, Mapping) else ""
            for message in self._told(path, item):
                yield Problem(path, message, own)
            for part, message in wrong_types(item):
                yield Problem(f"{path}.{part}", message, own)
        yield from self._time_outs(found)

    # --- the head -----------------------------------------------------------------------------

    def _head(self) -> Iterator[Problem]:
        if self.tree.get("format") != tree_of.FORMAT:
            yield Problem("format", _("Only format 1 is known."))
        if not _is_name(self.tree.get("key")):
            yield Problem("key", _("Give the workflow a key of small letters, digits and dashes."))
        named = {name: self.tree[name] for name in ("name", "cancel_on") if name in self.tree}
        for part, message in wrong_types(named, "head"):
            yield Problem(part, message)
        trigger = self.tree.get("trigger")
        for message in self._trigger(trigger):
            yield Problem("trigger", message)
            return
        assert isinstance(trigger, Mapping)
        try:
            self.schema = schema_of(trigger, self.tree.get("blocks"))
        except BrokenDefinition as error:
            yield Problem("trigger", str(error))
            return
        except (LookupError, TypeError):
            return  # what the blocks have wrong is told at each of them
        yield from self._condition(trigger.get("when"), "trigger.when")
        cancel_on = self.tree.get("cancel_on") or []
        for name in cancel_on if isinstance(cancel_on, list) else ["?"]:
            if str(name) not in registry.triggers:
                yield Problem("cancel_on", _("No app offers the event “%(event)s”.") % {"event": str(name)[:80]})

    def _condition(self, when: Any, path: str) -> Iterator[Problem]:
        if self.schema is not None:
            for problem in validate(when or {}, self.schema):
                yield Problem(f"{path}.{problem.path}" if problem.path else path, problem.message)

    # --- blocks -------------------------------------------------------------------------------

    def _told(self, path: str, item: Any) -> list[str]:
        """What is wrong with one block, whatever stands in its parts."""
        try:
            return list(self._block(path, item))
        except (TypeError, ValueError, AttributeError, KeyError):
            return [_("A part of this block has the wrong shape. Compare it with the JSON Schema.")]

    def _block(self, path: str, item: Any) -> Iterator[str]:
        if not isinstance(item, Mapping):
            yield _("A block is a JSON object with an id and a type.")
            return
        kind = item.get("type")
        if kind not in BLOCKS:
            yield _("There is no block of the type “%(type)s”. Use one of: %(known)s.") % {
                "type": str(kind)[:40],
                "known": ", ".join(BLOCKS),
            }
            return
        yield from self._identity(path, item)
        missing = [name for name in _ALL_NEED[kind] if item.get(name) in (None, "", [], {})]
        for name in missing:
            yield _("This block lacks “%(name)s”.") % {"name": name}
        if not missing and not any(wrong_types(item)):
            yield from getattr(self, f"_{'sla' if kind in _SLA else kind}")(path, item)
        if item.get("save_as") is not None:
            if not _is_name(item["save_as"]):
                yield _("“save_as” is a short name of small letters, digits and _.")
            self.saved.add(str(item["save_as"]))

    def _identity(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        identity = block_id(item, path)
        if len(identity) > 60:
            yield _("The id is longer than 60 characters.")
        if identity in self.seen:
            yield _("The id “%(id)s” is used twice: here and at %(other)s.") % {
                "id": identity,
                "other": self.seen[identity],
            }
        self.seen[identity] = path

    def _action(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        spec = registry.actions.get(str(item["action"]))
        if spec is None:
            yield _("No app offers the action “%(action)s”.") % {"action": str(item["action"])[:80]}
            return
        known = {parameter.key for parameter in spec.parameters}
        parameters = item.get("parameters") or {}
        if not isinstance(parameters, Mapping):
            yield _("Parameters are an object of names and values.")
            return
        for name, value in parameters.items():
            if known and name not in known:
                yield _("“%(action)s” has no parameter “%(name)s”.") % {"action": spec.label, "name": name}
            yield from self._source(value)
        if item.get("as") is not None and item["as"] not in self.saved:
            yield _("“as” names the approval “%(name)s”, which does not come before this block.") % {
                "name": str(item["as"])[:40]
            }

    _validate = _action

    def _source(self, value: Any) -> Iterator[str]:
        if not (isinstance(value, Mapping) and "from" in value):
            return
        name = str(value["from"]).partition(".")[0]
        if name not in self.saved and not self._is_fact(str(value["from"])):
            yield _("“%(from)s” is neither a fact nor a step saved before this block.") % {
                "from": str(value["from"])[:80]
            }

    def _is_fact(self, key: str) -> bool:
        return self.schema is not None and any(fact.key == key for fact in self.schema.facts)

    def _branch(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        if "otherwise" not in item:
            yield _("This branch has no default. Say what happens when no case holds (“otherwise”).")
        elif not isinstance(item["otherwise"], list):
            yield _("“otherwise” is a list of blocks.")
        cases = item["cases"] if isinstance(item["cases"], list) else [None]
        for number, case in enumerate(cases):
            if not isinstance(case, Mapping):
                yield _("A case has a name, a condition and blocks.")
                continue
            if not isinstance(case.get("blocks"), list):
                yield _("Case %(number)d has no list of blocks.") % {"number": number + 1}
            if not case.get("when"):
                yield _("Case %(number)d has no condition: it would hide all that come after it.") % {
                    "number": number + 1
                }
            for problem in self._condition(case.get("when"), ""):
                yield _("Case %(number)d: %(problem)s") % {"number": number + 1, "problem": problem.message}

    def _approval(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        outcomes = item.get("outcomes") or list(DEFAULT_OUTCOMES)
        if not isinstance(outcomes, list) or not all(map(_is_name, outcomes)) or len(set(outcomes)) < 2:
            yield _("An approval offers at least two outcomes, each a short name.")
        if not _is_name(item["queue"]):
            yield _("The queue is a short name of small letters, digits and dashes.")
        quorum = item.get("quorum", 1)
        if not _is_int(quorum) or not 1 <= quorum <= 5:
            yield _("The quorum is a number from 1 to 5.")
        limit = item.get("limit_fact")
        if limit is not None and not self._is_fact(str(limit)):
            yield _("The limit asks for “%(fact)s”, which is no fact of this trigger.") % {"fact": str(limit)[:80]}
        if item.get("assign") is not None:
            yield from self._assignment(item["assign"])
        for answer in item.get("answers") or ():
            yield from self._known_answer(answer, outcomes)
        yield from self._asks_on(item)

    def _known_answer(self, answer: Mapping[str, Any], outcomes: list[str]) -> Iterator[str]:
        if not answer.get("reasons") or not isinstance(answer["reasons"], list) or not answer.get("when"):
            yield _("An answer without a person names its reasons and its condition.")
        if answer.get("outcome") not in outcomes:
            yield _("“%(outcome)s” is none of the outcomes of this approval.") % {
                "outcome": str(answer.get("outcome"))[:40]
            }
        for problem in self._condition(answer.get("when"), ""):
            yield _("Answer: %(problem)s") % {"problem": problem.message}

    def _notify(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        if self.around.templates is not None and item["template"] not in self.around.templates:
            yield _("There is no message template “%(key)s”.") % {"key": str(item["template"])[:80]}
        yield from self._recipients(item["recipients"])
        variables = item.get("variables") or {}
        if not isinstance(variables, Mapping):
            yield _("Variables are an object of names and values.")
            return
        for value in variables.values():
            yield from self._source(value)
        yield from self._variables(str(item["template"]), variables)

    def _sla(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        if item["type"] != "sla_start":
            if item["clock"] not in self.clocks:
                yield _("The clock “%(clock)s” is not started before this block.") % {"clock": str(item["clock"])[:40]}
            return
        self.clocks.add(str(item["clock"]))
        if not _is_name(item["clock"]):
            yield _("The clock's name is short: small letters, digits and dashes.")
        yield from self._promise(item)
        points = item.get("warn_at", [])
        if not isinstance(points, list) or not all(_is_int(p) and 0 < p < 100 for p in points):
            yield _("Warnings come at percentages between 1 and 99.")
        yield from self._recipients(item.get("warn") or [])
        yield from self._recipients(item.get("escalate") or [])

    def _promise(self, item: Mapping[str, Any]) -> Iterator[str]:
        policy = item.get("policy")
        if policy is None and item.get("minutes") is None:
            yield _("Say how long: minutes, or the name of an SLA policy.")
        elif policy is not None and not _is_name(policy):
            yield _("The policy's name is short: small letters, digits and dashes.")
        elif policy is not None and self.around.policies is not None and policy not in self.around.policies:
            yield _("There is no SLA policy “%(key)s”. Add one under Setup, SLA.") % {"key": policy}
        if item.get("minutes") is not None and not _is_minutes(item["minutes"]):
            yield _("Minutes are a whole number from 1 to 527040 (a year).")

    def _end(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        if len(str(item.get("result", ""))) > 60:
            yield _("The result is longer than 60 characters.")
