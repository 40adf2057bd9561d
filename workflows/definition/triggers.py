"""What starts a workflow: an event, a timetable, a date that comes near, or a person. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prm.kernel.automation import registry
from prm.kernel.conditions import FactSchema, registered_schemas, schema_named
from prm.kernel.wording import said as _
from workflows.definition.broken import BrokenDefinition

KINDS = ("event", "schedule", "date", "manual")
VENDOR = "vendor"  # the subject of a timetable that names none


@dataclass(frozen=True, slots=True)
class Start:
    """A trigger that was read. `name` is the event, or "@schedule", "@date", "@manual"."""

    kind: str
    name: str
    schema: str
    cron: str = ""
    each: str = ""
    fact: str = ""
    days_before: int = 0


def start_of(trigger: Any) -> Start:
    """Read a trigger. Raises BrokenDefinition with a sentence."""
    if isinstance(trigger, str):
        trigger = {"event": trigger}
    if not isinstance(trigger, Mapping):
        raise BrokenDefinition(_("A workflow needs a trigger."))
    kinds = [kind for kind in KINDS if trigger.get(kind) not in (None, False, "")]
    if len(kinds) > 1:
        raise BrokenDefinition(_("A trigger is an event, a schedule, a date or manual, and only one of them."))
    return _READ[kinds[0] if kinds else "event"](trigger)


def _event(trigger: Mapping[str, Any]) -> Start:
    event = trigger.get("event")
    known = registry.triggers.get(event) if isinstance(event, str) else None
    if known is None:
        raise BrokenDefinition(_("Nothing is known of the event “%(event)s”.") % {"event": str(event or "")[:80]})
    return Start("event", known.event, known.schema)


def _schedule(trigger: Mapping[str, Any]) -> Start:
    each = str(trigger.get("each") or "")
    if each:
        countable(each)
    return Start("schedule", "@schedule", each or VENDOR, cron=str(trigger["schedule"]), each=each)


def _date(trigger: Mapping[str, Any]) -> Start:
    key = str(trigger["date"])
    found = [one for one in registered_schemas() if _has_date(one, key)]
    if not found:
        raise BrokenDefinition(_("“%(key)s” is no date that subjects can be found by.") % {"key": key[:80]})
    schema = next((one for one in found if one.name == key.partition(".")[0]), found[0])
    return Start("date", "@date", schema.name, fact=key, days_before=_days(trigger.get("days_before", 0)))


def _manual(trigger: Mapping[str, Any]) -> Start:
    return Start("manual", "@manual", countable(trigger.get("schema")).name)


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 730:
        raise BrokenDefinition(_("“days_before” is a whole number from 0 to 730."))
    return value


def countable(name: Any) -> FactSchema:
    """A schema whose subjects are rows that can be gone over. Raises BrokenDefinition."""
    offered = {one.name: one for one in registered_schemas() if one.model is not None}
    if not isinstance(name, str) or name not in offered:
        raise BrokenDefinition(
            _("There are no subjects of the kind “%(kind)s”. Use one of: %(known)s.")
            % {"kind": str(name)[:40], "known": ", ".join(offered)}
        )
    return offered[name]


def _has_date(schema: FactSchema, key: str) -> bool:
    return schema.model is not None and any(
        fact.key == key and fact.type == "date" and isinstance(fact.orm, str) for fact in schema.facts
    )


def label_of(name: str) -> str:
    """What a workflow starts on, for a list: the event's label, or the kind of its trigger."""
    known = registry.triggers.get(name)
    return str(known.label) if known else name.removeprefix("@")


def facts_of(start: Start) -> FactSchema:
    """The facts that the trigger brings. Raises LookupError."""
    return schema_named(start.schema)


_READ = {"event": _event, "schedule": _schedule, "date": _date, "manual": _manual}
