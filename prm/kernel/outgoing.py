"""HTTP to addresses that customers type: never into our own network, never by way of a redirect.

`problem_of()` judges the text alone, for forms and lints. `post()` resolves the name once, refuses unless every
address that it finds lies in the public internet, and connects to that very address, so that a name which
answers differently the second time gains nothing. Called by tasks only, never inside a request.
"""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST_URL = 2000
LONGEST_ANSWER = 4096
# what carries an IPv4 address inside of it, and so could lead anywhere: NAT64, 6to4, Teredo, IPv4-compatible
_CARRIERS = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))


class Refused(ValueError):
    """We don't call this address, today or ever; the text says why."""


class Unreachable(OSError):
    """The address did not take the message this time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the beginning of the text, and how many seconds to leave it alone."""

    status: int
    text: str
    retry_after: int | None = None

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


def problem_of(url: object) -> str:
    """Why we would never call this; empty when the text alone says nothing against it."""
    try:
        _read(url)
    except Refused as refused:
        return str(refused)
    return ""


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = 10) -> Answer:
    """Hand a body over. Raises Refused, or Unreachable when the network or the other side fails."""
    parts = _read(url)
    connection = _connection(parts, _resolved(parts), seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    late = Timer(2 * seconds, _hang_up, [connection])  # each read may take its time, all of them together may not
    late.start()
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
        text = response.read(LONGEST_ANSWER).decode("utf-8", "replace")
        return Answer(response.status, text, _retry_after(response))
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    finally:
        late.cancel()
        connection.close()


def address_of(host: str, port: int) -> str:
    """Where to connect for a host that a customer typed, other than by HTTP. Raises Refused or Unreachable."""
    return _resolved(_read(f"https://{f'[{host}]' if ':' in host else host}:{port}/"))


def reached(url: str, seconds: float) -> socket.socket:
    """A plain connection to the host of an address, looked up and judged as for `post()`: for clients that speak
    for themselves. Raises Refused or Unreachable."""
    parts = _read(url)
    address = _resolved(parts)
    try:
        return socket.create_connection((address, _port(parts)), seconds)
    except OSError as error:
        raise Unreachable(str(error) or type(error).__name__) from error


def _retry_after(response: HTTPResponse) -> int | None:
    return seconds_of(response.getheader("Retry-After"), response.getheader("Date"))


def seconds_of(told: str | None, date: str | None = None, most: int = 24 * 3600) -> int | None:
    """What a Retry-After header asks for, in seconds or as a date; None when it says nothing that we read.

    A date is counted from the answer's own `Date` header, so that no two clocks need agree.
    """
    if not told:
        return None
    if told.strip().isdecimal():
        return min(int(told.strip()[:9]), most)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return max(0, min(int(wait.total_seconds()), most))


def _hang_up(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address lies in the public internet, also by what it carries inside."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _CARRIERS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read(url: object) -> SplitResult:
    text = str(url)
    if not isinstance(url, str) or len(text) > LONGEST_URL or not text.isascii() or any(c <= " " for c in text):
        raise Refused(_("This is no web address."))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused(_("This is no web address.")) from None
    if parts.username is not None or parts.password is not None:
        raise Refused(_("A web address with a name or password in it is not called. Use a header."))
    if not parts.hostname or port == 0:
        raise Refused(_("This is no web address."))
    if _is_allowed(parts):
        return parts
    if parts.scheme != "https":
        raise Refused(_("Only addresses that begin with https:// are called."))
    if (literal := _literal(parts.hostname)) is not None and not is_public(literal):
        raise Refused(_("This address lies in a private network."))
    if literal is None and _is_internal(parts.hostname.strip(".")):
        raise Refused(_("This address lies in a private network."))
    return parts


def _is_internal(name: str) -> bool:
    return "." not in name or name.endswith((".localhost", ".local", ".internal"))


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host spells out, in whichever way: decimal, octal and hexadecimal count too."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _is_allowed(parts: SplitResult) -> bool:
    """Hosts named in PRM_OUTGOING_HOSTS may be private and may do without TLS: a test's or a developer's own."""
    return parts.scheme in ("http", "https") and parts.hostname in settings.OUTGOING_HOSTS


def _resolved(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(_("“%(host)s” is not known: %(error)s") % {"host": host, "error": error}) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise Unreachable(_("“%(host)s” has no address.") % {"host": host})
    if not _is_allowed(parts):
        for address in addresses:
            if not is_public(ip_address(address.partition("%")[0])):
                raise Refused(_("This address lies in a private network."))
    return addresses[0]


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connection(parts: SplitResult, address: str, seconds: float) -> HTTPConnection:
    host, port = parts.hostname or "", _port(parts)
    if parts.scheme == "https":
        return _PinnedHTTPS(host, port, address=address, seconds=seconds)
    return _Pinned(host, port, address=address, seconds=seconds)


class _Pinned(HTTPConnection):
    """Speaks to a host at an address that was looked up before."""

    def __init__(self, host: str, port: int, *, address: str, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self.address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)


class _PinnedHTTPS(HTTPSConnection):
    """The same with TLS: the certificate must be the host's."""

    def __init__(self, host: str, port: int, *, address: str, seconds: float) -> None:
        super().__init__(
            host, port, timeout=seconds, context=ssl.create_default_context(cafile=settings.OUTGOING_CA or None)
        )
        self.address = address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # type: ignore[attr-defined]
