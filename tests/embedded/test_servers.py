import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
import redis

from prm.embedded import EmbeddedError, Handle, addresses, ensure_started, keeper
from prm.embedded.processes import wait_until

from .conftest import KIND

pytestmark = pytest.mark.pure


def logged_in_as(role: str) -> str:
    told = addresses.database(role, KIND)
    connection = psycopg2.connect(
        host=told["HOST"], port=told["PORT"], user=told["USER"], password=told["PASSWORD"], dbname=told["NAME"]
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT session_user")
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def runs() -> bool:
    return keeper.keeper_pid(addresses.folder(KIND)) is not None


def another_user() -> "subprocess.Popen[str]":
    """A second process that holds the servers, as a developer's `hold` does."""
    command = [sys.executable, "-m", "prm.embedded", "hold", "--kind", KIND]
    child = subprocess.Popen(command, cwd=addresses.CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    while "The test servers run" not in child.stdout.readline():
        assert child.poll() is None
    return child


def crash_keeper(handle: Handle) -> None:
    pid = keeper.keeper_pid(addresses.folder(KIND))
    postmaster = handle.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not Path(f"/proc/{postmaster}").exists(), 10)


class TestStartAndStop:
    def test_answers_every_login_and_keeps_the_data_over_a_second_start(self, own_var: Path) -> None:
        with ensure_started(KIND) as handle:
            assert [logged_in_as(role) for role in ("owner", "web", "worker", "operator")] == [
                "prm_owner",
                "prm_web",
                "prm_worker",
                "prm_operator",
            ]
            assert redis.from_url(addresses.redis_url(KIND)).ping()
            with psycopg2.connect(**handle.superuser("prm")) as admin, admin.cursor() as cursor:
                cursor.execute("CREATE TABLE kept AS SELECT 1 AS number")
        assert not runs()

        with (
            ensure_started(KIND) as handle,
            psycopg2.connect(**handle.superuser("prm")) as admin,
            admin.cursor() as cursor,
        ):
            cursor.execute("SELECT number FROM kept")
            assert cursor.fetchone() == (1,)
        assert not runs()

    def test_the_last_user_to_leave_stops_the_servers_even_by_dying(self, own_var: Path) -> None:
        handle = ensure_started(KIND)
        other = another_user()
        handle.close()
        assert logged_in_as("web") == "prm_web"

        other.kill()
        other.wait()

        assert wait_until(lambda: not runs(), 10)
        with pytest.raises(psycopg2.OperationalError):
            logged_in_as("web")

    def test_stop_returns_when_everybody_has_let_go_so_that_a_reset_may_follow_at_once(self, own_var: Path) -> None:
        for command in ("start", "stop", "reset"):
            done = subprocess.run(
                [sys.executable, "-m", "prm.embedded", command, "--kind", KIND],
                cwd=addresses.CHECKOUT, capture_output=True, text=True, timeout=240, check=False,
            )  # fmt: skip
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert not addresses.folder(KIND).exists()

    def test_secrets_are_for_their_owner_alone(self, own_var: Path) -> None:
        addresses.secret("db_password_web", KIND)
        assert (addresses.folder(KIND) / "secrets.json").stat().st_mode & 0o777 == 0o600


class TestCrashes:
    def test_a_crashed_postgresql_and_redis_come_back_by_themselves(self, own_var: Path) -> None:
        with ensure_started(KIND) as handle:
            crashed = handle.postmaster_pid()
            redis_pid = redis.from_url(addresses.redis_url(KIND)).info("server")["process_id"]

            os.kill(crashed, signal.SIGKILL)
            os.kill(redis_pid, signal.SIGKILL)

            back = wait_until(lambda: came_back(crashed, handle), 20)
            assert back, "".join(log.read_text() for log in addresses.folder(KIND).glob("*.log"))
            assert logged_in_as("web") == "prm_web"
            assert wait_until(redis_answers, 20)

    def test_a_killed_keeper_takes_its_servers_along_and_blocks_nobody(self, own_var: Path) -> None:
        handle = ensure_started(KIND)
        crash_keeper(handle)

        with ensure_started(KIND):
            assert logged_in_as("worker") == "prm_worker"
        handle.close()

    def test_a_stale_lock_that_names_another_living_process_is_removed(self, own_var: Path) -> None:
        handle = ensure_started(KIND)
        crash_keeper(handle)
        handle.close()
        stale = addresses.place(KIND).home / "data" / "postmaster.pid"
        stale.write_text(f"{os.getpid()}\n{stale.parent}\n")

        with ensure_started(KIND):
            assert logged_in_as("web") == "prm_web"

    def test_a_half_made_data_folder_is_made_anew(self, own_var: Path) -> None:
        with ensure_started(KIND):
            pass
        home = addresses.place(KIND).home
        (home / "data" / "PG_VERSION").unlink()
        (home / "data.making").mkdir()

        with ensure_started(KIND):
            assert logged_in_as("web") == "prm_web"
        assert not (home / "data.making").exists()

    def test_data_of_another_release_is_explained_and_left_alone(self, own_var: Path) -> None:
        with ensure_started(KIND):
            pass
        version = addresses.place(KIND).home / "data" / "PG_VERSION"
        version.write_text("15\n")

        with pytest.raises(EmbeddedError, match="made by PostgreSQL 15 and this program brings 18"):
            ensure_started(KIND)
        assert version.read_text() == "15\n"


def came_back(crashed: int, handle: Handle) -> bool:
    try:
        return handle.postmaster_pid() != crashed and logged_in_as("web") == "prm_web"
    except (OSError, ValueError, IndexError, psycopg2.OperationalError):
        return False


def redis_answers() -> bool:
    try:
        return bool(redis.from_url(addresses.redis_url(KIND)).ping())
    except redis.RedisError:
        return False
