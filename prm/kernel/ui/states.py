"""What a state is called and how it looks. Apps register theirs, so that a page never shows STATUS_X."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise

TONES = ("good", "warn", "bad", "info", "neutral", "brand")
Text = str | Promise

_states: dict[str, dict[str, tuple[str, Text]]] = {}


def register_states(kind: str, states: Mapping[str, tuple[str, Text]]) -> None:
    """Name the states of a kind: `{"approved": ("good", _("Protected"))}`. Raises ValueError for an odd tone."""
    for state, (tone, _word) in states.items():
        if tone not in TONES:
            raise ValueError(f"{kind}.{state}: {tone!r} is none of {', '.join(TONES)}")
    _states.setdefault(kind, {}).update(states)


def tone_and_word(kind: str, state: Any) -> tuple[str, Text]:
    """The tone and the word of a state; an unknown one is neutral and reads as plain words."""
    known = _states.get(kind, {}).get(str(state))
    return known or ("neutral", str(state).replace("_", " ").capitalize())
