"""Bringing people in: an invitation, its withdrawal, its acceptance."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from prm.kernel import audit, events
from prm.kernel.decisions import Decision
from prm.kernel.identity import queries, rules, secrets
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.events import PersonInvited, PersonJoined
from prm.kernel.identity.models import Invitation, Membership, Person
from prm.kernel.tenancy.context import acting, deciding
from prm.kernel.tenancy.ids import uuid7

VALID_FOR = timedelta(days=7)


def invite_person(
    *, email: str, name: str, roles: Sequence[str], partner_id: UUID | None, actor: Actor, now: datetime
) -> Decision:
    """Invite somebody to the vendor (no partner) or to a partner. An open invitation is replaced."""
    email = email.strip().lower()
    organisation = queries.organisation_name(partner_id)
    with deciding():
        grant = queries.grant(actor=actor, partner_id=partner_id, roles=roles, email=email)
        decision = rules.decide_invitation(grant)
        invitation = Invitation(
            id=(fresh := uuid7()),
            partner_id=partner_id,
            organisation=organisation,
            email=email,
            name=name.strip(),
            roles=list(roles),
            invited_by_id=actor.membership_id,
            invited_by_name=actor.signature,
            secret_hash=secrets.hash_of(secrets.invitation_secret(fresh)),
            expires_at=Now() + VALID_FOR,
        )
        if decision.allowed:
            _open(email, partner_id).update(revoked_at=Now())
            invitation.save()
            events.publish(PersonInvited(subject_id=invitation.pk, partner_id=partner_id), at=now)
        audit.record(
            "person.invited" if decision.allowed else "person.invitation_refused",
            target=invitation,
            actor=actor,
            at=now,
            decision=decision,
            after={"roles": list(roles)},
        )
    return decision


def revoke_invitation(*, invitation_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take an open invitation back; its link stops working at once."""
    invitation = Invitation.objects.get(pk=invitation_id)
    with deciding():
        grant = queries.grant(actor=actor, partner_id=invitation.partner_id, roles=invitation.roles)
        decision = rules.decide_withdrawal(grant, is_open=invitation.is_open)
        if decision.allowed:
            Invitation.objects.filter(pk=invitation.pk).update(revoked_at=Now())
        audit.record(
            "invitation.revoked" if decision.allowed else "invitation.revocation_refused",
            target=invitation,
            actor=actor,
            at=now,
            decision=decision,
        )
    return decision


def accept_invitation(*, secret: str, person: Person | None, name: str = "", password: str = "") -> Membership | None:
    """Join. With no `person` one is made, with the invitation's address. None if the link works no more.

    Runs on the identity plane: who accepts is in no tenant yet. The person, the membership and the end
    of the invitation commit together; a second click finds the invitation closed.
    """
    with transaction.atomic():
        invitation = queries.open_invitation(secret, lock=True)
        if invitation is None or (person is not None and person.email != invitation.email):
            return None
        person = person or Person.objects.create_user(invitation.email, password, name=name.strip())
        with acting(tenant=invitation.tenant_id, audience="vendor") as now:
            return _join(invitation, person, now)


def _join(invitation: Invitation, person: Person, now: datetime) -> Membership:
    actor = Actor(kind="person", id=str(person.pk), name=person.name or person.email, partner_id=invitation.partner_id)
    membership = Membership.objects.create(
        person_id=person.pk,
        partner_id=invitation.partner_id,
        name=person.name or invitation.name,
        email=person.email,
        roles=invitation.roles,
    )
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=Now())
    events.publish(
        PersonJoined(
            subject_id=membership.pk,
            partner_id=membership.partner_id,
            facts={"roles": membership.roles, "email": membership.email},
        ),
        at=now,
    )
    audit.record(
        "invitation.accepted",
        target=membership,
        actor=actor,
        at=now,
        cause=str(invitation.pk),
        after={"roles": membership.roles},
    )
    return membership


def _open(email: str, partner_id: UUID | None) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email=email, partner=partner_id, accepted_at=None, revoked_at=None)
