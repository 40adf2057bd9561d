"""What a tree may well do, and hardly anybody means: told beside the problems, and nothing is held up by it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from workflows.definition import parameters
from workflows.definition.blocks import walk
from workflows.definition.flow_checks import Problem

ACTS = frozenset({"action", "notify", "webhook", "subworkflow"})
Found = list[tuple[str, int, Any]]


def cautions(tree: Any) -> list[Problem]:
    """Each with its place; of a tree that the lint refuses, whatever can be said."""
    try:
        applied = parameters.applied(tree)
        found = list(walk(applied["blocks"]))
        return [*_unheard_answers(applied, found), *_goes_on(applied, found)]
    except (TypeError, KeyError, AttributeError, ValueError, RecursionError):
        return []


def _unheard_answers(tree: Mapping[str, Any], found: Found) -> Iterator[Problem]:
    """Where nothing depends on an answer, a decline does what an approval does."""
    for at, (path, _depth, item) in enumerate(found):
        if item["type"] != "approval":
            continue
        name = str(item.get("save_as") or "")
        acts = any(other["type"] in ACTS for _path, _depth, other in found[at + 1 :])
        if acts and not _reads(tree, name):
            message = _("No branch asks for this answer: what follows happens after every answer, a refusal too.")
            yield Problem(path, message, str(item.get("id", "")))


def _goes_on(tree: Mapping[str, Any], found: Found) -> Iterator[Problem]:
    """A question that nobody takes back when its subject is withdrawn is answered for nothing."""
    asks = any(item["type"] == "approval" for _path, _depth, item in found)
    trigger = registry.triggers.get(str(tree["trigger"].get("event")))
    if not asks or trigger is None or tree.get("cancel_on"):
        return
    ends = [other for other in registry.triggers.values() if other.schema == trigger.schema and other.ends]
    if ends:
        names = ", ".join(str(other.label) for other in ends)
        message = _("Its questions stay when they no longer arise. Say when it ends early, such as: %(events)s.")
        yield Problem("cancel_on", message % {"events": names})


def _reads(value: Any, name: str) -> bool:
    """Whether anything in the tree refers to what was saved under this name."""
    if isinstance(value, list):
        return any(_reads(part, name) for part in value)
    if isinstance(value, Mapping):
        points = (str(part).partition(".")[0] for key, part in value.items() if key in ("from", "step"))
        return bool(name) and (name in points or any(_reads(part, name) for part in value.values()))
    return bool(name) and value == f"steps.{name}"
