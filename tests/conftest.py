"""Tests run on real PostgreSQL and Redis, as the application's own logins.

A template database (migrated, walled, with the cast) is built once for each state of the models. Every
session copies it; every test starts from the committed cast, commits for real, and is put back after.
"""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from prm.embedded import ensure_started

_handle = ensure_started("test")

from prm.kernel.tenancy import remembering  # noqa: E402
from tests import world  # noqa: E402  needs the servers' address


def pytest_collection_finish() -> None:
    """What is there now stays to the end: the collector needn't look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    django_db_blocker.unblock()
    database = world.copy_template(_handle, worker_id)
    yield
    database.drop()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(autouse=True)
def the_world(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that is not marked `pure` begins with the cast and leaves nothing behind."""
    if request.node.get_closest_marker("pure"):
        yield
        return
    request.getfixturevalue("django_db_setup")
    yield
    world.put_back()
    remembering.begin_anew()  # so that queries are counted alike, whatever ran before


@pytest.fixture(autouse=True)
def the_language() -> Iterator[None]:
    """A page in German leaves its language behind in the thread of the test client; the next test begins in English."""
    yield
    translation.deactivate()


@pytest.fixture
def as_worker() -> Iterator[None]:
    """This test's connection logs in as prm_worker, as Celery's workers do."""
    with world.logged_in_as("worker"):
        yield


@pytest.fixture
def superuser() -> Iterator[Any]:
    """A connection that passes every wall, to check from outside or to do damage on purpose."""
    with world.superuser_connection() as connection:
        yield connection


@pytest.fixture
def replays_true() -> Iterator[None]:
    """What this test has let happen comes to the same when it is replayed (tests/workflows/past.py)."""
    yield
    from tests.workflows.past import assert_replays_true

    assert_replays_true()
