"""A mailbox over IMAP: what is unread, one mail after the other, and the mark that it has been read.

Over TLS to a public address only; hosts named in PRM_OUTGOING_HOSTS may be private and plain, as for webhooks.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

from prm.kernel import outgoing

SECONDS = 20
LARGEST_MAIL = 25 * 1024 * 1024
HEADERS_ONLY = 256 * 1024
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"\bUID (\d+)")


class MailboxError(Exception):
    """The mailbox can't be read now; the text says why, for the admin."""


class Box:
    """An open mailbox."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._imap = connection

    def unread(self) -> list[str]:
        """The UIDs of the mails that nobody has read, the oldest first."""
        [told] = self._asked("SEARCH", None, "UNSEEN")[-1:] or [b""]
        return sorted(
            (told or b"").decode("ascii", "replace").split(), key=lambda uid: int(uid) if uid.isdigit() else 0
        )

    def mail(self, uid: str) -> tuple[bytes, int]:
        """The mail as it is and its size, without marking it; of one that is too big the headers alone.

        Empty when it has gone meanwhile.
        """
        size = self._size(uid)
        if size is None:
            return b"", 0
        part = "BODY.PEEK[]" if size <= LARGEST_MAIL else f"BODY.PEEK[HEADER]<0.{HEADERS_ONLY}>"
        for answer in self._asked("FETCH", uid, f"({part})"):
            if isinstance(answer, tuple) and _is_of(answer[0], uid):
                return bytes(answer[1]), size
        return b"", 0

    def mark_read(self, uid: str) -> None:
        self._asked("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _size(self, uid: str) -> int | None:
        for answer in self._asked("FETCH", uid, "(RFC822.SIZE)"):
            told = answer[0] if isinstance(answer, tuple) else answer
            if (
                told
                and (size := _SIZE.search(told))
                and (named := _UID.search(told))
                and named.group(1) == uid.encode()
            ):
                return int(size.group(1))
        return None

    def _asked(self, command: str, *arguments: Any) -> list[Any]:
        status, answers = self._imap.uid(command, *arguments)
        if status != "OK":
            raise MailboxError(f"{command}: {_told(answers)}")
        return answers


def _is_of(told: bytes, uid: str) -> bool:
    """Whether an answer is about this mail: a server may tell of others in between."""
    named = _UID.search(told)
    return named is not None and named.group(1) == uid.encode()


@contextmanager
def opened(*, host: str, port: int, user: str, password: str, folder: str) -> Iterator[Box]:
    """Sign in, open the folder, and sign out again. Raises MailboxError."""
    try:
        connection = _connected(host, port)
    except (OSError, imaplib.IMAP4.error, outgoing.Refused) as error:
        raise MailboxError(f"{host}:{port}: {error}") from error
    try:
        connection.login(_quoted(user), _quotable(password))
        status, answers = connection.select(_quoted(folder))
        if status != "OK":
            raise MailboxError(f"{folder}: {_told(answers)}")
        yield Box(connection)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(str(error).removeprefix("b'").removesuffix("'")[:300]) from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            connection.logout()


def _connected(host: str, port: int) -> imaplib.IMAP4:
    address = outgoing.address_of(host, port)
    if host in settings.OUTGOING_HOSTS:
        return _Plain(host, port, address)
    return _Secured(host, port, address)


class _Bounded(imaplib.IMAP4):
    """Connects to an address that was looked up before, and takes no more than a mail's size at a time."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._address = address
        super().__init__(host, port, SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return socket.create_connection((self._address, self.port), timeout)

    def read(self, size: int) -> bytes:
        if size > LARGEST_MAIL + HEADERS_ONLY:
            raise self.abort(f"the server sends {size} bytes at once")
        return super().read(size)


class _Plain(_Bounded):
    pass


class _Secured(_Bounded):
    """The same with TLS: the certificate must be the host's."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = super()._create_socket(timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _quotable(text: str) -> str:
    """Text that fits into one quoted string of a command line. Raises MailboxError."""
    if not text.isascii() or any(character in text for character in "\r\n\0"):
        raise MailboxError("IMAP takes plain ASCII letters in user names and passwords only.")
    return text


def _quoted(text: str) -> str:
    escaped = _quotable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _told(answers: Any) -> str:
    return " ".join(part.decode("utf-8", "replace") for part in answers if isinstance(part, bytes))[:200]
