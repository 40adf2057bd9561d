"""python -m prm.embedded: start, stop or watch the embedded servers, or run the demo."""

import argparse
import os
import signal
import subprocess
import sys
import time
from types import FrameType

from prm.embedded import addresses, folders, keeper, supervise, users
from prm.embedded.processes import EmbeddedError, wait_until

KINDS = ("demo", "test", "bench")


def main() -> int:
    """Do one command; a problem is told in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m prm.embedded")
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--kind", choices=KINDS, default="demo")
    options = parser.parse_args()
    try:
        return COMMANDS[options.command](options.kind)
    except (EmbeddedError, addresses.ConfigurationError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1


def say(text: str) -> None:
    """Tell the person who runs it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(kind: str) -> int:
    """What users.ensure_started runs in the background."""
    return keeper.Keeper(kind).run()


def hold(kind: str) -> int:
    """Keep the servers running in the foreground until Ctrl-C, or until somebody stops them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    path = addresses.folder(kind)
    with users.holding(kind), users.ensure_started(kind, say):
        (path / "holder.pid").write_text(str(os.getpid()))
        say(f"The {kind} servers run in {addresses.place(kind).run}; Ctrl-C lets go of them.")
        while keeper.keeper_pid(path):
            time.sleep(1)
    return 0


def start(kind: str) -> int:
    """Start the servers and leave them running until `stop`."""
    path = addresses.folder(kind)
    with users.ensure_started(kind, say):
        holder = _start_holder(kind)
        told = path / "holder.pid"
        wait_until(lambda: told.exists() and told.read_text() == str(holder.pid), users.STOP_SECONDS)
    return status(kind)


def _start_holder(kind: str) -> "subprocess.Popen[bytes]":
    with open(addresses.folder(kind) / "keeper.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "prm.embedded", "hold", "--kind", kind],
            cwd=addresses.CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def stop(kind: str) -> int:
    """Stop the servers, whoever uses them."""
    if not users.dismiss(kind):
        raise EmbeddedError(f"The {kind} servers did not stop in time: see {addresses.folder(kind)}.")
    return status(kind)


def status(kind: str) -> int:
    """Say what runs and where."""
    path = addresses.folder(kind)
    pid = keeper.keeper_pid(path)
    place = addresses.place(kind)
    say(f"{kind}: {'runs, kept by process ' + str(pid) if pid else 'stopped'}; sockets in {place.run}")
    say(f"data in {place.home}, logs in {path}")
    return 0


def reset(kind: str) -> int:
    """Stop the servers and remove their data."""
    path = addresses.folder(kind)
    if path.exists():
        folders.own_folder(kind)
        if users.in_use(path):
            raise EmbeddedError(f"The {kind} servers are in use: stop what runs (Ctrl-C in `make demo`) first.")
        wait_until(lambda: keeper.keeper_pid(path) is None, users.STOP_SECONDS)
    folders.remove(kind)
    say(f"{kind}: removed")
    return 0


def demo(kind: str) -> int:
    """Run the whole program until Ctrl-C."""
    return supervise.Supervisor(kind).run()


def migrate(kind: str) -> int:
    """Bring the database up to the code."""
    return _manage(kind, "migrate", role="owner")


def shell(kind: str) -> int:
    """A Python prompt with the models."""
    return _manage(kind, "shell", role="web")


def _manage(kind: str, *arguments: str, role: str) -> int:
    with users.ensure_started(kind, say):
        environment = {**os.environ, "PRM_ROLE": role}
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=addresses.CHECKOUT, env=environment).returncode


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


COMMANDS = {
    "demo": demo,
    "hold": hold,
    "keep": keep,
    "migrate": migrate,
    "reset": reset,
    "shell": shell,
    "start": start,
    "status": status,
    "stop": stop,
}

if __name__ == "__main__":
    sys.exit(main())
