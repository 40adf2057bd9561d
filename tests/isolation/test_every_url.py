"""Every address with an id in it, tried with strangers' ids: they answer as an id that nobody has.

The addresses come from the URL map, so a new one is tried without anybody's doing.
"""

import re
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import UUIDConverter

from tests.cast import ada, bea, cedar, client_of, zinc
from tests.isolation.strangers import rows_of

MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"[0-9a-f]{32}", "ID"),
    (r'nonce="[^"]*"', "NONCE"),
    (r'name="csrfmiddlewaretoken" value="[^"]*"', "CSRF"),
    (r'"X-CSRFToken": "[^"]*"', "CSRF"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"< ]*", "TIME"),
)


@dataclass(frozen=True)
class Address:
    route: str
    parameters: tuple[str, ...]
    app: str

    @property
    def area(self) -> str:
        """The first two words of the route, such as console/deals."""
        return "/".join(self.route.split("/")[:2])

    def filled(self, value: UUID) -> str:
        path = "/" + self.route
        for name in self.parameters:
            path = re.sub(rf"<(uuid:)?{name}>", str(value), path)
        return path


def addresses():
    yield from _walk(get_resolver(), "", "")


def _walk(resolver, prefix, app):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route, entry.app_name or app)
        elif isinstance(entry, URLPattern):
            converters = entry.pattern.converters
            ids = tuple(name for name, c in converters.items() if isinstance(c, UUIDConverter))
            if ids and len(ids) == len(converters):
                yield Address(route, ids, _serving(entry.callback.__module__))


def _serving(module: str) -> str:
    """The label of the app that a view stands in; "prm" for those of no app, which may mean anything."""
    config = apps.get_containing_app_config(module)
    return config.label if config else "prm"


OURS = [
    address
    for address in addresses()
    if any(("/" + address.route).startswith(prefix) for prefix in settings.AUDIENCES) and "<" in address.route
]


def masked(response) -> tuple[int, str, str]:
    if response.streaming:
        return response.status_code, "", ""
    body = response.content.decode(errors="replace")
    for pattern, word in MASKS:
        body = re.sub(pattern, word, body)
    return response.status_code, re.sub(MASKS[0][0], "ID", response.headers.get("Location", "")), body


@pytest.mark.parametrize("area", sorted({address.area for address in OURS}))
class TestAddressesWithAnId:
    def test_8_2_2_answer_a_strangers_id_as_one_that_nobody_has(self, area, superuser):
        """One area of the program at a time: to make the strangers' rows takes as long as to ask for them."""
        portal = area.startswith("portal/")
        strangers = [rows_of(zinc, superuser)] + ([rows_of(cedar, superuser)] if portal else [])
        for address in (one for one in OURS if one.area == area):
            ids = [pk for rows in strangers for app, found in rows.items() for pk in found if _may_mean(address, app)]
            client = client_of(bea if portal else ada)  # whom most is open to; what others may, the matrix says
            for call in (client.get, client.post):
                missing = masked(call(address.filled(uuid4())))
                for pk in ids:
                    assert masked(call(address.filled(pk))) == missing, f"{call.__name__} {address.filled(pk)}"


def _may_mean(address: Address, app: str) -> bool:
    """Ids of the app that serves the address, and of the kernel's tables; others can't be meant by it."""
    return app == address.app or address.app == "prm" or app in ("identity", "audit")


def test_there_are_addresses_to_try():
    assert len(OURS) > 20
