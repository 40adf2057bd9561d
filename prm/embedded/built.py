"""Remembers which code brought the demo up last, so that a second start needn't ask again what it knows."""

import hashlib
from pathlib import Path

from prm.embedded.addresses import CHECKOUT

ROOMS = ("prm", "partners", "dealreg", "incentives", "onboarding", "workflows", "integrations")


def remember(folder: Path, code: str) -> None:
    """Note that the code of this fingerprint has migrated and built what is in this instance."""
    (folder / "built").write_text(code)


def is_current(folder: Path) -> bool:
    """Whether migrating and building with this code has been done here already."""
    noted = folder / "built"
    return noted.exists() and noted.read_text() == fingerprint()


def forget(folder: Path) -> None:
    """Ask everything again at the next start."""
    (folder / "built").unlink(missing_ok=True)


def fingerprint() -> str:
    """Changes with every line of the program, its migrations and walls among them."""
    digest = hashlib.sha256((CHECKOUT / "requirements" / "runtime.lock").read_bytes())
    for room in ROOMS:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            digest.update(f"{path.relative_to(CHECKOUT)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
