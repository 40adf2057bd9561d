"""One moment of designing: the tree as the browser has it, what was typed, and what one press of a button does."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.conditions import ConditionError, UnknownFact, sentence
from workflows.definition import Problem, cautions, checksum, lint
from workflows.definition.blocks import MAX_BYTES
from workflows.definition.parameters import applied
from workflows.designer import names, trees
from workflows.designer.drawing import Branch, Changes, Marks, Row, flat, mark_of, marks_of, outline_of, sequence_of
from workflows.designer.forms import PartsForm, block_form, head_form
from workflows.designer.kinds import KINDS, Kind, kind_of
from workflows.designer.offers import Offers, answers
from workflows.designer.trees import NotPossible, Tree
from workflows.designer.trying import Trial
from workflows.models import WorkflowVersion
from workflows.queries.surroundings import surroundings

HEAD = ""  # the place of the workflow itself


class Unreadable(ValueError):
    """What the browser sent is no tree."""


@dataclass
class State:
    """The tree, the block that is looked at ("" for the workflow itself), and what to say about it."""

    version: WorkflowVersion
    tree: Tree
    selected: str = HEAD
    said: str = ""
    typed: PartsForm | None = None  # the form as it came in, when it belongs to what is looked at
    trial: Trial | None = None
    trying: bool = False
    moved: bool = False  # by the press that led here
    supposed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.tree)

    @cached_property
    def problems(self) -> list[Problem]:
        return lint(self.tree, surroundings())

    @cached_property
    def marks(self) -> Marks:
        marked, _rest = marks_of(self.tree, self.problems)
        lit = self.trial.lit if self.trial else frozenset()
        return Marks(marked, lit, self.trial is not None, self.selected, self.moved)

    @cached_property
    def told(self) -> list[tuple[str, str, str]]:
        """Every problem with the block that it belongs to, in reading order: place, name, text."""
        return self._placed(self.problems)

    @cached_property
    def cautions(self) -> list[tuple[str, str, str]]:
        """The same for what is allowed and seldom meant."""
        return self._placed(cautions(self.tree))

    def _placed(self, problems: list[Problem]) -> list[tuple[str, str, str]]:
        marked, rest = marks_of(self.tree, problems)
        found = [(HEAD, _("The workflow"), text) for text in rest]
        for path, _depth, block in trees.walk(self.tree):
            words = str(block.get("title") or block.get("name") or kind_of(block).label)
            found += [(path, words, text) for text in marked.get(path, ())]
        return found

    @property
    def here(self) -> list[str]:
        """Problems of what is looked at."""
        return [text for path, _words, text in self.told if path == self.selected]

    @cached_property
    def block(self) -> Mapping[str, Any] | None:
        return trees.block_at(self.tree, self.selected) if self.selected else None

    @property
    def kind(self) -> Kind | None:
        return kind_of(self.block) if self.block is not None else None

    @property
    def answers(self) -> list[str]:
        """What the block can answer with, for branches behind it."""
        saved = self.block if self.block and self.block.get("save_as") else {}
        return [outcome_word(one) for one in answers(saved)]

    @cached_property
    def form(self) -> PartsForm:
        """The form of what is looked at: with the errors of what was typed, if there are any."""
        if self.typed is not None and self.typed.errors:
            return self.typed
        if self.block is not None:
            return block_form(self.block, self.offers)
        return head_form(self.tree, self.offers)

    @cached_property
    def shown(self) -> Mapping[str, Any]:
        """The tree with its settings in place: what it says, and how it would run."""
        return applied(self.tree)

    @cached_property
    def outline(self) -> Branch:
        return outline_of(self.shown, self.marks, self._condition)

    def row(self, path: str) -> Row | None:
        """The row of one block, without problems."""
        rows = outline_of(self.shown, Marks(), self._condition).rows
        return next((row for row in flat(rows) if row.path == path), None)

    def looks(self, face: str) -> dict[str, str]:
        """A mark for each part of a face, else of both, by its id: with another mark it looks otherwise."""
        found = {"design-tree": self.checksum}
        if face != "outline":
            found["design-drawing"] = self.drawing_mark
        if face != "diagram":
            found[self.outline.list] = self.outline.shape
            for row in flat(self.outline.rows):
                found[row.name] = row.mark
                for way in row.ways:
                    found |= {way.head: way.mark, way.list: way.shape}
        return found

    def changes(self, known: Collection[str], face: str) -> Changes:
        """What of the outline is not among the parts that are known; nothing where it is not shown."""
        found = Changes()
        if face != "diagram":
            found.look_through(self.outline, known)
        return found

    def _condition(self, when: Any) -> str:
        schema = self.offers.schema
        if not isinstance(when, Mapping) or not (when.get("rules") or when.get("field")):
            return _("no condition yet")
        try:
            return sentence(when, schema) if schema else ""
        except (ConditionError, UnknownFact):
            return _("incomplete condition")

    @property
    def trigger(self) -> str:
        """What starts it, in a sentence."""
        trigger = self.tree.get("trigger")
        trigger = trigger if isinstance(trigger, Mapping) else {}
        labels = dict(self.offers.events)
        if "schedule" in trigger:
            return _("At set times: %(cron)s") % {"cron": trigger["schedule"]}
        if "date" in trigger:
            return _("%(days)s days before %(date)s") % {"days": trigger.get("days_before"), "date": trigger["date"]}
        if "manual" in trigger:
            return _("Somebody starts it")
        event = str(trigger.get("event") or "")
        return str(labels.get(event, event)) or _("Choose what starts it")

    @property
    def text(self) -> str:
        return json.dumps(self.tree, ensure_ascii=False)

    @property
    def pretty(self) -> str:
        return json.dumps(self.tree, ensure_ascii=False, indent=2)

    @cached_property
    def checksum(self) -> str:
        return checksum(self.tree)

    @cached_property
    def drawing(self) -> str:
        """The steps of the diagram."""
        return json.dumps(sequence_of(self.shown, self.marks))

    @property
    def drawing_mark(self) -> str:
        return mark_of(self.drawing)


def begin(version: WorkflowVersion) -> State:
    """The draft as it was saved."""
    return State(version, dict(version.tree))


def read(version: WorkflowVersion, data: QueryDict) -> State:
    """The browser's tree with what was typed into the form that came with it. Raises Unreadable."""
    text = data.get("tree") or ""
    if len(text) > MAX_BYTES * 2:
        raise Unreadable(_("The workflow is larger than 256 kB. Split it."))
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(_("The page's copy of the workflow can't be read. Load the page again.")) from None
    if not isinstance(tree, dict) or tree.get("key") != version.tree.get("key"):
        raise Unreadable(_("The page's copy of the workflow can't be read. Load the page again."))
    state = State(version, tree, data.get("selected") or HEAD)
    if "of" in data and not data.get("do", "").startswith("show"):
        _take_in(state, data)
    return state


def _take_in(state: State, data: QueryDict) -> None:
    """Write what was typed into the tree."""
    of = data["of"]
    if of == HEAD:
        form = head_form(state.tree, state.offers, data)
        changed = form.written()
    else:
        before = trees.block_at(state.tree, of)
        if before is None:
            return
        form = block_form(before, state.offers, data)
        changed = _with_block(state, of, before, form.written())
    if changed != state.tree:
        state.tree = changed
        state.__dict__.pop("offers", None)
    if of == state.selected:
        state.typed = form


def _with_block(state: State, path: str, before: Mapping[str, Any], written: Mapping[str, Any]) -> Tree:
    if written == before:
        return state.tree
    parent, index = trees.split(path)
    changed = json.loads(json.dumps(state.tree))
    trees.list_at(changed, parent)[index] = dict(written)
    kept = _published_ids(state.version)
    changed = names.rename_ways(changed, path, before)
    return names.in_order(names.rechristen(changed, path, before, kept), kept)


def _published_ids(version: WorkflowVersion) -> frozenset[str]:
    """Ids that runs may stand at: they stay as they are."""
    published = version.workflow.versions.exclude(status="draft").order_by("-number").first()
    return frozenset(names.ids_of(published.tree)) if published else frozenset()


def act(state: State, do: str) -> State:
    """What a button asked for. A place that is gone, or makes no sense, is said and changes nothing."""
    verb, _colon, argument = do.partition(":")
    change = _VERBS.get(verb)
    if change is None:
        return state
    try:
        changed = change(state, argument)
    except NotPossible as reason:
        return replace(state, said=str(reason))
    return changed if verb == "select" else _in_order(changed)


def _in_order(state: State) -> State:
    """With ids that follow from what stands there, not from the way that led to it."""
    tree = names.in_order(state.tree, _published_ids(state.version))
    return state if tree == state.tree else replace(state, tree=tree)


def _moved_to(state: State, changed: tuple[Tree, str], said: str) -> State:
    return State(state.version, changed[0], changed[1], said)


def _name(state: State, path: str) -> str:
    block = trees.block_at(state.tree, path)
    if block is None:
        raise NotPossible(_("That block is no longer there."))
    return str(block.get("title") or block.get("name") or kind_of(block).label)


def _select(state: State, argument: str) -> State:
    return State(state.version, state.tree, argument if trees.block_at(state.tree, argument) else HEAD)


def _add(state: State, argument: str) -> State:
    """add:<kind>:<list>:<index>"""
    kind_name, _colon, place = argument.partition(":")
    kind = KINDS.get(kind_name)
    if kind is None or not kind.offered:
        raise NotPossible(_("There is no such block."))
    path, _colon, index = (place or _behind(state)).partition(":")
    block = names.christen(state.tree, kind.made())
    at = int(index) if index.isdecimal() else 10_000
    said = _("%(block)s added.") % {"block": kind.label}
    return _moved_to(state, trees.add(state.tree, block, path, at), said)


def _behind(state: State) -> str:
    """The place after what is looked at; else the end of all."""
    if state.block is None:
        return "blocks"
    parent, index = trees.split(state.selected)
    return f"{parent}:{index + 1}"


def _up(state: State, path: str) -> State:
    return _moved_to(
        state, trees.shift(state.tree, path, -1), _("“%(block)s” moved up.") % {"block": _name(state, path)}
    )


def _down(state: State, path: str) -> State:
    return _moved_to(
        state, trees.shift(state.tree, path, 1), _("“%(block)s” moved down.") % {"block": _name(state, path)}
    )


def _move(state: State, argument: str) -> State:
    """move:<block>:<list>:<index>"""
    path, _colon, place = argument.partition(":")
    target, _colon, index = place.partition(":")
    at = int(index) if index.isdecimal() else 10_000
    said = _("“%(block)s” moved.") % {"block": _name(state, path)}
    return _moved_to(state, trees.move(state.tree, path, target, at), said)


def _copy(state: State, path: str) -> State:
    block = trees.block_at(state.tree, path)
    if block is None:
        raise NotPossible(_("That block is no longer there."))
    parent, index = trees.split(path)
    copied = names.copy_of(state.tree, block)
    said = _("“%(block)s” duplicated.") % {"block": _name(state, path)}
    return _moved_to(state, trees.add(state.tree, copied, parent, index + 1), said)


def _delete(state: State, path: str) -> State:
    said = _("“%(block)s” deleted.") % {"block": _name(state, path)}
    return _moved_to(state, trees.remove(state.tree, path), said)


def _add_way(state: State, path: str) -> State:
    block = trees.block_at(state.tree, path) or {}
    branch = block.get("type") == "branch"
    number = sum(way.number is not None for way in trees.ways(block, path)) + 1
    name = (_("Case %(number)d") if branch else _("Branch %(number)d")) % {"number": number}
    way = {"id": names.way_named(block, name), "name": name, "blocks": [], **({"when": {}} if branch else {})}
    return State(state.version, trees.put_way(state.tree, path, way), path, _("“%(way)s” added.") % {"way": name})


def _drop_way(state: State, argument: str) -> State:
    path, _colon, number = argument.rpartition(":")
    changed = trees.drop_way(state.tree, path, int(number) if number.isdecimal() else -1)
    return State(state.version, changed, path, _("Removed."))


def _lift_way(state: State, argument: str) -> State:
    path, _colon, number = argument.rpartition(":")
    changed = trees.lift_way(state.tree, path, int(number) if number.isdecimal() else -1)
    return State(state.version, changed, path, _("Moved up."))


_VERBS: dict[str, Callable[[State, str], State]] = {
    "select": _select,
    "add": _add,
    "up": _up,
    "down": _down,
    "move": _move,
    "copy": _copy,
    "delete": _delete,
    "add-way": _add_way,
    "drop-way": _drop_way,
    "lift-way": _lift_way,
}
