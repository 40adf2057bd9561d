"""Links for named contacts: made, taken back, used, and each deal that comes by one confirmed by e-mail."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from dealreg import entry
from dealreg.actions.drafts import save_draft
from dealreg.actions.submission import judge_draft, submit_deal
from dealreg.events import ConfirmationAsked
from dealreg.intake import rules
from dealreg.models import Deal, DealStatus, IntakeConfirmation, IntakeLink, Way
from dealreg.queries.intake import sellers_at, uses_of
from partners import queries as partners
from prm.kernel import audit, events
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.secrets import hash_of
from prm.kernel.reference.models import Program
from prm.kernel.tenancy.context import deciding
from prm.kernel.tenancy.ids import uuid7

CONFIRM_WITHIN = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class IssuedLink:
    """The decision and, when it was made, the link's secret: shown this once and kept nowhere."""

    decision: Decision
    link_id: UUID | None = None
    secret: str = ""


def make_link(
    *,
    partner_id: UUID,
    name: str,
    email: str,
    days: int,
    most_deals: int,
    actor: Actor,
    now: datetime,
    program_id: UUID | None = None,
) -> IssuedLink:
    """Open a way in for one contact of a partner. Raises Partner.DoesNotExist for one out of the caller's sight."""
    partner = partners.visible_partners().get(pk=partner_id)
    contact, address = entry.plain(name)[:200], email.strip().lower()[:254]
    with deciding():
        decision = rules.decide_link(
            {
                "partner_status": partner.status,
                "email_is_valid": _is_address(address),
                "name": contact,
                "days": days,
                "most_deals": most_deals,
            }
        )
        secret = token_urlsafe(32)
        program = Program.objects.get(pk=program_id) if program_id else partners.default_program()
        if program is None:
            raise Program.DoesNotExist("The vendor runs no active program.")
        link = IntakeLink(
            partner_id=partner.pk,
            program=program,
            contact_name=contact,
            contact_email=address,
            member=next((one for one in sellers_at(address) if one.partner_id == partner.pk), None),
            secret_hash=hash_of(secret),
            most_deals=max(0, min(most_deals, rules.MOST_DEALS)),
            made_by=actor.signature,
            expires_at=Now() + timedelta(days=max(0, min(days, rules.LONGEST_DAYS))),
        )
        if decision.allowed:
            link.save()
        audit.record(
            "intake_link.made" if decision.allowed else "intake_link.refused",
            target=link,
            actor=actor,
            at=now,
            decision=decision,
            after={"contact": address, "days": days, "most_deals": most_deals},
        )
    return IssuedLink(decision, link.pk, secret) if decision.allowed else IssuedLink(decision)


def revoke_link(*, link_id: UUID, actor: Actor, now: datetime) -> None:
    """Close a link at once, with every question that it has left open. Raises IntakeLink.DoesNotExist."""
    link = IntakeLink.objects.get(pk=link_id)
    with deciding():
        if IntakeLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=Now()):
            audit.record("intake_link.revoked", target=link, actor=actor, at=now)


def contact_of(link: IntakeLink) -> Actor:
    """Whoever holds the link acts as its contact, for its partner and nobody else."""
    return Actor(
        kind="link",
        id=str(link.pk),
        name=link.contact_name,
        roles=frozenset({"seller"}),
        membership_id=link.member_id,
        partner_id=link.partner_id,
    )


def ask_to_confirm(*, link_id: UUID, fields: Mapping[str, Any], form_key: str, actor: Actor, now: datetime) -> Decision:
    """Keep what came by a link as a draft and ask the contact by e-mail; "asked", or refused with the reasons.

    A refused form leaves nothing behind. The same form twice is one draft and one question.
    """
    with deciding():
        link = IntakeLink.objects.select_for_update().get(pk=link_id)
        key = f"link:{form_key}"
        again = IntakeConfirmation.objects.filter(link=link, deal__import_key=key).exists()
        allowed = rules.decide_use(
            {"is_closed": link.revoked_at is not None, "used": uses_of(link.pk), "most_deals": link.most_deals}
        )
    if again:
        return Decision("intake-use/1", "asked", True)
    if allowed.refused:
        audit.record("intake_link.used_up", target=link, actor=actor, at=now, decision=allowed)
        return allowed
    with transaction.atomic():
        deal = save_draft(
            partner_id=link.partner_id,
            fields=fields,
            actor=actor,
            now=now,
            import_key=key,
            program_id=link.program_id,
            way=Way.LINK,
        )
        judged = judge_draft(deal_id=deal.pk, actor=actor, now=now)
        if judged.refused:
            transaction.set_rollback(True)
            return judged
        _ask(link, deal, actor, now, allowed)
    return allowed


def confirm_deal(*, confirmation_id: UUID, actor: Actor, now: datetime) -> tuple[Decision, UUID]:
    """The contact has said yes: hand the deal in, once. Gives the decision and the deal that now stands for it."""
    with deciding():
        question = IntakeConfirmation.objects.select_for_update().get(pk=confirmation_id)
        if question.confirmed_at is not None:
            return Decision("intake-use/1", "asked", True), question.deal_id
    decision = submit_deal(deal_id=question.deal_id, actor=actor, now=now)
    stands_for = question.deal_id
    if decision.outcome == "already_registered":
        stands_for = UUID(rules.first_of(decision)["id"])
    if decision.allowed or decision.outcome == "already_registered":
        with deciding():
            IntakeConfirmation.objects.filter(pk=question.pk).update(confirmed_at=Now())
    return decision, stands_for


def confirmation_secret(confirmation_id: UUID) -> str:
    """The secret in a confirmation's link, derived from the site's key so that no row, event or log holds it."""
    digest = salted_hmac("dealreg.intake.confirmation", confirmation_id.hex, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def discard_unconfirmed(*, actor: Actor, now: datetime) -> int:
    """Throw away drafts that came by a link and were never confirmed; returns how many. Runs as the vendor."""
    late = IntakeConfirmation.objects.filter(
        confirmed_at=None, expires_at__lt=Now(), deal__status=DealStatus.DRAFT
    ).select_related("deal")
    done = 0
    for question in late.order_by("pk")[:200]:
        deal = Deal.objects.select_for_update().get(pk=question.deal_id)
        if deal.status != DealStatus.DRAFT:
            continue
        deal.withdraw(reason="")
        deal.changed_at = now
        deal.save()
        audit.record("deal.discarded", target=deal, actor=actor, at=now, after={"why": "not confirmed"})
        done += 1
    return done


def _ask(link: IntakeLink, deal: Deal, actor: Actor, now: datetime, allowed: Decision) -> None:
    with deciding():
        question = IntakeConfirmation(id=(fresh := uuid7()), link=link, deal=deal)
        question.secret_hash = hash_of(confirmation_secret(fresh))
        question.expires_at = Now() + CONFIRM_WITHIN
        question.save()
        events.publish(ConfirmationAsked(subject_id=question.pk, partner_id=link.partner_id), at=now)
        audit.record("deal.confirmation_asked", target=deal, actor=actor, at=now, decision=allowed)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
