"""A small IMAP4rev1 server (RFC 3501) for tests, over TCP: LOGIN, SELECT, UID SEARCH, UID FETCH, UID STORE, LOGOUT.

Real enough for any client that reads one mailbox: tagged answers, literals by size, quoted strings, \\Seen set by
BODY[] but not by BODY.PEEK[], partial fetches. What it does not know it answers with BAD, as a server must.
"""

import re
import socketserver
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|([^\s]+)')
_BODY = re.compile(rb"BODY(\.PEEK)?\[(HEADER)?\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)


@dataclass
class Kept:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Mailserver:
    """One account with one folder. `log` is every command that came."""

    user: str = "deals"
    password: str = 'cor"rect horse\\'
    mails: list[Kept] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    fails_at: str = ""  # a command after which the line is cut
    lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> "Mailserver":
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.box = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def deliver(self, raw: bytes) -> int:
        with self.lock:
            uid = max((mail.uid for mail in self.mails), default=100) + 1
            self.mails.append(Kept(uid, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))
            return uid

    @property
    def unread(self) -> list[int]:
        return [mail.uid for mail in self.mails if r"\Seen" not in mail.flags]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    box: Mailserver


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.box, self.signed_in, self.selected = self.server.box, False, False
        self._say(b"* OK IMAP4rev1 ready")
        while line := self.rfile.readline():
            tag, _space, rest = line.rstrip(b"\r\n").partition(b" ")
            self.box.log.append(rest.decode("utf-8", "replace"))
            words = [self._unquoted(match) for match in _WORD.finditer(rest)]
            if not tag or not words:
                self._say(b"* BAD what?")
            elif not self._answered(tag, words):
                return

    def _answered(self, tag: bytes, words: list[bytes]) -> bool:
        """False when the line is closed."""
        name = b"_".join(words[:2] if words[0].upper() == b"UID" else words[:1]).lower().decode()
        command = getattr(self, f"do_{name}", None)
        rest = words[2:] if words[0].upper() == b"UID" else words[1:]
        if command is None:
            self._say(tag + b" BAD unknown command")
        else:
            self._say(tag + b" " + command(rest))
        if self.box.fails_at and self.box.fails_at == name:
            return False
        return name != "logout"

    def do_capability(self, words: list[bytes]) -> bytes:
        self._say(b"* CAPABILITY IMAP4rev1")
        return b"OK done"

    def do_noop(self, words: list[bytes]) -> bytes:
        return b"OK done"

    def do_login(self, words: list[bytes]) -> bytes:
        self.signed_in = words == [self.box.user.encode(), self.box.password.encode()]
        return b"OK signed in" if self.signed_in else b"NO [AUTHENTICATIONFAILED] wrong name or password"

    def do_select(self, words: list[bytes]) -> bytes:
        if not self.signed_in:
            return b"BAD sign in first"
        if words[:1] != [b"INBOX"]:
            return b"NO no such folder"
        self.selected = True
        self._say(b"* FLAGS (\\Seen)")
        self._say(b"* %d EXISTS" % len(self.box.mails))
        self._say(b"* 0 RECENT")
        self._say(b"* OK [UIDVALIDITY 1] valid")
        return b"OK [READ-WRITE] selected"

    def do_uid_search(self, words: list[bytes]) -> bytes:
        if not self.selected:
            return b"BAD select first"
        found = self.box.unread if [word.upper() for word in words] == [b"UNSEEN"] else [m.uid for m in self.box.mails]
        self._say(b"* SEARCH" + b"".join(b" %d" % uid for uid in found))
        return b"OK done"

    def do_uid_fetch(self, words: list[bytes]) -> bytes:
        found = self._mail(words)
        if found is None:
            return b"OK nothing there"  # an unknown UID is no error (RFC 3501, 6.4.8)
        place, mail = found
        parts = [b"UID %d" % mail.uid]
        if b"RFC822.SIZE" in words[1].upper():
            parts.append(b"RFC822.SIZE %d" % len(mail.raw))
        if wanted := _BODY.search(words[1]):
            if not wanted.group(1):
                mail.flags.add(r"\Seen")
            parts.append(self._literal(mail, wanted))
        self._say(b"* %d FETCH (" % place + b" ".join(parts) + b")")
        return b"OK done"

    def do_uid_store(self, words: list[bytes]) -> bytes:
        found = self._mail(words)
        if found is None or not words[1].upper().startswith(b"+FLAGS"):
            return b"BAD what flags?"
        found[1].flags.update(words[2].decode().strip("()").split())
        return b"OK stored"

    def do_logout(self, words: list[bytes]) -> bytes:
        self._say(b"* BYE")
        return b"OK bye"

    def _literal(self, mail: Kept, wanted: Any) -> bytes:
        name, content = b"BODY[]", mail.raw
        if wanted.group(2):
            name, content = b"BODY[HEADER]", mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if wanted.group(3):
            start, most = int(wanted.group(3)), int(wanted.group(4))
            name, content = name + b"<%d>" % start, content[start : start + most]
        return name + b" {%d}\r\n" % len(content) + content

    def _mail(self, words: list[bytes]) -> tuple[int, Kept] | None:
        mails = enumerate(self.box.mails, start=1)
        return next(((place, mail) for place, mail in mails if self.selected and b"%d" % mail.uid == words[0]), None)

    @staticmethod
    def _unquoted(match: Any) -> bytes:
        if match.group(1) is not None:
            return re.sub(rb"\\(.)", rb"\1", match.group(1))
        return bytes(match.group(2) or match.group(3) or b"")

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")
