import socket
from collections.abc import Iterator

import pytest

from prm.embedded import EmbeddedError, ports

pytestmark = pytest.mark.pure


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


class TestABusyPort:
    def test_the_next_free_port_is_taken_and_told_in_one_sentence(
        self, busy: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PORT", raising=False)
        monkeypatch.setattr(ports, "USUAL", busy)
        told: list[str] = []
        chosen = ports.web_port(told.append)
        assert chosen > busy
        assert told == [f"port {busy} is in use by another program, so the web server takes {chosen} (PORT=… chooses)"]

    def test_a_port_that_was_asked_for_is_never_exchanged(self, busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", str(busy))
        with pytest.raises(EmbeddedError, match=f"^Port {busy} is in use: choose another"):
            ports.web_port(print)

    def test_nonsense_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "http")
        with pytest.raises(EmbeddedError, match="PORT=http is not a port"):
            ports.web_port(print)
