"""Workers killed, Redis emptied, PostgreSQL crashed: each deal is decided once, each cause told once."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.faults, pytest.mark.pure]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def own_servers():
    """A folder for servers of our own, so that no other test sees them crash."""
    folder = Path(tempfile.mkdtemp(prefix="prm-faults-"))
    folder.chmod(0o755)
    (folder / "var").mkdir(mode=0o755)
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


class TestACampaignOfFaults:
    def test_leaves_each_deal_one_decision_and_each_cause_one_message(self, own_servers):
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "prm.settings",
            "PRM_VAR": str(own_servers),
            "PRM_EMBEDDED": "test",
            "PRM_SMTP_PORT": str(free_port()),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.campaign"],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        print(done.stdout)

        assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
