"""Free ports on loopback, and whether the web server answers on one."""

import http.client
import os
import socket
import sys
from collections.abc import Callable

from prm.embedded.processes import EmbeddedError

USUAL = 8000


def web_port(say: Callable[[str], None]) -> int:
    """The port to serve on: PORT's, which must be free, else the usual one or the next that is free."""
    if asked := os.environ.get("PORT"):
        if not asked.isdigit() or not 0 < int(asked) < 65536:
            raise EmbeddedError(f"PORT={asked} is not a port: choose a number from 1024 to 65535.")
        if not is_free(int(asked)):
            raise EmbeddedError(f"Port {asked} is in use: choose another with `make demo PORT=…`.")
        return int(asked)
    port = free_port(USUAL)
    if port != USUAL:
        say(f"port {USUAL} is in use by another program, so the web server takes {port} (PORT=… chooses)")
    return port


def free_port(first: int) -> int:
    """The first free port from here on."""
    for port in range(first, min(first + 200, 65536)):
        if is_free(port):
            return port
    raise EmbeddedError(f"No port from {first} to {first + 199} is free: choose one with PORT=….")


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int, path: str) -> bool:
    """Whether a GET is answered with 200, asked as the proxy in front would."""
    names = os.environ.get("PRM_HOSTS", "").replace(",", " ").split()
    headers = {"Host": names[0].lstrip("*.") if names else "127.0.0.1", "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """`python -m prm.embedded.ports PORT PATH`: 0 if it answers 200; a health check without curl."""
    return not answers(int(arguments[0]), arguments[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
