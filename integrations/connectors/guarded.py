"""A `requests` session that goes where `prm.kernel.outgoing` lets it, and nowhere else.

Names are looked up and judged when the connection is made, to the very address that was judged; redirects are
not followed, the environment's proxies are not used, and a call ends within its time however slowly it is answered.
"""

from contextlib import suppress
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from prm.kernel import outgoing

SECONDS = 10.0  # for each read; all of a call has twice that


class GuardedSession(requests.Session):
    """One line to one host. `last` is the answer that came last, whatever became of it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self.seconds = seconds
        self.sockets: list[socket] = []
        self.last: requests.Response | None = None
        self.trust_env = False
        self.verify = settings.OUTGOING_CA or True
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(self))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if problem := outgoing.problem_of(url):
            raise outgoing.Refused(problem)
        kwargs |= {"timeout": self.seconds, "allow_redirects": False}
        late = Timer(2 * self.seconds, self.hang_up)
        late.start()
        try:
            answer = super().request(method, url, *args, **kwargs)
            self.last = answer
            return answer
        finally:
            late.cancel()

    def hang_up(self) -> None:
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)

    @property
    def retry_after(self) -> int | None:
        """What the last answer asks for."""
        if self.last is None:
            return None
        return outgoing.seconds_of(self.last.headers.get("Retry-After"), self.last.headers.get("Date"))


class _Adapter(HTTPAdapter):
    def __init__(self, session: GuardedSession) -> None:
        self.session = session
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _pool(self.session), "https": _tls_pool(self.session)}


def _pool(session: GuardedSession) -> type[HTTPConnectionPool]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket:
            return _reached(session, f"http://{_host(self.host)}:{self.port}/")

    return type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})


def _tls_pool(session: GuardedSession) -> type[HTTPSConnectionPool]:
    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket:
            return _reached(session, f"https://{_host(self.host)}:{self.port}/")

    return type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reached(session: GuardedSession, url: str) -> socket:
    made = outgoing.reached(url, session.seconds)
    session.sockets.append(made)
    return made
