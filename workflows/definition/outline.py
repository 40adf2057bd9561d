"""A tree in sentences, indented as it branches: what somebody reads before publishing it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.kernel.automation import registry
from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.conditions import ConditionError, FactSchema, schema_named, sentence
from prm.kernel.identity import roles
from prm.kernel.messages.registry import kinds
from workflows.definition.blocks import DEFAULT_OUTCOMES, TIMED_OUT, block_id, schema_of, way_id
from workflows.definition.broken import BrokenDefinition
from workflows.definition.parameters import applied
from workflows.definition.triggers import Start, start_of

_ICONS = {
    "validate": "shield-check",
    "action": "zap",
    "branch": "git-branch",
    "approval": "user-check",
    "notify": "mail",
    "wait": "hourglass",
    "parallel": "columns-3",
    "subworkflow": "workflow",
    "webhook": "webhook",
    "way": "arrow-right",
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
        schema = schema_of(trigger, tree.get("blocks"))
    except BrokenDefinition as error:
        return [Line(0, "broken", str(error))]
    return [Line(0, "trigger", _trigger(trigger, schema)), *_lines(tree.get("blocks") or [], 0, "blocks", schema)]


def _trigger(trigger: Mapping[str, Any], schema: FactSchema) -> str:
    label = _starts(start_of(trigger), schema)
    if not (trigger.get("when") or {}).get("rules") and "field" not in (trigger.get("when") or {}):
        return _("When: %(event)s") % {"event": label}
    return _("When: %(event)s, and %(condition)s") % {"event": label, "condition": _condition(trigger["when"], schema)}


def _starts(start: Start, schema: FactSchema) -> str:
    if start.kind == "schedule":
        told = _("the clock says so (%(cron)s)") % {"cron": start.cron}
        return (
            _("%(when)s, for each of the %(subjects)s") % {"when": told, "subjects": schema.label}
            if start.each
            else told
        )
    if start.kind == "date":
        fact = schema.fact(start.fact).label
        return ngettext("%(count)d day before: %(fact)s", "%(count)d days before: %(fact)s", start.days_before) % {
            "count": start.days_before,
            "fact": fact,
        }
    if start.kind == "manual":
        return _("somebody starts it")
    return str(registry.triggers[start.name].label)


def _lines(items: Any, depth: int, path: str, schema: FactSchema) -> Iterator[Line]:
    for index, item in enumerate(items):
        here = f"{path}.{index}"
        yield Line(depth, item["type"], sentence_of(item), block_id(item, here))
        if item["type"] == "branch":
            yield from _ways(item, depth, here, schema)
        for number, branch in enumerate(item.get("branches") or () if item["type"] == "parallel" else ()):
            name = branch.get("name") or way_id(branch, number)
            yield Line(depth + 1, "way", _("Branch “%(name)s”:") % {"name": name})
            yield from _lines(branch.get("blocks") or [], depth + 2, f"{here}.branches.{number}.blocks", schema)


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
    try:
        return tell(item) if tell else str(item["type"])
    except (TypeError, ValueError, AttributeError, KeyError):
        return _("This block can't be told: a part of it has the wrong type.")


def _action(item: Mapping[str, Any]) -> str:
    spec = registry.actions.get(item.get("action", ""))
    name = str(spec.label) if spec else _("unknown action “%(action)s”") % {"action": item.get("action")}
    return _("%(action)s, in the name of who decided") % {"action": name} if item.get("as") else name


def _approval(item: Mapping[str, Any]) -> str:
    outcomes = ", ".join(outcome_word(str(one)) for one in item.get("outcomes") or DEFAULT_OUTCOMES)
    told = _("Ask %(who)s: “%(title)s” (%(outcomes)s)") % {
        "who": _who(item.get("assign") or {}),
        "title": _(str(item.get("title") or "")),
        "outcomes": outcomes,
    }
    if item.get("quorum", 1) > 1:
        told += _("; %(count)d people must agree") % {"count": item["quorum"]}
    if item.get("answers"):
        told += _("; nobody where a rule of its own answers")
    for level in item.get("escalation") or ():
        told += _("; after %(time)s %(what)s") % {
            "time": duration(level.get("after_business_minutes", 0)),
            "what": _level(level),
        }
    if item.get("timeout_business_minutes"):
        told += _("; nobody after %(time)s: %(word)s") % {
            "time": duration(item["timeout_business_minutes"]),
            "word": outcome_word(TIMED_OUT),
        }
    return told


def _level(level: Mapping[str, Any]) -> str:
    parts = [_("tell %(people)s") % {"people": people(level["to"])}] if level.get("to") else []
    if level.get("reassign"):
        parts.append(_("ask %(who)s instead") % {"who": _who(level["reassign"])})
    return _(" and ").join(parts)


def _who(assign: Mapping[str, Any]) -> str:
    kind, value = assign.get("kind"), assign.get("value")
    if kind == "role":
        return _("the role “%(role)s”") % {"role": roles.label(str(value))}
    if kind == "cam":
        return _("the partner's channel manager")
    if kind == "person":
        return _("one person")
    if kind == "round_robin":
        return _("the role “%(role)s” in turn") % {"role": roles.label(str(value))}
    if kind == "least_loaded":
        return _("whoever of the role “%(role)s” has least to do") % {"role": roles.label(str(value))}
    if kind == "step":
        return _("whoever the step “%(step)s” names") % {"step": str(value).replace("_", " ")}
    if value:
        told = _("whom the assignment rules of the queue name, else the role “%(role)s”")
        return told % {"role": roles.label(str(value))}
    return _("whom the assignment rules of the queue name")


def _notify(item: Mapping[str, Any]) -> str:
    kind = kinds.get(str(item.get("template")))
    return _("Send “%(template)s” to %(people)s") % {
        "template": kind.label if kind else item.get("template"),
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


def _parallel(item: Mapping[str, Any]) -> str:
    branches, join = len(item.get("branches") or ()), item.get("join", "all")
    if join == "all":
        return _("%(count)d branches at once, until all have arrived") % {"count": branches}
    return _("%(count)d branches at once, until %(needed)s have arrived") % {
        "count": branches,
        "needed": 1 if join == "any" else join,
    }


def _wait_for_event(item: Mapping[str, Any]) -> str:
    trigger = registry.triggers.get(str(item["event"]))
    told = _("Wait until: %(event)s") % {"event": trigger.label if trigger else item["event"]}
    if item.get("when"):
        told += _(", and %(condition)s") % {
            "condition": _condition(item["when"], schema_named(trigger.schema)) if trigger else "?"
        }
    for name in ("timeout_minutes", "timeout_business_minutes"):
        if item.get(name):
            told += _("; at most %(time)s") % {"time": duration(item[name])}
    return told


def _wait(item: Mapping[str, Any]) -> str:
    if item.get("event"):
        return _wait_for_event(item)
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
    "parallel": _parallel,
    "subworkflow": lambda item: _("Run the workflow “%(key)s”") % {"key": item.get("workflow")},
    "webhook": lambda item: _("Call %(url)s") % {"url": item.get("url")},
    "approval": _approval,
    "notify": _notify,
    "wait": _wait,
    "sla_start": _sla_start,
    "sla_pause": lambda item: _("Pause the clock “%(clock)s”: the partner's turn") % {"clock": item.get("clock")},
    "sla_resume": lambda item: _("Let the clock “%(clock)s” run on") % {"clock": item.get("clock")},
    "sla_stop": lambda item: _("Stop the clock “%(clock)s”") % {"clock": item.get("clock")},
    "end": lambda item: _("End: %(result)s") % {"result": item["result"]} if item.get("result") else _("End"),
}
