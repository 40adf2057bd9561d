"""A real site for a real browser: served from this process, on the test's own database."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from threading import Thread
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.parts import Sink, Worker
from tests.cast import Somebody, client_of

AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the test's own output matters."""


@pytest.fixture
def site(the_world: None) -> Iterator[str]:
    """The address of the program, served by threads that log in as prm_web."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the session."""
    path = os.environ.get("CHROMIUM") or which("chromium")
    assert path, "There is no Chromium: install Debian's package `chromium`, or say where it is with CHROMIUM=…"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps a loop in this thread; the ORM is used beside it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_as(site: str, chromium: Browser) -> Iterator[Open]:
    """`open_as(bo, "/portal/")`: a page as somebody sees it; faults on it fail the test at its end.

    size "desk" or "phone"; scheme "light" or "dark"; `page.faults` holds console errors, page errors and
    answers of 500 and more.
    """
    contexts, faults = [], []

    def open_page(
        who: Somebody | None, path: str, *, size: str = "desk", scheme: str = "light", language: str = "en"
    ) -> Page:
        context = chromium.new_context(  # type: ignore[arg-type]
            viewport=SIZES[size], color_scheme=scheme, locale=language, reduced_motion="reduce"
        )
        contexts.append(context)
        if who:
            cookies = client_of(who).cookies
            context.add_cookies([{"name": name, "value": item.value, "url": site} for name, item in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if _is_fault(message) else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
        )
        page.goto(site + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def _is_fault(message: Any) -> bool:
    """Errors and warnings, but for the browser's own note about an answer that the page expects (4xx)."""
    return message.type in ("error", "warning") and "status of 4" not in message.text


@pytest.fixture
def worker(the_world: None) -> Worker:
    """What runs behind the web."""
    return Worker()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A real SMTP server that takes this test's mails."""
    opened = Sink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", opened.start()
    yield opened
    opened.stop()


def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, target size included, one line each."""
    return _violations(page, {"runOnly": RULES, "rules": {"target-size": {"enabled": True}}})


def small_targets(page: Page) -> list[str]:
    """What is too small or too close to be pressed: the one rule that another width may break."""
    return _violations(page, {"runOnly": {"type": "rule", "values": ["target-size"]}})


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", {**options, "resultTypes": ["violations"]})
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return max(wider, 0)
