"""What a tree needs of its vendor before it can run: who, which wordings, calendars and policies. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.identity import roles
from prm.kernel.messages.registry import kinds
from workflows.definition.flow_checks import OF_A_ROLE
from workflows.definition.graph import starting
from workflows.definition.outline import people
from workflows.definition.parameters import applied
from workflows.definition.ways import places


def needs_of(tree: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Labels and what stands behind them, in words; only what the tree really names."""
    tree = applied(tree)
    items = [place.item for place in places(tree.get("blocks"))]
    found = [
        (_("Starts on"), [starting(tree)]),
        (_("Ends early on"), [_event(str(name)) for name in tree.get("cancel_on") or ()]),
        (_("Does"), [_action(str(item["action"])) for item in items if item.get("action")]),
        (_("Asks"), list(_asked(items))),
        (_("Queues"), [str(item["queue"]) for item in items if item.get("queue")]),
        (_("Sends"), [_message(str(item["template"])) for item in items if item.get("template")]),
        (_("Writes to"), [people(names) for item in items for names in _told(item)]),
        (_("SLA policies"), [str(item["policy"]) for item in items if item.get("policy")]),
        (_("Calendars"), [str(item["calendar"]) for item in items if item.get("calendar")]),
        (_("Runs"), [str(item["workflow"]) for item in items if item.get("type") == "subworkflow"]),
        (_("Calls"), [str(item["url"]) for item in items if item.get("type") == "webhook"]),
    ]
    return [(label, ", ".join(dict.fromkeys(values))) for label, values in found if values]


def _told(item: Mapping[str, Any]) -> Iterator[Any]:
    """The lists of recipients that a block names: of its message, its warnings, its escalations."""
    yield from (item[name] for name in ("recipients", "warn", "escalate") if item.get(name))
    for one in item.get("escalation") or ():
        if one.get("to"):
            yield one["to"]


def roles_asked(tree: Mapping[str, Any]) -> list[str]:
    """The roles that a sound tree asks, each once: first those of its approvals, then of their escalations."""
    items = [place.item for place in places(applied(tree).get("blocks")) if place.item.get("type") == "approval"]
    asked = [item.get("assign") for item in items]
    asked += [level.get("reassign") for item in items for level in item.get("escalation") or ()]
    named = [one["value"] for one in asked if one and one.get("kind") in (*OF_A_ROLE, "queue") and one.get("value")]
    return list(dict.fromkeys(named))


def _event(name: str) -> str:
    known = registry.triggers.get(name)
    return str(known.label) if known else name


def _action(key: str) -> str:
    known = registry.actions.get(key)
    return str(known.label) if known else key


def _message(key: str) -> str:
    known = kinds.get(key)
    return str(known.label) if known else key


def _asked(items: list[Mapping[str, Any]]) -> Iterator[str]:
    for item in items:
        assign = item.get("assign")
        if not isinstance(assign, Mapping):
            continue
        kind, value = assign.get("kind"), str(assign.get("value") or "")
        if kind == "cam":
            yield _("the partner's channel manager")
        elif kind == "person":
            yield value
        elif kind in ("role", "round_robin", "least_loaded"):
            yield str(roles.label(value))
        elif kind == "queue":
            yield _("whom the assignment rules of the queue name")
