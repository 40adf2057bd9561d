"""python -m tests.faults.storm --seconds 600 --seed 1 [--break sweeper|unique]

A campaign of faults against the whole program, on servers and in a folder of its own, which it removes. It
prints what it did and found; exits 0 only if nothing accepted is lost, left undone or done twice.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parents[2]
STUCK = 75.0  # seconds in which nothing at all moves: longer than every lease and its back-off
LONGEST = 900.0  # after the faults; then it ends whatever is left
BREAKS = ("sweeper", "unique")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm")
    parser.add_argument("--seconds", type=float, default=600.0, help="for how long things go wrong")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--break", dest="taken_away", choices=BREAKS, default="", help="must end with a fault")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with own_folder():
        from prm.embedded import ensure_started

        with ensure_started("test") as handle:
            django.setup()
            return Storm(handle, options.seed, options.seconds, options.taken_away).run()


@contextmanager
def own_folder() -> Any:
    """Servers, sockets, logs: all below one new folder; it is gone afterwards, unless something was found."""
    from prm.embedded import ports

    folder = Path(tempfile.mkdtemp(prefix="prm-storm-"))
    folder.chmod(0o755)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "prm.settings",
        "PRM_VAR": str(folder / "var"),
        "PRM_EMBEDDED": "test",
        "PRM_SMTP_PORT": str(ports.free_port(18800 + os.getpid() % 700)),  # of its own beside another campaign
        "PYTHONPATH": str(ROOT),
    }
    (folder / "var").mkdir(mode=0o755)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(1)


class Storm:
    """Brings work, lets everything go wrong, waits until all is done, and judges."""

    def __init__(self, handle: Any, seed: int, seconds: float, taken_away: str) -> None:
        from tests.faults.parts import Parts

        self.handle, self.seed, self.seconds, self.taken_away = handle, seed, seconds, taken_away
        self.parts = Parts(taken_away)
        self.began = time.monotonic()
        self.done: Counter[str] = Counter()
        self.found: list[str] = []

    def run(self) -> int:
        from tests.faults.sink import Sink

        self.sink = Sink(int(os.environ["PRM_SMTP_PORT"]), self.seed)
        self.sink.controller.start()
        try:
            tokens = self._world()
            self.parts.start_all()
            clock = f"libfaketime ({self.parts.clock})" if self.parts.clock else "Python's own clocks shifted"
            self.say(f"seed {self.seed}, {self.seconds:.0f} s; one worker's clock is two hours ahead: {clock}")
            self._rage(tokens)
            self._settle()
            self._judge()
        finally:
            self.parts.end_all()
            self.sink.controller.stop()
        for fault in self.found:
            self.say(f"FAULT {fault}")
        if self.found:
            self._last_words()
        self.say("failed" if self.found else "passed: nothing was lost, left undone or done twice")
        return 1 if self.found else 0

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def _world(self) -> list[str]:
        """The cast, the campaign's workflows, a table that counts effects, and a key for each client."""
        import psycopg2
        from django.conf import settings
        from django.core.management import call_command

        from dealreg.models import DealPolicy
        from tests import cast, world
        from tests.faults import load, planted

        settings.MIGRATION_MODULES = dict.fromkeys(world.OURS)  # tables from the models, as the tests have them
        call_command("migrate", database="owner", verbosity=0, run_syncdb=True)
        world.build_cast()
        planted.register()
        with psycopg2.connect(**self.handle.superuser("prm")) as admin, admin.cursor() as cursor:
            cursor.execute(planted.EFFECTS)
            if self.taken_away == "unique":
                cursor.execute("ALTER TABLE workflows_run DROP CONSTRAINT workflows_run_once")
        admin.close()
        with cast.vendor(cast.acme):
            DealPolicy.objects.create(submissions_per_hour=1_000_000)
        for tree in planted.trees():
            _publish(tree)
        return [_token() for _client in range(load.CLIENTS)]

    def _rage(self, tokens: list[str]) -> None:
        from tests.faults.faults import Faults
        from tests.faults.load import AT_WORK, Load

        self.load = Load(self.seed, self.parts.port, tokens)
        faults = Faults(self.handle, self.parts, self.sink, self.load, self.seed)
        self.load.start()
        self._until_something_moves()
        end = time.monotonic() + self.seconds
        self.say("the first steps are done; now everything goes wrong")
        for number, name in enumerate(faults.order()):
            pause = time.monotonic() + faults.dice.uniform(1.0, 5.0)
            while time.monotonic() < pause:
                self.parts.look_after()
                self._hold_back(AT_WORK)
                time.sleep(0.25)
            if number >= len(faults.kinds) and time.monotonic() >= end:
                break  # each kind at least once
            self.say(f"{name}: {faults.kinds[name]()}")
            self.done[name] += 1
        self.load.stop()
        self.found += self.load.faults
        self.say(f"the faults have stopped: {sum(self.done.values())} in all")

    def _hold_back(self, most: int) -> None:
        """A slow machine is given less to do; it is not what is tried here."""
        waiting = sum(self._left().values())
        (self.load.paused.set if waiting > most else self.load.paused.clear)()

    def _until_something_moves(self) -> None:
        """The first faults must not hit processes that are still starting."""
        from tests.faults import figures

        end = time.monotonic() + 240
        while time.monotonic() < end and not (figures.figures([]).effects and self.load.deals):
            time.sleep(0.5)

    def _left(self) -> dict[str, int]:
        from tests.faults import figures
        from tests.faults.campaign import stubbornly

        return dict(stubbornly(figures.left, seconds=180))

    def _settle(self) -> None:
        """Until nothing is left but what was planted. What still moves is given time: the machine may be slow."""
        stopped = moved = time.monotonic()
        before: Any = None
        while (now := time.monotonic()) - stopped < LONGEST:
            self.parts.look_after()
            if not (waiting := self._left()):
                self.say(f"all is done, {now - stopped:.0f} s after the faults stopped")
                break
            if waiting != before:
                before, moved = waiting, now
            elif now - moved > STUCK:
                self.found.append(f"left undone: {waiting}")
                return
            time.sleep(0.5)
        else:
            self.found.append(f"left undone: {before}")
        self._await_incidents()

    def _await_incidents(self) -> None:
        """A step that kills its worker is given up when its lease has run out so many times."""
        from tests.faults import figures
        from tests.faults.campaign import stubbornly

        planted = self._planted()
        end = time.monotonic() + 300
        while (count := stubbornly(lambda: figures.incidents(planted))) != len(planted):
            if time.monotonic() > end:
                self.found.append(f"{count} incidents of {len(planted)} poisons")
                return
            self.parts.look_after()
            time.sleep(0.5)
        self.say(f"each of {len(planted)} planted poisons is one incident")

    def _planted(self) -> list[str]:
        return [str(subject) for subjects in self.load.poison.values() for subject in subjects]

    def _judge(self) -> None:
        from tests.faults import figures

        told = figures.figures(self._planted())
        load, arrived = self.load, self.sink.arrived
        self.found += [f"{name}: {count}, should be 0" for name, count in told.none_of.items() if count]
        things = {str(subject) for subject in (*load.things, *self._planted_ids())}
        if told.things != things:
            self.found.append(f"{len(things)} things accepted, {len(told.things)} there")
        if told.deals != set(load.deals.values()):
            self.found.append(f"{len(load.deals)} deals accepted, {len(told.deals)} there")
        if set(arrived) != told.message_ids:
            self.found.append(f"{len(told.message_ids)} mails recorded, {len(arrived)} reached the sink")
        self._audit()
        repeats = sum(arrived.values()) - len(arrived)
        share = repeats / max(sum(arrived.values()), 1)
        self.say(", ".join(f"{name} {count}" for name, count in sorted(self.done.items())))
        self.say(f"{len(things)} things and {len(told.deals)} deals ({told.states}), {told.runs} runs")
        self.say(f"{told.effects} effects; {load.tries} requests for {len(load.deals)} deals, {load.replayed} replayed")
        self.say(f"mails recorded {len(told.message_ids)}, at the sink {len(arrived)}; repeats {repeats} ({share:.1%})")

    def _planted_ids(self) -> list[Any]:
        return [subject for subjects in self.load.poison.values() for subject in subjects]

    def _audit(self) -> None:
        """As an operator calls it; the login of workers may go along the chain."""
        done = subprocess.run(
            [sys.executable, "manage.py", "audit", "verify"],
            env={**os.environ, "PRM_ROLE": "worker"}, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = "; ".join(line.strip() for line in done.stdout.splitlines())
        if done.returncode:
            self.found.append(f"the audit: {told} {done.stderr[-500:]}")
        self.say(told)

    def _last_words(self) -> None:
        """The folder goes, so the end of the log is shown."""
        lines = self.parts.log.read_text(errors="replace").splitlines() if self.parts.log.exists() else []
        print("\n".join(["the last lines of the processes:", *lines[-60:]]))


def _publish(tree: dict[str, Any]) -> None:
    from uuid import UUID

    from prm.kernel.identity.actors import Actor
    from tests.cast import acme, ada, vendor
    from workflows import actions

    admin = Actor(kind="person", id="somebody", name="Somebody", roles=frozenset({"admin"}))
    with vendor(acme) as now:
        saved = actions.save_draft(tree=tree, actor=admin, now=now)
        assert saved.allowed, saved.reasons
        decision = actions.publish_version(version_id=UUID(saved.facts["version"]), actor=ada.actor, now=now)
        assert decision.allowed, decision.reasons


def _token() -> str:
    from prm.kernel.identity import actions
    from tests.cast import bea, birch, partner

    with partner(birch) as now:
        issued = actions.issue_token(
            name="Client", roles=["seller"], partner_id=birch.id, days=30, actor=bea.actor, now=now
        )
    assert issued.decision.allowed
    return issued.secret


if __name__ == "__main__":
    sys.exit(main())
