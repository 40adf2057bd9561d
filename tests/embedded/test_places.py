import os
from pathlib import Path

import pytest

from prm.embedded import EmbeddedError, addresses, ensure_started, folders
from prm.embedded.addresses import ConfigurationError

from .conftest import KIND

pytestmark = pytest.mark.pure


class TestWhereThePagesAre:
    def test_a_command_beside_the_demo_knows(self, own_var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert addresses.served_at("demo") == ""
        monkeypatch.delenv("DATABASE_URL", raising=False)
        (addresses.folder("demo")).mkdir(parents=True)
        (addresses.folder("demo") / addresses.RUNNING).write_text("http://127.0.0.1:8450/")
        assert addresses.served_at("demo") == "http://127.0.0.1:8450"
        monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/prm")
        assert addresses.served_at("demo") == ""


class TestWhereTheServersLive:
    def test_root_in_a_closed_folder_gets_a_place_that_the_servers_account_can_reach(self, own_var: Path) -> None:
        own_var.parent.chmod(0o700)

        with ensure_started(KIND) as handle:
            place = addresses.place(KIND)
            owner = Path(f"/proc/{handle.postmaster_pid()}").stat().st_uid
        own_var.parent.chmod(0o755)

        assert owner != 0
        assert (place.outside is not None) == (os.geteuid() == 0)
        assert addresses.place(KIND) == place  # recorded: the data stays where it is
        folders.remove(KIND)
        assert not place.home.exists()
        assert place.outside is None or not place.outside.exists()

    def test_what_a_vanished_temporary_checkout_left_is_swept(self, own_var: Path) -> None:
        library = own_var.parent / "lib"
        for name, checkout in (("gone", own_var.parent / "gone"), ("here", own_var.parent), ("home", Path("/no"))):
            (library / f"prm-{name}").mkdir(parents=True)
            (library / f"prm-{name}" / "made-for").write_text(f"{checkout}/var\n")

        folders.sweep(library)

        assert sorted(path.name for path in library.iterdir()) == ["prm-here", "prm-home"]

    def test_the_data_belongs_to_an_account_that_is_not_root(self, own_var: Path) -> None:
        folders.prepare(KIND)
        place = addresses.place(KIND)
        assert place.home.stat().st_uid != 0
        assert place.home.stat().st_mode & 0o777 == 0o700

    def test_a_long_path_moves_the_sockets_to_a_short_one(self, own_var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PRM_VAR", str(own_var / ("long " * 30)))
        place = addresses.place(KIND)
        assert len(os.fsencode(place.run / ".s.PGSQL.5432")) <= 107
        assert " " not in str(place.run)

    def test_a_folder_that_somebody_else_made_first_is_refused(self, own_var: Path) -> None:
        folders.own_folder(KIND)
        home = addresses.place(KIND).home
        home.parent.mkdir(exist_ok=True)  # under /var/lib where the checkout is closed to other accounts
        home.symlink_to("/")
        with pytest.raises(EmbeddedError, match="belongs to"):
            folders.prepare(KIND)
        home.unlink()

    def test_a_copied_checkout_does_not_share_the_first_ones_data(
        self, own_var: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folders.own_folder(KIND)
        addresses.record_place(KIND)
        copy = own_var.with_name("copy")
        copy.mkdir()
        (own_var / KIND).rename(copy / KIND)
        first = addresses.place(KIND)
        monkeypatch.setenv("PRM_VAR", str(copy))
        assert addresses.place(KIND).home != first.home


class TestTheEnvironment:
    def test_an_external_database_is_named_by_its_url_and_the_roles_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example:6432/prm?sslmode=require")
        monkeypatch.setenv("PRM_DB_PASSWORD_WORKER", "p@ss/word")
        told = addresses.database("worker", "demo")
        assert (told["HOST"], told["PORT"], told["NAME"]) == ("db.example", "6432", "prm")
        assert (told["USER"], told["PASSWORD"]) == ("prm_worker", "p@ss/word")
        assert told["OPTIONS"]["sslmode"] == "require"

    def test_a_missing_secret_of_an_external_database_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/prm")
        monkeypatch.delenv("PRM_DB_PASSWORD_WEB", raising=False)
        with pytest.raises(ConfigurationError, match="PRM_DB_PASSWORD_WEB must be set"):
            addresses.database("web", "demo")

    def test_tests_never_reach_the_database_that_the_environment_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://production.example/prm")
        monkeypatch.setenv("REDIS_URL", "redis://production.example/0")
        assert addresses.database("web", "test")["HOST"].startswith("/")
        assert addresses.redis_url("test").startswith("unix:/")
        assert addresses.broker_url("test").startswith("redis+socket:/")
