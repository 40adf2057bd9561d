"""Connections to servers of our own, over TCP: loopback is called because a setting of the tests says so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.integrations.salesforce_server import SalesforceServer, certificate, running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: Any) -> Path:
    """The certificate that the tests' own servers show, and that the program trusts in them."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def org(authority: Path, settings: Any) -> Iterator[SalesforceServer]:
    settings.OUTGOING_HOSTS, settings.OUTGOING_CA = ["127.0.0.1"], str(authority)
    with running(authority.parent) as server:
        yield server


@dataclass
class Receiver:
    """Takes webhooks; answers as it is told, and keeps what came."""

    port: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/deals"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            here.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = here.answers.pop(0) if here.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_address[1]
    settings.OUTGOING_HOSTS = ["127.0.0.1"]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()
