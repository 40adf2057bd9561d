"""Whether a tree has the shape that the published JSON Schema asks for: what is published is what is enforced."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
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


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(json.dumps(JSON_SCHEMA)))
