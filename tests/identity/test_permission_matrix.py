"""8.2.1: every role on every address of the URL map, against the matrix."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

import pytest
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.safestring import SafeString

from prm.kernel.identity.actors import PARTNER_ROLES, VENDOR_ROLES
from prm.kernel.identity.models import ApiToken, Membership
from prm.matrix import HALFWAY, MATRIX, OPERATORS, PUBLIC, SIGNED_IN
from tests.cast import acme, ada, bea, bo, client_of, olivia, vendor
from tests.identity.test_tokens import key_of

NOWHERE = UUID("019aa000-0000-7000-8000-000000000000")
HARMLESS = {"delete_view": "none"}  # a list refuses a POST that asks for nothing it knows
FOR_AUDITORS = {"ui:console_exports POST"}  # a file of what they may read: nothing of the vendor's is changed
DOORS = ("/account/login/", "/account/choose/", "/admin/login/")
SAMPLES = {"uuid": str(NOWHERE), "int": "1", "slug": "x", "str": "x", "path": "x", "isodate": "2026-01-01"}


@dataclass(frozen=True)
class Endpoint:
    name: str
    path: str
    method: str

    def __str__(self) -> str:
        return f"{self.name} {self.method}"


def endpoints() -> list[Endpoint]:
    return sorted(set(_walk(get_resolver(), "", "/")), key=str)


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[Endpoint]:
    for entry in resolver.url_patterns:
        path = prefix + _sample(entry)
        if isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}"
            for method in _methods(entry.callback):
                yield Endpoint(name, path, method)
        else:
            yield from _walk(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, path)


def _sample(entry: Any) -> str:
    """A path that matches the pattern, of ids that nobody has."""
    if hasattr(entry.pattern, "_route"):
        text = str(entry.pattern._route)
        for name, converter in entry.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            text = text.replace(_placeholder(text, name), SAMPLES.get(kind, "x"))
        return text
    text = entry.pattern._regex.strip("^$").replace(r"\Z", "")
    while "(?P<" in text:
        start, end = text.index("(?P<"), text.index(")")
        group = text[start:end]
        text = text[:start] + (str(NOWHERE) if "pk" in group else "x") + text[end + 1 :]
    return text.replace("\\", "")


def _placeholder(text: str, name: str) -> str:
    end = text.index(f"{name}>") + len(name) + 1
    return text[text.rindex("<", 0, end) : end]


def _methods(callback: Any) -> tuple[str, ...]:
    """GET and POST, as far as the view takes them."""
    actions = getattr(callback, "actions", None)
    if actions:
        return tuple(method.upper() for method in actions if method in ("get", "post"))
    view = getattr(callback, "view_class", None)
    if view is not None:
        return tuple(method for method in ("GET", "POST") if hasattr(view, method.lower()))
    return ("GET", "POST")


def row_of(endpoint: Endpoint) -> frozenset[str] | None:
    """The most exact row that fits."""
    for wanted in (str(endpoint), endpoint.name):
        if wanted in MATRIX:
            return MATRIX[wanted]
    fitting = [pattern for pattern in MATRIX if fnmatchcase(endpoint.name, pattern)]
    return MATRIX[max(fitting, key=len)] if fitting else None


def send(browser: Client, endpoint: Endpoint, **headers: str) -> Any:
    if endpoint.method == "GET":
        return browser.get(endpoint.path, headers=headers)
    return browser.post(endpoint.path, HARMLESS, headers=headers)


def refused(answer: Any) -> bool:
    """Turned away, at the door or in another organisation's house."""
    target = answer.headers.get("Location", "")
    return answer.status_code in (401, 403) or target.startswith(DOORS)


def as_role(role: str) -> Any:
    """Somebody of Acme or Birch who holds this role and no other."""
    who = olivia if role in VENDOR_ROLES else bo
    with vendor(acme):
        Membership.objects.filter(pk=who.membership_id).update(roles=[role])
    return who


TESTED = [e for e in endpoints() if not e.name.startswith(("admin:", "None")) or e.name == "admin:index"]


def test_every_address_has_a_row() -> None:
    assert [str(e) for e in endpoints() if row_of(e) is None and not e.name.endswith("None")] == []


def test_every_row_stands_for_an_address() -> None:
    known = endpoints()
    unused = [
        pattern
        for pattern in MATRIX
        if not any(pattern in (str(e), e.name) or fnmatchcase(e.name, pattern) for e in known)
    ]
    assert unused == []


@pytest.fixture
def nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status tells who gets in; to draw every page for twelve roles would take as long as all the rest.

    Whom only the drawing turned away would be seen to pass here, and fail the test.
    """
    monkeypatch.setattr(Template, "render", lambda *_args, **_named: SafeString(""))


@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize("endpoint", TESTED, ids=str)
def test_8_2_1_roles_open_what_the_matrix_says(endpoint: Endpoint) -> None:
    row = row_of(endpoint) or frozenset()
    if endpoint.method == "POST" and str(endpoint) not in FOR_AUDITORS:
        row -= {"auditor"}
    if row == HALFWAY:
        assert refused(send(Client(), endpoint))
    elif endpoint.path.startswith("/api/v1/"):
        assert _tokens_that_pass(endpoint) == row
    elif row in (PUBLIC, SIGNED_IN):
        stranger = send(Client(), endpoint)
        assert stranger.status_code == 405 or refused(stranger) == (row == SIGNED_IN)
        assert endpoint.method == "POST" or not refused(send(client_of(bo), endpoint)) or "choose" in endpoint.name
    else:
        assert refused(send(Client(), endpoint))
        passing = _people_who_pass(endpoint)
        assert passing is None or passing == row - OPERATORS


def _people_who_pass(endpoint: Endpoint) -> frozenset[str] | None:
    """The roles that get in; None where the method does not exist."""
    passing = set()
    browsers = {who: client_of(who) for who in (olivia, bo)}
    for role in (*VENDOR_ROLES, *PARTNER_ROLES):
        answer = send(browsers[as_role(role)], endpoint)
        if answer.status_code == 405:
            return None
        if not refused(answer):
            passing.add(role)
    return frozenset(passing)


def _tokens_that_pass(endpoint: Endpoint) -> frozenset[str]:
    passing = set()
    secrets = {"vendor": key_of(ada, "ops"), "partner": key_of(bea, "seller")}
    assert send(Client(), endpoint).status_code == 401
    for role in (*VENDOR_ROLES, *PARTNER_ROLES):
        with vendor(acme):
            ApiToken.objects.filter(partner__isnull=role in VENDOR_ROLES).update(roles=[role])
        secret = secrets["vendor" if role in VENDOR_ROLES else "partner"]
        answer = send(Client(), endpoint, **{"Authorization": f"Bearer {secret}", "Idempotency-Key": role})
        if not refused(answer):
            passing.add(role)
    return frozenset(passing)
