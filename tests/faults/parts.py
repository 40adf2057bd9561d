"""The campaign's processes: workers, schedulers and a web server, each started, killed and started again by pid."""

import contextlib
import glob
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from prm.embedded import addresses, ports, processes
from tests.faults import planted

ROOT = Path(__file__).resolve().parents[2]
AHEAD = 7200
WORKERS = ("worker", "ahead")
SCHEDULERS = ("scheduler", "second")


class Parts:
    """What runs besides the servers. Every signal goes to a process that is ours: a child, or a child's child."""

    def __init__(self, taken_away: str) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.log = addresses.var() / "parts.log"
        self.port = ports.free_port(18000 + os.getpid() % 700)
        self.clock = faketime()
        self.taken_away = taken_away

    def start(self, name: str) -> None:
        self.running[name] = processes.spawn(
            self._command(name), log=self.log, at_death=signal.SIGTERM, env=self._environment(name), cwd=ROOT
        )

    def start_all(self) -> None:
        for name in (*WORKERS, *SCHEDULERS, "web"):
            self.start(name)

    def kill(self, name: str) -> None:
        """The process with all its children, without a word."""
        processes.kill_session(self.running.pop(name))

    def kill_one_child(self, name: str, dice: random.Random) -> int | None:
        """One process of the pool, while its parent lives on."""
        if not (pids := children(self.running[name].pid)):
            return None
        chosen = dice.choice(pids)
        with contextlib.suppress(ProcessLookupError):
            os.kill(chosen, signal.SIGKILL)
        return chosen

    def look_after(self) -> None:
        """Start again what has died, as whoever runs it for others does."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                processes.kill_session(process)
                self.start(name)

    def end_all(self) -> None:
        for process in self.running.values():
            processes.kill_session(process)
        self.running.clear()

    def _command(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "-A", "tests.faults.worker"]
        if name == "web":
            web = [sys.executable, "-m", "gunicorn", "prm.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
            web += ["--preload", "--threads", "4", "--graceful-timeout", "3", "--no-control-socket"]
            return [*web, "--log-level", "warning"]
        if name in SCHEDULERS:
            schedule = str(addresses.var() / f"{name}.schedule")
            return [*celery, "beat", "--schedule", schedule, "--pidfile", "", "-l", "ERROR"]
        node = ["-n", f"{name}@%h", "--without-gossip", "--without-mingle"]
        return [*celery, "worker", "--concurrency", "2", *node, "-l", "WARNING"]

    def _environment(self, name: str) -> dict[str, str]:
        told = {**os.environ, "PRM_ROLE": "web" if name == "web" else "worker"}
        if name in WORKERS:
            told |= {planted.WORKER: name, planted.BREAK: self.taken_away}
        if name != "ahead":
            return told
        if self.clock:
            faked = {"LD_PRELOAD": self.clock, "FAKETIME": f"+{AHEAD}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            return {**told, **faked, "FAKETIME_NO_CACHE": "1", "FAKETIME_DISABLE_SHM": "1"}
        path = os.pathsep.join([str(Path(__file__).parent / "ahead"), str(ROOT)])
        return {**told, "PYTHONPATH": path, "CAMPAIGN_AHEAD": str(AHEAD)}


def faketime() -> str:
    """libfaketime where the machine has it, else an empty string: Python's clocks are shifted then."""
    found = [os.environ.get("FAKETIME_LIBRARY", ""), *glob.glob("/usr/lib/*/faketime/libfaketime.so.1")]
    return next((path for path in found if path and Path(path).exists()), "")


def children(pid: int) -> list[int]:
    """The processes that this one has started and not yet buried."""
    return sorted(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == pid)


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # gone meanwhile
