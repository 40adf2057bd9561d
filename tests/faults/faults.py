"""The faults: each does its harm for a moment and says what it did."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import redis

from prm.embedded import addresses
from tests.faults.load import Load
from tests.faults.parts import SCHEDULERS, WORKERS, Parts
from tests.faults.sink import Sink

HINTS = ("workflows.tasks.work", "workflows.tasks.sweep", "prm.kernel.events.tasks.relay",
         "prm.kernel.messages.tasks.deliver", "workflows.tasks.deliver", "prm.kernel.audit.tasks.seal")  # fmt: skip
_EXPIRE = """UPDATE {table} SET lease_until = clock_timestamp() - interval '1 second' WHERE id IN (
    SELECT id FROM {table} WHERE lease_until > clock_timestamp() FOR UPDATE SKIP LOCKED)"""
_AGAIN = """UPDATE events_delivery SET state = 'pending', attempt = 0, lease_until = NULL, done_at = NULL WHERE id IN (
    SELECT d.id FROM events_delivery AS d JOIN events_eventrow AS e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
    WHERE d.handler = 'workflows.start' AND d.state = 'done' AND e.name LIKE 'campaign.%.found'
    ORDER BY random() LIMIT 5 FOR UPDATE OF d SKIP LOCKED)"""
_HELD = "SELECT count(*) FROM workflows_work WHERE lease_until > clock_timestamp()"


class Faults:
    """All that goes wrong, in an order that follows from the seed."""

    def __init__(self, handle: Any, parts: Parts, sink: Sink, load: Load, seed: int) -> None:
        self.handle, self.parts, self.sink, self.load = handle, parts, sink, load
        self.dice = random.Random(seed)
        self.kinds: dict[str, Callable[[], str]] = {
            "worker killed": self.kill_worker,
            "child killed": self.kill_child,
            "scheduler killed": self.kill_scheduler,
            "web killed": self.kill_web,
            "web's child killed": self.kill_web_child,
            "Redis killed": self.kill_redis,
            "Redis frozen": self.freeze_redis,
            "Redis flushed": self.flush_redis,
            "PostgreSQL crashed": self.crash_postgres,
            "hints sent twice": self.send_hints_twice,
            "leases expired": self.expire_leases,
            "events brought again": self.bring_again,
            "SMTP slow": self.slow_mail,
            "SMTP dropping": self.drop_mail,
        }

    def order(self) -> Iterator[str]:
        """Each kind once, in a shuffled round after the other."""
        while True:
            names = list(self.kinds)
            self.dice.shuffle(names)
            yield from names

    # --- processes ---------------------------------------------------------------------------

    def kill_worker(self) -> str:
        name = self.dice.choice(WORKERS)
        held = self._while_work_is_held()
        self.parts.kill(name)
        self.parts.start(name)
        return f"{name} and its children, {held} claims held"

    def kill_child(self) -> str:
        name = self.dice.choice(WORKERS)
        held = self._while_work_is_held()
        return f"process {self.parts.kill_one_child(name, self.dice)} of {name}, {held} claims held"

    def kill_scheduler(self) -> str:
        name = self.dice.choice(SCHEDULERS)
        self.parts.kill(name)
        self.parts.start(name)
        return name

    def kill_web(self) -> str:
        flying = self._while_somebody_asks()
        self.parts.kill("web")
        self.parts.start("web")
        return f"all of it, with {flying} requests in flight"

    def kill_web_child(self) -> str:
        flying = self._while_somebody_asks()
        return f"process {self.parts.kill_one_child('web', self.dice)}, with {flying} requests in flight"

    def _while_somebody_asks(self) -> int:
        self.load.paused.clear()  # nobody asks while the load is held back
        end = time.monotonic() + 8
        while self.load.in_flight == 0 and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(self.dice.uniform(0, 0.15))  # anywhere between the first byte and the answer
        return self.load.in_flight

    def _while_work_is_held(self) -> int:
        """Wait a little for a moment in which somebody holds a claim, and is in the middle of it."""
        end = time.monotonic() + 5
        held = 0
        with self._database() as cursor:
            while not held and time.monotonic() < end:
                cursor.execute(_HELD)
                held = cursor.fetchone()[0]
        return int(held)

    # --- servers -----------------------------------------------------------------------------

    def kill_redis(self) -> str:
        pid = self._redis_pid()
        os.kill(pid, signal.SIGKILL)
        return f"process {pid}"

    def freeze_redis(self) -> str:
        pid, seconds = self._redis_pid(), self.dice.uniform(3, 8)
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        return f"for {seconds:.0f} s"

    def flush_redis(self) -> str:
        self._redis().flushall()
        return "FLUSHALL"

    def crash_postgres(self) -> str:
        pid = self.handle.postmaster_pid()
        os.kill(pid, signal.SIGQUIT)
        return f"immediate shutdown of process {pid}"

    def _redis(self) -> "redis.Redis":
        return redis.Redis.from_url(addresses.redis_url(), socket_timeout=5)

    def _redis_pid(self) -> int:
        """Of the server behind our own socket."""
        end = time.monotonic() + 60
        while True:
            try:
                return int(self._redis().info("server")["process_id"])
            except redis.RedisError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    # --- twice -------------------------------------------------------------------------------

    def send_hints_twice(self) -> str:
        from prm.celery import app

        for hint in HINTS:
            for _time in range(2):
                app.send_task(hint, ignore_result=True, retry=False)
        return f"{len(HINTS)} hints"

    def expire_leases(self) -> str:
        """Whoever holds work is overtaken by somebody else, and both go on."""
        count = 0
        for _time in range(2):
            with self._database() as cursor:
                for table in ("workflows_work", "events_delivery", "prm_messages_message"):
                    cursor.execute(_EXPIRE.format(table=table))
                    count += cursor.rowcount
            time.sleep(1.0)
        return f"{count} leases"

    def bring_again(self) -> str:
        with self._database() as cursor:
            cursor.execute(_AGAIN)
            return f"{cursor.rowcount} events"

    @contextmanager
    def _database(self) -> Iterator[Any]:
        connection = None
        end = time.monotonic() + 60
        while connection is None:
            try:
                connection = psycopg2.connect(**self.handle.superuser("prm"))
            except psycopg2.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        connection.autocommit = True
        try:
            yield connection.cursor()
        finally:
            connection.close()

    # --- mail --------------------------------------------------------------------------------

    def slow_mail(self) -> str:
        self.sink.delay = self.dice.uniform(1, 4)
        try:
            time.sleep(self.dice.uniform(3, 8))
            return f"up to {self.sink.delay:.1f} s an answer"
        finally:
            self.sink.behave()

    def drop_mail(self) -> str:
        before = self.sink.dropped
        self.sink.drops = 0.5
        try:
            time.sleep(self.dice.uniform(3, 8))
            return f"{self.sink.dropped - before} connections"
        finally:
            self.sink.behave()
