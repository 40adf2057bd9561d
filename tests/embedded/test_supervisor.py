"""The supervisor of `make demo`, with a small program in the place of ours: real servers and processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from prm.embedded.addresses import CHECKOUT
from prm.embedded.processes import wait_until

pytestmark = pytest.mark.pure
PROGRAM = {
    "manage.py": """
import pathlib, sys
print("manage.py", *sys.argv[1:])
half_made = pathlib.Path("half-made")
if sys.argv[1] == "demo":
    if half_made.exists():
        half_made.unlink()
        sys.exit(3)
    pathlib.Path(sys.argv[3]).write_text("  admin   ada@vendor.example")
""",
    "prm/management/commands/demo.py": "",
    "requirements/runtime.lock": "",
    "prm/__init__.py": "",
    "prm/wsgi.py": """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
""",
    "prm/celery.py": """
from celery import Celery
from prm.embedded import addresses
app = Celery("prm", broker=addresses.broker_url())
app.conf.broker_connection_retry_on_startup = True
""",
}


class Demo:
    """A running `make demo` of the small program, in a session of its own as a terminal's would be."""

    def __init__(self, checkout: Path, name: str = "first") -> None:
        self.checkout = checkout
        self.log = checkout.with_name(f"{name}.log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PRM_")}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "prm.embedded", "demo"],
                cwd=checkout,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def address(self) -> str:
        assert wait_until(lambda: "Ctrl-C stops everything" in self.said(), 60), self.said()
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.said())
        assert found, self.said()
        return found.group()

    def said(self) -> str:
        return self.log.read_text()

    def ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def left_over(self) -> list[str]:
        """Whatever still runs out of this checkout; its servers were started from there."""
        told = subprocess.run(["ps", "-e", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return [line for line in told.splitlines() if str(self.checkout) in line or self._works_there(line)]

    def _works_there(self, line: str) -> bool:
        try:
            return os.readlink(f"/proc/{line.split()[0]}/cwd").startswith(str(self.checkout))
        except OSError:
            return False


@pytest.fixture
def checkout() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prm-"))
    folder.chmod(0o755)
    for name, text in PROGRAM.items():
        path = folder / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(CHECKOUT / "prm" / "embedded", folder / "checkout" / "prm" / "embedded")
    yield folder / "checkout"
    shutil.rmtree(folder)


@pytest.fixture
def demo(checkout: Path) -> Iterator[Demo]:
    running = Demo(checkout)
    yield running
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not running.left_over(), 20)


def page(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return bytes(answer.read())


def answers(address: str) -> bool:
    try:
        return page(address) == b"served"
    except OSError:
        return False


class TestTheSupervisor:
    def test_ctrl_c_pressed_twice_stops_everything_within_ten_seconds(self, demo: Demo) -> None:
        assert page(demo.address()) == b"served"

        began = time.monotonic()
        demo.ctrl_c()
        time.sleep(0.2)
        demo.ctrl_c()

        assert demo.process.wait(timeout=15) == 0
        assert time.monotonic() - began < 10
        assert demo.left_over() == []
        assert "everything has stopped" in demo.said()

    def test_a_crashed_web_server_is_started_again(self, demo: Demo) -> None:
        address = demo.address()
        master = next(line.split()[0] for line in demo.left_over() if "gunicorn" in line)

        os.kill(int(master), signal.SIGKILL)

        assert wait_until(lambda: "web ended with status -9; starting it again" in demo.said(), 10)
        assert wait_until(lambda: answers(address), 20)

    def test_a_killed_supervisor_leaves_no_orphan(self, demo: Demo) -> None:
        demo.address()

        demo.process.kill()
        demo.process.wait()

        assert wait_until(lambda: demo.left_over() == [], 15), demo.left_over()

    def test_a_second_demo_is_told_where_the_first_one_is(self, demo: Demo) -> None:
        address = demo.address()
        second = Demo(demo.checkout, "second")
        assert second.process.wait(timeout=20) == 1
        assert second.said().strip() == f"The demo runs already: {address}."

    def test_a_demo_that_was_interrupted_while_it_was_built_begins_anew(self, checkout: Path) -> None:
        (checkout / "half-made").touch()
        running = Demo(checkout)
        running.address()
        stop(running)
        assert steps(running) == ["migrate --no-input", "demo --logins-into"] * 2
        assert "an earlier build of the demo was interrupted, so it begins anew" in running.said()

    def test_a_second_start_migrates_and_builds_only_when_the_code_has_changed(self, demo: Demo) -> None:
        demo.address()
        stop(demo)
        assert steps(demo) == ["migrate --no-input", "demo --logins-into"]

        second = Demo(demo.checkout, "second")
        second.address()
        stop(second)
        assert steps(second) == []
        assert "ada@vendor.example" in second.said()  # as remembered

        (demo.checkout / "prm" / "models.py").write_text("changed = True\n")
        third = Demo(demo.checkout, "third")
        third.address()
        stop(third)
        assert steps(third) == steps(demo)


def steps(demo: Demo) -> list[str]:
    """The management commands that its screen shows."""
    lines = [line.split()[1:3] for line in demo.said().splitlines() if line.startswith("manage.py")]
    return [" ".join(words) for words in lines]


def stop(demo: Demo) -> None:
    demo.ctrl_c()
    assert demo.process.wait(timeout=15) == 0
