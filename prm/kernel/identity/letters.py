"""Mails about somebody's own account: written down with what causes them, handed over by a task, then forgotten.

They belong to no tenant, and one may carry a link that opens an account. So the text rests encrypted, the web may
add a letter but not read one, and a letter that was handed over is deleted. At least once, always with the same
Message-ID.
"""

import json
import logging
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction

from prm.kernel.encryption import decrypt, encrypt
from prm.kernel.identity.models import Letter
from prm.kernel.tenancy.ids import uuid7

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 12
PURPOSE = "prm.kernel.identity.letters"

_WRITE = """
INSERT INTO identity_letter (id, address, message_id, text, attempt, fence, error)
VALUES (%s, %s, %s, %s, 0, 0, '') ON CONFLICT DO NOTHING
"""
_CLAIM = """
UPDATE identity_letter SET lease_until = clock_timestamp() + interval '30 seconds', fence = fence + 1,
  attempt = attempt + 1,
  not_before = clock_timestamp() + make_interval(secs => least(3600, 5 * power(2, attempt))::int)
WHERE id = (SELECT id FROM identity_letter WHERE not_before <= clock_timestamp() AND attempt < %s
            AND (lease_until IS NULL OR lease_until < clock_timestamp())
            ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def write(mail: EmailMultiAlternatives, *, name: UUID | None = None) -> None:
    """Keep a mail until it has been handed over; a repeat under the same name is the same letter."""
    from prm.celery import nudge

    name = name or uuid7()
    message_id = mail.extra_headers.get("Message-ID") or f"<account-{name.hex}@prm.invalid>"
    html = next((str(content) for content, kind in mail.alternatives if kind == "text/html"), "")
    text = json.dumps({"subject": str(mail.subject), "text": str(mail.body), "html": html})
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [name, mail.to[0], message_id, encrypt(text, PURPOSE)])
    transaction.on_commit(lambda: nudge("prm.kernel.identity.tasks.deliver_letters"), robust=True)


def deliver_due(limit: int = 200) -> int:
    """Send what is due, as the worker's own login; returns how many were handed over."""
    sent = 0
    for _number in range(limit):
        found = _claim()
        if found is None:
            break
        sent += _hand_over(found)
    return sent


def _claim() -> Letter | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [MAX_ATTEMPTS])
        row = cursor.fetchone()
        return Letter.objects.get(pk=row[0]) if row else None


def _hand_over(letter: Letter) -> bool:
    mine = Letter.objects.filter(pk=letter.pk, fence=letter.fence)
    try:
        _mail(letter).send()
    except (OSError, SMTPException) as error:
        log.warning("letter %s not handed over at attempt %s: %s", letter.pk, letter.attempt, error)
        mine.update(error=str(error)[:300], lease_until=None)
        return False
    mine.delete()
    return True


def _mail(letter: Letter) -> EmailMultiAlternatives:
    told: dict[str, Any] = json.loads(decrypt(letter.text, PURPOSE))
    mail = EmailMultiAlternatives(
        subject=told["subject"],
        body=told["text"],
        to=[letter.address],
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
    )
    if told["html"]:
        mail.attach_alternative(told["html"], "text/html")
    return mail
