"""Where PostgreSQL and Redis are, and the secrets to reach them. Starts nothing, opens nothing.

The contract of the environment:

``DATABASE_URL``
    ``postgresql://host:5432/prm?sslmode=require``: an external PostgreSQL (15 or later). Each process
    logs in as ``prm_<role>``; a user and password in the URL are not used to serve.
``PRM_ROLE``
    which login a process uses: ``web`` (the default), ``worker``, ``owner`` (migrate, backup) or
    ``operator``.
``PRM_DB_PASSWORD_WEB``, ``…_WORKER``, ``…_OWNER``, ``…_OPERATOR``
    the passwords of these logins; a process needs its own only.
``REDIS_URL``
    ``redis://host:6379/0``: an external Redis.
``PRM_SECRET_KEY``
    Django's secret key; needed with an external database.
``PRM_VAR``
    the folder of everything that the program keeps on disk; ``var/`` of the checkout unless given.
``PRM_EMBEDDED``
    the kind of embedded instance: ``demo`` (the default), ``test`` (the default under pytest), ``bench``.

Tests never leave their embedded instance: for the kind ``test`` everything but the last two is ignored.
Without DATABASE_URL (REDIS_URL) the addresses are those of the embedded instance of that kind: sockets
in a folder that follows from the checkout's path alone, so that settings may be read before it starts.
Passwords and keys of an embedded instance are generated once into ``var/<kind>/secrets.json`` (0600).
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CHECKOUT = Path(__file__).resolve().parents[2]
PORT = 5432  # names the socket's file; nothing listens on a network
SOCKET_PATH_LIMIT = 100  # sun_path holds 107 bytes; some room is left for the longest name in it
NAME = "prm"
RUNNING = "demo.lock"  # in the folder of its kind: held by the demo while it runs, and says where its pages are


class ConfigurationError(Exception):
    """Something that the environment must say is missing or wrong; the text is for the person who runs it."""


def database(role: str | None = None, kind: str | None = None) -> dict[str, Any]:
    """The entry of Django's DATABASES for the login ``prm_<role>``; the role is PRM_ROLE's unless given."""
    role = role or os.environ.get("PRM_ROLE") or "web"
    kind = kind or current_kind()
    url = given("DATABASE_URL", kind)
    where = _external(url) if url else _embedded(kind)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "USER": f"prm_{role}",
        "PASSWORD": secret(f"db_password_{role}", kind),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer in transaction mode can't keep one
        **where,
        "OPTIONS": {"application_name": f"prm-{role}", "connect_timeout": 10, **where["OPTIONS"]},
    }


def redis_url(kind: str | None = None) -> str:
    """The address of Redis as redis-py and Django's cache take it."""
    kind = kind or current_kind()
    return given("REDIS_URL", kind) or f"unix://{redis_socket(kind)}?db=0"


def broker_url(kind: str | None = None) -> str:
    """The same address as Celery takes it (kombu has a scheme of its own for sockets)."""
    kind = kind or current_kind()
    return given("REDIS_URL", kind) or f"redis+socket://{redis_socket(kind)}"


def secret(name: str, kind: str | None = None) -> str:
    """The secret from the environment (``PRM_<NAME>``), else the embedded instance's own, made when missing.

    Raises ConfigurationError with an external database: two processes must never invent two keys.
    """
    kind = kind or current_kind()
    variable = f"PRM_{name.upper()}"
    if value := given(variable, kind):
        return value
    if given("DATABASE_URL", kind):
        raise ConfigurationError(f"DATABASE_URL is set, so {variable} must be set too.")
    path = folder(kind) / "secrets.json"
    return _kept_secrets(path).get(name) or _make_secret(path, name)


def given(variable: str, kind: str) -> str | None:
    """What the environment says about an address or secret of this kind of instance."""
    return None if kind == "test" else os.environ.get(variable) or None


def current_kind() -> str:
    """The embedded instance that this process talks to. Tests get their own without asking."""
    return os.environ.get("PRM_EMBEDDED") or ("test" if "pytest" in sys.modules else "demo")


def var() -> Path:
    """The folder of everything that the program keeps on disk."""
    return Path(os.environ.get("PRM_VAR") or CHECKOUT / "var").absolute()


def folder(kind: str) -> Path:
    """Locks, secrets, logs and state of one embedded instance."""
    return var() / kind


def served_at(kind: str | None = None) -> str:
    """Where the embedded demo last served its pages, for the links of a command beside it; empty when it never did."""
    kind = kind or current_kind()
    if given("DATABASE_URL", kind):
        return ""
    try:
        return (folder(kind) / RUNNING).read_text().strip().rstrip("/")
    except OSError:
        return ""


@dataclass(frozen=True)
class Place:
    """Where the servers of one kind live. ``outside`` is None, or the folder that replaces the checkout."""

    home: Path
    run: Path
    outside: Path | None


def place(kind: str) -> Place:
    """Where the servers keep data and sockets; as recorded at their first start, else as it would be now.

    PostgreSQL refuses to run as root, so root starts it as an unprivileged user; where a closed folder
    (0700, as `mktemp -d` makes) lies above the checkout, that user can reach neither data nor programs
    in it. Then both are kept in a folder under /var/lib, one for each checkout. Sockets go to a short
    folder under /tmp where the checkout's path is too long or has unusual characters.
    """
    mark = hashlib.sha256(os.fsencode(var())).hexdigest()[:12]
    outside = Path(f"/var/lib/prm-{mark}") if _recorded_outside(kind) else None
    home = outside / kind if outside else folder(kind) / "server"
    run = home / "run"
    plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(run)) is not None
    if not plain or len(os.fsencode(run / f".s.PGSQL.{PORT}")) > SOCKET_PATH_LIMIT:
        run = Path(f"/tmp/prm-{os.geteuid()}-{mark}-{kind}")  # noqa: S108  its owner is checked at start
    return Place(home, run, outside)


def record_place(kind: str) -> Place:
    """Write down where the servers live, so that changed permissions never lose the data."""
    chosen = place(kind)
    told = {"checkout": str(var()), "outside": str(chosen.outside) if chosen.outside else None}
    (folder(kind) / "place.json").write_text(json.dumps(told))
    return chosen


def _recorded_outside(kind: str) -> bool:
    try:
        told = json.loads((folder(kind) / "place.json").read_text())
    except (OSError, ValueError):
        told = {}
    if told.get("checkout") == str(var()):  # a copied checkout must not share the first one's data
        return told["outside"] is not None
    return os.geteuid() == 0 and not _open_to_all()


def redis_socket(kind: str) -> Path:
    """The file of the embedded Redis' socket."""
    return place(kind).run / "redis.sock"


def _open_to_all() -> bool:
    """Whether any user may pass through every folder above var/ and run what the checkout installed."""
    home = Path(sys.prefix).resolve()
    above = {*var().parents, home, *home.parents}
    return all(path.stat().st_mode & 0o001 for path in above if path.exists()) and _programs_readable()


def _programs_readable() -> bool:
    """Packages installed under a strict umask can't be run by others, however open the folders are."""
    packages = [Path(path) for path in sys.path if path.endswith("site-packages")]
    return all(path.stat().st_mode & 0o005 == 0o005 for path in packages if path.exists())


def _embedded(kind: str) -> dict[str, Any]:
    return {"NAME": NAME, "HOST": str(place(kind).run), "PORT": str(PORT), "OPTIONS": {}}


def _external(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ConfigurationError("DATABASE_URL must read postgresql://host:port/database.")
    return {
        "NAME": unquote(parts.path.strip("/")),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or PORT),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


@cache
def _kept_secrets(path: Path) -> dict[str, str]:
    return json.loads(path.read_text()) if path.exists() else {}


def _make_secret(path: Path, name: str) -> str:
    """Add one secret to the file; two processes that miss it at once agree on one value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        kept.setdefault(name, secrets.token_urlsafe(32))
        made = path.with_suffix(".new")
        made.touch(0o600)
        made.write_text(json.dumps(kept, indent=1))
        made.replace(path)
    _kept_secrets.cache_clear()
    return kept[name]
