"""A page's table, read as the asker would read the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.models import Tenant
from prm.kernel.ui.exports.tables import Table, TableResponse

PREFIXES = {"vendor": "/console/", "partner": "/portal/"}


class NoTable(LookupError):
    """The address is no page with a table, or none that this reader may open."""


@dataclass(frozen=True)
class Reader:
    """Whoever asked: what a page reads of them. The roles are those of now, not of when they asked."""

    membership: Membership
    actor: Actor
    tenant: Tenant
    now: datetime
    language: str
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.membership.time_zone or self.tenant.time_zone))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """In their language and zone."""
        with translation.override(self.language), timezone.override(self.zone):
            yield


def table_of(address: str, reader: Reader) -> Table:
    """The table of the page at an address. Raises NoTable."""
    split = urlsplit(address)
    if split.scheme or split.netloc or not split.path.startswith(PREFIXES[reader.membership.audience]):
        raise NoTable(address)
    try:
        match = resolve(split.path)
    except Resolver404 as error:
        raise NoTable(address) from error
    view = getattr(match.func, "view_class", match.func)
    if not getattr(view, "offers_table", False):
        raise NoTable(address)
    request = _request(split.path, split.query, reader)
    request.resolver_match = match
    try:
        answer = match.func(request, *match.args, **match.kwargs)
    except (PermissionDenied, Http404) as error:
        raise NoTable(address) from error
    if not isinstance(answer, TableResponse):
        raise NoTable(address)
    return answer.table


def _request(path: str, query: str, reader: Reader) -> HttpRequest:
    """What the middleware makes of a request, without one."""
    request: Any = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.GET = QueryDict(query)
    request.META = {"REQUEST_METHOD": "GET", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "QUERY_STRING": query}
    request.membership, request.actor, request.tenant = reader.membership, reader.actor, reader.tenant
    request.now, request.token, request.view_as, request.htmx = reader.now, None, None, False
    request.session, request.asked_for_table = {}, True
    return request  # type: ignore[no-any-return]
