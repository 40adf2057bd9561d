"""Make .venv and install a lock file into it; needs a bare Python only.

    python3 requirements/install.py runtime|dev

`.venv/installed` names the locks that are installed whole, so a second call returns at once, and whatever an
interrupted call left half-made is mended or made anew.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
OLDEST = (3, 11)


def main(wanted: str) -> int:
    """Install unless it is installed already; problems are told in one sentence."""
    if sys.version_info < OLDEST:
        return fail(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed and this is {sys.version.split()[0]}.")
    if installed(wanted):
        return 0
    (CHECKOUT / "var").mkdir(mode=0o755, exist_ok=True)
    with open(CHECKOUT / "var" / "install.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once: the second finds it done
        if installed(wanted):
            return 0
        done = whole()
        STAMP.unlink(missing_ok=True)
        if not works() and not make():
            return 1
        if not install(wanted):
            return fail("Some packages could not be installed: see above, then run the same command again.")
        STAMP.write_text("".join(f"{line}\n" for line in sorted({*done, *marks(wanted)})))
    return 0


def installed(wanted: str) -> bool:
    """Whether this lock, exactly, is installed whole in an environment that runs."""
    return marks(wanted)[0] in whole() and PYTHON.exists()


def marks(wanted: str) -> list[str]:
    """How the stamp names a lock; the dev lock has everything of the runtime's."""
    names = ["dev", "runtime"] if wanted == "dev" else [wanted]
    return [f"{name} {hashlib.sha256(lock_file(name).read_bytes()).hexdigest()}" for name in names]


def lock_file(name: str) -> Path:
    """Exact versions and hashes of everything, transitive too."""
    return CHECKOUT / "requirements" / f"{name}.lock"


def whole() -> set[str]:
    """The locks that the stamp says are installed."""
    return set(STAMP.read_text().splitlines()) if STAMP.exists() else set()


def works() -> bool:
    """Whether there is an environment that a pip can install into, on a Python that is new enough."""
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return PYTHON.exists() and quietly(PYTHON, "-c", check) and pip() is not None


def pip() -> list[str | Path] | None:
    """The environment's own pip, else that of a Python without ensurepip, else none."""
    if quietly(PYTHON, "-m", "pip", "--version"):
        return [PYTHON, "-m", "pip"]
    if importlib.util.find_spec("pip") and not importlib.util.find_spec("ensurepip"):
        return [sys.executable, "-m", "pip", "--python", PYTHON]
    return None


def quietly(*command: str | Path) -> bool:
    """Whether a command can be run and ends well."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def make() -> bool:
    """Make the environment anew. Debian's Python may come without the parts that venv needs."""
    if VENV.exists():
        say("The environment .venv is half-made or its Python is gone: making it anew.")
        shutil.rmtree(VENV)
    else:
        say(f"Making the environment .venv with Python {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip"):
        options = []
    elif importlib.util.find_spec("pip"):
        options = ["--without-pip"]
    else:
        fail("This Python has neither ensurepip nor pip: on Debian and Ubuntu, install python3-venv.")
        return False
    if subprocess.run([sys.executable, "-m", "venv", *options, VENV]).returncode:
        fail("The environment .venv could not be made: see above.")
        return False
    return True


def install(wanted: str) -> bool:
    """Let pip install the lock: these versions, these hashes, wheels only, so that nothing is compiled."""
    say(f"Installing the packages of requirements/{wanted}.lock; the first time takes a minute or two.")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-script-location"]
    quiet += ["--no-compile"]  # Python compiles what it imports, which is a third of it
    strict = ["--require-hashes", "--only-binary", ":all:", "-r", lock_file(wanted)]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run([*(pip() or []), "install", *quiet, *strict], env=environment).returncode == 0


def say(text: str) -> None:
    """Tell what is going on."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(text: str) -> int:
    """Tell what went wrong; the status of a failed command."""
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    if sys.argv[1:] not in (["runtime"], ["dev"]):
        sys.exit(fail("Usage: install.py runtime|dev"))
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(fail("Stopped; the next run goes on from here."))
