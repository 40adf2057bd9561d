"""What is asked about the workflow itself: its name, what starts it, what ends it, its settings."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from prm.kernel.conditions.facts import UnknownFact, schema_named
from workflows.definition.parameters import TYPES
from workflows.designer.fields import Col, RowsField, checks, choice
from workflows.designer.offers import Offers
from workflows.designer.parts import Part, condition, put
from workflows.designer.trees import Block

_KINDS = ("event", "schedule", "date", "manual")


def parts_of(tree: Mapping[str, Any], offers: Offers) -> list[Part]:
    """The parts of the form for the head of a tree."""

    def write_name(changed: Block, name: Any) -> None:
        put(changed, "name", name)

    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    return [
        Part("name", name, tree.get("name", ""), write_name),
        *_trigger(tree, offers),
        _cancels(tree, offers),
        _settings(tree),
    ]


def _trigger(tree: Mapping[str, Any], offers: Offers) -> list[Part]:
    found = tree.get("trigger")
    trigger: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    kind = next((name for name in _KINDS if name in trigger), "event")
    labels = {
        "event": _("Something happens"),
        "schedule": _("At set times"),
        "date": _("A date approaches"),
        "manual": _("Somebody starts it"),
    }

    def write_kind(changed: Block, chosen: Any) -> None:
        blank = {
            "event": {"event": ""},
            "schedule": {"schedule": "0 9 * * 1-5", "each": ""},
            "date": {"date": "", "days_before": 30},
            "manual": {"manual": True, "schema": ""},
        }
        if chosen and chosen != kind:
            changed["trigger"] = blank[chosen]

    parts = [
        Part("trigger_kind", choice(_("Starts when"), list(labels.items()), kind), kind, write_kind, reshapes=True)
    ]
    inner = _ASKED[kind](trigger, offers)
    if kind != "manual":
        inner += condition(trigger, "when", _("Only if"), offers)
    return [*parts, *(Part(f"trigger_{p.name}", p.field, p.value, _in_trigger(p), p.reshapes) for p in inner)]


def _in_trigger(part: Part) -> Any:
    def write(changed: Block, value: Any) -> None:
        inner = changed.get("trigger")
        trigger = dict(inner) if isinstance(inner, Mapping) else {}
        part.write(trigger, value)
        changed["trigger"] = trigger

    return write


def _set(key: str) -> Any:
    def write(trigger: Block, value: Any) -> None:
        if value is not None:
            trigger[key] = value

    return write


def _event(trigger: Mapping[str, Any], offers: Offers) -> list[Part]:
    value = str(trigger.get("event") or "")
    return [Part("event", choice(_("Event"), offers.events, value), value, _set("event"), reshapes=True)]


def _schedule(trigger: Mapping[str, Any], offers: Offers) -> list[Part]:
    cron = forms.CharField(
        label=_("Times"),
        required=False,
        max_length=60,
        help_text=_("Minute, hour, day, month, weekday in your time zone: “0 9 * * 1” is Mondays at nine."),
    )
    each = str(trigger.get("each") or "")
    return [
        Part("schedule", cron, trigger.get("schedule", ""), _set("schedule")),
        Part("each", choice(_("For each of"), offers.subjects, each), each, _set("each"), reshapes=True),
    ]


def _date(trigger: Mapping[str, Any], offers: Offers) -> list[Part]:
    value = str(trigger.get("date") or "")
    days = forms.IntegerField(label=_("Days before"), required=False, min_value=0, max_value=730)
    return [
        Part("date", choice(_("Date"), _dates(offers), value), value, _set("date"), reshapes=True),
        Part("days_before", days, trigger.get("days_before"), _set("days_before")),
    ]


def _dates(offers: Offers) -> list[tuple[str, str]]:
    """Every date that records have."""
    found = []
    for name, _label in offers.subjects:
        try:
            found += [(fact.key, str(fact.label)) for fact in schema_named(name).facts if fact.type == "date"]
        except UnknownFact:
            continue
    return found


def _manual(trigger: Mapping[str, Any], offers: Offers) -> list[Part]:
    value = str(trigger.get("schema") or "")
    return [Part("schema", choice(_("On a record of"), offers.subjects, value), value, _set("schema"), reshapes=True)]


_ASKED = {"event": _event, "schedule": _schedule, "date": _date, "manual": _manual}


def _cancels(tree: Mapping[str, Any], offers: Offers) -> Part:
    def write(changed: Block, chosen: Any) -> None:
        put(changed, "cancel_on", chosen)

    current = tree.get("cancel_on") or []
    help_text = _("What is on its way then ends early, and its tasks leave the queue.")
    return Part("cancel_on", checks(_("Ends early when"), offers.events, current, help_text=help_text), current, write)


def _settings(tree: Mapping[str, Any]) -> Part:
    given = tree.get("parameters")
    before = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []
    rows = [{key: _shown(row.get(key)) for key in ("key", "label", "type", "value")} for row in before]
    types = [(key, capfirst(str(words).partition(",")[0])) for key, words in TYPES.items()]

    def write(changed: Block, typed: Any) -> None:
        put(changed, "parameters", [_setting(row, before) for row in typed if row["key"]])

    columns = (
        Col("key", _("Key")),
        Col("label", _("Label")),
        Col("type", _("Type"), "select", types),
        Col("value", _("Value")),
    )
    field = RowsField(columns, _("Setting"), label=_("Settings"), help_text=_("Values that an admin changes by form."))
    return Part("parameters", field, rows, write, reshapes=True)


def _setting(row: Mapping[str, str], before: list[Mapping[str, Any]]) -> dict[str, Any]:
    """As typed; a value that was not touched keeps its form."""
    old = next((one for one in before if one.get("key") == row["key"]), {})
    kind = row["type"] or "text"
    touched = _shown(old.get("value")) != row["value"] or old.get("type") != kind
    value = _valued(kind, row["value"]) if touched else old["value"]
    return {**old, "key": row["key"], "label": row["label"] or row["key"], "type": kind, "value": value}


def _valued(kind: str, typed: str) -> Any:
    """What was typed as the tree keeps it; what makes no sense stays text, for the lint to tell."""
    parts = [part.strip(" %") for part in typed.split(",") if part.strip(" %")]
    if kind in ("minutes", "count") and typed.isdecimal():
        return int(typed)
    if kind == "percentages" and all(part.isdecimal() for part in parts):
        return [int(part) for part in parts]
    if kind == "recipients":
        return parts
    if kind == "bool" and typed.lower() in ("true", "false"):
        return typed.lower() == "true"
    return typed


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
