"""What follows from deals' own events outside of any workflow: reminders, comments and questions reach people."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from dealreg import actions, queries
from dealreg.actions.links import confirmation_secret
from dealreg.automation import people
from dealreg.events import (
    ConfirmationAsked,
    DealApproved,
    DealCommented,
    DealExpired,
    DealExpiring,
    DealReassigned,
    DealRejected,
    DealShared,
    DealWithdrawn,
    ProtectionEnded,
    VerdictGiven,
)
from dealreg.models import Deal, DealStatus, Dispute, FormerDeal, IntakeConfirmation
from dealreg.models.deals import WAITING
from prm.kernel import messages
from prm.kernel.decisions import jsonable
from prm.kernel.events import Delivered, handler, handler_of_many
from prm.kernel.identity.actors import Actor


@handler_of_many(DealExpiring.name, DealExpired.name, name="dealreg.tell_of_protection")
def on_protection(told: Sequence[Delivered], now: datetime) -> None:
    """Remind who submitted each deal, or say that its protection has ended."""
    queries.read_ahead(event.subject_id for event in told)
    messages.send_all([_of_protection(event) for event in told], at=now)


def _of_protection(event: Delivered) -> messages.Letter:
    template = "deal.expiring" if event.name == DealExpiring.name else "deal.expired"
    return _letter(template, event, people.submitter(event.subject_id), days=event.payload["detail"].get("days"))


@handler("workflows.task.claimed", name="dealreg.start_review")
def on_claim(event: Delivered, now: datetime) -> None:
    """A submitted deal is in review once somebody has taken its question up, whichever workflow asked it."""
    facts = event.facts
    kind, subject = facts.get("task.subject_type"), UUID(str(facts["task.subject"]))
    by = Actor.system(str(facts.get("task.claimed_by", "")))
    if kind == "deal" and Deal.objects.filter(pk=subject, status=DealStatus.SUBMITTED).exists():
        actions.start_review(deal_id=subject, actor=by, now=now)
    if kind == "dispute" and Dispute.objects.filter(pk=subject, status=Dispute.Status.OPEN).exists():
        actions.review_dispute(dispute_id=subject, actor=by, now=now)


@handler_of_many(DealApproved.name, DealRejected.name, DealWithdrawn.name, name="dealreg.who_is_next")
def on_answer(told: Sequence[Delivered], now: datetime) -> None:
    """What waited behind these deals for the same customer need not wait on."""
    answered = {event.subject_id for event in told}
    actions.judge_those_behind(deal_ids=answered, actor=Actor.system("deal registration"), now=now)


@handler(ProtectionEnded.name, name="dealreg.tell_of_the_end")
def on_protection_taken(event: Delivered, now: datetime) -> None:
    _send("deal.protection_ended", event, now, people.submitter(event.subject_id))


@handler(DealShared.name, name="dealreg.tell_of_a_share")
def on_shared(event: Delivered, now: datetime) -> None:
    _send("deal.shared", event, now, people.submitter(event.subject_id), share=event.payload["detail"]["share"])


@handler(DealReassigned.name, name="dealreg.tell_of_a_move")
def on_reassigned(event: Delivered, now: datetime) -> None:
    """The new partner hears what it has; the old one that it is no longer theirs, and nothing of the new one."""
    detail = event.payload["detail"]
    _send("deal.assigned", event, now, people.submitter(event.subject_id), next=_next(str(detail.get("status"))))
    kept = FormerDeal.objects.select_related("partner").get(pk=detail["former"])
    told = [UUID(detail["registered_by"])] if detail["registered_by"] else []
    messages.send(
        template="deal.moved_away",
        to=[*told, *people.admins_of(kept.partner_id)],
        at=now,
        subject_id=kept.deal_id,
        context={
            "deal": {"number": kept.number, "name": kept.name, "customer_name": kept.customer_name},
            "partner": {"name": kept.partner.name},
            "reason": kept.reason,
        },
        cause=f"event:{event.id}",
        url=f"/portal/deals/{kept.deal_id}/",
    )


def _next(status: str) -> str:
    """What comes next for whoever has the deal now."""
    return "question" if status == DealStatus.ACTION_REQUIRED else "answer" if status in WAITING else ""


@handler(DealCommented.name, name="dealreg.tell_of_comment")
def on_comment(event: Delivered, now: datetime) -> None:
    """Tell the other side; what the vendor's people say among themselves stays with the channel manager."""
    detail = event.payload["detail"]
    inside = detail["audience"] == "vendor"
    readers = people.other_side(event.subject_id, by_partner=bool(detail["by_partner"]) or inside)
    to = [reader for reader in readers if str(reader) != detail["author"]]
    _send(
        "deal.commented",
        event,
        now,
        to,
        author=detail["author_name"],
        text=detail["excerpt"],
        console=bool(detail["by_partner"]) or inside,
    )


@handler(ConfirmationAsked.name, name="dealreg.ask_for_confirmation")
def on_confirmation_asked(event: Delivered, now: datetime) -> None:
    """Ask the contact of a link whether the deal is theirs; a question that is closed is not sent any more.

    The way to the answer is worked out here, so that neither the event nor any log holds it. Handed over at
    least once, always with the same Message-ID.
    """
    asked = IntakeConfirmation.objects.select_related("tenant", "link__partner", "deal")
    question = asked.filter(pk=event.subject_id, confirmed_at=None, link__revoked_at=None).first()
    if question is not None:
        confirmation_letter(question).send()


def confirmation_letter(question: IntakeConfirmation) -> EmailMultiAlternatives:
    link = settings.PUBLIC_URL + reverse("dealreg_intake:open_question", args=[confirmation_secret(question.pk)])
    context = {"deal": question.deal, "link": question.link, "vendor": question.tenant.name, "address": link}
    with translation.override(question.tenant.language):
        subject = render_to_string("dealreg/confirmation_subject.txt", context)
        text = render_to_string("dealreg/confirmation.txt", context)
    return EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        to=[question.link.contact_email],
        headers={"Message-ID": f"<confirmation-{question.pk.hex}@prm.invalid>", "Auto-Submitted": "auto-generated"},
    )


@handler(VerdictGiven.name, name="dealreg.settle")
def on_verdict(event: Delivered, now: datetime) -> None:
    """Ten seconds have passed: what a person said takes effect, unless it was undone."""
    actions.take_effect(verdict_id=event.subject_id, now=now)


def _send(template: str, event: Delivered, now: datetime, to: Iterable[UUID], **more: object) -> None:
    messages.send_all([_letter(template, event, to, **more)], at=now)


def _letter(
    template: str, event: Delivered, to: Iterable[UUID], *, console: bool = False, **more: object
) -> messages.Letter:
    deal = queries.as_read(event.subject_id)
    return messages.Letter(
        template=template,
        to=to,
        subject_id=deal.pk,
        context={**queries.message_facts(deal), **{key: jsonable(value) for key, value in more.items()}},
        cause=f"event:{event.id}",
        url=f"/{'console' if console else 'portal'}/deals/{deal.pk}",
    )
