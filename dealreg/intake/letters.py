"""A mail as it came, read without believing anything in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from hashlib import sha256
from html.parser import HTMLParser

from dealreg.entry import plain

LONGEST_TEXT = 50_000
MOST_FILES = 20
LOOP_HEADER = "X-Loop"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `sender` is empty unless it names exactly one; `results` are topmost first."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...]
    answers_to: tuple[str, ...]
    auto_submitted: str
    precedence: str
    is_bounce: bool
    loops: tuple[str, ...]
    results: tuple[str, ...]
    size: int


def read_letter(raw: bytes) -> Letter:
    """Read a mail; whatever is odd in it becomes empty text, never an exception."""
    mail: EmailMessage = message_from_bytes(raw, policy=policy.default)
    sender, name = _sender(mail)
    return Letter(
        message_id=_message_id(mail, raw),
        sender=sender,
        sender_name=name,
        subject=plain(_header(mail, "Subject"))[:300],
        text=_text(mail)[:LONGEST_TEXT],
        files=tuple(_files(mail))[:MOST_FILES],
        answers_to=tuple(f"{_header(mail, 'In-Reply-To')} {_header(mail, 'References')}".split())[:50],
        auto_submitted=_word(_header(mail, "Auto-Submitted")) or ("auto-replied" if _is_auto_reply(mail) else ""),
        precedence=_word(_header(mail, "Precedence")) or ("list" if _header(mail, "List-Id") else ""),
        is_bounce=_is_bounce(mail, sender),
        loops=tuple(plain(value)[:200] for value in _headers(mail, LOOP_HEADER)),
        results=tuple(_headers(mail, "Authentication-Results")),
        size=len(raw),
    )


def _headers(mail: EmailMessage, name: str) -> list[str]:
    """All values of a header as plain text, the topmost first."""
    return [_decoded(str(value)) for key, value in mail.raw_items() if key.lower() == name.lower()]


def _header(mail: EmailMessage, name: str) -> str:
    return next(iter(_headers(mail, name)), "")


def _decoded(value: str) -> str:
    try:
        text = str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        text = value
    return plain(text.encode("utf-8", "replace").decode("utf-8"))[:2_000]


def _word(value: str) -> str:
    """The first word of a header, without parameters and comments."""
    return value.partition(";")[0].partition("(")[0].strip().lower()[:40]


def _sender(mail: EmailMessage) -> tuple[str, str]:
    """The one address that the mail says it comes from. Two of them are none: they serve to deceive."""
    named = [value for value in mail.raw_items() if value[0].lower() == "from"]
    found = getaddresses([str(value).replace("\r", " ").replace("\n", " ") for _name, value in named])
    if len(named) != 1 or len(found) != 1:
        return "", ""
    name, address = found[0]
    address = plain(address).lower()
    return (address[:254], _decoded(name)[:200]) if address.count("@") == 1 and " " not in address else ("", "")


def _message_id(mail: EmailMessage, raw: bytes) -> str:
    """Its own name, else one that follows from its content: the same mail is the same."""
    own = "".join(_header(mail, "Message-ID").split())
    return own[:200] if own else f"<{sha256(raw).hexdigest()}@content.invalid>"


def _is_auto_reply(mail: EmailMessage) -> bool:
    names = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")
    return any(_header(mail, name) for name in names)


def _is_bounce(mail: EmailMessage, sender: str) -> bool:
    empty_path = any(value.strip() == "<>" for value in _headers(mail, "Return-Path"))
    return empty_path or mail.get_content_type() == "multipart/report" or sender.startswith("mailer-daemon@")


def _text(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(("plain", "html"))
        if part is None:
            return ""
        content = str(part.get_content())
    except (KeyError, LookupError, ValueError, MessageError, AttributeError):
        return ""
    text = _without_tags(content) if part.get_content_type() == "text/html" else content
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def _files(mail: EmailMessage) -> Iterator[tuple[str, bytes]]:
    """What is attached under a name; pictures within a text, such as a signature's, are not."""
    for part in mail.walk():
        name = part.get_filename()
        if not name or part.is_multipart() or (part.get_content_disposition() != "attachment" and part["Content-ID"]):
            continue
        try:
            content = part.get_payload(decode=True)
        except (ValueError, MessageError):
            continue
        if isinstance(content, bytes):
            yield _decoded(str(name))[:200], content


class _Lines(HTMLParser):
    """The text of an HTML mail, a line for each block."""

    BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table", "blockquote", "pre"})
    UNSEEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in self.UNSEEN
        if tag in self.BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in self.UNSEEN))
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(data.replace("\n", " "))


def _without_tags(html: str) -> str:
    reader = _Lines()
    reader.feed(html[: 10 * LONGEST_TEXT])
    return "\n".join(line.strip() for line in "".join(reader.parts).split("\n"))
