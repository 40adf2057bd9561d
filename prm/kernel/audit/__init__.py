"""`record()` writes the audit; import it as `from prm.kernel import audit`."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model

    from prm.kernel.audit.models import AuditEntry, DecisionRecord
    from prm.kernel.decisions import Decision
    from prm.kernel.identity.actors import Actor


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
) -> "AuditEntry":
    """Write one row for one action, with its decision. A partner's row is written over the wall."""
    from prm.kernel.audit.models import AuditEntry
    from prm.kernel.decisions import jsonable
    from prm.kernel.tenancy.context import deciding

    with deciding():
        stored = store_decision(decision, target=target, actor=actor, at=at) if decision else None
        return AuditEntry.objects.create(
            action=action,
            target_type=target._meta.label_lower,
            target_id=target.pk,
            target_name=str(target)[:200],
            partner_id=partner_of(target),
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            impersonator=actor.impersonator or "",
            request_id=actor.request_id,
            cause=cause,
            before=jsonable(before or {}),
            after=jsonable(after or {}),
            decision=stored,
            at=at,
        )


def store_decision(decision: "Decision", *, target: "Model", actor: "Actor", at: datetime) -> "DecisionRecord":
    """Keep a decision with its facts, checks and reasons, beside what it was about."""
    from prm.kernel.audit.models import DecisionRecord

    return DecisionRecord.objects.create(
        rule=decision.rule,
        outcome=decision.outcome,
        allowed=decision.allowed,
        document=decision.document(),
        subject_type=target._meta.label_lower,
        subject_id=target.pk,
        partner_id=partner_of(target),
        decided_by=actor.kind,
        at=at,
    )


def partner_of(target: "Model") -> Any:
    """The partner a row belongs to; None for the vendor's own."""
    if target._meta.label == "partners.Partner":
        return target.pk
    return getattr(target, "partner_id", None)
