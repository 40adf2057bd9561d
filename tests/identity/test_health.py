"""What a load balancer and a monitor ask."""

from typing import Any

import pytest
from django.db import connections
from django.test import Client

from prm.kernel.identity.views import health
from tests import world


@pytest.fixture(autouse=True)
def built_from_the_models(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' database was made without our own migrations; the libraries' are there."""
    settings.MIGRATION_MODULES = dict.fromkeys(world.OURS)
    monkeypatch.setattr(health, "_seen_current", [])


class TestHealth:
    def test_the_process_answers(self) -> None:
        assert Client().get("/healthz").content == b"ok"

    def test_it_is_ready_with_database_migrations_and_redis(self) -> None:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"database": True, "migrations": True, "redis": True})

    def test_it_is_not_ready_without_redis(self, settings: Any) -> None:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}}
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["redis"]) == (503, False)

    def test_it_is_not_ready_when_a_migration_is_missing(self, superuser: Any) -> None:
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = 'later' WHERE app = 'sessions'")
        try:
            assert Client().get("/readyz").status_code == 503
        finally:
            with superuser.cursor() as cursor:
                cursor.execute("UPDATE django_migrations SET name = '0001_initial' WHERE name = 'later'")
            connections.close_all()


class TestMetrics:
    def test_13_4_they_are_not_there_without_a_token(self, settings: Any) -> None:
        settings.METRICS_TOKEN = ""
        assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    @pytest.mark.parametrize(("given", "status"), [("right", 200), ("wrong", 404)])
    def test_they_are_for_whoever_holds_the_token(self, settings: Any, given: str, status: int) -> None:
        settings.METRICS_TOKEN = "right"
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {given}"})
        assert answer.status_code == status
