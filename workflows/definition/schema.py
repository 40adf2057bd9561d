"""The published JSON Schema of a workflow's tree, for editors and for those who write one by hand."""

from collections.abc import Mapping
from typing import Any

from workflows.definition.blocks import BLOCKS, FORMAT, MAX_BLOCKS
from workflows.definition.parameters import MAX_PARAMETERS, TYPES

_ITEMS = {"type": "array", "items": {"$ref": "#/$defs/block"}}
_NAMES = {"type": "array", "items": {"type": "string"}}

JSON_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Workflow",
    "type": "object",
    "required": ["format", "key", "trigger", "blocks"],
    "properties": {
        "format": {"const": FORMAT},
        "key": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,39}$"},
        "name": {"type": "string"},
        "trigger": {
            "type": "object",
            "required": ["event"],
            "properties": {"event": {"type": "string"}, "when": {"$ref": "#/$defs/condition"}},
        },
        "cancel_on": {**_NAMES, "description": "events of the same subject that end a run on its way"},
        "blocks": {**_ITEMS, "maxItems": MAX_BLOCKS},
        "parameters": {
            "type": "array",
            "maxItems": MAX_PARAMETERS,
            "items": {"$ref": "#/$defs/parameter"},
            "description": 'values that a form sets; {"parameter": "<key>"} in a block stands for one',
        },
    },
    "$defs": {
        "parameter": {
            "type": "object",
            "required": ["key", "type", "value"],
            "properties": {
                "key": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
                "label": {"type": "string"},
                "type": {"enum": list(TYPES)},
                "value": {},
                "help": {"type": "string"},
            },
        },
        "condition": {"type": "object", "description": "see the schema of conditions"},
        "case": {
            "type": "object",
            "required": ["when", "blocks"],
            "properties": {
                "id": {"type": "string"},
                "name": {"type": "string"},
                "when": {"$ref": "#/$defs/condition"},
                "blocks": _ITEMS,
            },
        },
        "block": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "id": {"type": "string", "maxLength": 60},
                "type": {"enum": list(BLOCKS)},
                "save_as": {"type": "string", "description": "its outcome becomes the fact steps.<name>"},
                "action": {"type": "string", "description": "validate, action: a registered action"},
                "parameters": {"type": "object", "description": 'values, or {"from": "<fact or saved step>"}'},
                "as": {"type": "string", "description": "action: in the name of who decided that approval"},
                "cases": {"type": "array", "items": {"$ref": "#/$defs/case"}},
                "otherwise": _ITEMS,
                "title": {"type": "string"},
                "queue": {"type": "string"},
                "assign": {
                    "type": "object",
                    "required": ["kind"],
                    "properties": {"kind": {"enum": ["role", "cam", "person", "queue"]}, "value": {"type": "string"}},
                },
                "outcomes": {**_NAMES, "minItems": 2},
                "quorum": {"type": "integer", "minimum": 1, "maximum": 5},
                "limit_fact": {"type": "string"},
                "answers": {
                    "type": "array",
                    "description": "approval: questions for these reasons alone that need no person",
                    "items": {
                        "type": "object",
                        "required": ["reasons", "when", "outcome"],
                        "properties": {
                            "id": {"type": "string"},
                            "reasons": {**_NAMES, "minItems": 1},
                            "when": {"$ref": "#/$defs/condition"},
                            "outcome": {"type": "string"},
                            "note": {"type": "string"},
                        },
                    },
                },
                "note_required": _NAMES,
                "template": {"type": "string"},
                "recipients": _NAMES,
                "variables": {"type": "object"},
                "url": {"type": "string"},
                "minutes": {"type": "integer", "minimum": 1},
                "business_minutes": {"type": "integer", "minimum": 1},
                "until_fact": {"type": "string"},
                "clock": {"type": "string"},
                "policy": {"type": "string", "description": "sla_start: an SLA policy in place of minutes"},
                "calendar": {"type": "string"},
                "warn_at": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 99}},
                "warn": _NAMES,
                "escalate": _NAMES,
                "result": {"type": "string", "maxLength": 60},
            },
        },
    },
}
