"""What a member may do, and their leaving. Both take effect with the person's next request."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from prm.kernel import audit, events
from prm.kernel.audit.undoing import cause_of, just_done
from prm.kernel.decisions import Decision
from prm.kernel.identity import queries, rules, sessions
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.events import MembershipEnded, RolesChanged
from prm.kernel.identity.models import ApiToken, Membership
from prm.kernel.tenancy.context import deciding

MAKERS_OF_KEYS = frozenset({"admin", "partner_admin"})


def change_roles(
    *, membership_id: UUID, roles: Sequence[str], actor: Actor, now: datetime, batch: UUID | None = None
) -> Decision:
    """Give a member other roles, as one of a `batch` of members. A refusal is returned and audited, not raised."""
    Membership.objects.get(pk=membership_id, ended_at=None)
    with deciding():
        queries.lock_admins()
        member = Membership.objects.select_for_update().get(pk=membership_id)
        before, after = list(member.roles), list(roles)
        grant = queries.grant(actor=actor, partner_id=member.partner_id, roles=after, member=member)
        decision = rules.decide_role_change(grant)
        if decision.allowed:
            member.roles = after
            member.save(update_fields=["roles"])
            if not MAKERS_OF_KEYS.intersection(after):
                _revoke_keys(member)
            events.publish(
                RolesChanged(
                    subject_id=member.pk, partner_id=member.partner_id, facts={"roles": after}, before={"roles": before}
                ),
                at=now,
            )
        audit.record(
            "membership.roles_changed" if decision.allowed else "membership.role_change_refused",
            target=member,
            actor=actor,
            at=now,
            decision=decision,
            before={"roles": before},
            after={"roles": after},
            cause=cause_of(batch) if batch else "",
        )
    return decision


def undo_roles(*, batch: UUID, actor: Actor, now: datetime) -> int:
    """Give back the roles that the actor has just changed in one stroke; returns how many members have them again.

    Whose roles somebody else has changed since keeps those; keys that ended with a role stay ended.
    """
    done = 0
    for entry in just_done("membership.roles_changed", batch, actor, now):
        member = Membership.objects.filter(pk=entry.target_id, ended_at=None, roles=entry.after["roles"]).first()
        if member is not None:
            before = entry.before["roles"]
            done += change_roles(membership_id=member.pk, roles=before, actor=actor, now=now).allowed
    return done


def end_membership(*, membership_id: UUID, actor: Actor, now: datetime) -> Decision:
    """End a membership with its tokens, and the sessions of somebody who has no other organisation."""
    Membership.objects.get(pk=membership_id, ended_at=None)
    with deciding():
        queries.lock_admins()
        member = Membership.objects.select_for_update().get(pk=membership_id)
        grant = queries.grant(actor=actor, partner_id=member.partner_id, roles=(), member=member)
        decision = rules.decide_end(grant)
        if decision.allowed:
            _end(member, now)
        audit.record(
            "membership.ended" if decision.allowed else "membership.end_refused",
            target=member,
            actor=actor,
            at=now,
            decision=decision,
        )
    return decision


def _end(member: Membership, now: datetime) -> None:
    member.ended_at = now
    member.save(update_fields=["ended_at"])
    _revoke_keys(member)
    events.publish(
        MembershipEnded(
            subject_id=member.pk, partner_id=member.partner_id, facts={"roles": member.roles, "email": member.email}
        ),
        at=now,
    )
    person_id = member.person_id
    transaction.on_commit(lambda: sessions.end_if_homeless(person_id), robust=True)


def _revoke_keys(member: Membership) -> None:
    """The keys that somebody made end when they could make them no more."""
    ApiToken.objects.filter(membership=member, revoked_at=None).update(revoked_at=Now())
