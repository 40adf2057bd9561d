"""The console's pages of connections: what they do is done by actions, and nothing here calls another system."""

from typing import Any

from django.contrib import messages

from prm.kernel.decisions import Decision

READERS = ("admin", "ops", "auditor")
KEEPERS = ("admin", "ops")
ADMINS = ("admin",)


def who(request: Any) -> dict[str, Any]:
    return {"actor": request.actor, "now": request.now}


def told(request: Any, decision: Decision, done: str) -> bool:
    """Say how it went."""
    if decision.allowed:
        messages.success(request, done)
    else:
        messages.warning(request, " ".join(str(reason.text) for reason in decision.reasons))
    return decision.allowed
