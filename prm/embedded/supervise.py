"""What `make demo` runs: servers, roles, migrations, the demo vendor, then the program's own processes.

Every child has a session of its own, so that Ctrl-C (which a terminal sends to the whole group) reaches the
supervisor alone, and the kernel's word that its parent died, so that none outlives even a killed supervisor.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from prm.embedded import addresses, built, folders, keeper, ports, processes, users
from prm.embedded.processes import EmbeddedError

READY_SECONDS = 90.0
LONGEST_PAUSE = 30.0
HALF_MADE = 3  # the status of `manage.py demo` when an earlier build was interrupted
HEALTHY_SECONDS = 30.0  # a child that ran so long begins with the shortest pause again


class Stopped(Exception):
    """Somebody asked us to stop."""


@dataclass
class Child:
    """A process of the program that is kept running."""

    name: str
    command: Sequence[str | Path]
    environment: dict[str, str]
    stop_with: signal.Signals = signal.SIGTERM
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    due: float = 0.0
    pause: float = 0.5
    log: Path = field(default_factory=Path)


class Supervisor:
    """Brings the demo up, keeps it up, takes it down."""

    def __init__(self, kind: str = "demo") -> None:
        self.kind = kind
        self.folder = folders.own_folder(kind)
        self.stopping = False
        self.children: list[Child] = []
        self.began = time.monotonic()

    def run(self) -> int:
        """Serve until Ctrl-C. Raises EmbeddedError when something can't be started."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)  # explicitly: a shell's background job ignores SIGINT
        with open(self.folder / addresses.RUNNING, "a+") as lock:
            self._be_alone(lock)
            try:
                with users.ensure_started(self.kind, self.say):
                    try:
                        self._serve(lock)
                    finally:
                        self._stop_children()
                        self.say("stopping PostgreSQL and Redis")
            except Stopped:
                pass
        self.say("everything has stopped; the data is kept (make demo-reset removes it)")
        return 0

    def say(self, text: str) -> None:
        """One line with the seconds since the start."""
        with suppress(OSError):  # the terminal may be gone
            sys.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}\n")
            sys.stdout.flush()

    def _be_alone(self, lock: IO[str]) -> None:
        """One demo in one checkout; the second is told where the first is."""
        if not keeper.take(lock, fcntl.LOCK_EX, seconds=1):
            lock.seek(0)
            raise EmbeddedError(f"The demo runs already: {lock.read().strip() or 'it is just starting'}.")
        lock.truncate(0)

    def _serve(self, lock: IO[str]) -> None:
        port = ports.web_port(self.say)
        mail = ports.free_port(int(os.environ.get("PRM_SMTP_PORT") or 8025))
        url = f"http://127.0.0.1:{port}"
        lock.write(f"{url}/")
        lock.flush()
        environment = self._environment(url, mail)
        self.children = self._plan(port, environment)
        self._launch("mail")
        if not built.is_current(self.folder):
            self._build(environment)
        elif os.environ.get("ACCOUNTS"):
            self.say("the demo keeps the customers that it was built with; `make demo-reset` makes room for others")
        self.say("starting the web server, then the worker and the scheduler")
        self._launch("web")
        self._await_ready(port)  # four programs that start at once would make each other late
        self._launch("worker", "scheduler")
        self._greet(url)
        self._watch(lambda: False)

    def _environment(self, url: str, mail: int) -> dict[str, str]:
        """What all children are told; what the caller set wins."""
        told = {"PRM_DEMO": "1", "PRM_PUBLIC_URL": url, "PRM_SMTP_PORT": str(mail), "PYTHONUNBUFFERED": "1"}
        return {**told, **os.environ, "PRM_SMTP_PORT": str(mail), "PRM_EMBEDDED": self.kind}

    def _plan(self, port: int, environment: dict[str, str]) -> list[Child]:
        python, worker = sys.executable, {**environment, "PRM_ROLE": "worker"}
        celery = [python, "-m", "celery", "-A", "prm"]
        quiet = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        web = [python, "-m", "gunicorn", "prm.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload"]
        web += ["--threads", "4", "--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning"]
        schedule = self.folder / "celerybeat-schedule"
        plan = [
            Child("web", web, {**environment, "PRM_ROLE": "web"}),
            Child(
                "scheduler",
                [*celery, "beat", "--schedule", schedule, "--pidfile", "", "-l", "WARNING"],
                worker,
            ),
            Child("worker", [*celery, "worker", "--concurrency", "2", *quiet], worker),
        ]
        if has_command("mailsink"):
            sink = [python, "manage.py", "mailsink"]  # on PRM_SMTP_PORT
            plan.append(Child("mail", sink, {**environment, "PRM_ROLE": "web"}))
        for child in plan:
            child.log = self.folder / f"{child.name}.log"
        return plan

    def _build(self, environment: dict[str, str]) -> None:
        """Bring the database up to the code and build the demo vendor unless it is there."""
        code = built.fingerprint()  # as it is now: somebody may be editing
        built.forget(self.folder)
        self._migrate(environment)
        if has_command("demo"):
            self._build_vendor(environment)
        built.remember(self.folder, code)

    def _migrate(self, environment: dict[str, str]) -> None:
        self.say("bringing the database up to the code")
        self._step("migrate", "--no-input", "--verbosity", "0", environment={**environment, "PRM_ROLE": "owner"})

    def _build_vendor(self, environment: dict[str, str]) -> None:
        """One whose building was interrupted is built anew."""
        logins = self.folder / "logins.txt"
        logins.unlink(missing_ok=True)
        demo = ("demo", "--logins-into", str(logins))
        if self._step(*demo, environment=environment, expected=HALF_MADE) == HALF_MADE:
            self.say("an earlier build of the demo was interrupted, so it begins anew with an empty database")
            keeper.empty_database(self.kind)
            self._migrate(environment)
            self._step(*demo, environment=environment)

    def _step(self, *arguments: str, environment: dict[str, str], expected: int = 0) -> int:
        """Run one management command to its end, its words on our screen; returns its status."""
        command = [sys.executable, "manage.py", *arguments]
        child = self._spawn(command, {"PRM_ROLE": "web", **environment}, None)
        try:
            self._watch(lambda: child.poll() is not None)
        except Stopped:
            processes.stop(child, (signal.SIGINT, 3), (signal.SIGTERM, 1))
            raise
        if child.returncode not in {0, expected}:
            raise EmbeddedError(f"`manage.py {arguments[0]}` failed with status {child.returncode}: see above.")
        return child.returncode

    def _spawn(
        self, command: Sequence[str | Path], environment: dict[str, str], log: Path | None
    ) -> "subprocess.Popen[bytes]":
        return processes.spawn(command, log=log, at_death=signal.SIGTERM, env=environment, cwd=addresses.CHECKOUT)

    def _launch(self, *names: str) -> None:
        for child in self.children:
            if child.name in names:
                child.process = self._spawn(child.command, child.environment, child.log)
                child.started = time.monotonic()

    def _await_ready(self, port: int) -> None:
        """Wait until the program says that database, Redis and migrations are as they should be."""
        end = time.monotonic() + READY_SECONDS
        self._watch(lambda: ports.answers(port, "/readyz") or time.monotonic() > end)
        if time.monotonic() > end:
            built.forget(self.folder)
            words = processes.last_words(self.folder / "web.log")
            raise EmbeddedError(f"The web server gave no answer within {READY_SECONDS:.0f} seconds: {words}")

    def _greet(self, url: str) -> None:
        self.say("ready")
        self.say(f"open {url}/ (and {url}/demo/mail/ for the mails that it sends)")
        if (logins := self.folder / "logins.txt").exists():
            sys.stdout.write(logins.read_text())
        self.say(f"logs are in {self.folder}; Ctrl-C stops everything")

    def _watch(self, done: Callable[[], bool]) -> None:
        """Keep the children running until it's done; raises Stopped when we're asked to stop."""
        while not done():
            if self.stopping:
                raise Stopped
            for child in self.children:
                self._look_after(child)
            time.sleep(0.1)

    def _look_after(self, child: Child) -> None:
        """Start a crashed child again, pausing longer each time that it doesn't last."""
        if child.process is None or child.process.poll() is None:
            return
        now = time.monotonic()
        if not child.due:
            processes.kill_session(child.process)  # workers of a killed master
            lasted = now - child.started
            child.pause = 0.5 if lasted > HEALTHY_SECONDS else min(child.pause * 2, LONGEST_PAUSE)
            child.due = now + child.pause
            self.say(
                f"{child.name} ended with status {child.process.returncode}; starting it again in "
                f"{child.pause:.0f} s (its log: {child.log})"
            )
        elif now >= child.due:
            child.due = 0.0
            self._launch(child.name)

    def _stop_children(self) -> None:
        """First who brings work and does it, then who takes its mails; all within six seconds."""
        for names, seconds in ((("scheduler", "web", "worker"), 4.0), (("mail",), 2.0)):
            alive = [child for child in self.children if child.name in names and child.process]
            for child in alive:
                self.say(f"stopping {child.name}")
                assert child.process is not None
                with suppress(ProcessLookupError):
                    child.process.send_signal(child.stop_with)
            end = time.monotonic() + seconds
            for child in alive:
                assert child.process is not None
                processes.see_off(child.process, end - time.monotonic())

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Only take note: a second Ctrl-C must not interrupt the orderly end."""
        self.stopping = True


def has_command(name: str) -> bool:
    """Whether some app brings this management command."""
    pattern = f"**/management/commands/{name}.py"
    rooms = ("prm", "partners", "dealreg", "workflows", "incentives", "onboarding", "integrations")
    return any(next((addresses.CHECKOUT / room).glob(pattern), None) for room in rooms)
