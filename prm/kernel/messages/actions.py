"""The writers of messages: reading one, and the vendor's own wordings."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from prm.kernel import audit
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.messages.models import Message, MessageTemplate
from prm.kernel.messages.registry import kinds
from prm.kernel.messages.rendering import check
from prm.kernel.messages.samples import sample_of
from prm.kernel.tenancy.context import deciding
from prm.kernel.wording import said as _


def read_messages(*, actor: Actor, ids: list[UUID] | None = None) -> int:
    """Mark one's own messages as read (all of them without `ids`); other people's stay as they are."""
    mine = Message.objects.filter(recipient_id=actor.membership_id, channel="in_app", read_at=None)
    seen = list((mine if ids is None else mine.filter(pk__in=ids)).values_list("pk", flat=True))
    with deciding():
        return Message.objects.filter(pk__in=seen).update(read_at=Now())


def save_template(*, key: str, language: str, subject: str, body: str, actor: Actor, now: datetime) -> Decision:
    """Keep the vendor's own wording; one that can't be rendered is refused with what is wrong in it."""
    problem = check(subject, body, sample_of(kinds[key]))
    if problem:
        text = _("The wording can't be used: %(problem)s") % {"problem": problem}
        return Decision("message-template/1", "refused", False, (Reason("template.unusable", text, "vendor"),))
    template, _made = MessageTemplate.objects.get_or_create(key=key, language=language)
    before = {"subject": template.subject, "body": template.body}
    template.subject, template.body, template.changed_by, template.changed_at = subject, body, actor.name, now
    template.save()
    decision = Decision("message-template/1", "saved", True)
    audit.record(
        "messages.template_saved",
        target=template,
        actor=actor,
        at=now,
        before=before,
        after={"subject": subject, "body": body},
    )
    return decision


def restore_template(*, key: str, language: str, actor: Actor, now: datetime) -> bool:
    """Go back to the shipped wording; False where it is in use already."""
    template = MessageTemplate.objects.filter(key=key, language=language).first()
    if template is None:
        return False
    audit.record(
        "messages.template_restored",
        target=template,
        actor=actor,
        at=now,
        before={"subject": template.subject, "body": template.body},
    )
    template.delete()
    return True
