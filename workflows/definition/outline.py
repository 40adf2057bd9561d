"""A tree in sentences, indented as it branches: what somebody reads before publishing it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.kernel.automation import registry
from prm.kernel.conditions import ConditionError, FactSchema, sentence
from prm.kernel.identity import roles
from workflows.definition.blocks import DEFAULT_OUTCOMES, BrokenDefinition, block_id, schema_of
from workflows.definition.parameters import applied

_ICONS = {
    "validate": "shield-check",
    "action": "zap",
    "branch": "git-branch",
    "approval": "user-check",
    "notify": "mail",
    "wait": "hourglass",
    "sla_start": "timer",
    "sla_pause": "pause",
    "sla_resume": "play",
    "sla_stop": "circle-check",
    "end": "flag",
    "case": "arrow-right",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence at its depth. `block` is the id that steps and incidents refer to."""

    depth: int
    kind: str
    text: str
    block: str = ""

    @property
    def icon(self) -> str:
        return _ICONS.get(self.kind, "circle")


def outline(tree: Mapping[str, Any]) -> list[Line]:
    """The whole tree, top to bottom; a part that can't be told says so."""
    tree = applied(tree)
    trigger = tree.get("trigger") or {}
    try:
        schema = schema_of(trigger.get("event", ""), tree.get("blocks"))
    except BrokenDefinition as error:
        return [Line(0, "broken", str(error))]
    return [Line(0, "trigger", _trigger(trigger, schema)), *_lines(tree.get("blocks") or [], 0, "blocks", schema)]


def _trigger(trigger: Mapping[str, Any], schema: FactSchema) -> str:
    label = registry.triggers[trigger["event"]].label
    if not (trigger.get("when") or {}).get("rules") and "field" not in (trigger.get("when") or {}):
        return _("When: %(event)s") % {"event": label}
    return _("When: %(event)s, and %(condition)s") % {"event": label, "condition": _condition(trigger["when"], schema)}


def _lines(items: Any, depth: int, path: str, schema: FactSchema) -> Iterator[Line]:
    for index, item in enumerate(items):
        here = f"{path}.{index}"
        yield Line(depth, item["type"], sentence_of(item), block_id(item, here))
        if item["type"] == "branch":
            yield from _ways(item, depth, here, schema)


def _ways(item: Mapping[str, Any], depth: int, path: str, schema: FactSchema) -> Iterator[Line]:
    for number, case in enumerate(item.get("cases") or ()):
        text = _("If %(condition)s:") % {"condition": _condition(case.get("when"), schema)}
        yield Line(depth + 1, "case", text)
        yield from _lines(case.get("blocks") or [], depth + 2, f"{path}.cases.{number}.blocks", schema)
    yield Line(depth + 1, "case", _("Otherwise:") if item.get("otherwise") else _("Otherwise: go on"))
    yield from _lines(item.get("otherwise") or [], depth + 2, f"{path}.otherwise", schema)


def _condition(when: Any, schema: FactSchema) -> str:
    try:
        return sentence(when, schema)
    except ConditionError as error:
        return f"({error})"


def sentence_of(item: Mapping[str, Any]) -> str:
    """What one block does."""
    tell = _TELL.get(item["type"])
    return tell(item) if tell else str(item["type"])


def _action(item: Mapping[str, Any]) -> str:
    spec = registry.actions.get(item.get("action", ""))
    name = str(spec.label) if spec else _("unknown action “%(action)s”") % {"action": item.get("action")}
    return _("%(action)s, in the name of who decided") % {"action": name} if item.get("as") else name


def _approval(item: Mapping[str, Any]) -> str:
    outcomes = ", ".join(item.get("outcomes") or DEFAULT_OUTCOMES)
    told = _("Ask %(who)s: “%(title)s” (%(outcomes)s)") % {
        "who": _who(item.get("assign") or {}),
        "title": item.get("title"),
        "outcomes": outcomes,
    }
    if item.get("quorum", 1) > 1:
        told += _("; %(count)d people must agree") % {"count": item["quorum"]}
    if item.get("answers"):
        told += _("; nobody where a rule of its own answers")
    return told


def _who(assign: Mapping[str, Any]) -> str:
    kind, value = assign.get("kind"), assign.get("value")
    if kind == "role":
        return _("the role “%(role)s”") % {"role": roles.label(str(value))}
    if kind == "cam":
        return _("the partner's channel manager")
    if kind == "person":
        return _("one person")
    return _("the queue")


def _notify(item: Mapping[str, Any]) -> str:
    return _("Send “%(template)s” to %(people)s") % {
        "template": item.get("template"),
        "people": people(item.get("recipients") or []),
    }


def people(names: Any) -> str:
    """Recipients in words."""
    return ", ".join(_recipient(str(name)) for name in names) or _("nobody")


def _recipient(name: str) -> str:
    if name.startswith("role:"):
        return _("everybody with the role “%(role)s”") % {"role": roles.label(name[5:])}
    if name == "queue.owner":
        return _("the task's owner")
    found = registry.recipients.get(name)
    return str(found.label) if found else name


def _wait(item: Mapping[str, Any]) -> str:
    if item.get("until_fact"):
        return _("Wait until %(fact)s") % {"fact": item["until_fact"]}
    if item.get("business_minutes"):
        return _("Wait %(time)s of business time") % {"time": duration(item["business_minutes"])}
    return _("Wait %(time)s") % {"time": duration(item.get("minutes", 0))}


def _sla_start(item: Mapping[str, Any]) -> str:
    time = duration(item.get("minutes") or 0)
    told = _("Start the clock “%(clock)s”: %(time)s of business time") % {"clock": item.get("clock"), "time": time}
    if item.get("policy") and not item.get("minutes"):
        told = _("Start the clock “%(clock)s” by the policy “%(policy)s”") % {
            "clock": item.get("clock"),
            "policy": item["policy"],
        }
    if item.get("warn_at"):
        points = ", ".join(f"{point} %" for point in item["warn_at"])
        told += _("; warn %(people)s at %(points)s") % {"people": people(item.get("warn") or []), "points": points}
    if item.get("escalate"):
        told += _("; when late, tell %(people)s") % {"people": people(item["escalate"])}
    return told


def duration(minutes: int) -> str:
    """Minutes as people say them."""
    if minutes and minutes % 60 == 0:
        return ngettext("%(count)d hour", "%(count)d hours", minutes // 60) % {"count": minutes // 60}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


_TELL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "validate": lambda item: _("Check: %(action)s") % {"action": _action(item)},
    "action": _action,
    "branch": lambda item: str(item.get("name") or _("Which way?")),
    "approval": _approval,
    "notify": _notify,
    "wait": _wait,
    "sla_start": _sla_start,
    "sla_pause": lambda item: _("Pause the clock “%(clock)s”: the partner's turn") % {"clock": item.get("clock")},
    "sla_resume": lambda item: _("Let the clock “%(clock)s” run on") % {"clock": item.get("clock")},
    "sla_stop": lambda item: _("Stop the clock “%(clock)s”") % {"clock": item.get("clock")},
    "end": lambda item: _("End: %(result)s") % {"result": item["result"]} if item.get("result") else _("End"),
}
