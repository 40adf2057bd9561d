"""Environments of their own under var/, for what is only measured beside the program."""

import shutil
import subprocess
import sys
from pathlib import Path

from prm.embedded import addresses


def environment(name: str) -> Path:
    """The Python of var/<name> with what requirements/<name>.lock names, and nothing else.

    Raises CalledProcessError where it can't be installed, as without a network.
    """
    lock = addresses.CHECKOUT / "requirements" / f"{name}.lock"
    home = addresses.var() / f"{name}-environment"  # the servers of `make bench` live in var/bench
    python, stamp = home / "bin" / "python", home / "installed"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return python
    shutil.rmtree(home, ignore_errors=True)
    print(f"making var/{name} from requirements/{name}.lock", flush=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    strict = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([python, "-m", "pip", "install", *strict, "-r", lock], check=True)
    stamp.write_text(lock.read_text())
    return python
