"""Record messages in the transaction that causes them; a task hands them over afterwards."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction

from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.remembering import forget, remembered

if TYPE_CHECKING:
    from prm.kernel.identity.models import Membership
    from prm.kernel.messages.models import Message, MessageTemplate
    from prm.kernel.tenancy.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be told to whom, for one cause; not worded yet.

    `reply_to` is where an answer to the mail goes, `in_reply_to` the Message-ID that the mail answers.
    """

    template: str
    to: Iterable[UUID]
    context: Mapping[str, object]
    cause: str
    subject_id: UUID | None = None
    url: str = ""
    channels: tuple[str, ...] = ("email", "in_app")
    reply_to: str = ""
    in_reply_to: str = ""


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

    Runs as the vendor (inside `acting` or `deciding`). A wording that can't be rendered falls back to
    the shipped one, so that an edited template never loses a message. Raises KeyError for an unknown
    template: that is a fault of the caller.
    """
    letter = Letter(
        template=template, to=to, context=context, cause=cause, subject_id=subject_id, url=url, channels=channels,
        reply_to=reply_to, in_reply_to=in_reply_to,
    )  # fmt: skip
    return send_all([letter], at=at)


def send_all(letters: Sequence[Letter], *, at: datetime) -> "list[Message]":
    """The same for many letters: people are looked up once, and all that is new is recorded in one statement."""
    from prm.celery import nudge
    from prm.kernel.identity.queries import current_members
    from prm.kernel.reference.queries import vendor

    tenant = vendor()
    named = [tuple(dict.fromkeys(letter.to)) for letter in letters]
    people = current_members(pk for to in named for pk in to)
    rows = [
        row
        for letter, to in zip(letters, named, strict=True)
        for row in _messages(letter, [people[pk] for pk in to if pk in people], tenant, at)
    ]
    fresh = _recorded(rows)
    if any(row.channel == "email" for row in fresh):
        transaction.on_commit(lambda: nudge("prm.kernel.messages.tasks.deliver"), robust=True)
    return fresh


def _messages(letter: Letter, people: "Iterable[Membership]", tenant: "Tenant", at: datetime) -> "list[Message]":
    from prm.kernel.messages.models import Message

    rows = []
    texts = _Texts(letter, tenant)
    for person in people:
        subject, body = texts.of(person)
        for channel in letter.channels:
            rows.append(
                Message(
                    cause=letter.cause,
                    template=letter.template,
                    recipient_id=person.pk,
                    partner_id=person.partner_id,
                    channel=channel,
                    address=person.email if channel == "email" else "",
                    subject=subject,
                    body=body,
                    url=letter.url,
                    subject_id=letter.subject_id,
                    at=at,
                    message_id=message_id(tenant.pk, letter.cause, person.pk),
                    reply_to=letter.reply_to,
                    in_reply_to=letter.in_reply_to,
                    state="waiting" if channel == "email" else "sent",
                )
            )
    return rows


_RECORD = """
INSERT INTO prm_messages_message
  (tenant_id, attempt, fence, error, id, cause, template, recipient_id, partner_id, channel, address, subject, body,
   url, subject_id, at, message_id, reply_to, in_reply_to, state)
SELECT %(tenant)s, 0, 0, '', r.*
FROM json_to_recordset(%(rows)s::json) AS r(
  id uuid, cause text, template text, recipient_id uuid, partner_id uuid, channel text, address text, subject text,
  body text, url text, subject_id uuid, at timestamptz, message_id text, reply_to text, in_reply_to text, state text)
ON CONFLICT (tenant_id, cause, recipient_id, channel) DO NOTHING RETURNING id
"""
_COLUMNS = (
    "id", "cause", "template", "recipient_id", "partner_id", "channel", "address", "subject", "body", "url",
    "subject_id", "at", "message_id", "reply_to", "in_reply_to", "state",
)  # fmt: skip


def _recorded(rows: "Sequence[Message]") -> "list[Message]":
    """Write them past the model layer, since every mail pays for this; gives those that are new."""
    if not rows:
        return []
    values = [{name: _plain(getattr(row, name)) for name in _COLUMNS} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {"tenant": tenant_id(), "rows": json.dumps(values)})
        new = {found for (found,) in cursor.fetchall()}
    forget("prm_messages.message")
    return [row for row in rows if row.pk in new]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)


def message_id(tenant: UUID, cause: str, recipient: UUID) -> str:
    """The same for the same cause and person, so that a receiving side can tell a repeat."""
    digest = sha256(f"{tenant}:{cause}:{recipient}".encode()).hexdigest()[:40]
    return f"<{digest}@prm.invalid>"


def loop_mark(tenant: UUID) -> str:
    """What every mail of a vendor carries as X-Loop: one that comes back is known by it."""
    return f"{sha256(f'loop:{tenant}'.encode()).hexdigest()[:24]}@prm.invalid"


class _Texts:
    """One letter as each of its readers gets it. What readers of a language and zone share is made once."""

    def __init__(self, letter: Letter, tenant: "Tenant") -> None:
        from prm.kernel.messages.registry import kinds

        self.letter, self.tenant, self.kind = letter, tenant, kinds[letter.template]
        self.plain: dict[tuple[str, str], dict[str, object]] = {}

    def of(self, person: "Membership") -> tuple[str, str]:
        """Subject and body."""
        from prm.kernel.messages.rendering import TemplateProblem, filled, one_line

        kind, language = self.kind, person.language or self.tenant.language
        words = self._words(language, person.time_zone or self.tenant.time_zone) | {"recipient": person.name}
        own = _own_wording(kind.key, language)
        shipped = (kind.subject.get(language, kind.subject["en"]), kind.body.get(language, kind.body["en"]))
        for subject, body in ([(own.subject, own.body)] if own else []) + [shipped]:
            try:
                return one_line(filled(subject, words)), filled(body, words).strip()
            except TemplateProblem:
                if (subject, body) == shipped:
                    raise
        raise AssertionError("the shipped wording is always tried")

    def _words(self, language: str, zone: str) -> dict[str, object]:
        from prm.kernel.messages.rendering import plain_words

        if (language, zone) not in self.plain:
            context = {**self.letter.context, "url": _absolute(self.letter.url), "vendor": self.tenant.name}
            self.plain[language, zone] = plain_words(context, language=language, zone=zone)
        return self.plain[language, zone]


@remembered("prm_messages.MessageTemplate")
def _own_wording(key: str, language: str) -> "MessageTemplate | None":
    from prm.kernel.messages.models import MessageTemplate

    return MessageTemplate.objects.filter(key=key, language=language).first()


def _absolute(url: str) -> str:
    from django.conf import settings

    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url
