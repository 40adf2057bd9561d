"""The parts beside the web: a worker in a thread with its own login, and an SMTP server that keeps its mails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import socket
from threading import Event, Thread
from typing import Any, cast

from aiosmtpd.controller import Controller
from django.db import connections

from prm.embedded import addresses


class Worker:
    """What Celery's worker does, as prm_worker, on a connection of its own."""

    def __init__(self) -> None:
        self._fault: BaseException | None = None

    def pass_by(self) -> None:
        """Do everything that is due now."""
        self._in_thread(_everything)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Look for work all the time, until the end of the block."""
        over = Event()

        def rounds() -> None:
            while not over.wait(0.3):
                _everything()

        thread = self._start(rounds)
        try:
            yield
        finally:
            over.set()
            self._end(thread)

    def _in_thread(self, what: Callable[[], None]) -> None:
        self._end(self._start(what))

    def _start(self, what: Callable[[], None]) -> Thread:
        def run() -> None:
            default = connections["default"]
            entry = addresses.database("worker")
            login = {"USER": entry["USER"], "PASSWORD": entry["PASSWORD"]}
            default.settings_dict = {**default.settings_dict, **login}
            try:
                what()
            except BaseException as fault:
                self._fault = fault
            finally:
                connections.close_all()

        thread = Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _end(self, thread: Thread) -> None:
        thread.join(60)
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault


def _everything() -> None:
    from prm.kernel.events import relay
    from prm.kernel.messages.delivery import deliver_due
    from workflows import actions, engine

    while relay.drain() + engine.drain() + deliver_due():
        pass
    actions.run_replays()


class Sink:
    """A real SMTP server on loopback."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(cast(EmailMessage, mail))
        return "250 taken"

    def start(self) -> int:
        """Listen; returns the port."""
        self._server.start()
        return int(self._server.port)

    def stop(self) -> None:
        self._server.stop()

    def to(self, address: str) -> list[str]:
        """The subjects of what somebody got."""
        return [str(mail["Subject"]) for mail in self.mails if address in str(mail["To"])]


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
