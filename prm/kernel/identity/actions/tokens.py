"""Keys for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.functions import Now

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity import queries, rules, secrets
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken
from prm.kernel.tenancy.context import deciding


@dataclass(frozen=True, slots=True)
class Issued:
    """The decision and, when issued, the secret: shown once and kept nowhere."""

    decision: Decision
    secret: str = ""
    token_id: UUID | None = None


def issue_token(
    *, name: str, roles: Sequence[str], partner_id: UUID | None, days: int | None, actor: Actor, now: datetime
) -> Issued:
    """Make a key with `roles` for the vendor or one partner; it lapses after `days`, if given."""
    with deciding():
        grant = queries.grant(actor=actor, partner_id=partner_id, roles=roles)
        decision = rules.decide_token(grant)
        secret = secrets.new_token()
        token = ApiToken(
            partner_id=partner_id,
            membership_id=actor.membership_id,
            name=name.strip(),
            roles=list(roles),
            secret_hash=secrets.hash_of(secret),
            prefix=secret[:10],
            created_by=actor.name,
            expires_at=Now() + timedelta(days=days) if days else None,
        )
        if decision.allowed:
            token.save()
        audit.record(
            "token.issued" if decision.allowed else "token.refused",
            target=token,
            actor=actor,
            at=now,
            decision=decision,
            after={"roles": list(roles), "days": days},
        )
    return Issued(decision, secret, token.pk) if decision.allowed else Issued(decision)


def revoke_token(*, token_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Stop a key at once."""
    token = ApiToken.objects.get(pk=token_id)
    with deciding():
        grant = queries.grant(actor=actor, partner_id=token.partner_id, roles=token.roles)
        decision = rules.decide_token(grant)
        if decision.allowed:
            ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now())
        audit.record(
            "token.revoked" if decision.allowed else "token.revocation_refused",
            target=token,
            actor=actor,
            at=now,
            decision=decision,
        )
    return decision
