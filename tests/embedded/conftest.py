"""Instances of their own, in folders of their own: these tests start, break and stop real servers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prm.embedded import addresses, folders, users

KIND = "test"


@pytest.fixture
def own_var(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A var/ that any account can reach, with no servers yet; what it started is stopped and removed."""
    checkout = Path(tempfile.mkdtemp(prefix="prm-"))
    checkout.chmod(0o755)
    monkeypatch.setenv("PRM_VAR", str(checkout / "var"))
    monkeypatch.setenv("PRM_EMBEDDED", KIND)
    yield checkout / "var"
    if addresses.folder(KIND).exists():
        users.dismiss(KIND)
        folders.remove(KIND)
    shutil.rmtree(checkout)
