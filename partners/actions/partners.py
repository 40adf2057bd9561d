"""Organisations: who they are, what they are enrolled in, and whether they may work."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partners import events as happened
from partners import rules
from partners.models import Enrolment, EnrolmentTerritory, Partner, Tier, Watch
from prm.kernel import audit, clock, events
from prm.kernel.decisions import Decision
from prm.kernel.identity.actions import end_membership, revoke_invitation
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.tenancy.context import deciding
from prm.kernel.tenancy.ids import uuid7

EDITABLE = ("name", "legal_name", "kind", "domain", "website", "country", "city", "external_id", "parent_id")


def create_partner(
    *, name: str, actor: Actor, now: datetime, id: UUID | None = None, cam_id: UUID | None = None, **fields: Any
) -> Partner:
    """Add an organisation as a prospect; it becomes active when it is enrolled.

    `fields` are those of EDITABLE. Raises ValidationError for values that no form would let through.
    """
    partner = Partner(id=id or uuid7(), name=name, cam_id=cam_id, created_at=now, **_known(fields))
    partner.full_clean()
    partner.save()
    events.publish(happened.PartnerCreated.of(partner), at=now)
    audit.record("partner.created", target=partner, actor=actor, at=now, after=_values(partner, EDITABLE))
    return partner


def update_partner(*, partner_id: UUID, changes: Mapping[str, Any], actor: Actor, now: datetime) -> Partner:
    """Change what is known about a partner. Without a difference nothing is written."""
    partner = _locked(partner_id)
    names = tuple(_known(changes))
    before = _values(partner, names)
    for name in names:
        setattr(partner, name, changes[name])
    after = _values(partner, names)
    if before == after:
        return partner
    _refuse_ring(partner)
    partner.full_clean()
    partner.save(update_fields=list(names))
    events.publish(happened.PartnerUpdated.of(partner, **_prefixed(before)), at=now)
    audit.record("partner.updated", target=partner, actor=actor, at=now, before=before, after=after)
    return partner


def enrol_partner(
    *,
    partner_id: UUID,
    program_id: UUID,
    tier_id: UUID,
    actor: Actor,
    now: datetime,
    territories: Iterable[UUID] = (),
) -> Enrolment:
    """Enrol a partner in a program, or bring its tier and territories there up to date.

    A prospect becomes active. Raises Tier.DoesNotExist for a tier of another program.
    """
    partner = _locked(partner_id)
    tier = Tier.objects.get(pk=tier_id, program_id=program_id)
    enrolment, created = Enrolment.objects.get_or_create(
        partner=partner,
        program_id=program_id,
        defaults={"tier": tier, "enrolled_on": clock.local_date(now)},
    )
    before = {} if created else _enrolment_values(enrolment)
    if enrolment.status == Enrolment.Status.ENDED:
        enrolment.resume()
        enrolment.ended_on = None
    enrolment.tier = tier
    enrolment.save()
    _cover(enrolment, set(territories))
    if partner.status == Partner.Status.PROSPECT:
        partner.activate()
        partner.save(update_fields=["status"])
    after = _enrolment_values(enrolment)
    if before != after:
        events.publish(happened.PartnerEnrolled.of(partner), at=now)
        audit.record("partner.enrolled", target=partner, actor=actor, at=now, before=before, after=after)
    return enrolment


def change_tier(
    *, partner_id: UUID, program_id: UUID, tier_id: UUID, reason: str, actor: Actor, now: datetime
) -> Decision:
    """Put an enrolled partner in another tier of the program."""
    partner = _locked(partner_id)
    tier = Tier.objects.get(pk=tier_id)
    enrolment = (
        Enrolment.objects.filter(partner=partner, program_id=program_id, status=Enrolment.Status.ACTIVE)
        .select_related("tier")
        .first()
    )
    held = enrolment.tier.code if enrolment else ""
    decision = rules.decide_tier(
        enrolled=enrolment is not None, held=held, wanted=tier.code, same_program=tier.program_id == program_id
    )
    if enrolment and decision.allowed:
        enrolment.tier = tier
        enrolment.save(update_fields=["tier"])
        events.publish(happened.TierChanged.of(partner, **{"partner.tier": held}), at=now)
    audit.record(
        "partner.tier_changed" if decision.allowed else "partner.tier_change_refused",
        target=partner,
        actor=actor,
        at=now,
        decision=decision,
        before={"tier": held},
        after={"tier": tier.code, "reason": reason},
    )
    return decision


def assign_cam(*, partner_id: UUID, cam_id: UUID | None, actor: Actor, now: datetime) -> Decision:
    """Say who looks after a partner; None for nobody."""
    partner = _locked(partner_id)
    member = Membership.objects.filter(pk=cam_id).first() if cam_id else None
    decision = (
        rules.decide_cam(
            roles=member.roles if member else (),
            current_member=member is not None and member.ended_at is None,
            of_vendor=member is not None and member.partner_id is None,
        )
        if cam_id
        else Decision(rule="partner-cam/1", outcome="released", allowed=True)
    )
    before = str(partner.cam) if partner.cam else ""
    if decision.allowed:
        partner.cam = member
        partner.save(update_fields=["cam"])
        events.publish(happened.CamAssigned.of(partner, **{"partner.has_cam": bool(before)}), at=now)
    audit.record(
        "partner.cam_assigned" if decision.allowed else "partner.cam_refused",
        target=partner,
        actor=actor,
        at=now,
        decision=decision,
        before={"cam": before},
        after={"cam": str(member) if member else ""},
    )
    return decision


def suspend_partner(*, partner_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """Pause a partner: its people still read, and the eligibility rules refuse what they submit."""
    return _move(partner_id, "suspended", Partner.suspend, happened.PartnerSuspended, reason, actor, now)


def reactivate_partner(*, partner_id: UUID, actor: Actor, now: datetime, reason: str = "") -> Decision:
    """Let a suspended partner (or a prospect) work again."""
    return _move(partner_id, "active", Partner.activate, happened.PartnerReactivated, reason, actor, now)


def terminate_partner(*, partner_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """End the relationship: enrolments end with it, and its people's access with their keys; its history stays."""
    decision = _move(partner_id, "terminated", Partner.terminate, happened.PartnerTerminated, reason, actor, now)
    if decision.allowed:
        with deciding():
            for enrolment in Enrolment.objects.filter(partner_id=partner_id, status=Enrolment.Status.ACTIVE):
                enrolment.end()
                enrolment.ended_on = clock.local_date(now)
                enrolment.save(update_fields=["status", "ended_on"])
            _let_go(partner_id, actor, now)
    return decision


def _let_go(partner_id: UUID, actor: Actor, now: datetime) -> None:
    """Nobody of a partner that has ended signs in for it any more, by invitation neither."""
    for invitation in Invitation.objects.filter(partner_id=partner_id, accepted_at=None, revoked_at=None):
        revoke_invitation(invitation_id=invitation.pk, actor=actor, now=now)
    for member in Membership.objects.filter(partner_id=partner_id, ended_at=None):
        end_membership(membership_id=member.pk, actor=actor, now=now)


def watch_partner(*, partner_id: UUID, reason: str, actor: Actor, now: datetime) -> Watch:
    """Keep an eye on a partner: deal rules may send what it submits to people. It never learns of it."""
    partner = _locked(partner_id)
    watch, _created = Watch.objects.update_or_create(
        partner=partner, defaults={"reason": reason.strip()[:300], "by": actor.name, "since": now}
    )
    audit.record("partner.watched", target=partner, actor=actor, at=now, after={"reason": watch.reason})
    return watch


def unwatch_partner(*, partner_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take the watch off; False if there was none."""
    partner = _locked(partner_id)
    watch = Watch.objects.filter(partner=partner).first()
    if watch is None:
        return False
    watch.delete()
    audit.record("partner.unwatched", target=partner, actor=actor, at=now, before={"reason": watch.reason})
    return True


def _move(
    partner_id: UUID,
    to: str,
    transition: Any,
    event: type[happened.PartnerEvent],
    reason: str,
    actor: Actor,
    now: datetime,
) -> Decision:
    partner = _locked(partner_id)
    before = partner.status
    decision = rules.decide_move(status=before, to=to, reason=reason)
    if decision.allowed:
        transition(partner)
        partner.save(update_fields=["status"])
        events.publish(event.of(partner, **{"partner.status": before}), at=now)
    audit.record(
        f"partner.{to}" if decision.allowed else f"partner.{to}_refused",
        target=partner,
        actor=actor,
        at=now,
        decision=decision,
        before={"status": before},
        after={"status": partner.status, "reason": reason},
    )
    return decision


def _locked(partner_id: UUID) -> Partner:
    """The partner's row, held until the transaction ends; a foreign id is simply not there."""
    return Partner.objects.select_for_update(of=("self",)).select_related("cam").get(pk=partner_id)


def _cover(enrolment: Enrolment, wanted: set[UUID]) -> None:
    held = set(enrolment.territories.values_list("territory_id", flat=True))
    enrolment.territories.filter(territory_id__in=held - wanted).delete()
    EnrolmentTerritory.objects.bulk_create(
        EnrolmentTerritory(enrolment=enrolment, territory_id=territory) for territory in sorted(wanted - held)
    )


def _enrolment_values(enrolment: Enrolment) -> dict[str, Any]:
    codes = enrolment.territories.order_by("territory__code").values_list("territory__code", flat=True)
    return {
        "program": enrolment.program.code,
        "tier": enrolment.tier.code,
        "status": enrolment.status,
        "territories": list(codes),
    }


def _refuse_ring(partner: Partner) -> None:
    """A distributor may not, by any way round, be its own reseller's reseller."""
    seen, above = {partner.pk}, partner.parent_id
    while above is not None:
        if above in seen:
            raise ValidationError({"parent": _("A distributor can't be below its own reseller.")})
        seen.add(above)
        above = Partner.objects.filter(pk=above).values_list("parent_id", flat=True).first()


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"Not fields of a partner that may be set: {', '.join(sorted(unknown))}")
    return fields


def _values(partner: Partner, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(partner, name) for name in names}


def _prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"partner.{name}": value for name, value in values.items()}
