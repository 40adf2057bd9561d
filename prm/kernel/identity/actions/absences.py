"""When somebody is away, and who stands in: what they are asked goes to that person meanwhile."""

from datetime import date, datetime
from uuid import UUID

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity import rules
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import deciding


def set_absence(
    *,
    membership_id: UUID,
    away_from: date | None,
    away_until: date | None,
    delegate_id: UUID | None,
    actor: Actor,
    now: datetime,
) -> Decision:
    """Say from when until when (both days included; without an end, until further notice) somebody is away.
    People say it of themselves, keepers of people also of others who can't. No days at all end an absence."""
    Membership.objects.get(pk=membership_id, ended_at=None)
    with deciding():
        member = Membership.objects.select_for_update().get(pk=membership_id)
        decision = rules.decide_absence(
            rules.Absence(
                actor_roles=tuple(sorted(actor.roles)),
                actor_is_partner=not actor.is_vendor,
                same_organisation=actor.partner_id == member.partner_id,
                is_self=member.pk == actor.membership_id,
                begins_before_it_ends=away_from is None or away_until is None or away_from <= away_until,
                has_first_day=away_from is not None or away_until is None,
                delegate_fits=delegate_id is None or _may_stand_in(delegate_id, member),
            )
        )
        before = _told(member)
        if decision.allowed:
            member.away_from, member.away_until, member.delegate_id = away_from, away_until, delegate_id
            member.save(update_fields=["away_from", "away_until", "delegate"])
        audit.record(
            "membership.absence_set" if decision.allowed else "membership.absence_refused",
            target=member,
            actor=actor,
            at=now,
            decision=decision,
            before=before,
            after=_told(member),
        )
    return decision


def _may_stand_in(delegate_id: UUID, member: Membership) -> bool:
    here = Membership.objects.filter(pk=delegate_id, partner=member.partner_id, ended_at=None)
    return delegate_id != member.pk and here.exists()


def _told(member: Membership) -> dict[str, object]:
    return {"away_from": member.away_from, "away_until": member.away_until, "delegate": member.delegate_id}
