"""An SMTP server that counts Message-IDs, and on demand is slow or hangs up at the worst moments."""

import asyncio
import random
from collections import Counter
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """Whatever it has seen whole counts as arrived, also when the sender never hears so."""

    def __init__(self, port: int, seed: int) -> None:
        self.arrived: Counter[str] = Counter()
        self.delay = 0.0
        self.drops = 0.0
        self.dropped = 0
        self.dice = random.Random(seed)
        self.controller = Controller(self, hostname="127.0.0.1", port=port)

    def behave(self) -> None:
        self.delay = self.drops = 0.0

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        await asyncio.sleep(self.delay * self.dice.random())
        if self.dice.random() < self.drops / 2:
            return self._hang_up(server)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.arrived[message_from_bytes(envelope.content)["Message-ID"]] += 1
        await asyncio.sleep(self.delay * self.dice.random())
        if self.dice.random() < self.drops / 2:
            return self._hang_up(server)  # taken, and the sender does not know
        return "250 counted"

    def _hang_up(self, server: Any) -> str:
        self.dropped += 1
        server.transport.abort()
        return "421 gone"
