"""What the condition builder draws: groups and rows with their controls, labels and problems."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions.entry import ROOT, shown
from prm.kernel.conditions.facts import Fact, FactSchema, UnknownFact, choices_of
from prm.kernel.conditions.operators import BY_TYPE, OPERATORS, Takes, offered
from prm.kernel.conditions.tree import MAX_DEPTH, Problem, is_group, rooted

_KINDS = {"money": "number", "number": "number", "date": "date", "datetime": "datetime-local"}


@dataclass(frozen=True)
class Option:
    """One choice of a select or one box of a list."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Control:
    """One input for a value. `kind` is an input's type, "select", "boxes" or "lines"."""

    name: str
    id: str
    kind: str
    label: str
    value: str = ""
    options: Sequence[Option] = ()
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """One comparison as it is edited."""

    place: str
    prefix: str
    id: str
    title: str
    fields: Sequence[Option]
    operators: Sequence[Option]
    controls: Sequence[Control]
    help: str
    unit: str
    problems: Sequence[str]
    focus: bool = False
    is_group: bool = field(default=False, init=False)


@dataclass(frozen=True)
class Box:
    """A group as it is edited."""

    place: str
    prefix: str
    id: str
    title: str
    joins: Sequence[Option]
    nodes: "Sequence[Row | Box]"
    problems: Sequence[str]
    may_nest: bool
    focus: bool = False
    is_group: bool = field(default=True, init=False)

    @property
    def is_root(self) -> bool:
        return self.place == ROOT


@dataclass(frozen=True)
class Drawing:
    """Everything that drawing one condition needs to know."""

    schema: FactSchema
    name: str
    id: str
    problems: Sequence[Problem] = ()
    focus: str = ""

    def box(self, tree: Any) -> Box:
        """The outermost group with all that is in it."""
        found = rooted(tree)
        return self._box(found if is_group(found) else rooted(None), "", 1)

    def _box(self, group: Mapping[str, Any], path: str, depth: int) -> Box:
        place = path or ROOT
        return Box(
            place=place,
            prefix=f"{self.name}-{place}",
            id=self._id(place),
            title=_("Group %(place)s") % {"place": _counted(path)} if path else _("Condition"),
            joins=_joins(group),
            nodes=list(self._nodes(group.get("rules"), path, depth)),
            problems=self._problems_at(path),
            may_nest=depth < MAX_DEPTH,
            focus=self.focus == place,
        )

    def _nodes(self, rules: Any, path: str, depth: int) -> "Iterator[Row | Box]":
        for index, node in enumerate(rules if isinstance(rules, list) else []):
            here = f"{path}.{index}" if path else str(index)
            if is_group(node):
                yield self._box(node, here, depth + 1)
            else:
                yield self._row(node if isinstance(node, Mapping) else {}, here)

    def _row(self, rule: Mapping[str, Any], path: str) -> Row:
        fact, operator = self._fact(rule.get("field")), str(rule.get("operator") or "")
        prefix, ident = f"{self.name}-{path}", self._id(path)
        title = _("Rule %(place)s") % {"place": _counted(path)}
        return Row(
            place=path,
            prefix=prefix,
            id=ident,
            title=title,
            fields=self._fields(rule.get("field")),
            operators=_operators(fact, operator),
            controls=_controls(fact, operator, rule.get("value"), prefix, ident, title) if fact else (),
            help=str(fact.help) if fact else "",
            unit=fact.currency or "" if fact else "",
            problems=self._problems_at(path),
            focus=self.focus == path,
        )

    def _id(self, place: str) -> str:
        """An id that a CSS selector can name as it is."""
        return f"{self.id}-{place.replace('.', '_')}"

    def _fact(self, key: Any) -> Fact | None:
        try:
            return self.schema.fact(key)
        except UnknownFact:
            return None

    def _fields(self, chosen: Any) -> list[Option]:
        known = [Option(fact.key, str(fact.label), fact.key == chosen) for fact in self.schema.facts]
        if chosen and not any(option.chosen for option in known):
            return [Option(str(chosen), str(chosen)[:60], True), *known]
        return [Option("", _("Choose a field"), not chosen), *known]

    def _problems_at(self, path: str) -> list[str]:
        return [problem.message for problem in self.problems if problem.path == path]


def _counted(path: str) -> str:
    """Places as people count them: "0.1" is 1.2."""
    return ".".join(str(int(step) + 1) for step in path.split("."))


def _joins(group: Mapping[str, Any]) -> list[Option]:
    combinator = group.get("combinator") if group.get("combinator") in ("and", "or") else "and"
    chosen = f"not {combinator}" if group.get("not") is True else combinator
    labels = {
        "and": _("All of these hold"),
        "or": _("Any of these holds"),
        "not and": _("Not all of these hold"),
        "not or": _("None of these holds"),
    }
    return [Option(value, label, value == chosen) for value, label in labels.items()]


def _operators(fact: Fact | None, chosen: str) -> list[Option]:
    if fact is None:
        return []
    known = [Option(key, label, key == chosen) for key, label in offered(fact.type)]
    if any(option.chosen for option in known) or not chosen:
        return known
    label = str(OPERATORS[chosen].label) if chosen in OPERATORS else chosen[:40]
    return [Option(chosen, label, True), *known]


def _controls(fact: Fact, operator: str, value: Any, prefix: str, ident: str, title: str) -> list[Control]:
    operator = operator or BY_TYPE[fact.type][0]
    takes = OPERATORS[operator].takes if operator in OPERATORS else Takes.ONE
    name, here = f"{prefix}-value", f"{ident}-value"
    label = _("%(rule)s: value") % {"rule": title}
    if takes is Takes.NOTHING:
        return []
    if takes is Takes.DAYS:
        return [Control(name, here, "number", label, shown(fact, value), hint=_("days"))]
    if takes is Takes.MANY:
        return [_many(fact, value, name, here, label)]
    if takes is Takes.PAIR:
        return _pair(fact, value, name, here, title)
    return [_one(fact, _first(value), name, here, label)]


def _one(fact: Fact, value: Any, name: str, ident: str, label: str) -> Control:
    text = shown(fact, value)
    options = _options(fact, {text})
    if options:
        blank = [] if text else [Option("", _("Choose a value"), True)]
        return Control(name, ident, "select", label, text, [*blank, *options])
    return Control(name, ident, _KINDS.get(fact.type, "text"), label, text)


def _pair(fact: Fact, value: Any, name: str, ident: str, title: str) -> list[Control]:
    low, high = (*(value if isinstance(value, list) else [value]), None, None)[:2]
    kind, of = _KINDS.get(fact.type, "text"), {"rule": title}
    lowest, highest = _("%(rule)s: lowest value") % of, _("%(rule)s: highest value") % of
    return [
        Control(name, ident, kind, lowest, shown(fact, low)),
        Control(f"{name}2", f"{ident}2", kind, highest, shown(fact, high), hint=_("and")),
    ]


def _many(fact: Fact, value: Any, name: str, ident: str, label: str) -> Control:
    values = [shown(fact, item) for item in (value if isinstance(value, list) else [value]) if item != ""]
    options = _options(fact, set(values))
    if options:
        return Control(name, ident, "boxes", label, options=options)
    listed = "\n".join(text for text in values if text)
    return Control(name, ident, "lines", label, listed, hint=_("one on each line"))


def _options(fact: Fact, chosen: set[str]) -> list[Option]:
    """The choices; a chosen value that is no longer offered stays, so that it is seen."""
    listed = list(choices_of(fact).items())
    if fact.type == "bool":
        listed = [("true", _("yes")), ("false", _("no"))]
    if not listed:
        return []
    gone = sorted(chosen - {value for value, _label in listed} - {""})
    return [Option(value, label, value in chosen) for value, label in [*listed, *((g, g) for g in gone)]]


def _first(value: Any) -> Any:
    return (value[0] if value else "") if isinstance(value, list) else value
