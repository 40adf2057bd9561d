"""What the lint asks of triggers, of who is asked, and of the blocks that wait, call or go several ways at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel import outgoing
from prm.kernel.automation import registry
from prm.kernel.conditions import FactSchema, schema_named, validate
from prm.kernel.conditions.wording import is_in_words
from prm.kernel.identity import roles
from prm.kernel.identity.actors import ANSWERING_ROLES, VENDOR_ROLES
from workflows.definition.blocks import DEFAULT_OUTCOMES, TIMED_OUT, step_fact, way_id
from workflows.definition.broken import BrokenDefinition
from workflows.definition.cron import Cron, NotCron
from workflows.definition.shapes import is_int, is_minutes, is_name
from workflows.definition.triggers import start_of

ASSIGN = ("role", "cam", "person", "queue", "round_robin", "least_loaded", "step")
OF_A_ROLE = ("role", "round_robin", "least_loaded")
ALWAYS_GIVEN = frozenset({"steps", "subject"})  # variables that every notification has
MAX_BRANCHES = 10
MAX_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend before publishing. `path` is its place in the tree, `block` the block's id."""

    path: str
    message: str
    block: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """A published workflow as another sees it: what it is about, and the workflows that it runs."""

    schema: str
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the tree may refer to beside the registry: people who are still here (by membership id and
    by e-mail), message templates with the variables that each can use, the published workflows and the SLA
    policies by key. None means that nobody can tell, and nothing is said about it."""

    people: frozenset[str] | None = None
    templates: frozenset[str] | None = None
    variables: Mapping[str, tuple[str, ...]] | None = None
    workflows: Mapping[str, Called] | None = None
    policies: frozenset[str] | None = None


class FlowChecks:
    """A part of the lint; each check yields sentences."""

    tree: Mapping[str, Any]
    around: Surroundings
    saved: set[str]
    schema: FactSchema | None
    subject: str

    # --- the trigger ----------------------------------------------------------------------------

    def _trigger(self, trigger: Any) -> Iterator[str]:
        event = trigger.get("event") if isinstance(trigger, Mapping) else None
        kinds = [kind for kind in ("schedule", "date", "manual") if isinstance(trigger, Mapping) and trigger.get(kind)]
        if not kinds and (not isinstance(event, str) or event not in registry.triggers):
            yield _("No app offers the event “%(event)s”.") % {"event": str(event)[:80]}
            return
        try:
            start = start_of(trigger)
            if start.cron:
                Cron.read(start.cron)
        except BrokenDefinition as error:
            yield str(error)
        except NotCron as error:
            yield _("“%(cron)s” is no cron schedule: %(why)s.") % {"cron": str(trigger["schedule"])[:60], "why": error}
        else:
            self.subject = start.schema

    # --- people ---------------------------------------------------------------------------------

    def _assignment(self, assign: Any) -> Iterator[str]:
        kind = assign.get("kind") if isinstance(assign, Mapping) else None
        if kind not in ASSIGN:
            yield _("Say who is asked: a role, a person, the queue or the partner's channel manager.")
        elif kind in OF_A_ROLE or (kind == "queue" and assign.get("value")):
            yield from self._askable(assign.get("value"))
        elif kind == "person":
            yield from self._person(str(assign.get("value") or ""))
        elif kind == "step" and assign.get("value") not in self.saved:
            yield _("“%(step)s” is no step saved before this block, so nobody is named.") % {
                "step": str(assign.get("value"))[:40]
            }

    def _askable(self, role: Any) -> Iterator[str]:
        if role not in VENDOR_ROLES:
            yield _("There is no role “%(role)s”.") % {"role": str(role)[:40]}
        elif role not in ANSWERING_ROLES:
            yield _("The role “%(role)s” reads and decides nothing. Ask another.") % {"role": roles.label(role)}

    def _person(self, who: str) -> Iterator[str]:
        if self.around.people is not None and who.lower() not in self.around.people:
            yield _("The approver “%(who)s” is not among our people (any more). Choose another.") % {"who": who[:120]}

    def _recipients(self, names: Any) -> Iterator[str]:
        for name in names if isinstance(names, list) else [names]:
            kind, _colon, value = str(name).partition(":")
            if kind == "role" and value not in VENDOR_ROLES:
                yield _("There is no role “%(role)s”.") % {"role": value[:40]}
            elif kind == "person":
                yield from self._person(value)
            elif kind != "role" and name != "queue.owner" and str(name) not in registry.recipients:
                yield _("Nobody knows who “%(name)s” is. Choose recipients from the list.") % {"name": str(name)[:60]}

    def _asks_on(self, item: Mapping[str, Any]) -> Iterator[str]:
        """An approval's time-out and escalation."""
        limit = item.get("timeout_business_minutes")
        if limit is not None and not is_minutes(limit):
            yield _("Minutes are a whole number from 1 to 527040 (a year).")
        if limit is not None and not item.get("save_as"):
            yield _("An approval that can time out needs “save_as”, so that a branch can say what happens then.")
        if TIMED_OUT in (item.get("outcomes") or DEFAULT_OUTCOMES):
            yield _("“timed_out” is no answer that people give. Use “timeout_business_minutes”.")
        levels = item.get("escalation") or []
        if not isinstance(levels, list) or len(levels) > MAX_LEVELS:
            yield _("An escalation is a list of at most %(max)d levels.") % {"max": MAX_LEVELS}
            return
        for number, level in enumerate(levels, 1):
            yield from self._level(number, level)

    def _level(self, number: int, level: Any) -> Iterator[str]:
        if not isinstance(level, Mapping) or not is_minutes(level.get("after_business_minutes")):
            yield _("Escalation %(number)d: say after how many business minutes, from 1 to 527040.") % {
                "number": number
            }
            return
        if not level.get("to") and not level.get("reassign"):
            yield _("Escalation %(number)d: say who is told (“to”) or who is asked instead (“reassign”).") % {
                "number": number
            }
        yield from self._recipients(level.get("to") or [])
        if level.get("reassign") is not None:
            yield from self._assignment(level["reassign"])

    def _time_outs(self, found: list[tuple[str, int, Any]]) -> Iterator[Problem]:
        """What times out must be handled: nothing is ever decided by time unless a branch says so."""
        handled = {key for _path, _depth, item in found for key in _asked_for_time_outs(item)}
        for path, _depth, item in found:
            if not isinstance(item, Mapping) or item.get("type") != "approval" or not item.get("save_as"):
                continue
            if item.get("timeout_business_minutes") and f"steps.{item['save_as']}" not in handled:
                message = _("Nobody says what happens when time runs out. Add a branch for it: %(answer)s.")
                answer = is_in_words(step_fact(str(item["save_as"]), (TIMED_OUT,)), TIMED_OUT)
                yield Problem(path, message % {"answer": answer}, str(item.get("id", "")))

    # --- messages -------------------------------------------------------------------------------

    def _variables(self, template: str, given: Mapping[str, Any]) -> Iterator[str]:
        """Every variable of the wording must come from somewhere, and nothing is given that no wording can use."""
        known = (self.around.variables or {}).get(template)
        if known is None or self.schema is None:
            return
        for name in given:
            if name not in known:
                yield _("The message “%(template)s” has no variable “%(name)s”.") % {"template": template, "name": name}
        had = {fact.key.partition(".")[0] for fact in self.schema.facts} | ALWAYS_GIVEN | set(given)
        for name in known:
            if name not in had:
                yield _("The message “%(template)s” needs “%(name)s”. Give it under “variables”.") % {
                    "template": template,
                    "name": name,
                }

    # --- several ways at once -------------------------------------------------------------------

    def _parallel(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        branches = item["branches"]
        if not isinstance(branches, list) or not 2 <= len(branches) <= MAX_BRANCHES:
            yield _("A parallel has between 2 and %(max)d branches.") % {"max": MAX_BRANCHES}
            return
        names: set[str] = set()
        for number, branch in enumerate(branches):
            if not isinstance(branch, Mapping) or not isinstance(branch.get("blocks"), list):
                yield _("Branch %(number)d has no list of blocks.") % {"number": number + 1}
                continue
            name = way_id(branch, number)
            if name in names:
                yield _("Two branches are called “%(id)s”.") % {"id": name[:60]}
            if len(name) > 60:
                yield _("The id is longer than 60 characters.")
            names.add(name)
        join = item.get("join", "all")
        if join not in ("all", "any") and not (is_int(join) and 1 <= join <= len(branches)):
            yield _("Say when the parallel is over: “all”, “any”, or a number of branches from 1 to %(max)d.") % {
                "max": len(branches)
            }

    def _subworkflow(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        key = item["workflow"]
        if not is_name(key):
            yield _("Name the workflow to run by its key.")
            return
        if key == self.tree.get("key"):
            yield _("A workflow can't run itself.")
            return
        if self.around.workflows is None:
            return
        called = self.around.workflows.get(key)
        if called is None:
            yield _("No workflow “%(key)s” is published.") % {"key": key}
        elif self.subject and called.schema != self.subject:
            yield _("“%(key)s” is about another kind of subject (%(other)s).") % {"key": key, "other": called.schema}
        elif way := self._way_back(key):
            yield _("These workflows would run one another without end: %(way)s.") % {"way": " → ".join(way)}

    def _way_back(self, key: str) -> list[str]:
        """The chain of published workflows that leads from `key` to this one; empty when none does."""
        home, known = str(self.tree.get("key")), self.around.workflows or {}
        ways, seen = [[home, key]], {key}
        while ways:
            way = ways.pop()
            for following in sorted(known[way[-1]].calls if way[-1] in known else ()):
                if following == home:
                    return [*way, home]
                if following not in seen:
                    seen.add(following)
                    ways.append([*way, following])
        return []

    # --- waiting and calling out ------------------------------------------------------------------

    def _wait(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        ways = [name for name in ("minutes", "business_minutes", "until_fact", "event") if item.get(name) is not None]
        if len(ways) != 1:
            yield _("Say how long to wait: minutes, business_minutes, until_fact or event, one of them.")
        elif ways[0] == "event":
            yield from self._wait_for_event(item)
        elif ways[0] == "until_fact":
            yield from self._wait_for_day(str(item["until_fact"]))
        elif not is_minutes(item[ways[0]]):
            yield _("Minutes are a whole number from 1 to 527040 (a year).")

    def _wait_for_day(self, key: str) -> Iterator[str]:
        found = next((fact for fact in self.schema.facts if fact.key == key), None) if self.schema else None
        if found is None:
            yield _("“%(fact)s” is no fact of this trigger.") % {"fact": key[:80]}
        elif found.type not in ("date", "datetime"):
            yield _("“%(fact)s” is no date.") % {"fact": key[:80]}

    def _wait_for_event(self, item: Mapping[str, Any]) -> Iterator[str]:
        trigger = registry.triggers.get(str(item["event"]))
        if trigger is None:
            yield _("No app offers the event “%(event)s”.") % {"event": str(item["event"])[:80]}
            return
        if self.subject and trigger.schema != self.subject:
            yield _("“%(event)s” is about another kind of subject, so it would never be this one's.") % {
                "event": trigger.label
            }
        for problem in validate(item.get("when") or {}, schema_named(trigger.schema)):
            yield problem.message
        limits = [name for name in ("timeout_minutes", "timeout_business_minutes") if item.get(name) is not None]
        if len(limits) > 1:
            yield _("Give one time-out: timeout_minutes or timeout_business_minutes.")
        for name in limits:
            if not is_minutes(item[name]):
                yield _("Minutes are a whole number from 1 to 527040 (a year).")

    def _webhook(self, path: str, item: Mapping[str, Any]) -> Iterator[str]:
        if problem := outgoing.problem_of(item["url"]):
            yield problem
        headers = item.get("headers") or {}
        if not isinstance(headers, Mapping):
            yield _("Headers are an object of names and texts.")
            return
        for name, value in headers.items():
            if not is_header(name, value):
                yield _("The header “%(name)s” can't be sent.") % {"name": str(name)[:60]}
        variables = item.get("variables") or {}
        if not isinstance(variables, Mapping):
            yield _("Variables are an object of names and values.")
            return
        for value in variables.values():
            yield from self._source(value)

    def _source(self, value: Any) -> Iterator[str]:
        raise NotImplementedError


OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})


def is_header(name: Any, value: Any) -> bool:
    """Whether somebody may add this to a call: no line ends, and none of those that we set ourselves."""
    if not isinstance(name, str) or not isinstance(value, str) or not name or len(name) + len(value) > 2000:
        return False
    plain = all(33 <= ord(c) < 127 and c not in '()<>@,;:\\"/[]?={}' for c in name)
    return plain and all(32 <= ord(c) < 127 for c in value) and not _is_ours(name.lower())


def _is_ours(name: str) -> bool:
    return name in OURS or name.startswith("webhook-")


def _asked_for_time_outs(item: Any) -> Iterator[str]:
    """The facts that a branch compares with “timed_out”."""
    if not isinstance(item, Mapping) or item.get("type") != "branch":
        return
    cases = item.get("cases")
    left = [case.get("when") for case in (cases if isinstance(cases, list) else ()) if isinstance(case, Mapping)]
    while left:
        tree = left.pop()
        if not isinstance(tree, Mapping):
            continue
        value = tree.get("value")
        if value == TIMED_OUT or (isinstance(value, list) and TIMED_OUT in value):
            yield str(tree.get("field"))
        rules = tree.get("rules")
        left += rules if isinstance(rules, list) else []
