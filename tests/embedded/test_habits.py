"""The files around the program: the commands that help lists, the containers, the licences."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from prm.embedded.addresses import CHECKOUT
from tests.architecture import licences

pytestmark = pytest.mark.pure
HABITS = [
    "demo",
    "demo-reset",
    "test",
    "test-api",
    "test-browser",
    "test-faults",
    "faults",
    "lint",
    "types",
    "bench",
    "bench-workflows",
    "bench-conflicts",
    "bench-conflicts-scale",
    "shell",
    "migrate",
    "css",
    "clean",
]


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """requirements/install.py, looking at a checkout of its own."""
    spec = importlib.util.spec_from_file_location("install", CHECKOUT / "requirements" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("runtime", "dev"):
        path = tmp_path / "requirements" / f"{name}.lock"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}==1\n")
    for name, path in (("VENV", ".venv"), ("PYTHON", ".venv/bin/python"), ("STAMP", ".venv/installed")):
        monkeypatch.setattr(module, name, tmp_path / path)
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.touch()
    return module


class TestInstall:
    def test_the_development_packages_hold_the_runtimes(self, installer: Any) -> None:
        installer.STAMP.write_text("\n".join(installer.marks("dev")))
        assert installer.installed("dev")
        assert installer.installed("runtime")

    def test_a_changed_lock_is_installed_again(self, installer: Any) -> None:
        installer.STAMP.write_text("\n".join(installer.marks("runtime")))
        assert not installer.installed("dev")
        (installer.CHECKOUT / "requirements" / "runtime.lock").write_text("runtime==2\n")
        assert not installer.installed("runtime")

    def test_a_half_made_environment_is_made_anew(self, installer: Any) -> None:
        assert not installer.installed("runtime")  # its Python is an empty file
        assert not installer.works()
        assert installer.make()
        assert installer.works()

    def test_an_old_python_is_told_in_one_sentence(
        self, installer: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(installer, "OLDEST", (99, 0))
        assert installer.main("runtime") == 1
        assert capsys.readouterr().err.startswith("Python 99.0 or later is needed and this is ")


class TestFilesAround:
    def test_make_help_lists_every_habit(self) -> None:
        told = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
        assert [line.split()[1] for line in told.splitlines() if line.split()[1] != "help"] == HABITS

    def test_every_lasting_container_has_a_health_check_and_its_own_password_alone(self) -> None:
        services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
        lasting = {name: told for name, told in services.items() if name not in {"roles", "migrate"}}
        assert set(lasting) == {"web", "worker", "scheduler", "postgres", "redis"}
        assert all(told["healthcheck"]["test"] for told in lasting.values())
        for name, role in (("web", "WEB"), ("worker", "WORKER"), ("scheduler", "WORKER")):
            given = {key for key in lasting[name]["environment"] if "PASSWORD" in key and "SMTP" not in key}
            assert given == {f"PRM_DB_PASSWORD_{role}"}

    def test_no_package_has_a_licence_that_binds_its_users(self) -> None:
        assert list(licences.complaints()) == []
