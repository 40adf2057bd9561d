"""A replay in words, for its page, the command and whoever publishes."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.ui import formats
from workflows.definition import Program
from workflows.definition.outline import sentence_of
from workflows.replay.figures import is_empty

DECISIONS = {
    "waiting": gettext_lazy("still open"),
    "cancelled": gettext_lazy("withdrawn"),
    "not_started": gettext_lazy("not taken up"),
    "broken": gettext_lazy("stuck"),
    "unknown": gettext_lazy("nobody can know"),
    "done": gettext_lazy("done"),
}
SOURCES = {
    "recorded": gettext_lazy("as it was"),
    "plain": gettext_lazy("follows"),
    "judged": gettext_lazy("judged anew"),
    "assumed": gettext_lazy("assumed"),
    "unknown": gettext_lazy("unknown"),
}


def decision(word: str) -> str:
    """An outcome as people say it."""
    return str(DECISIONS[word]) if word in DECISIONS else outcome_word(word)


def version(name: str, number: int) -> str:
    """A version as people call it."""
    return _("%(name)s, version %(number)d") % {"name": name, "number": number}


def source(word: str) -> str:
    return str(SOURCES.get(word, word))


def summary(result: Mapping[str, Any]) -> str:
    """A replay in two sentences."""
    events = result.get("events", 0)
    taken = ngettext("%(count)s event replayed.", "%(count)s events replayed.", events)
    told = [taken % {"count": formats.number(events)}]
    if is_empty(result):
        return " ".join([*told, _("Nothing would have been different.")])
    told.append("; ".join(text for kind, text in _changes(result["changed"]) if result["changed"][kind]) + ".")
    return " ".join(told)


def _changes(changed: Mapping[str, int]) -> list[tuple[str, str]]:
    """What changes, kind by kind, in words."""
    count = {kind: {"count": formats.number(number)} for kind, number in changed.items()}
    return [
        (
            "decision",
            ngettext("%(count)s decision changes", "%(count)s decisions change", changed["decision"])
            % count["decision"],
        ),
        (
            "people",
            ngettext("%(count)s goes to other people", "%(count)s go to other people", changed["people"])
            % count["people"],
        ),
        (
            "way",
            ngettext(
                "%(count)s takes another way to the same", "%(count)s take another way to the same", changed["way"]
            )
            % count["way"],
        ),
        ("unknown", _("%(count)s nobody can know") % count["unknown"]),
    ]


def stops(path: Mapping[str, Any], program: Program | None, *, other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A path, block by block; what the other one doesn't pass with the same answer is marked."""
    found, there = [], {(stop[0], stop[2]) for stop in other.get("stops", ())}
    for block, kind, value, where, at, why in path.get("stops", ()):
        known = program.blocks.get(block) if program else None
        name = sentence_of(known.data) if known else block
        if kind == "branch" and known:
            name = next((case.name for case in known.cases if case.id == value), _("Otherwise"))
        stop = {"block": block, "type": kind, "name": name, "value": value, "source": where, "at": at, "why": why}
        found.append({**stop, "differs": (block, value) not in there})
    return found


def ending(path: Mapping[str, Any]) -> str:
    """How a path ends."""
    state = path.get("state", "")
    if state == "ended":
        return decision(str(path.get("result")))
    why = str(path.get("why") or "")
    return f"{decision(str(state))}: {why}" if why else decision(str(state))


def assumption(key: str, count: int) -> str:
    """What was assumed, and how often."""
    kind, _colon, value = key.partition(":")
    words = {
        "approval": _("People would have answered “%(value)s”, as they mostly do in that queue"),
        "webhook": _("The other side would have taken the call"),
    }.get(kind, _("A step would have answered “%(value)s”"))
    return f"{words % {'value': outcome_word(value)}}: {formats.number(count)}"
