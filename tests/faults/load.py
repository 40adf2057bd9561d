"""Who brings work during the campaign: an app that publishes things, and clients that register deals over HTTP."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from tests import cast
from tests.faults.campaign import NAMES, SOUNDS, TRADES, stubbornly

CLIENTS = 3
AT_WORK = 60  # so much is on its way at most: a campaign on a slow machine brings less, and kills as often
ENDINGS = ("", "Nord", "Sued", "Mare", "Lux", "Terra", "Alta", "Vento", "Corda", "Fluma")


class Load:
    """Accepted is what the caller was told is accepted; each of it must be done, once."""

    def __init__(self, seed: int, port: int, tokens: list[str]) -> None:
        self.seed = seed
        self.port = port
        self.things: list[UUID] = []
        self.poison: dict[str, list[UUID]] = {"raiser": [], "killer": []}
        self.deals: dict[str, str] = {}  # key -> id of the deal
        self.replayed = 0
        self.tries = 0
        self.in_flight = 0
        self.over = threading.Event()
        self.paused = threading.Event()
        self.faults: list[str] = []
        self.threads = [threading.Thread(target=self._guarded, args=(self._bring_things,), daemon=True)]
        self.threads += [
            threading.Thread(target=self._guarded, args=(self._register, number, token), daemon=True)
            for number, token in enumerate(tokens)
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """No new work; what was begun is brought to its answer."""
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=240)
            if thread.is_alive():
                self.faults.append("a client never got its answer")

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        from django.db import connections

        try:
            work(*arguments)
        except Exception as error:
            self.faults.append(f"a client gave up: {type(error).__name__}: {error}")
        finally:
            connections.close_all()

    # --- things ------------------------------------------------------------------------------

    def _bring_things(self) -> None:
        dice = random.Random(self.seed)
        number = 0
        while not self.over.is_set():
            if not self.paused.is_set():
                kind = "raiser" if number % 40 == 5 else "killer" if number in (8, 9) else "found"
                self.bring(kind, uuid5(cast.acme.id, f"{self.seed}:{number}"))
                number += 1
            self.over.wait(dice.uniform(0.1, 0.6))

    def bring(self, kind: str, subject: UUID) -> None:
        stubbornly(lambda: self._publish(kind, subject), seconds=180)
        (self.things if kind == "found" else self.poison[kind]).append(subject)

    def _publish(self, kind: str, subject: UUID) -> None:
        from prm.kernel import events
        from prm.kernel.events.models import EventRow
        from tests.faults import planted

        event = {"found": planted.Found, "raiser": planted.Raiser, "killer": planted.Killer}[kind]
        with cast.vendor(cast.acme) as now:
            if not EventRow.objects.filter(subject_id=subject).exists():  # was it committed before the crash?
                events.publish(event(subject_id=subject, facts={"thing.weight": "5"}), at=now)

    # --- deals -------------------------------------------------------------------------------

    def _register(self, client: int, token: str) -> None:
        dice = random.Random(self.seed * 1000 + client)
        number = client
        while not self.over.is_set():
            if not self.paused.is_set():
                key, body = f"{self.seed}-{number}", _deal(number)
                self._until_answered(key, token, body)
                if number % 2 and not self._until_answered(key, token, body):
                    self.faults.append(f"the key {key} was answered, and worked through once more")
                number += CLIENTS
            self.over.wait(dice.uniform(1.0, 3.0))

    def _until_answered(self, key: str, token: str, body: bytes) -> bool:
        """The same key until somebody answers; says whether the answer was that of a try before."""
        end = time.monotonic() + 200
        while True:
            status, replayed, answer = self._post(key, token, body)
            if status == 201:
                break
            if status not in (0, 429) and status < 500:
                raise RuntimeError(f"{status} {answer[:300]!r}")
            if time.monotonic() > end:
                raise RuntimeError(f"no answer to {key}: {status} {answer[:300]!r}")
            time.sleep(2.0 if status == 429 else 0.3)
        self.replayed += replayed
        deal = str(json.loads(answer)["id"])
        if self.deals.setdefault(key, deal) != deal:
            self.faults.append(f"the key {key} made two deals")
        return replayed

    def _post(self, key: str, token: str, body: bytes) -> tuple[int, bool, bytes]:
        """Status 0 is no answer at all."""
        self.tries += 1
        self.in_flight += 1
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            line.request("POST", "/api/v1/deals", body, headers)
            answer = line.getresponse()
            return answer.status, answer.headers.get("Idempotent-Replayed") == "true", answer.read()
        except (OSError, http.client.HTTPException):
            return 0, False, b""
        finally:
            line.close()
            self.in_flight -= 1


def _deal(number: int) -> bytes:
    name, sound = NAMES[number % len(NAMES)], SOUNDS[number // len(NAMES) % len(SOUNDS)]
    ending = ENDINGS[number // (len(NAMES) * len(SOUNDS)) % len(ENDINGS)]
    return json.dumps(
        {
            "customer_name": f"{name}{sound} {ending} {TRADES[number % len(TRADES)]}",
            "customer_domain": f"{name}{sound}{ending}{number}.example".lower(),
            "customer_country": "DE",
            "product_lines": ["platform"],
            "amount": "9000.00" if number % 4 else "90000.00",
            "currency": "EUR",
            "expected_close_on": "2027-06-30",
        }
    ).encode()
