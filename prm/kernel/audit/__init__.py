"""`record()` writes the audit; import it as `from prm.kernel import audit`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prm.kernel.tenancy.ids import uuid7

if TYPE_CHECKING:
    from django.db.models import Model

    from prm.kernel.decisions import Decision
    from prm.kernel.identity.actors import Actor


# The decision first: the entry's hash covers the hash of its row.
_RECORD = """
INSERT INTO audit_decisionrecord
  (id, tenant_id, rule, outcome, allowed, document, subject_type, subject_id, partner_id, decided_by, at)
SELECT %(decision)s, %(tenant)s, %(rule)s, %(outcome)s, %(allowed)s, %(document)s::jsonb, %(type)s, %(target)s,
  %(partner)s, %(actor_kind)s, %(at)s
WHERE %(decision)s IS NOT NULL;
INSERT INTO audit_auditentry
  (id, tenant_id, action, target_type, target_id, target_name, partner_id, actor_kind, actor_id, actor_name,
   impersonator, impersonator_id, request_id, cause, before, after, decision_id, at)
VALUES (%(id)s, %(tenant)s, %(action)s, %(type)s, %(target)s, %(name)s, %(partner)s, %(actor_kind)s, %(actor_id)s,
  %(actor_name)s, %(impersonator)s, %(impersonator_id)s, %(request_id)s, %(cause)s, %(before)s::jsonb,
  %(after)s::jsonb, %(decision)s, %(at)s)
"""


def record(
    action: str,
    *,
    target: "Model",
    actor: "Actor",
    at: datetime,
    decision: "Decision | None" = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    cause: str = "",
) -> UUID:
    """Write one row for one action, with its decision; gives its id. A partner's row is written over the wall.

    Both rows go in one trip and past the model layer: every action pays for this.
    """
    from django.db import connection

    from prm.kernel.decisions import jsonable
    from prm.kernel.tenancy.context import deciding, tenant_id

    entry = uuid7()
    values = {
        "id": entry,
        "tenant": tenant_id(),
        "action": action,
        "type": target._meta.label_lower,
        "target": target.pk,
        "name": str(target)[:200],
        "partner": partner_of(target),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "impersonator": actor.impersonator or "",
        "impersonator_id": actor.impersonator_id,
        "request_id": actor.request_id,
        "cause": cause,
        "before": json.dumps(jsonable(before or {})),
        "after": json.dumps(jsonable(after or {})),
        "at": at,
    }
    with deciding(), connection.cursor() as cursor:
        cursor.execute(_RECORD, values | _stored(decision))
    return entry


def _stored(decision: "Decision | None") -> dict[str, Any]:
    """A decision with its facts, checks and reasons, as its row keeps it."""
    if decision is None:
        return dict.fromkeys(("decision", "rule", "outcome", "allowed", "document"))
    return {
        "decision": uuid7(),
        "rule": decision.rule,
        "outcome": decision.outcome,
        "allowed": decision.allowed,
        "document": json.dumps(decision.document()),
    }


def partner_of(target: "Model") -> Any:
    """The partner a row belongs to; None for the vendor's own."""
    if target._meta.label == "partners.Partner":
        return target.pk
    return getattr(target, "partner_id", None)
