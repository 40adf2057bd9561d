"""What a load balancer and a monitor ask."""

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """It can serve: PostgreSQL as the web's login, all migrations, Redis. No detail is for strangers."""
    found = checks()
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def checks() -> dict[str, bool]:
    """Whether each part that serving needs is there."""
    return {"database": _database(), "migrations": _migrations(), "redis": _redis()}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for whoever holds PRM_METRICS_TOKEN; without one the page is not there."""
    wanted, given = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if not wanted or not constant_time_compare(given, f"Bearer {wanted}"):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM identity_person LIMIT 1")
        return True
    except DatabaseError:
        return False


def _migrations() -> bool:
    """Whether the schema is as new as this process's code; once it is, that stays so."""
    if not _seen_current:
        try:
            executor = MigrationExecutor(connections["default"])
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return False
        except DatabaseError:
            return False
        _seen_current.append(True)
    return True


_seen_current: list[bool] = []


def _redis() -> bool:
    try:
        cache.get("ready")
        return True
    except Exception:
        return False
