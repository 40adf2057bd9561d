"""Reads the demo's mail sink."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from mailbox import Maildir

from prm.embedded import addresses


@dataclass(frozen=True, slots=True)
class Mail:
    key: str
    subject: str
    to: str
    at: datetime | None
    message_id: str
    text: str
    html: str


def folder() -> str:
    return str(addresses.folder(addresses.current_kind()) / "mails")


def latest(count: int = 100) -> list[Mail]:
    """The newest mails first."""
    box = Maildir(folder(), create=True)
    keys = sorted(box.keys(), key=_arrival, reverse=True)[:count]
    return [_read(box, key) for key in keys]


def one(key: str) -> Mail | None:
    box = Maildir(folder(), create=True)
    return _read(box, key) if key in box else None


def _arrival(key: str) -> tuple[int, str]:
    stamp = key.split(".", 1)[0]
    return (int(stamp) if stamp.isdigit() else 0, key)


def _read(box: Maildir, key: str) -> Mail:
    mail = message_from_bytes(box.get_bytes(key), policy=policy.default)
    return Mail(
        key=key,
        subject=str(mail["Subject"] or ""),
        to=str(mail["To"] or ""),
        at=mail["Date"].datetime if mail["Date"] else None,
        message_id=str(mail["Message-ID"] or ""),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
    )


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
