"""An incident's evidence in words: facts by their names, steps with their answers, yes and no."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel import wording
from prm.kernel.automation import registry
from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.conditions.facts import Fact, choices_of, registered_schemas

Row = tuple[str, str]
LONGEST = 500  # characters of a value


def in_words(evidence: Mapping[str, Any]) -> list[Row]:
    """Label and value, in the order of the labels; empty values are left out. Reads rows for facts with choices."""
    facts = {fact.key: fact for schema in registered_schemas() for fact in schema.facts}
    rows = [row for key, value in evidence.items() for row in _rows(key, value, facts)]
    return sorted(rows, key=lambda row: row[0].casefold())


def _rows(key: str, value: Any, facts: Mapping[str, Fact], above: str = "") -> Iterator[Row]:
    label = _label(key, facts)
    if isinstance(value, Mapping) and "text" in value:
        value = wording.told(value)
    if isinstance(value, Mapping):
        place = "" if key in _FRAMES else " · ".join(filter(None, (above, label)))
        for inner, part in value.items():
            yield from _rows(str(inner), part, facts, place)
        return
    told = _value(key, value, facts.get(key))
    if told:
        yield " · ".join(filter(None, (above, label))), told[:LONGEST]


_FRAMES = frozenset({"facts", "context", "steps", "detail"})


def _label(key: str, facts: Mapping[str, Fact]) -> str:
    if key in facts:
        return str(facts[key].label)
    known = {
        "attempts": _("Tries"),
        "block": _("Block"),
        "event": _("Event"),
        "outcome": _("Answer"),
        "reasons": _("Reasons"),
        "result": _("Result"),
        "value": _("Answer"),
    }
    return known.get(key) or key.replace("_", " ").replace(".", " · ")


def _value(key: str, value: Any, fact: Fact | None) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_part(part, fact) for part in value)
    if key == "event" and str(value) in registry.triggers:
        return str(registry.triggers[str(value)].label)
    return _part(value, fact) if fact else outcome_word(str(value))


def _part(value: Any, fact: Fact | None) -> str:
    if isinstance(value, Mapping):
        return wording.told(value) or ", ".join(f"{name}: {part}" for name, part in value.items())
    return choices_of(fact).get(str(value), str(value)) if fact else str(value)
