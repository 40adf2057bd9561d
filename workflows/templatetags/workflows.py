"""Words of workflows for templates."""

from collections.abc import Mapping
from typing import Any

from django.template import Library

from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.identity import roles
from workflows.replay import words

register = Library()


@register.simple_tag
def role_name(role: str) -> Any:
    """A role as people call it: whoever holds it owns the task."""
    return roles.label(role)


@register.filter
def deep(depth: int) -> int:
    """How far a line of an outline is set in; beyond six it stays there."""
    return min(depth, 6)


@register.filter
def at(found: Mapping[str, Any], key: str) -> Any:
    """What a mapping holds under a key that a template has in a variable."""
    return found.get(key, "") if found else ""


@register.simple_tag
def source_word(source: str) -> str:
    """Where an answer of a replay came from, in a word."""
    return words.source(source)


@register.filter
def answer_word(value: str) -> str:
    """A step's answer, or a run's result, as people call it."""
    return outcome_word(value)
