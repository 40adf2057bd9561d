"""The search of the top bar: it asks the lists that apps registered, so that it finds what they find and no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from prm.kernel.ui.context import Shell
from prm.kernel.ui.lists.base import List

SHOWN = 5
SHORTEST = 2
SEARCHES_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Searched:
    """A list that the search asks, and where the whole of it stands."""

    list: type[List]
    url_name: str
    icon: str
    roles: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What one list found: its first rows, how many there are, and the address of them all."""

    title: Any
    icon: str
    rows: tuple[tuple[SafeString, SafeString | str], ...]
    count: int
    url: str


_searched: dict[tuple[str, str], Searched] = {}


def register_search(
    audience: str, rows: type[List], url_name: str, *, icon: str = "list", roles: Iterable[str] | None = None
) -> None:
    """Let the search of an audience ask a list, which needs a Search among its filters."""
    allowed = None if roles is None else frozenset(roles)
    _searched[audience, rows.key] = Searched(rows, url_name, icon, allowed)


def find(request: HttpRequest, audience: str, text: str) -> list[Found]:
    """What the reader's own lists hold of these words; nothing for less than two letters."""
    roles = Shell(request).roles
    asked = [one for (whose, _key), one in _searched.items() if whose == audience]
    mine = [one for one in asked if one.roles is None or not one.roles.isdisjoint(roles)]
    answers = [_ask(request, one, text) for one in mine] if len(text.strip()) >= SHORTEST else []
    return [found for found in answers if found.rows]


def _ask(request: HttpRequest, one: Searched, text: str) -> Found:
    params = QueryDict(mutable=True)
    params["q"] = text
    rows = one.list(request, params)
    rows.page_size = SHOWN
    first = rows.slice
    count = rows.filtered.count() if first.after else len(first.rows)
    shown = tuple((rows.columns[0].cell(row, request), _state(rows, row, request)) for row in first.rows)
    return Found(one.list.title, one.icon, shown, count, f"{reverse(one.url_name)}?{urlencode({'q': text})}")


def _state(rows: List, row: Any, request: HttpRequest) -> SafeString | str:
    return next((column.cell(row, request) for column in rows.columns if column.kind == "status"), "")


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Everything found, list by list."""
    text = request.GET.get("q", "")[:200]
    audience = Shell(request).audience
    throttled = not _may_search(request)
    found = [] if throttled else find(request, audience, text)
    context = {"text": text, "found": found, "throttled": throttled, "shortest": SHORTEST}
    return render(request, "ui/search.html", context, status=429 if throttled else 200)


def _may_search(request: HttpRequest) -> bool:
    """At most sixty searches a minute each."""
    who = getattr(getattr(request, "membership", None), "pk", "nobody")
    key = f"{getattr(getattr(request, 'tenant', None), 'pk', 'none')}:searches:{who}"
    cache.add(key, 0, timeout=60)
    return cache.incr(key) <= SEARCHES_PER_MINUTE
