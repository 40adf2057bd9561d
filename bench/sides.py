"""The two sides of bench_workflows.py behind one face: start workers, pause and go on, run so many and say when."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any
from uuid import UUID

import psycopg2

from bench import five_steps
from bench.environments import environment
from prm.embedded import addresses, processes

Stamps = dict[str, tuple[float, float]]  # what was triggered -> when, and when its run had ended
DBOS_DATABASE = "prm_bench_dbos"


class Side:
    """Workers of one engine. A paused side takes no part of the machine while the other is measured."""

    name = ""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.workers: list[subprocess.Popen[bytes]] = []
        self.look: Any = None

    def asked(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        if self.look is None:
            self.look = psycopg2.connect(**self.handle.superuser(self.database()))
            self.look.autocommit = True
        with self.look.cursor() as cursor:
            cursor.execute(query, arguments or None)
            return list(cursor.fetchall()) if cursor.description else []

    def database(self) -> str:
        raise NotImplementedError

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        for worker in self.workers:
            os.killpg(worker.pid, what)  # each has a session of its own

    def stop(self) -> None:
        self.go_on()
        for worker in self.workers:
            processes.stop(worker, (signal.SIGTERM, 5))
        self.workers = []

    def close(self) -> None:
        self.stop()
        if self.look is not None:
            self.look.close()
            self.look = None

    def settled(self, unfinished: str, seconds: float = 900) -> None:
        end = time.monotonic() + seconds
        while self.asked(unfinished)[0][0]:
            if time.monotonic() > end:
                raise SystemExit(f"{self.name} did not finish within {seconds:.0f} seconds.")
            time.sleep(0.05)


class Ours(Side):
    """Celery workers as production has them, one process each; hints through Redis, the truth in PostgreSQL."""

    name = "ours"

    def __init__(self, handle: Any, database: str) -> None:
        super().__init__(handle)
        self._database = database

    def database(self) -> str:
        return self._database

    def start(self, workers: int) -> None:
        environment = {
            **os.environ,
            "PRM_ROLE": "worker",
            "PRM_EMBEDDED": "bench",
            "PRM_LOG_LEVEL": "ERROR",
            "BENCH_DATABASE": self._database,
        }
        quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "ERROR")
        command = (sys.executable, "-m", "celery", "-A", "prm", "worker", "--include", "bench.five_steps")
        self.workers = [
            processes.spawn(
                [*command, "--queues", "celery", "--concurrency", str(workers), *quiet],
                log=addresses.folder("bench") / "workers.log",
                at_death=signal.SIGQUIT,
                env=environment,
            )
        ]

    def run(self, tenant: UUID, count: int, rate: float = 0) -> Stamps:
        """From before each publish to the end of its run."""
        begun, start = {}, time.time()
        for number in range(count):
            if rate:
                time.sleep(max(0.0, start + number / rate - time.time()))
            before = time.time()
            begun[str(five_steps.trigger(tenant))] = before
        self.wait()
        return self.ended(begun)

    def wait(self) -> None:
        self.settled(
            "SELECT EXISTS (SELECT 1 FROM events_delivery WHERE state = 'pending')"
            " OR EXISTS (SELECT 1 FROM workflows_run WHERE status = 'running')"
        )

    def ended(self, begun: dict[str, float]) -> Stamps:
        rows = self.asked(
            "SELECT r.subject_id::text, extract(epoch FROM r.moved_at)::float8, (SELECT count(*) FROM bench_write AS w"
            " WHERE w.subject_id = r.subject_id) FROM workflows_run AS r"
            " WHERE r.subject_id = ANY (%s::uuid[]) AND r.status = 'ended'",
            list(begun),
        )
        return _whole(begun, rows)


class Theirs(Side):
    """DBOS in an environment of its own, made when it is missing from requirements/bench-dbos.lock."""

    name = "DBOS"

    def __init__(self, handle: Any) -> None:
        super().__init__(handle)
        self.enqueuer: subprocess.Popen[str] | None = None
        where = self.handle.superuser(DBOS_DATABASE)
        self.address = (
            f"postgresql+psycopg://{where['user']}@/{DBOS_DATABASE}?host={where['host']}&port={where['port']}"
        )
        self.python = environment("bench-dbos")

    def database(self) -> str:
        return DBOS_DATABASE

    def start(self, workers: int) -> None:
        self.workers = [self._process("worker") for _number in range(workers)]
        if self.enqueuer is None:
            self.enqueuer = self._process("enqueue")

    def _process(self, what: str) -> Any:
        script = addresses.CHECKOUT / "bench" / "dbos_side.py"
        process = subprocess.Popen(
            [self.python, script, what, self.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit("DBOS did not start: its words are above.")
        return process

    def run(self, _tenant: UUID, count: int, rate: float = 0) -> Stamps:
        assert self.enqueuer is not None and self.enqueuer.stdin is not None and self.enqueuer.stdout is not None
        self.enqueuer.stdin.write(f"{count} {rate}\n")
        self.enqueuer.stdin.flush()
        begun = json.loads(self.enqueuer.stdout.readline())
        self.settled(
            "SELECT EXISTS (SELECT 1 FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED'))"
        )
        rows = self.asked(
            "SELECT s.workflow_uuid, s.completed_at / 1000.0::float8, (SELECT count(*) FROM bench_write AS w"
            " WHERE w.subject_id = s.workflow_uuid::uuid) FROM dbos.workflow_status AS s"
            " WHERE s.workflow_uuid = ANY (%s) AND s.status = 'SUCCESS'",
            list(begun),
        )
        return _whole(begun, rows)

    def close(self) -> None:
        if self.enqueuer is not None:
            processes.stop(self.enqueuer, (signal.SIGTERM, 5))
            self.enqueuer = None
        super().close()


def _whole(begun: dict[str, float], rows: list[tuple[Any, ...]]) -> Stamps:
    """Every trigger has ended, and each of its five steps has written once."""
    found = {name: (begun[name], ended) for name, ended, writes in rows if writes == len(five_steps.STEPS)}
    if len(rows) != len(begun) or len(found) != len(begun):
        raise SystemExit(f"{len(begun)} triggers, but {len(rows)} runs, {len(found)} of them with five writes.")
    return found
