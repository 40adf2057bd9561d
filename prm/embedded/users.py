"""Using the embedded servers: whoever needs them holds a handle; the last to let go lets them stop."""

import atexit
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg2

from prm.embedded import addresses, folders, keeper, postgres
from prm.embedded.processes import EmbeddedError, wait_until

START_SECONDS = 180
STOP_SECONDS = 15


class Handle:
    """A share in the running servers of one kind, given back by close(), at exit, or by dying."""

    def __init__(self, kind: str, lock: IO[str]) -> None:
        self.kind = kind
        self._lock = lock
        self._process = os.getpid()
        atexit.register(self.close)

    def close(self) -> None:
        """Let go; if nobody else uses the servers, wait until they have stopped."""
        if self._lock.closed or self._process != os.getpid():  # a forked child must not act for its parent
            return
        self._lock.close()
        atexit.unregister(self.close)
        path = addresses.folder(self.kind)
        if path.exists() and not in_use(path):
            wait_until(lambda: keeper.keeper_pid(path) is None or in_use(path), STOP_SECONDS)

    def superuser(self, database: str = "postgres") -> dict[str, Any]:
        """Arguments for psycopg2.connect as the cluster's superuser."""
        return postgres.superuser(addresses.place(self.kind), database)

    def postmaster_pid(self) -> int:
        """The process number of PostgreSQL's postmaster, for tests that crash it."""
        data = addresses.place(self.kind).home / "data"
        return int((data / "postmaster.pid").read_text().split()[0])

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def ensure_started(kind: str = "demo", say: Callable[[str], None] | None = None) -> Handle:
    """Start PostgreSQL and Redis of this kind unless they run, and return a share in them.

    Roles and the database exist when it returns. Sets PRM_EMBEDDED, so that children find the same
    instance. Raises EmbeddedError with the reason in one sentence.
    """
    os.environ["PRM_EMBEDDED"] = kind
    path = folders.own_folder(kind)
    lock = open(path / "users.lock", "a")  # noqa: SIM115  held until the handle is closed
    try:
        if not keeper.take(lock, fcntl.LOCK_SH, seconds=STOP_SECONDS * 2):
            raise EmbeddedError(f"The {kind} servers are stopping and don't finish: see {path / 'keeper.log'}.")
        _wait_for_servers(kind, path, say or (lambda text: None))
    except BaseException:
        lock.close()
        raise
    return Handle(kind, lock)


def _wait_for_servers(kind: str, path: Path, say: Callable[[str], None]) -> None:
    """Wait until the keeper says that all is ready, starting one where there is none."""
    end = time.monotonic() + START_SECONDS
    child: subprocess.Popen[bytes] | None = None
    while time.monotonic() < end:
        pid = keeper.keeper_pid(path)
        told = keeper.state(path)
        if pid and told == {"keeper": pid, "status": "ready"} and _answers(kind):
            return
        if child is not None and child.poll():
            raise EmbeddedError(told.get("error") or f"see {path / 'keeper.log'}")
        if pid is None and (child is None or child.poll() is not None):
            say("starting PostgreSQL and Redis")
            child = _start_keeper(kind, path)
        time.sleep(0.05)
    raise EmbeddedError(f"PostgreSQL or Redis gave no answer within {START_SECONDS} seconds: see {path}.")


def _start_keeper(kind: str, path: Path) -> "subprocess.Popen[bytes]":
    """Start a keeper that outlives us: others may use the servers when we are gone."""
    with open(path / "keeper.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "prm.embedded", "keep", "--kind", kind],
            cwd=addresses.CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _answers(kind: str) -> bool:
    """Whether the owner can log in; an external server is not ours to test."""
    if addresses.given("DATABASE_URL", kind):
        return True
    told = addresses.database("owner", kind)
    try:
        psycopg2.connect(
            host=told["HOST"],
            port=told["PORT"],
            user=told["USER"],
            password=told["PASSWORD"],
            dbname=told["NAME"],
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def in_use(path: Path) -> bool:
    """Whether anybody holds a share in the servers; the keeper, holding all of it to stop them, doesn't."""
    with open(path / "users.lock", "a") as lock:
        if keeper.take(lock, fcntl.LOCK_EX, seconds=0):
            return False
        return keeper.take(lock, fcntl.LOCK_SH, seconds=0)


@contextmanager
def holding(kind: str) -> Iterator[None]:
    """Say that we do nothing but hold the servers: whoever stops them waits until we have let go, too."""
    with open(folders.own_folder(kind) / "holders.lock", "a") as lock:
        keeper.take(lock, fcntl.LOCK_SH, seconds=STOP_SECONDS)
        yield


def dismiss(kind: str) -> bool:
    """Stop the servers of a kind, whoever uses them, and see those off who only held them. False if that takes
    too long."""
    path = addresses.folder(kind)
    if pid := keeper.keeper_pid(path):
        os.kill(pid, signal.SIGTERM)
    if not wait_until(lambda: keeper.keeper_pid(path) is None, STOP_SECONDS):
        return False
    if not path.exists():
        return True
    with open(path / "holders.lock", "a") as lock:
        return keeper.take(lock, fcntl.LOCK_EX, seconds=STOP_SECONDS)
