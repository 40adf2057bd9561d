"""A local SMTP server that keeps what it gets in a folder; the demo's mails are read on /demo/mail/."""

import signal
import threading
from mailbox import Maildir
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from prm.kernel.messages.sink import folder


class Keep:
    """Writes each mail to a Maildir, whole or not at all."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        Maildir(folder(), create=True).add(envelope.content)
        return "250 kept"


class Command(BaseCommand):
    help = "Run the local mail sink until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        Maildir(folder(), create=True)
        sink = Controller(Keep(), hostname="127.0.0.1", port=settings.EMAIL_PORT)
        try:
            sink.start()
        except OSError as error:
            raise CommandError(f"Port {settings.EMAIL_PORT} is busy; set PRM_SMTP_PORT to another one.") from error
        self.stdout.write(f"Mail sink on 127.0.0.1:{settings.EMAIL_PORT}")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
        sink.stop()
