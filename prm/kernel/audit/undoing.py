"""Taking back what one person has just done to many rows: what it was is read from the audit itself."""

from datetime import datetime, timedelta
from uuid import UUID

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import deciding

LASTS = timedelta(minutes=1)  # a page offers it for ten seconds; the rest is for a slow line


def cause_of(batch: UUID) -> str:
    """What the entries of one stroke over many rows say as their cause."""
    return f"many:{batch}"


def just_done(action: str, batch: UUID, actor: Actor, now: datetime) -> list[AuditEntry]:
    """What this actor did in one stroke within the last minute, the oldest first; nothing of anybody else's."""
    with deciding():
        entries = AuditEntry.objects.filter(
            action=action, at__gte=now - LASTS, cause=cause_of(batch), actor_id=actor.id, actor_kind=actor.kind
        )
        return list(entries.order_by("at", "id"))
