"""Hand e-mails over to SMTP: claimed as the relay, sent outside any transaction, repeated until taken.

At least once, never silently lost: a mail whose hand-over was cut off is sent again with the same
Message-ID. After MAX_ATTEMPTS it is marked failed, where the message log shows it.
"""

import logging
from smtplib import SMTPException
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation

from prm.kernel.messages.models import Message
from prm.kernel.messages.sending import loop_mark
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 12

_CLAIM = """
WITH picked AS (
  SELECT due.id FROM tenancy_tenant AS t CROSS JOIN LATERAL (
    SELECT m.id FROM prm_messages_message AS m
    WHERE m.tenant_id = t.id AND m.state = 'waiting' AND m.channel = 'email'
      AND m.not_before <= clock_timestamp()
      AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
    ORDER BY m.not_before LIMIT 10 FOR UPDATE OF m SKIP LOCKED
  ) AS due WHERE t.status <> 'suspended' LIMIT %(most)s
)
UPDATE prm_messages_message AS m
SET lease_until = clock_timestamp() + interval '30 seconds', fence = m.fence + 1, attempt = m.attempt + 1,
    not_before = clock_timestamp() + make_interval(secs => least(3600, 5 * power(2, m.attempt))::int)
FROM picked WHERE m.id = picked.id
RETURNING m.id, m.tenant_id, m.fence
"""


def deliver_due(limit: int = 500) -> int:
    """Send what is due; returns how many were handed over."""
    sent = 0
    while sent < limit and (claims := _claim(min(32, limit))):
        done = [_hand_over(*claimed) for claimed in claims]
        sent += sum(done)
        if not any(done):
            break
    return sent


def _claim(most: int) -> list[tuple[UUID, UUID, int]]:
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"most": most})
        return list(cursor.fetchall())


def _hand_over(message_id: UUID, tenant_id: UUID, fence: int) -> bool:
    with acting(tenant=tenant_id, audience="vendor"):
        message = (
            Message.objects.select_related("recipient").filter(pk=message_id, fence=fence, state="waiting").first()
        )
        mail = message and _mail(message, Tenant.objects.get())
    if not message or not mail:
        return False
    try:
        with get_connection() as smtp:
            smtp.send_messages([mail])
    except (OSError, SMTPException) as error:
        _record(tenant_id, message_id, fence, error=str(error), final=message.attempt >= MAX_ATTEMPTS)
        log.warning("mail %s not handed over at attempt %s: %s", message_id, message.attempt, error)
        return False
    _record(tenant_id, message_id, fence)
    return True


def _mail(message: Message, tenant: Tenant) -> EmailMultiAlternatives:
    url = f"{settings.PUBLIC_URL}{message.url}" if message.url.startswith("/") else message.url
    lines = [line for line in message.body.splitlines() if line.strip() not in (url, message.url) or not url]
    context = {"message": message, "tenant": tenant, "url": url, "body": "\n".join(lines).strip()}
    language = message.recipient.language or tenant.language
    with translation.override(language):
        return _worded(message, context)


def _worded(message: Message, context: dict[str, object]) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=render_to_string("messages/email.txt", context),
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_headers(message),
    )
    mail.attach_alternative(render_to_string("messages/email.html", context), "text/html")
    return mail


def _headers(message: Message) -> dict[str, str]:
    """What says that a program wrote it, and to what it is an answer."""
    answers = message.in_reply_to
    return {
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-replied" if answers else "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Loop": loop_mark(cast(UUID, message.tenant_id)),
        **({"In-Reply-To": answers, "References": answers} if answers else {}),
    }


def _record(tenant_id: UUID, message_id: UUID, fence: int, *, error: str = "", final: bool = False) -> None:
    with acting(tenant=tenant_id, audience="vendor"):
        row = Message.objects.filter(pk=message_id, fence=fence, state="waiting")
        if error:
            row.update(state="failed" if final else "waiting", error=error[:300], lease_until=None)
        else:
            row.update(state="sent", sent_at=Now(), error="", lease_until=None)
