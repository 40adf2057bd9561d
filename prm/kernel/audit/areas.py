"""What the audit can be narrowed to: actions share the word before their first dot, and apps name that word."""

from django.utils.functional import Promise

Text = str | Promise
_areas: dict[str, Text] = {}


def register_area(prefix: str, label: Text) -> None:
    """Let readers of the audit choose every action that begins with `prefix.`"""
    _areas[prefix] = label


def areas() -> list[tuple[str, Text]]:
    """Prefixes with their words, by word in the reader's language."""
    return sorted(_areas.items(), key=lambda pair: str(pair[1]).casefold())
