"""Whether a tree has the shape that the published JSON Schema asks for: what is published is what is enforced."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from workflows.definition.flow_checks import Problem
from workflows.definition.schema import JSON_SCHEMA

MANY = 20


def misshapen(tree: Mapping[str, Any]) -> Iterator[Problem]:
    """Each part that has not the shape it should, with its place. For trees of the depth that is allowed."""
    for number, error in enumerate(_validator().iter_errors(tree)):
        if number == MANY:
            return
        place = [str(part) for part in error.absolute_path]
        yield Problem(
            ".".join(place),
            _("“%(part)s” has not the shape that the published JSON Schema asks for: %(why)s")
            % {"part": place[-1] if place else "", "why": error.message[:200]},
        )


_ELSEWHERE = frozenset({"cases", "branches", "otherwise", "blocks"})  # blocks in them are asked by themselves


def wrong_types(item: Any, kind: str = "block") -> Iterator[tuple[str, str]]:
    """Place and sentence for each field of a block (or of the "head") that the schema wants of another type."""
    if not isinstance(item, Mapping):
        return
    flat = {name: [] if name in _ELSEWHERE and isinstance(part, list) else part for name, part in item.items()}
    text = json.dumps(flat, default=str)
    for part, wanted, given in (_mistyped if len(text) < 4_000 else _mistyped.__wrapped__)(kind, text):
        values = {"part": part, "wanted": _WORDS[wanted](), "given": given}
        yield part, _("“%(part)s” is to be %(wanted)s, and is %(given)s.") % values


@lru_cache(maxsize=2_000)
def _mistyped(kind: str, text: str) -> tuple[tuple[str, str, str], ...]:
    """Place, wanted type and what is there. Remembered: whoever draws a workflow asks for all blocks at each press."""
    return tuple(
        (".".join(map(str, error.absolute_path)), str(error.validator_value), _given(error.instance))
        for error in _shallow(kind).iter_errors(json.loads(text))
        if error.validator == "type" and str(error.validator_value) in _WORDS and error.instance is not None
    )


_WORDS: Mapping[str, Callable[[], str]] = {
    "string": lambda: _("text in quotation marks"),
    "integer": lambda: _("a whole number without quotation marks"),
    "array": lambda: _("a list [ ]"),
    "object": lambda: _("an object { }"),
}


def _given(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:60]


@cache
def _shallow(kind: str) -> Draft202012Validator:
    """The schema of one block, or of the head, without what lies inside of its blocks."""
    whole = json.loads(json.dumps(JSON_SCHEMA))
    properties = whole["$defs"]["block"]["properties"] if kind == "block" else whole["properties"]
    shallow = {name: {"type": "array"} if name in _ELSEWHERE else rest for name, rest in properties.items()}
    return Draft202012Validator({"type": "object", "properties": shallow, "$defs": whole["$defs"]})


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(json.dumps(JSON_SCHEMA)))
