"""The campaign in short, and that it bites: with a safeguard taken away it must end with a fault."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.faults, pytest.mark.pure]


def storm(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, on servers of its own; what it printed is shown when the test fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRM_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.storm", *options],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    print(done.stdout, done.stderr[-3000:])
    return done


class TestAMinuteInWhichEverythingGoesWrong:
    def test_loses_nothing_leaves_nothing_undone_and_does_nothing_twice(self):
        done = storm("--seconds", "60", "--seed", "7")
        assert done.returncode == 0
        assert "passed" in done.stdout


class TestWithASafeguardTakenAway:
    def test_it_sees_work_that_nobody_takes_up_when_its_worker_is_dead(self):
        done = storm("--seconds", "20", "--seed", "7", "--break", "sweeper")
        assert done.returncode == 1
        assert "left undone" in done.stdout

    def test_it_sees_an_event_that_begins_two_runs(self):
        done = storm("--seconds", "20", "--seed", "7", "--break", "unique")
        assert done.returncode == 1
        assert "accepted triggers without exactly one run" in done.stdout
