"""Mails to the program's address, read over TCP from a server of ours by the very code that runs in production."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from django.test import override_settings

from dealreg.intake import reading
from dealreg.intake.reading import PURPOSE
from dealreg.models import InboundMail, Mailbox
from prm.kernel.encryption import encrypt
from prm.kernel.messages.models import Message
from prm.kernel.reference.models import Program
from tests.cast import Vendor, acme, vendor
from tests.imap import Mailserver
from tests.world import logged_in_as

ADDRESS = "deals@acme.example"
CHECKER = "mx.acme.example"
FULL = """Customer: Nordwind Logistik GmbH
Website: nordwind-logistik.de
Country: Germany
Products: platform
Amount: 12.000,00 EUR
Expected close: 2031-03-01
"""


def mailbox(of: Vendor = acme, **changes: Any) -> Mailbox:
    """The vendor's mailbox, on a server that is started when mails arrive."""
    values = {
        "address": ADDRESS,
        "host": "127.0.0.1",
        "port": 1,
        "user": "deals",
        "sealed_password": encrypt(Mailserver.password, PURPOSE),
        "checked_by": CHECKER,
        **changes,
    }
    with vendor(of):
        return Mailbox.objects.create(program=Program.objects.get(), **values)


@contextmanager
def served(of: Vendor = acme) -> Iterator[Mailserver]:
    """A running server, and the vendor's mailbox on it."""
    with Mailserver() as server, override_settings(OUTGOING_HOSTS=["127.0.0.1"]):
        with vendor(of):
            Mailbox.objects.update(port=server.port)
        yield server


def at_work(task: Callable[[], int]) -> int:
    """What the scheduler has done, as prm_worker."""
    with logged_in_as("worker"):
        return task()


def read_all() -> int:
    return at_work(reading.read_all)


def letter(text: str, *, sender: str, verdict: str = "dmarc=pass", **headers: str) -> EmailMessage:
    """A mail as the vendor's server has stored it, with its own word on the sender on top."""
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{CHECKER}; {verdict} header.from={sender.rpartition('@')[2]}"
    mail["From"], mail["To"], mail["Subject"] = f"Somebody <{sender}>", ADDRESS, "A new deal"
    mail["Message-ID"] = make_msgid(domain="sender.example")
    for name, value in headers.items():
        header = name.replace("_", "-")
        del mail[header]
        mail[header] = value
    mail.set_content(text)
    return mail


def arrives(text: str, *, sender: str, files: tuple[tuple[str, bytes], ...] = (), **headers: str) -> Message:
    """One mail, read at once; the answer to it."""
    mail = letter(text, sender=sender, **headers)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return read(mail)


def read(mail: EmailMessage) -> Message:
    with served() as server:
        server.deliver(mail.as_bytes())
        assert read_all() == 1
        assert server.unread == []
    with vendor():
        answer = Message.objects.filter(template__startswith="intake.").order_by("-recorded_at").first()
        assert answer is not None
        return answer


def rows(of: Vendor = acme) -> list[InboundMail]:
    with vendor(of):
        return list(InboundMail.objects.select_related("deal", "partner").order_by("id"))
