"""Whether a tree has the shape that the published JSON Schema asks for: what is published is what is enforced."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from workflows.definition.blocks import walk
from workflows.definition.flow_checks import Problem
from workflows.definition.schema import JSON_SCHEMA

MANY = 20


def misshapen(tree: Mapping[str, Any]) -> Iterator[Problem]:
    """Each part that has not the shape it should, with its place. For trees of the depth that is allowed."""
    for place, why in islice(_misfits(tree), MANY):
        yield Problem(
            ".".join(place),
            _("“%(part)s” has not the shape that the published JSON Schema asks for: %(why)s")
            % {"part": place[-1] if place else "", "why": why},
        )


def _misfits(tree: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Block by block, which comes to the same: lists of blocks say nothing about what stands beside each other."""
    yield from _remembered(_unfit, "workflow", {**tree, "blocks": []})
    for path, _depth, item in walk(tree["blocks"]):
        for place, why in _remembered(_unfit, "block", _alone(item)):
            yield (*path.split("."), *place), why


def _alone(item: Mapping[str, Any]) -> dict[str, Any]:
    """The block without the blocks inside of it that are asked by themselves."""
    alone, inner = dict(item), {"branch": "cases", "parallel": "branches"}.get(str(item.get("type")), "")
    if isinstance(item.get(inner), list):
        alone[inner] = [
            {**way, "blocks": []} if isinstance(way, Mapping) and isinstance(way.get("blocks"), list) else way
            for way in item[inner]
        ]
    if inner == "cases" and isinstance(item.get("otherwise"), list):
        alone["otherwise"] = []
    return alone


def wrong_types(item: Any, kind: str = "block") -> Iterator[tuple[str, str]]:
    """Place and sentence for each field of a block (or of the "head") that the schema wants of another type."""
    if not isinstance(item, Mapping):
        return
    shallow = {name: [] if name in _ELSEWHERE and isinstance(part, list) else part for name, part in item.items()}
    for part, wanted, given in _remembered(_mistyped, kind, shallow):
        values = {"part": part, "wanted": _WORDS[wanted](), "given": given}
        yield part, _("“%(part)s” is to be %(wanted)s, and is %(given)s.") % values


def _remembered(ask: Any, kind: str, item: Mapping[str, Any]) -> Any:
    """The same block is asked about again and again: by whoever draws a workflow, at each press."""
    text = json.dumps(item, default=str)
    return (ask if len(text) < 4_000 else ask.__wrapped__)(kind, text)


@lru_cache(maxsize=2_000)
def _unfit(kind: str, text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The place of each part that has not its shape, and why."""
    errors = _whole(kind).iter_errors(json.loads(text))
    return tuple((tuple(map(str, error.absolute_path)), error.message[:200]) for error in errors)


@lru_cache(maxsize=2_000)
def _mistyped(kind: str, text: str) -> tuple[tuple[str, str, str], ...]:
    """Place, wanted type and what is there."""
    return tuple(
        (".".join(map(str, error.absolute_path)), str(error.validator_value), _given(error.instance))
        for error in _shallow(kind).iter_errors(json.loads(text))
        if error.validator == "type" and str(error.validator_value) in _WORDS and error.instance is not None
    )


_ELSEWHERE = frozenset({"cases", "branches", "otherwise", "blocks"})  # blocks in them are asked by themselves
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
def _whole(kind: str) -> Draft202012Validator:
    """The schema of a workflow, or of one block."""
    whole = json.loads(json.dumps(JSON_SCHEMA))
    return Draft202012Validator(whole if kind == "workflow" else {"$ref": "#/$defs/block", "$defs": whole["$defs"]})
