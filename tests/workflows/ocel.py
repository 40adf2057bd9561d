"""The JSON Schema of OCEL 2.0 as published by the standard (https://www.ocel-standard.org/2.0/ocel20-schema-json.json,
specification 8.2; CC BY 4.0, A. Berti et al., arXiv:2403.01975), and what the specification asks beyond it."""

from collections.abc import Iterator
from typing import Any


def listed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": list(required or properties)},
    }


TEXT = {"type": "string"}
MOMENT = {"type": "string", "format": "date-time"}
TYPES = listed({"name": TEXT, "attributes": listed({"name": TEXT, "type": TEXT})})
RELATED = listed({"objectId": TEXT, "qualifier": TEXT})
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "eventTypes": TYPES,
        "objectTypes": TYPES,
        "events": listed(
            {
                "id": TEXT,
                "type": TEXT,
                "time": MOMENT,
                "attributes": listed({"name": TEXT, "value": TEXT}),
                "relationships": RELATED,
            },
            "id",
            "type",
            "time",
        ),
        "objects": listed(
            {
                "id": TEXT,
                "type": TEXT,
                "relationships": RELATED,
                "attributes": listed({"name": TEXT, "value": TEXT, "time": MOMENT}),
            },
            "id",
            "type",
        ),
    },
    "required": ["eventTypes", "objectTypes", "events", "objects"],
}
VALUE_TYPES = {"string", "time", "integer", "float", "boolean"}


def faults(log: dict[str, Any]) -> Iterator[str]:
    """What the specification demands and a JSON Schema can't say: ids are unique, types, attributes and objects are
    declared, every event is about an object."""
    for kind in ("event", "object"):
        names = [one["name"] for one in log[f"{kind}Types"]]
        if len(names) != len(set(names)):
            yield f"{kind} types are declared twice"
        declared = {one["name"]: {a["name"] for a in one["attributes"]} for one in log[f"{kind}Types"]}
        if any(a["type"] not in VALUE_TYPES for one in log[f"{kind}Types"] for a in one["attributes"]):
            yield f"an attribute of a {kind} type has no type of the standard's"
        ids = [one["id"] for one in log[f"{kind}s"]]
        if len(ids) != len(set(ids)):
            yield f"{kind} ids are not unique"
        for one in log[f"{kind}s"]:
            if one["type"] not in declared:
                yield f"{one['id']} is of an undeclared type {one['type']}"
            elif not {a["name"] for a in one["attributes"]} <= declared[one["type"]]:
                yield f"{one['id']} has an undeclared attribute"
    objects = {one["id"] for one in log["objects"]}
    for one in (*log["events"], *log["objects"]):
        if not {related["objectId"] for related in one["relationships"]} <= objects:
            yield f"{one['id']} is related to an object that is not there"
    for event in log["events"]:
        if not event["relationships"]:
            yield f"{event['id']} is about nothing"
