"""Child processes that never outlive whoever started them, and the account that servers run under."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10_000_000  # bytes; a longer log is begun anew at the next start


class EmbeddedError(Exception):
    """A server could not be started or stopped; the text is one sentence for the person who runs it."""


def server_account() -> pwd.struct_passwd | None:
    """The account that servers run under: None is our own; as root it is `nobody`, as PostgreSQL demands."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and this machine has no user `nobody`: run as another user."
        ) from None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None,
    at_death: signal.Signals,
    account: pwd.struct_passwd | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own, so that a terminal's Ctrl-C reaches its parent alone.

    On Linux the child gets `at_death` when the calling thread dies, even by SIGKILL.
    """
    options = _as_account(account)
    output = _open_log(log) if log else None
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent(at_death),
            **options,
        )
    finally:
        if output:
            os.close(output)


def run(command: Sequence[str | Path], *, account: pwd.struct_passwd | None, env: Mapping[str, str]) -> None:
    """Run a tool to its end; its last line tells why it failed."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(env),
        cwd="/",
        **_as_account(account),
    )
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        told = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()] or lines
        raise EmbeddedError(f"{Path(command[0]).name} failed: {told[0]}")


def stop(child: "subprocess.Popen[bytes]", *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn and wait its seconds; SIGKILL the whole session if none was enough."""
    for sent, seconds in steps:
        if child.poll() is None:
            child.send_signal(sent)
            wait_until(lambda: child.poll() is not None, seconds)
    kill_session(child)


def see_off(child: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Wait for a child that was told to stop; SIGKILL what is left of its session then."""
    wait_until(lambda: child.poll() is not None, seconds)
    kill_session(child)


def kill_session(child: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a child's session (a crashed master may leave workers behind)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(holds: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def last_words(log: Path) -> str:
    """The line of a server's log that best tells why it ended."""
    lines = log.read_text(errors="replace").strip().splitlines()[-30:] if log.exists() else []
    told = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
    return (told or lines or ["it wrote nothing"])[-1]


def _as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _open_log(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        flags |= os.O_TRUNC
    return os.open(path, flags, 0o640)


def _die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent))
        if os.getppid() != parent:  # it died between fork and here
            os._exit(1)

    return tie
