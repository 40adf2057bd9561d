"""Record messages in the transaction that causes them; a task hands them over afterwards."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from prm.kernel.tenancy.remembering import remembered

if TYPE_CHECKING:
    from prm.kernel.identity.models import Membership
    from prm.kernel.messages.models import Message, MessageTemplate
    from prm.kernel.tenancy.models import Tenant


def send(
    *,
    template: str,
    to: Iterable[UUID],
    context: Mapping[str, object],
    cause: str,
    at: datetime,
    subject_id: UUID | None = None,
    url: str = "",
    channels: tuple[str, ...] = ("email", "in_app"),
    reply_to: str = "",
    in_reply_to: str = "",
) -> "list[Message]":
    """Record one message per recipient and channel; a repeat with the same cause records nothing.

    `reply_to` is where an answer to the mail goes, `in_reply_to` the Message-ID that the mail answers.

    Runs as the vendor (inside `acting` or `deciding`). A wording that can't be rendered falls back to
    the shipped one, so that an edited template never loses a message. Raises KeyError for an unknown
    template: that is a fault of the caller.
    """
    from prm.celery import nudge
    from prm.kernel.identity.models import Membership
    from prm.kernel.messages.models import Message
    from prm.kernel.messages.registry import kinds
    from prm.kernel.reference.queries import vendor

    kind = kinds[template]
    tenant = vendor()
    people = Membership.objects.filter(pk__in=set(to), ended_at=None)
    rows = []
    for person in people:
        subject, body = _worded(kind.key, person, tenant, {**context, "url": _absolute(url)})
        for channel in channels:
            rows.append(
                Message(
                    cause=cause,
                    template=template,
                    recipient=person,
                    partner_id=person.partner_id,
                    channel=channel,
                    address=person.email if channel == "email" else "",
                    subject=subject,
                    body=body,
                    url=url,
                    subject_id=subject_id,
                    at=at,
                    message_id=message_id(tenant.pk, cause, person.pk),
                    reply_to=reply_to,
                    in_reply_to=in_reply_to,
                    state="waiting" if channel == "email" else "sent",
                )
            )
    known = set(
        Message.objects.filter(cause=cause, recipient__in=[p.pk for p in people]).values_list("recipient_id", "channel")
    )
    fresh = [row for row in rows if (row.recipient_id, row.channel) not in known]
    Message.objects.bulk_create(fresh, ignore_conflicts=True)
    if any(row.channel == "email" for row in fresh):
        transaction.on_commit(lambda: nudge("prm.kernel.messages.tasks.deliver"), robust=True)
    return fresh


def message_id(tenant: UUID, cause: str, recipient: UUID) -> str:
    """The same for the same cause and person, so that a receiving side can tell a repeat."""
    digest = sha256(f"{tenant}:{cause}:{recipient}".encode()).hexdigest()[:40]
    return f"<{digest}@prm.invalid>"


def loop_mark(tenant: UUID) -> str:
    """What every mail of a vendor carries as X-Loop: one that comes back is known by it."""
    return f"{sha256(f'loop:{tenant}'.encode()).hexdigest()[:24]}@prm.invalid"


def _worded(key: str, person: "Membership", tenant: "Tenant", context: Mapping[str, object]) -> tuple[str, str]:
    from prm.kernel.messages.registry import kinds
    from prm.kernel.messages.rendering import TemplateProblem, one_line, render

    kind, language = kinds[key], person.language or tenant.language
    zone = person.time_zone or tenant.time_zone
    full = {**context, "recipient": person.name, "vendor": tenant.name}
    own = _own_wording(key, language)
    shipped = (kind.subject.get(language, kind.subject["en"]), kind.body.get(language, kind.body["en"]))
    for subject, body in ([(own.subject, own.body)] if own else []) + [shipped]:
        try:
            return (
                one_line(render(subject, full, language=language, zone=zone)),
                render(body, full, language=language, zone=zone).strip(),
            )
        except TemplateProblem:
            if (subject, body) == shipped:
                raise
    raise AssertionError("the shipped wording is always tried")


@remembered("prm_messages.MessageTemplate")
def _own_wording(key: str, language: str) -> "MessageTemplate | None":
    from prm.kernel.messages.models import MessageTemplate

    return MessageTemplate.objects.filter(key=key, language=language).first()


def _absolute(url: str) -> str:
    from django.conf import settings

    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url
