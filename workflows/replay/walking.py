"""Walking a tree over what is known of an event, purely: nothing is read, nothing written, nobody asked.

Actions give their recorded answers where the recorded run took the same action, people answer as they did;
what else can be judged from facts is judged, what is only likely is assumed and marked, and where nobody
can know, the walk ends as unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

from prm.kernel.automation.registry import Asked, Outcome
from prm.kernel.conditions import ConditionError
from prm.kernel.conditions.values import WrongType, read_date, read_datetime
from workflows.definition import Program
from workflows.replay.clocks import Clocks
from workflows.replay.parallels import Line, halted_in, needed_of, over_at
from workflows.replay.path import (
    AS_RECORDED,
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
    Asking,
    Path,
    Queue,
    Rulings,
    Stop,
)
from workflows.replay.plan import Node, Plan, plan_of
from workflows.replay.recorded import Recorded, Told

NOTHING = Recorded()
MANY = 64  # combinations of unknown answers that are tried at a branch


def walk_event(
    program: Program,
    facts: Mapping[str, Any],
    recorded: Recorded | None = None,
    *,
    at: datetime,
    around: Around,
    before: Mapping[str, Any] | None = None,
    rulings: Rulings = AS_RECORDED,
) -> Path:
    """The path that an event with these facts would take. Pure; never raises for what a tree or a fact holds."""
    return Walk(plan_of(program), facts, recorded or NOTHING, at, around, before or {}, rulings).path()


class Walk:
    """One event on its way. `at` is the time that it has reached."""

    def __init__(
        self,
        plan: Plan,
        facts: Mapping[str, Any],
        run: Recorded,
        at: datetime,
        around: Around,
        before: Mapping[str, Any],
        rulings: Rulings,
    ) -> None:
        self.plan, self.run, self.around, self.rulings = plan, run, around, rulings
        self.event, self.at = facts, run.began or at
        self.facts: dict[str, Any] = {**facts, "@before": before, "@now": self.at}
        self.told = Path()
        self._found: dict[str, Outcome] = {}  # what actions answered on this path
        self._reasons: dict[str, tuple[str, ...]] = {}  # for which people are asked, by saved step
        self._given: set[str] = set()  # recorded steps that have been used
        self._turned: set[str] = set()  # actions that answered otherwise than they did then
        self._unknown: dict[str, tuple[str, ...]] = {}  # saved steps that nobody knows, with what they may be
        self.clocks = Clocks(around.hours, around.policies)

    def path(self) -> Path:
        """Walk to the end, or as far as anybody can tell."""
        try:
            if self._starts() and self._through(self.plan.nodes):
                self._end(ENDED, "done")
        except (ConditionError, WrongType) as error:
            self._end(BROKEN, why=str(error))
        self.told.promises = self.clocks.promises
        return self.told

    def _starts(self) -> bool:
        missing = self._unrecorded(self.plan.start.asks)
        unchanged = self.run.plan is not None and self.run.plan.program.when == self.plan.program.when
        if self.run.eventless and unchanged:
            return True  # whoever began it did not ask
        if missing and not unchanged:
            return self._end(UNKNOWN, why=missing)
        return self.plan.start.holds(self.facts) or self._end(NOT_STARTED)

    def _through(self, nodes: tuple[Node, ...]) -> bool:
        """Pass the blocks in order; False when the walk is over."""
        for node in nodes:
            self.facts["@now"] = self.at
            if self.run.is_open and self._stands_at(node):
                return self._left_over(node)
            if not _PASS.get(node.type, Walk._strange)(self, node):
                return False
        return True

    def _end(self, state: str, result: str = "", why: str = "") -> bool:
        self.told.state, self.told.result, self.told.why, self.told.at = state, result, why, self.at
        if state == ENDED:
            self.clocks.end(self.at)
        return False

    def _note(self, node: Node, value: str, source: str, why: str = "") -> bool:
        """Pass a block with an answer."""
        if source == UNKNOWN:
            value = UNKNOWN
        self.told.stops.append(Stop(node.id, node.type, value, source, self.at, why))
        if name := node.saves:
            if node.type == "approval":
                self._reasons[name] = (f"said: {value}",)  # the next question tells it, under no key
            key = f"steps.{name}"
            self.facts[key] = None if source == UNKNOWN else value
            if source == UNKNOWN:
                self._unknown[key] = node.ends_with
            else:
                self._unknown.pop(key, None)
        return True

    # --- blocks that lead -------------------------------------------------------------------------

    def _branch(self, node: Node) -> bool:
        if (missing := self._unrecorded(node.asks)) and not self.run.asks_alike(node.id, node.data):
            return self._end(UNKNOWN, why=missing)
        doubtful = [key for key in node.asks if key in self._unknown] if self._unknown else []
        found = self._sure_way(node, doubtful) if doubtful else self._way(node, self.facts)
        if found is None:
            return self._end(UNKNOWN, why=", ".join(doubtful))
        name, nodes = found
        if nodes is None:
            return self._end(BROKEN, why=node.id)
        self._note(node, name, PLAIN)
        return self._through(nodes)

    @staticmethod
    def _way(node: Node, facts: Mapping[str, Any]) -> tuple[str, tuple[Node, ...] | None]:
        for way in node.ways:
            if way.holds(facts):
                return way.id, way.nodes
        return "otherwise", node.otherwise

    def _sure_way(self, node: Node, doubtful: list[str]) -> tuple[str, tuple[Node, ...] | None] | None:
        """The way that every possible answer leads to, if it is one."""
        choices = [self._unknown[key] for key in doubtful]
        if not all(choices):
            return None
        combinations = list(product(*choices))[: MANY + 1]
        if len(combinations) > MANY:
            return None
        ways = {
            way[0]: way
            for answers in combinations
            for way in [self._way(node, {**self.facts, **dict(zip(doubtful, answers, strict=True))})]
        }
        return next(iter(ways.values())) if len(ways) == 1 else None

    def _unrecorded(self, asks: frozenset[str]) -> str:
        """The facts that a condition reads and that the event of that time doesn't have."""
        absent = [key for key in asks if key not in self.facts and not key.startswith("steps.")]
        return ", ".join(sorted(absent))

    def _stop(self, node: Node) -> bool:
        return self._end(ENDED, str(node.data.get("result") or "done"))

    def _parallel(self, node: Node) -> bool:
        """Walk each line from the same moment. As many arrivals as the join wants lead on, unless a line ends
        the run before; what a line would have done after that is not done."""
        began, facts, unknown, stops, asked = self.at, self.facts, self._unknown, self.told.stops, self.told.asked
        lines = []
        for way in node.ways:
            self.at, self.facts, self._unknown = began, dict(facts), dict(unknown)
            self.told.stops, self.told.asked = [], []
            arrived = self._through(way.nodes)
            lines.append(Line(arrived, self.at, self.told, self.facts, self._unknown))
            self.told = replace(self.told, state=ENDED, result="", why="")
        over = over_at(lines, needed_of(node))
        self.facts, self._unknown = facts, unknown
        for line in sorted(lines, key=lambda line: line.at):
            if over is None or line.at <= over.at:
                self.facts.update(line.facts)
                self._unknown |= line.unknown
            until = line.at if over is None else over.at
            stops += [stop for stop in line.told.stops if stop.at <= until]
            asked += [one for one in line.told.asked if one.at <= until]
        self.told.stops, self.told.asked = stops, asked
        if over is None:
            stuck = halted_in(lines)
            self.at = stuck.at
            return self._end(stuck.told.state, why=stuck.told.why)
        self.at = over.at
        if not over.arrived:
            return self._end(ENDED, over.told.result)
        return self._note(node, "joined", PLAIN)

    # --- blocks that act --------------------------------------------------------------------------

    def _action(self, node: Node) -> bool:
        spec = node.spec
        then = self._recorded_action(node)
        if then is not None and not self._is_void(node, then):
            self._answered(node, Outcome(then.value, {"keys": then.reasons}), then)
            return self._note(node, then.value, RECORDED)
        outcome = spec.judge.answer(self._asked(node, then)) if spec and spec.judge else None
        if outcome is None and spec and len(spec.outcomes) == 1 and not spec.judge:
            outcome = Outcome(spec.outcomes[0], {"assumed": True})
        if outcome is None:
            return self._note(node, "", UNKNOWN)
        self._answered(node, outcome, then)
        return self._note(node, outcome.value, ASSUMED if outcome.detail.get("assumed") else JUDGED)

    def _recorded_action(self, node: Node) -> Told | None:
        """The same action as the recorded run took: in the same block, else in another that is left over."""
        key = node.spec.key if node.spec else str(node.data.get("action"))
        then = [told for told in self.run.actions.get(key, ()) if told.block not in self._given]
        found = next((told for told in then if told.block == node.id), then[0] if then else None)
        if found:
            self._given.add(found.block)
        return found

    def _is_void(self, node: Node, then: Told) -> bool:
        judge = node.spec.judge if node.spec else None
        if judge is None:
            return False
        if any(not self.rulings.stands(ruleset, then.rule) for ruleset in judge.rulesets):
            return True
        return any(key in self._turned or (key in self.run.actions and key not in self._found) for key in judge.after)

    def _asked(self, node: Node, then: Told | None) -> Asked:
        rule = node.spec.judge.rule if node.spec and node.spec.judge else ""
        known = self.run.facts_of(rule, then.at if then else None) if rule else None
        return Asked(event=self.facts, recorded=known, steps=self._found, rules=self.rulings)

    def _answered(self, node: Node, outcome: Outcome, then: Told | None) -> None:
        if node.spec is None:
            return
        self._found[node.spec.key] = outcome
        keys = tuple(outcome.detail.get("keys", ()))
        if node.saves:
            self._reasons[node.saves] = keys
        if then is None or then.value != outcome.value or sorted(then.reasons) != sorted(keys):
            self._turned.add(node.spec.key)

    def _notify(self, node: Node) -> bool:
        return self._note(node, "sent", PLAIN)

    def _webhook(self, node: Node) -> bool:
        then = self._same(node)
        return self._note(node, then.value if then else "delivered", RECORDED if then else ASSUMED)

    def _subworkflow(self, node: Node) -> bool:
        then = self._same(node)
        if then is None and node.id in self.run.waiting:
            return self._left_over(node)
        self.at += then.took if then else timedelta(0)
        return self._note(node, then.value if then else "", RECORDED if then else UNKNOWN)

    def _same(self, node: Node) -> Told | None:
        then = self.run.steps.get(node.id)
        return then if then and then.type == node.type else None

    def _strange(self, node: Node) -> bool:
        return self._end(BROKEN, why=f"{node.id}: {node.type}")

    # --- blocks that wait -------------------------------------------------------------------------

    def _wait(self, node: Node) -> bool:
        then = self._same(node)
        if then is not None:
            return self._later(node, self.at + then.took, then.value, RECORDED)
        if "event" not in node.data:
            return self._later(node, self._until(node.data), "elapsed", PLAIN)
        if node.id in self.run.waiting:
            return self._left_over(node)
        return self._note(node, "", UNKNOWN)

    def _later(self, node: Node, until: datetime, value: str, source: str) -> bool:
        """Go on at a time, unless the run was called off or that time is still to come."""
        if self.run.left is not None and until > self.run.left:
            return self._end(CANCELLED)
        if until > self.around.now:
            return self._end(WAITING, why=node.id)
        self.at = max(until, self.at)
        return self._note(node, value, source)

    def _left_over(self, node: Node) -> bool:
        """The recorded run got no answer here, either."""
        if node.type == "approval":
            self.told.asked.append(Asking(node.id, str(node.data.get("queue")), self.at, None, False))
        return self._end(CANCELLED if self.run.left else WAITING, why=node.id)

    def _stands_at(self, node: Node) -> bool:
        """Whether the recorded run, which never ended, stands at this block: this far it has gone the same way."""
        if node.type not in _STANDING or node.id in self.run.steps or not self.run.asks_alike(node.id, node.data):
            return False
        return all(self.run.passed(stop.block) == stop.value for stop in self.told.stops)

    def _until(self, data: Mapping[str, Any]) -> datetime:
        if minutes := data.get("minutes"):
            return self.at + timedelta(minutes=int(minutes))
        hours = self.around.hours.get(str(data.get("calendar") or ""))
        if (minutes := data.get("business_minutes")) and hours:
            return hours.add_minutes(self.at, int(minutes))
        value = self.facts.get(str(data.get("until_fact")))
        if isinstance(value, str) and "T" in value:
            return read_datetime(value) or self.at
        day = read_date(value)
        zone = hours.zone if hours else self.at.tzinfo
        return datetime.combine(day, time(0), tzinfo=zone) if day else self.at  # type: ignore[arg-type]

    def _approval(self, node: Node) -> bool:
        if (known := self._known_answer(node)) is not None:
            return self._note(node, known, PLAIN)
        name = str(node.data.get("queue"))
        if node.id in self.run.waiting:
            return self._left_over(node)
        then = self._recorded_answer(node, name)
        queue = self.around.queues.get(name, Queue())
        answer = then.value if then else queue.usual(node.outcomes)
        if answer is None:
            self.told.asked.append(Asking(node.id, name, self.at, None, True))
            return self._note(node, "", UNKNOWN)
        return self._answer(node, name, answer, then.took if then else queue.took, assumed=then is None)

    def _known_answer(self, node: Node) -> str | None:
        """What the block answers by itself, for the reasons that the steps before have given."""
        if not node.ways:
            return None
        asked = {key for keys in self._reasons.values() for key in keys} or {"task.asked"}
        for way, answer in zip(node.ways, node.data["answers"], strict=True):
            if asked <= set(answer["reasons"]) and way.holds(self.facts):
                return str(answer["outcome"])
        return None

    def _answer(self, node: Node, queue: str, answer: str, took: timedelta, *, assumed: bool) -> bool:
        asked, until = self.at, self.at + took
        limit = node.data.get("timeout_business_minutes")
        hours = self.around.hours.get("")
        if limit and hours and hours.time_between(asked, until) > timedelta(minutes=int(limit)):
            until, answer = hours.add_minutes(asked, int(limit)), "timed_out"
        passed = self._later(node, until, answer, ASSUMED if assumed else RECORDED)
        self.told.asked.append(Asking(node.id, queue, asked, until if passed else None, assumed))
        return passed

    def _recorded_answer(self, node: Node, queue: str) -> Told | None:
        """As people answered: in this very block, else what they said to another question of the queue."""
        then = self.run.steps.get(node.id)
        if then is None or then.type != "approval" or then.block in self._given:
            left = [told for told in self.run.answers.get(queue, ()) if told.block not in self._given]
            then = next((told for told in left if told.value in node.outcomes), None)
        if then is None or then.value not in (*node.outcomes, "timed_out"):
            return None
        self._given.add(then.block)
        return then

    # --- promises ---------------------------------------------------------------------------------

    def _clock(self, node: Node) -> bool:
        """A recorded answer counts as long as nothing on the way is assumed."""
        name = str(node.data.get("clock"))
        value = self.clocks.turn(node.type, name, node.data, self.at)
        then = self._same(node)
        if then is not None and not self.told.is_assumed:
            value = then.value
            if value in ("in_time", "late"):
                self.clocks.promises[name] = value
        return self._note(node, value, RECORDED if then else PLAIN)


_PASS: dict[str, Callable[[Walk, Node], bool]] = {
    "validate": Walk._action,
    "action": Walk._action,
    "branch": Walk._branch,
    "parallel": Walk._parallel,
    "subworkflow": Walk._subworkflow,
    "approval": Walk._approval,
    "notify": Walk._notify,
    "webhook": Walk._webhook,
    "wait": Walk._wait,
    "sla_start": Walk._clock,
    "sla_pause": Walk._clock,
    "sla_resume": Walk._clock,
    "sla_stop": Walk._clock,
    "end": Walk._stop,
}
_STANDING = _PASS.keys() - {"branch", "parallel"}
