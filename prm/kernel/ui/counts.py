"""What the navigation counts: asked in one query a page, however many apps count something."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest

Rows = Callable[[HttpRequest], QuerySet[Any]]
_counted: dict[str, Rows] = {}


def register_count(key: str, rows: Rows) -> None:
    """Count these rows with every page of the console that shows any count."""
    _counted[key] = rows


def count_of(request: HttpRequest, key: str) -> int:
    """How many there are. Raises KeyError for what nobody has registered."""
    if not hasattr(request, "counts"):
        request.counts = _all(request)  # type: ignore[attr-defined]
    found: int = request.counts[key]  # type: ignore[attr-defined]
    return found


def _all(request: HttpRequest) -> dict[str, int]:
    first, *others = (
        rows(request).order_by().values(what=Value(key)).annotate(count=Count("pk")) for key, rows in _counted.items()
    )
    told = {row["what"]: row["count"] for row in first.union(*others, all=True)}
    return {key: told.get(key, 0) for key in _counted}
