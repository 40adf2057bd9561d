"""Mails to the program's address: each becomes a registration, a draft and a question, or a row for a person."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from secrets import token_hex
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from dealreg import queries
from dealreg.actions.drafts import save_draft
from dealreg.actions.submission import submit_deal
from dealreg.actions.talk import add_comment, attach_file
from dealreg.entry import country_name
from dealreg.intake import lines, rules
from dealreg.intake.letters import Letter, read_letter
from dealreg.intake.proof import proof_of
from dealreg.models import Deal, DealStatus, InboundMail, Mailbox, Way
from dealreg.queries.intake import ANSWERS, answers_within_the_hour, sellers_at
from partners import queries as partners
from prm.kernel import audit, messages
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from prm.kernel.messages.sending import loop_mark
from prm.kernel.reference.queries import vendor
from prm.kernel.tenancy.context import deciding, tenant_id
from prm.kernel.tenancy.lines import stand_in_line

State = InboundMail.State
SELLERS = frozenset({"seller", "partner_admin"})
KNOWN = Decision("intake-mail/1", "known", True)
_STATES = {"submitted": State.TAKEN, "already_registered": State.REPEATED, "noted": State.NOTED}
_TEMPLATES = {State.TAKEN: "intake.registered", State.REPEATED: "intake.already", State.DRAFT: "intake.incomplete"}
READER = Actor.system("mailbox")


class NoRoom(Exception):
    """The vendor's room for files is full: the mail stays unread where it is."""


def take_mail(*, mailbox_id: UUID, raw: bytes, size: int, now: datetime) -> Decision:
    """Take one mail in, once. Called in the sender's partner's audience, or as the vendor where there is none.

    The row that says that it was read, the draft, its files and the answer commit together. Raises NoRoom.
    """
    letter = read_letter(raw)
    with deciding():
        mailbox = Mailbox.objects.get(pk=mailbox_id)
        people = sellers_at(letter.sender) if letter.sender else []
        facts = _facts(mailbox, letter, size, people)
        decision = rules.decide_letter(facts)
        mail = _claim(mailbox, letter, decision, size, now)
        if mail is None:
            return KNOWN
        if decision.refused:
            _keep_raw(mail, raw)
        audit.record(f"mail.{decision.outcome}", target=mail, actor=READER, at=now, decision=decision)
    if decision.allowed:
        with translation.override(people[0].language or vendor().language):
            return _from_partner(mail, mailbox, letter, people[0], now, answer=rules.may_answer(facts))
    return decision


def assign_mail(*, mail_id: UUID, partner_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Say whose mail this is: it becomes a draft of that partner, who alone can hand it in. Runs as the vendor."""
    mail = InboundMail.objects.select_for_update().select_related("mailbox").get(pk=mail_id)
    partner = partners.visible_partners().get(pk=partner_id)
    if mail.state not in (State.UNMATCHED, State.AUTOMATIC):
        return _handled_by_another(mail)
    letter = read_letter(_raw_of(mail))
    deal = save_draft(
        partner_id=partner.pk,
        fields=lines.read_lines(letter.text),
        actor=actor,
        now=now,
        import_key=_key_of(mail),
        program_id=mail.mailbox.program_id,
        way=Way.EMAIL,
    )
    _attach(deal.pk, letter, actor, now)
    decision = Decision("intake-assignment/1", "assigned", True)
    _settle(mail, State.ASSIGNED, actor, now, partner_id=partner.pk, deal_id=deal.pk)
    messages.send(
        template="intake.assigned",
        to=[person.pk for person in partners.people_of(partner.pk, *SELLERS)],
        context={"number": deal.number, "sender": mail.sender, "subject": mail.subject},
        cause=f"mail:{mail.pk}:assigned",
        at=now,
        subject_id=deal.pk,
        url=f"/portal/deals/{deal.pk}/edit/",
    )
    return decision


def dismiss_mail(*, mail_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Set a mail aside that is nobody's deal; its row stays, its text and files go. Runs as the vendor."""
    mail = InboundMail.objects.select_for_update().get(pk=mail_id)
    if mail.state not in (State.UNMATCHED, State.AUTOMATIC):
        return _handled_by_another(mail)
    _settle(mail, State.DISMISSED, actor, now)
    return Decision("intake-assignment/1", "dismissed", True)


# --- a known sender's mail ----------------------------------------------------------------------


def _from_partner(
    mail: InboundMail, mailbox: Mailbox, letter: Letter, person: Membership, now: datetime, *, answer: bool
) -> Decision:
    actor = _actor_of(person)
    begun = _answered(letter, person)
    if begun is not None and begun.status != DealStatus.DRAFT:
        decision, deal = _noted(begun, letter, actor, now), begun
    else:
        deal = save_draft(
            partner_id=actor.partner_id,  # type: ignore[arg-type]
            fields=_fields(letter, reply=begun is not None),
            actor=actor,
            now=now,
            deal_id=begun.pk if begun else None,
            import_key=_key_of(mail),
            program_id=mailbox.program_id,
            way=Way.EMAIL,
        )
        decision = submit_deal(deal_id=deal.pk, actor=actor, now=now)
    deal_id = deal.pk
    if decision.outcome == "already_registered":
        deal_id = UUID(rules.first_of(decision)["id"])
    refused = _attach(deal_id, letter, actor, now)
    with deciding():
        mail.state = _STATES.get(decision.outcome, State.DRAFT)
        mail.deal_id, mail.partner_id = deal_id, person.partner_id
        mail.reasons = [[reason.key, reason.text] for reason in (*decision.reasons, *refused)]
        mail.answered = answer and _answer(mail, mailbox, person, decision, refused, now)
        mail.save()
    return decision


def _fields(letter: Letter, *, reply: bool) -> dict[str, object]:
    """What the mail says, and what the partner's own deals know of the customer's domain beside it."""
    fields: dict[str, object] = dict(lines.read_lines(letter.text, quoted=reply))
    known = queries.own_customer(str(fields.get("customer_domain", "")))
    if known is not None:
        for name, value in (
            ("customer_name", known.name),
            ("customer_country", known.country),
            ("customer_city", known.city),
        ):
            fields.setdefault(name, value)
    return fields


def _noted(deal: Deal, letter: Letter, actor: Actor, now: datetime) -> Decision:
    """An answer to something that was handed in meanwhile is said on the deal."""
    body = letter.text.partition("\n>")[0].strip()[:3_500] or letter.subject or "…"
    done = add_comment(deal_id=deal.pk, body=body, audience="partner", actor=actor, now=now)
    return Decision("intake-mail/1", "noted", True) if done.allowed else done


def _answered(letter: Letter, person: Membership) -> Deal | None:
    """The partner's own deal that the mail goes on with: it answers a question of ours about it."""
    if not letter.answers_to or person.partner_id is None:
        return None
    with deciding():
        asked = Message.objects.filter(
            message_id__in=letter.answers_to, template__in=ANSWERS, partner_id=person.partner_id
        )
        subject = asked.order_by("-recorded_at").values_list("subject_id", flat=True).first()
    return Deal.objects.filter(pk=subject, partner_id=person.partner_id).first() if subject else None


def _attach(deal_id: UUID, letter: Letter, actor: Actor, now: datetime) -> list[Reason]:
    """Keep the mail's files on the deal by the rules of all files; gives why some were not taken."""
    refused = []
    for name, content in letter.files:
        done = attach_file(deal_id=deal_id, name=name, content=content, audience="partner", actor=actor, now=now)
        refused += [Reason(reason.key, f"{name}: {reason.text}") for reason in done.reasons]
    return refused


def _answer(
    mail: InboundMail,
    mailbox: Mailbox,
    person: Membership,
    decision: Decision,
    refused: list[Reason],
    now: datetime,
) -> bool:
    """Tell the sender what came of the mail; what is missing is asked for in lines to fill in."""
    template = _TEMPLATES.get(State(mail.state))
    if template is None or mail.deal_id is None:
        return False
    deal = Deal.objects.get(pk=mail.deal_id)
    told = decision.for_partner().reasons
    messages.send(
        template=template,
        to=[person.pk],
        context={
            "number": deal.number,
            "customer": deal.customer_name or mail.subject,
            "answer_by": deal.answer_due_at or "",
            "missing": _sentences(told),
            "lines": lines.template(_known(deal), [reason.key for reason in told]),
            "files": _sentences(refused),
        },
        cause=f"mail:{mail.pk}",
        at=now,
        subject_id=deal.pk,
        url=f"/portal/deals/{deal.pk}/",
        channels=("email",),
        reply_to=mailbox.address,
        in_reply_to=mail.message_id if mail.message_id.isascii() else "",
    )
    return True


def _known(deal: Deal) -> dict[str, object]:
    held = {name: getattr(deal, name, "") for name in lines.ASKED if name != "product_lines"}
    names = deal.lines.order_by("product_line__name").values_list("product_line__name", flat=True)
    return held | {"customer_country": country_name(deal.customer_country), "product_lines": list(names)}


def _sentences(reasons: Iterable[Reason]) -> str:
    """One line for each, with the field's name before it."""
    told = []
    for reason in reasons:
        label = lines.ASKED.get(reason.key.partition(".")[0], "")
        # without a colon, so that it is not read as an answer when it comes back quoted
        told.append(f"- {label} – {reason.text}" if label else f"- {reason.text}")
    return "\n".join(told)


def _actor_of(person: Membership) -> Actor:
    return Actor(
        kind="person",
        id=str(person.person_id),
        name=str(person),
        roles=frozenset(person.roles),
        membership_id=person.pk,
        partner_id=person.partner_id,
    )


# --- the row of a mail --------------------------------------------------------------------------


def _facts(mailbox: Mailbox, letter: Letter, size: int, people: list[Membership]) -> dict[str, object]:
    proven, proof = proof_of(letter.results, mailbox.checked_by, letter.sender)
    ours = {address.lower() for address in Mailbox.objects.values_list("address", flat=True)}
    ours.add(parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower())
    return {
        "sender": letter.sender,
        "is_own": letter.sender in ours,
        "is_looped": loop_mark(tenant_id()) in letter.loops,
        "auto_submitted": letter.auto_submitted,
        "precedence": letter.precedence,
        "is_bounce": letter.is_bounce,
        "is_too_big": size > letter.size,
        "is_proven": proven,
        "proof": proof,
        "partners": len(people),
        "may_sell": len(people) == 1 and not SELLERS.isdisjoint(people[0].roles),
        "answers_within_the_hour": answers_within_the_hour(letter.sender) if people else 0,
    }


def _claim(mailbox: Mailbox, letter: Letter, decision: Decision, size: int, now: datetime) -> InboundMail | None:
    """The mail's row, or None where it was read before; who reads it at the same moment waits here."""
    mail = InboundMail(
        mailbox=mailbox,
        message_id=letter.message_id,
        sender=letter.sender,
        sender_name=letter.sender_name,
        is_trusted=bool(decision.facts["is_proven"]),
        subject=letter.subject,
        excerpt=letter.text[:2_000],
        state=_FIRST[decision.outcome],
        reasons=[[reason.key, reason.text] for reason in decision.reasons],
        at=now,
    )
    InboundMail.objects.bulk_create([mail], ignore_conflicts=True)
    return mail if InboundMail.objects.filter(pk=mail.pk).exists() else None


_FIRST = {"deal": State.DRAFT, "automatic": State.AUTOMATIC, "unmatched": State.UNMATCHED}


def _keep_raw(mail: InboundMail, raw: bytes) -> None:
    """The whole mail, for whoever finds out whose it is."""
    stand_in_line("dealreg.files")
    if not queries.has_room_for(len(raw), queries.policy()):
        raise NoRoom(_("There is no room left for files: raise the limit or remove some."))
    stored = default_storage.save(f"{tenant_id()}/mails/{mail.pk}/{token_hex(16)}", ContentFile(raw))
    mail.stored_name, mail.size = str(stored), len(raw)
    mail.save(update_fields=["stored_name", "size"])


def _raw_of(mail: InboundMail) -> bytes:
    with default_storage.open(mail.stored_name) as stored:
        content: bytes = stored.read()
        return content


def _settle(mail: InboundMail, state: str, actor: Actor, now: datetime, **changes: UUID) -> None:
    stored, before = mail.stored_name, str(mail.state)
    for name, value in changes.items():
        setattr(mail, name, value)
    mail.state, mail.handled_by, mail.stored_name, mail.size = state, actor.name, "", 0
    mail.save()
    audit.record(
        f"mail.{state}", target=mail, actor=actor, at=now, before={"state": before}, after={"state": state, **changes}
    )
    if stored:
        transaction.on_commit(lambda: default_storage.delete(stored), robust=True)


def _handled_by_another(mail: InboundMail) -> Decision:
    text = _("%(who)s has dealt with it already.") % {"who": mail.handled_by or _("Somebody")}
    return Decision("intake-assignment/1", "refused", False, (Reason("mail.already_decided", text, "vendor"),))


def _key_of(mail: InboundMail) -> str:
    return f"mail:{sha256(f'{mail.mailbox_id}:{mail.pk}'.encode()).hexdigest()[:48]}"
