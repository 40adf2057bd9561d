"""Keeps the security history from what allauth tells, and each new person's address as proven."""

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.usersessions import signals as usersessions
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save
from django.dispatch import Signal

from prm.kernel import audit
from prm.kernel.identity import sign_in
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership, Person
from prm.kernel.tenancy.context import acting

# What happened, and what it is called in the history.
KINDS: dict[Signal, str] = {
    account.user_logged_in: "login",
    user_logged_out: "logout",
    account.password_set: "password.set",
    account.password_changed: "password.changed",
    account.password_reset: "password.reset",
    account.email_added: "email.added",
    account.email_changed: "email.changed",
    account.email_removed: "email.removed",
    mfa.authenticator_added: "factor.added",
    mfa.authenticator_removed: "factor.removed",
    mfa.authenticator_reset: "factor.reset",
    mfa.authentication_failed: "factor.failed",
}


def connect() -> None:
    for signal, kind in KINDS.items():
        signal.connect(_note, dispatch_uid=kind)
    account.email_changed.connect(_memberships_follow, dispatch_uid="memberships.email")
    usersessions.session_client_changed.connect(_client_changed, dispatch_uid="session.moved")
    post_save.connect(_address_is_proven, sender=Person, dispatch_uid="person.address")


def _note(signal: Signal, request: Any = None, user: Person | None = None, **details: Any) -> None:
    if user is None:
        return
    factor = details.get("authenticator")
    sign_in.note(request, KINDS[signal], user, **({"type": factor.type} if factor else {}))


def _client_changed(request: Any, from_session: Any, to_session: Any, **details: Any) -> None:
    sign_in.note(request, "session.moved", to_session.user, was=from_session.ip, now=to_session.ip)


def _memberships_follow(user: Person, from_email_address: Any, to_email_address: Any, **details: Any) -> None:
    """Organisations that know the person under the old address write to the new one, and have it on record."""
    before, after = getattr(from_email_address, "email", ""), to_email_address.email
    for found in Membership.objects.filter(person=user, email__iexact=before, ended_at=None):
        with acting(tenant=found.tenant_id, audience="vendor") as now:
            member = Membership.objects.get(pk=found.pk)
            member.email = after
            member.save(update_fields=["email"])
            actor = Actor(
                kind="person", id=str(user.pk), name=str(member), membership_id=member.pk, partner_id=member.partner_id
            )
            audit.record(
                "membership.email_changed",
                target=member,
                actor=actor,
                at=now,
                before={"email": before},
                after={"email": after},
            )


def _address_is_proven(instance: Person, created: bool, using: str, **details: Any) -> None:
    """Whoever is made here was invited by mail, or by an operator who vouches for the address."""
    if created:
        EmailAddress.objects.using(using).create(user=instance, email=instance.email, verified=True, primary=True)
