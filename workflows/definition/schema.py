"""The published JSON Schema of a workflow's tree, for editors and for those who write one by hand."""

from collections.abc import Mapping
from typing import Any

from workflows.definition.blocks import BLOCKS, FORMAT, MAX_BLOCKS
from workflows.definition.flow_checks import ASSIGN, MAX_BRANCHES, MAX_LEVELS
from workflows.definition.parameters import MAX_PARAMETERS, TYPES
from workflows.definition.shapes import YEAR

_ITEMS = {"type": "array", "items": {"$ref": "#/$defs/block"}}
_NAMES = {"type": "array", "items": {"type": "string"}}
_MINUTES = {"type": "integer", "minimum": 1, "maximum": YEAR}

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
            "description": "an event, a schedule, a date or manual: one of them",
            "oneOf": [
                {"required": ["event"], "properties": {"event": {"type": "string"}}},
                {
                    "required": ["schedule"],
                    "properties": {
                        "schedule": {"type": "string", "description": "cron, in the vendor's time zone"},
                        "each": {"type": "string", "description": "start it for every subject of this kind"},
                    },
                },
                {
                    "required": ["date"],
                    "properties": {
                        "date": {"type": "string", "description": "a fact that is a date"},
                        "days_before": {"type": "integer", "minimum": 0, "maximum": 730},
                    },
                },
                {"required": ["manual"], "properties": {"manual": {"const": True}, "schema": {"type": "string"}}},
            ],
            "properties": {"when": {"$ref": "#/$defs/condition"}},
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
        "assign": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": list(ASSIGN)}, "value": {"type": "string"}},
        },
        "branch": {
            "type": "object",
            "required": ["blocks"],
            "properties": {"id": {"type": "string", "maxLength": 60}, "name": {"type": "string"}, "blocks": _ITEMS},
        },
        "level": {
            "type": "object",
            "required": ["after_business_minutes"],
            "properties": {
                "after_business_minutes": _MINUTES,
                "to": _NAMES,
                "reassign": {"$ref": "#/$defs/assign"},
            },
        },
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
                "assign": {"$ref": "#/$defs/assign"},
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
                "timeout_business_minutes": {**_MINUTES, "description": "approval, wait: then it is “timed_out”"},
                "timeout_minutes": _MINUTES,
                "escalation": {"type": "array", "maxItems": MAX_LEVELS, "items": {"$ref": "#/$defs/level"}},
                "join": {
                    "anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}],
                    "description": "parallel: how many branches must arrive; the others are then cancelled",
                },
                "branches": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": MAX_BRANCHES,
                    "items": {"$ref": "#/$defs/branch"},
                },
                "workflow": {"type": "string", "description": "subworkflow: the key of a published workflow"},
                "url": {"type": "string", "description": "notify: where it leads; webhook: whom to call"},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "minutes": _MINUTES,
                "business_minutes": _MINUTES,
                "until_fact": {"type": "string"},
                "event": {"type": "string", "description": "wait: until this happens to the subject"},
                "when": {"$ref": "#/$defs/condition"},
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
