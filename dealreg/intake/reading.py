"""Reading mailboxes: fetch, take in and commit, and only then mark as read.

Killed between the fetch and the commit, the mail is still unread; killed between the commit and the mark, it is
fetched again and known by its row. Two readers never work on one mailbox: it is leased by the database's clock.
"""

import logging
import time
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from dealreg import actions
from dealreg.actions.mails import NoRoom
from dealreg.intake import imap
from dealreg.intake.letters import read_letter
from dealreg.models import Mailbox
from dealreg.queries.intake import sellers_at
from prm.kernel.encryption import Unreadable, decrypt
from prm.kernel.tenancy.context import acting

log = logging.getLogger(__name__)
PURPOSE = "dealreg.mailbox"
MOST = 100  # mails of one mailbox in a round
BUDGET = 60  # seconds of a round

_LEASE = """
UPDATE dealreg_mailbox AS m SET lease_until = clock_timestamp() + interval '150 seconds'
FROM (
  SELECT b.id FROM dealreg_mailbox AS b JOIN tenancy_tenant AS t ON t.id = b.tenant_id AND t.status <> 'suspended'
  WHERE b.is_active AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())
  ORDER BY b.id FOR UPDATE OF b SKIP LOCKED
) AS due WHERE m.id = due.id RETURNING m.tenant_id, m.id
"""


def read_all() -> int:
    """Read every vendor's mailboxes; returns how many mails were taken in."""
    stop = time.monotonic() + BUDGET
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_LEASE)
        leased = list(cursor.fetchall())
    return sum(read_mailbox(tenant, mailbox, stop) for tenant, mailbox in leased)


def read_mailbox(tenant: UUID, mailbox_id: UUID, stop: float | None = None) -> int:
    """Take in what is unread, mail by mail; what went wrong stands on the mailbox."""
    stop = stop or time.monotonic() + BUDGET
    done, error = 0, ""
    try:
        with imap.opened(**_door(tenant, mailbox_id)) as box:
            for uid in box.unread()[:MOST]:
                if time.monotonic() > stop:
                    break
                raw, size = box.mail(uid)
                if raw and (why := _take(tenant, mailbox_id, raw, size)):
                    error = why  # it stays unread, and is tried again
                    continue
                box.mark_read(uid)
                done += 1
    except (imap.MailboxError, Unreadable) as why:
        error = str(why)
    _note(tenant, mailbox_id, error)
    return done


def _door(tenant: UUID, mailbox_id: UUID) -> dict[str, str | int]:
    with acting(tenant=tenant, audience="vendor"):
        box = Mailbox.objects.get(pk=mailbox_id)
    password = decrypt(box.sealed_password, PURPOSE) if box.sealed_password else ""
    return {"host": box.host, "port": box.port, "user": box.user, "password": password, "folder": box.folder}


def _take(tenant: UUID, mailbox_id: UUID, raw: bytes, size: int) -> str:
    """One mail, one transaction, in its sender's partner's audience; why it was not taken in, empty when it was."""
    try:
        partner = _partner_of(tenant, raw)
        audience = {"audience": "partner", "partners": [partner]} if partner else {"audience": "vendor"}
        with acting(tenant=tenant, **audience) as now:  # type: ignore[arg-type]
            actions.take_mail(mailbox_id=mailbox_id, raw=raw, size=size, now=now)
    except NoRoom as full:
        return str(full)
    except Exception as fault:
        log.exception("a mail of mailbox %s was not taken in", mailbox_id)
        return f"{type(fault).__name__}: {read_letter(raw).message_id}"
    return ""


def _partner_of(tenant: UUID, raw: bytes) -> UUID | None:
    """Whose wall the mail is read behind: the one partner whose people have the sender's address."""
    sender = read_letter(raw).sender
    with acting(tenant=tenant, audience="vendor"):
        partners = {person.partner_id for person in sellers_at(sender)} if sender else set()
    return partners.pop() if len(partners) == 1 else None


def _note(tenant: UUID, mailbox_id: UUID, error: str) -> None:
    with acting(tenant=tenant, audience="vendor"):
        row = Mailbox.objects.filter(pk=mailbox_id)
        if error:
            row.update(error=error[:300], failed_at=Now(), lease_until=None)
        else:
            row.update(error="", read_at=Now(), lease_until=None)
