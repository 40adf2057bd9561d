"""The process that owns the servers of one kind, for as long as anybody uses them.

Users hold a shared lock on `users.lock`, which the kernel takes back however they die. The keeper, one for
each kind by `keeper.lock`, starts PostgreSQL and Redis as its children, starts them again when they crash,
and stops them when it can get `users.lock` for itself: nobody is left. Should the keeper itself be killed,
its children are told by the kernel and stop.
"""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

import psycopg2
from psycopg2 import sql

from prm.embedded import addresses, folders, roles
from prm.embedded.postgres import Postgres, superuser
from prm.embedded.processes import EmbeddedError
from prm.embedded.redis import Redis

PATROL_SECONDS = 0.2
LONGEST_PAUSE = 30.0


class Keeper:
    """Starts, watches and stops the servers of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.folder = folders.own_folder(kind)
        self.dismissed = False
        self.servers: list[Postgres | Redis] = []
        self.pauses: dict[int, tuple[float, float]] = {}

    def run(self) -> int:
        """Keep until nobody uses the servers; 1 if they could not be started, 0 else."""
        os.umask(0o022)  # the servers' account must read what we make for it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._dismiss)
        with open(self.folder / "keeper.lock", "a+") as lock:
            if not take(lock, fcntl.LOCK_EX, seconds=2):
                return 0  # another keeper was faster
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            return self._keep()

    def _keep(self) -> int:
        try:
            self._tell(status="starting")
            self._start()
            self._tell(status="ready")
            self._patrol()
        except (EmbeddedError, addresses.ConfigurationError, psycopg2.Error, OSError) as problem:
            self._tell(status="failed", error=str(problem).strip())
            return 1
        finally:
            for server in reversed(self.servers):
                server.stop()
        (self.folder / "state.json").unlink(missing_ok=True)
        return 0

    def _start(self) -> None:
        """Start what the environment doesn't bring from elsewhere."""
        place = folders.prepare(self.kind)
        if not addresses.given("DATABASE_URL", self.kind):
            self._add(Postgres(self.kind, place, self.folder / "postgres.log"))
            make_roles(self.kind)
        if not addresses.given("REDIS_URL", self.kind):
            self._add(Redis(place, self.folder / "redis.log"))

    def _add(self, server: Postgres | Redis) -> None:
        self.servers.append(server)
        server.start()

    def _patrol(self) -> None:
        with open(self.folder / "users.lock", "a") as users:
            while not self.dismissed and not take(users, fcntl.LOCK_EX, seconds=0):
                for server in self.servers:
                    if not server.running():
                        self._restart(server)
                time.sleep(PATROL_SECONDS)
            for server in reversed(self.servers):
                server.stop()  # with the lock held: a new user waits until all is down, then starts anew

    def _restart(self, server: Postgres | Redis) -> None:
        """Start a crashed server again, pausing longer each time that it doesn't help."""
        due, pause = self.pauses.get(id(server), (0.0, 0.25))
        if time.monotonic() < due:
            return
        self.pauses[id(server)] = (time.monotonic() + pause, min(pause * 2, LONGEST_PAUSE))
        sys.stderr.write(f"{type(server).__name__} is gone; starting it again\n")
        try:
            server.start()
        except (EmbeddedError, psycopg2.Error, OSError) as problem:
            sys.stderr.write(f"{problem}\n")
        else:
            self.pauses[id(server)] = (time.monotonic() + pause, 0.25)

    def _dismiss(self, number: int, frame: FrameType | None) -> None:
        self.dismissed = True

    def _tell(self, **state: str) -> None:
        text = json.dumps({"keeper": os.getpid(), **state})
        made = self.folder / "state.new"
        made.write_text(text)
        made.replace(self.folder / "state.json")


def make_roles(kind: str) -> None:
    """Make or mend the database and roles of the embedded cluster."""
    passwords = {role: addresses.secret(f"db_password_{role}", kind) for role in roles.LOGINS}
    dsn = psycopg2.extensions.make_dsn(**superuser(addresses.place(kind)))
    roles.bootstrap(dsn, database=addresses.NAME, passwords=passwords, createdb=kind != "demo")


def empty_database(kind: str) -> None:
    """Drop the embedded database, whoever is connected, and make it anew with the same roles."""
    if addresses.given("DATABASE_URL", kind):
        raise EmbeddedError("The database of DATABASE_URL is not ours to empty: drop it yourself.")
    admin = psycopg2.connect(**superuser(addresses.place(kind)))
    admin.autocommit = True
    with admin.cursor() as cursor:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        cursor.execute(drop.format(sql.Identifier(addresses.NAME)))
    admin.close()
    make_roles(kind)


def take(lock: IO[Any], how: int, *, seconds: float) -> bool:
    """Try for a lock on an open file for so long; closing the file gives it back."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)


def keeper_pid(folder: Path) -> int | None:
    """The process that keeps this kind now, or None."""
    try:
        with open(folder / "keeper.lock") as lock:
            if take(lock, fcntl.LOCK_SH, seconds=0):
                return None
            return int(lock.read() or 0) or None
    except (FileNotFoundError, ValueError):
        return None


def state(folder: Path) -> dict[str, Any]:
    """What the last keeper said about itself."""
    try:
        return dict(json.loads((folder / "state.json").read_text()))
    except (FileNotFoundError, ValueError):
        return {}
