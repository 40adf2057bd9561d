"""Why another system did not take something, read from what it answered."""

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 300  # characters
_WHERE = ("error_description", "detail", "message", "error", "errors", "title", "description", "reason")


def reason_in(answer: str) -> str:
    """The sentence in an answer of a usual shape; empty where it gives none, or is no JSON (or was cut off).

    `{"error": "…"}`, `{"error": {"message": "…"}}`, `{"errors": [{"message": "…"}]}`, `[{"message": "…"}]`,
    `{"errors": {"region": ["…"]}}`, RFC 6749's error_description, RFC 9457's detail and title.
    """
    try:
        found = _words(json.loads(answer), 0)
    except (ValueError, RecursionError):
        return ""
    return " ".join(found.split())[:LONGEST]


def _words(said: Any, depth: int) -> str:
    if isinstance(said, str):
        return said if depth else ""  # a bare string is the body, not an error
    if depth > 4:
        return ""
    if isinstance(said, list):
        return next((words for part in said if (words := _words(part, depth + 1))), "")
    if not isinstance(said, Mapping):
        return ""
    known = next((words for name in _WHERE if (words := _words(said.get(name), depth + 1))), "")
    return known or _of_fields(said, depth)


def _of_fields(said: Mapping[str, Any], depth: int) -> str:
    """Problems by the names of their fields, as below `errors`."""
    if not depth:
        return ""
    return next((f"{name}: {words}" for name, part in said.items() if (words := _words(part, depth + 1))), "")
