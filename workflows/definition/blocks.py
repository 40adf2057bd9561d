"""The tree of a version as a program: every block by its id, and where each one leads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy

from prm.kernel.automation import registry
from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.conditions import ConditionError, Fact, FactSchema, compile_python
from prm.kernel.wording import said as _
from workflows.definition.broken import BrokenDefinition
from workflows.definition.parameters import applied
from workflows.definition.triggers import Start, facts_of, start_of

FORMAT = 1
BLOCKS = (
    "validate",
    "action",
    "branch",
    "parallel",
    "subworkflow",
    "approval",
    "notify",
    "wait",
    "webhook",
    "sla_start",
    "sla_pause",
    "sla_resume",
    "sla_stop",
    "end",
)
MAX_BLOCKS = 200
MAX_DEPTH = 8
MAX_BYTES = 256 * 1024
DEFAULT_OUTCOMES = ("approve", "reject")
NEEDS_A_NOTE = ("reject", "return")
TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a branch: its name, its condition, and the first block behind it."""

    id: str
    name: str
    when: Any
    first: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """One branch of a parallel: its id, its name, and its first block; None when it has no block."""

    id: str
    name: str
    first: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A block in its place. `after` is where the run goes on; None means that it ends, or inside of a
    parallel that its branch arrives at the join. `within` names the innermost parallel around it and the
    branch there."""

    id: str
    type: str
    data: Mapping[str, Any]
    path: str
    after: str | None
    cases: tuple[Case, ...] = ()
    otherwise: str | None = None
    ways: tuple[Way, ...] = ()
    within: tuple[str, str] | None = None

    def __getitem__(self, name: str) -> Any:
        try:
            return self.data[name]
        except KeyError:
            raise BrokenDefinition(
                _("Block “%(block)s” lacks “%(name)s”.") % {"block": self.id, "name": name}
            ) from None

    def get(self, name: str, default: Any = None) -> Any:
        return self.data.get(name, default)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What people, or the action, can answer."""
        if self.type == "approval":
            return tuple(self.get("outcomes") or DEFAULT_OUTCOMES)
        spec = registry.actions.get(self.get("action", ""))
        return spec.outcomes if spec else ()

    @property
    def ends_with(self) -> tuple[str, ...]:
        """Every value that the block can end with; empty where nobody can tell beforehand."""
        return _answers(self.data)

    @property
    def needed(self) -> int:
        """How many branches of a parallel must arrive."""
        join = self.get("join", "all")
        return {"all": len(self.ways), "any": 1}.get(join) or min(int(join), len(self.ways))


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A version ready to run."""

    key: str
    name: str
    event: str
    when: Any
    cancel_on: tuple[str, ...]
    first: str | None
    blocks: Mapping[str, Block]
    schema: FactSchema = field(repr=False)
    start: Start
    listens: frozenset[str] = frozenset()  # the events that start it, end it, or are waited for in it
    awaits: frozenset[str] = frozenset()  # events that one of its blocks waits for
    calls: frozenset[str] = frozenset()  # the workflows that it runs
    watches_dates: bool = False

    def block(self, block_id: str) -> Block:
        try:
            return self.blocks[block_id]
        except KeyError:
            raise BrokenDefinition(_("The workflow has no block “%(block)s”.") % {"block": block_id}) from None

    def starts_on(self, facts: Mapping[str, Any]) -> bool:
        """Whether the trigger's condition takes the event up. Raises BrokenDefinition."""
        return self._holds(self.when, facts)

    def way_out(self, branch: Block, facts: Mapping[str, Any]) -> tuple[str, str | None]:
        """The first case whose condition holds, else the default: its name and its first block."""
        for case in branch.cases:
            if self._holds(case.when, facts):
                return case.id, case.first
        if "otherwise" not in branch.data:
            raise BrokenDefinition(
                _("No case of “%(block)s” holds and the branch has no default.") % {"block": branch.id}
            )
        return "otherwise", branch.otherwise

    def _holds(self, tree: Any, facts: Mapping[str, Any]) -> bool:
        try:
            return compile_python(tree, self.schema)(facts)
        except ConditionError as error:
            raise BrokenDefinition(str(error)) from error


def checksum(tree: Mapping[str, Any]) -> str:
    """The same for the same tree, however its JSON was written."""
    return sha256(json.dumps(tree, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def program(tree: Mapping[str, Any], digest: str = "") -> Program:
    """Read a tree; remembered by its checksum. Raises BrokenDefinition, whatever is wrong with it."""
    digest = digest or checksum(tree)
    known = _programs.get(digest)
    if known is None:
        try:
            known = _read(applied(tree))
        except (KeyError, TypeError, AttributeError, ValueError, LookupError, RecursionError) as error:
            raise BrokenDefinition(_("The tree can't be read: %(why)s") % {"why": error}) from error
        if len(_programs) > 500:
            _programs.clear()
        _programs[digest] = known
    return known


_programs: dict[str, Program] = {}


def _read(tree: Mapping[str, Any]) -> Program:
    blocks: dict[str, Block] = {}
    first = _chain(tree["blocks"], None, "blocks", blocks)
    trigger = tree["trigger"]
    start = start_of(trigger)
    waits = [block for block in blocks.values() if block.type == "wait"]
    awaits = frozenset(str(block["event"]) for block in waits if block.get("event"))
    return Program(
        key=tree["key"],
        name=tree.get("name") or tree["key"],
        event=start.name,
        when=trigger.get("when") or {},
        cancel_on=tuple(tree.get("cancel_on") or ()),
        first=first,
        blocks=blocks,
        schema=schema_of(trigger, tree["blocks"]),
        start=start,
        listens=frozenset({start.name, *(tree.get("cancel_on") or ()), *awaits, *_moving(start, waits)}),
        awaits=awaits,
        calls=frozenset(str(block["workflow"]) for block in blocks.values() if block.type == "subworkflow"),
        watches_dates=any(block.get("until_fact") for block in waits),
    )


def _moving(start: Start, waits: Sequence[Block]) -> set[str]:
    """Any event of the subject may move a day that one of the blocks waits for."""
    if not any(block.get("until_fact") for block in waits):
        return set()
    return {trigger.event for trigger in registry.triggers.values() if trigger.schema == start.schema}


Within = tuple[str, str] | None


def _chain(
    items: Sequence[Mapping[str, Any]], after: str | None, path: str, blocks: dict[str, Block], within: Within = None
) -> str | None:
    """Read a list of blocks from its end, so that each one knows where it leads; gives the first id."""
    following = after
    for index in range(len(items) - 1, -1, -1):
        following = _block(items[index], following, f"{path}.{index}", blocks, within)
    return following


def _block(item: Mapping[str, Any], after: str | None, path: str, blocks: dict[str, Block], within: Within) -> str:
    identity = block_id(item, path)
    if identity in blocks:
        raise BrokenDefinition(_("Two blocks are called “%(id)s”.") % {"id": identity})
    cases: list[Case] = []
    ways: list[Way] = []
    otherwise = None
    if item["type"] == "branch":
        for number, case in enumerate(item.get("cases") or ()):
            first = _chain(case.get("blocks") or (), after, f"{path}.cases.{number}.blocks", blocks, within)
            name = case.get("id") or f"case-{number + 1}"
            cases.append(Case(name, case.get("name") or name, case.get("when") or {}, first))
        otherwise = _chain(item.get("otherwise") or (), after, f"{path}.otherwise", blocks, within)
    elif item["type"] == "parallel":
        for number, branch in enumerate(item.get("branches") or ()):
            name = way_id(branch, number)
            inside = f"{path}.branches.{number}.blocks"
            first = _chain(branch.get("blocks") or (), None, inside, blocks, (identity, name))
            ways.append(Way(name, branch.get("name") or name, first))
    blocks[identity] = Block(identity, item["type"], item, path, after, tuple(cases), otherwise, tuple(ways), within)
    return identity


def way_id(branch: Mapping[str, Any], number: int) -> str:
    """The id of a parallel's branch; those without are named by their place."""
    return str(branch.get("id") or f"branch-{number + 1}")


def block_id(item: Mapping[str, Any], path: str) -> str:
    """The block's own id; blocks that nothing refers to may go without and are named by their place."""
    return str(item.get("id") or "at-" + path.removeprefix("blocks.").replace("blocks.", "").replace(".", "-"))


def walk(items: Any, path: str = "blocks", depth: int = 1) -> Iterator[tuple[str, int, Any]]:
    """Every block with its path and depth, in reading order, from trees that may be malformed."""
    if not isinstance(items, list) or depth > MAX_DEPTH + 1:
        return
    for index, item in enumerate(items):
        here = f"{path}.{index}"
        yield here, depth, item
        kind = item.get("type") if isinstance(item, Mapping) else None
        for inside in ("cases",) if kind == "branch" else ("branches",) if kind == "parallel" else ():
            parts = item.get(inside)
            for number, part in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(part, Mapping):
                    yield from walk(part.get("blocks"), f"{here}.{inside}.{number}.blocks", depth + 1)
        if kind == "branch":
            yield from walk(item.get("otherwise"), f"{here}.otherwise", depth + 1)


def schema_of(trigger: Any, items: Any) -> FactSchema:
    """The facts of a trigger (or of an event by its name), and one for the outcome of every step that is saved."""
    base = facts_of(start_of(trigger))
    saved = tuple(
        sorted(
            (item["save_as"], _answers(item))
            for _path, _depth, item in walk(items)
            if isinstance(item, Mapping) and isinstance(item.get("save_as"), str)
        )
    )
    return _with_steps(base, saved)


@lru_cache(maxsize=500)
def _with_steps(base: FactSchema, saved: tuple[tuple[str, tuple[str, ...]], ...]) -> FactSchema:
    merged: dict[str, dict[str, None]] = {}  # several blocks may answer under one name: any of them may have done
    for name, answers in saved:
        merged.setdefault(name, {}).update(dict.fromkeys(answers))
    facts = [step_fact(name, tuple(answers)) for name, answers in merged.items()]
    return FactSchema(name=base.name, label=base.label, model=None, facts=(*base.facts, *facts))


def step_fact(name: str, answers: tuple[str, ...]) -> Fact:
    """What the step said that is saved under this name; of any text where nobody can tell what it may say."""
    said = capfirst(name.replace("_", " ").replace("-", " "))
    known = (*answers, "skipped") if answers else ()
    return Fact(
        key=f"steps.{name}",
        label=format_lazy(gettext_lazy("Answer of “{name}”"), name=said),
        type="choice" if known else "text",
        choices=(lambda: [(answer, outcome_word(answer)) for answer in known]) if known else None,
        step=said,
    )


def _answers(item: Mapping[str, Any]) -> tuple[str, ...]:
    kind = item.get("type")
    if kind == "approval":
        answers = tuple(map(str, item.get("outcomes") or DEFAULT_OUTCOMES))
        return (*answers, TIMED_OUT) if item.get("timeout_business_minutes") else answers
    if kind == "wait":
        return ("happened", TIMED_OUT) if item.get("event") else ("elapsed",)
    if str(kind) in _ALWAYS:
        return _ALWAYS[str(kind)]
    spec = registry.actions.get(str(item.get("action")))
    return tuple(spec.outcomes) if spec else ()


_ALWAYS: Mapping[str, tuple[str, ...]] = {"parallel": ("joined",), "webhook": ("delivered", "failed")}
