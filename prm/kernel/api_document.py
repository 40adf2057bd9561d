"""What the OpenAPI document says of every address besides its own: keys, and how an error looks."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from prm.kernel.idempotency import LONGEST


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes our tokens."""

    target_class = "prm.kernel.identity.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key from Setup, Keys for programs: `prm_…`"}


KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "Your own unique text for this call. A repeat with the same key and body gets the same answer.",
}
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "What went wrong. `fields` says it of each field that isn't right.",
    "properties": {"type": TEXT, "title": TEXT, "fields": {"type": "object", "additionalProperties": {}}},
    "required": ["type", "title"],
}
REASON = {"type": "object", "properties": {"key": TEXT, "text": TEXT}, "required": ["key", "text"]}
REFUSAL = {
    "type": "object",
    "description": "The rules say no (422), or it has moved on meanwhile (409). A key that was used for another call "
    "has `type` idempotency_key_reused and neither rule nor reasons.",
    "properties": {
        **dict.fromkeys(("type", "title", "rule", "outcome"), TEXT),
        "reasons": {"type": "array", "items": REASON},
    },
    "required": ["type", "title"],
}
SAID = {
    "400": "Something in the call is not right",
    "401": "No key, or one that is unknown, revoked or lapsed",
    "403": "The key's roles do not allow it",
    "404": "Not there, or not yours",
    "406": "Answers are JSON",
    "409": "Somebody was faster, or it has moved on: read it again",
    "413": "Larger than anything we take",
    "415": "Send JSON",
    "422": "The rules say no",
    "429": "Too many calls; Retry-After says when to go on",
}
ALWAYS = ("400", "401", "403", "404", "406", "413", "429")
WRITING = ("409", "415", "422")


def complete(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Say of every address which errors it answers with, and of every POST that it takes a key."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(Problem=PROBLEM, Refusal=REFUSAL)
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            for status in (*ALWAYS, *(WRITING if method == "post" else ())):
                operation["responses"].setdefault(status, _error(status))
            if method == "post":
                operation.setdefault("parameters", []).append(KEY_PARAMETER)
    return result


def _error(status: str) -> dict[str, Any]:
    name = "Refusal" if status in ("409", "422") else "Problem"
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": SAID[status], "content": content}
