"""Builds the world that tests start from, and puts it back."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import local
from typing import Any

import psycopg2
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from psycopg2.sql import SQL, Identifier

from prm.embedded import addresses
from tests import cast

OURS = (
    "tenancy",
    "identity",
    "audit",
    "events",
    "automation",
    "reference",
    "prm_messages",
    "ui",
    "partners",
    "dealreg",
    "workflows",
    "integrations",
)
ROOT = Path(settings.BASE_DIR)
_state: dict[str, Any] = {}
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 64, 1  # quick
_logins = local()
LOGIN = ("USER", "PASSWORD", "OPTIONS")

_SNAPSHOT = """
CREATE SCHEMA IF NOT EXISTS cast_snapshot;
CREATE TABLE cast_snapshot.written (name text PRIMARY KEY, writer xid);
DO $$ DECLARE t text; filled boolean; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t) INTO filled;
    IF filled THEN EXECUTE format('CREATE TABLE cast_snapshot.%I AS TABLE public.%I', t, t); END IF;
  END LOOP;
END $$;
"""


def _putting_back(filled: dict[str, int], empty: list[str]) -> str:
    """A function with a plain statement for each table, which PostgreSQL plans once for a session.

    A table of the cast is filled anew only when rows are missing, or written by another transaction than the
    one that filled it last.
    """
    emptying = (f"IF EXISTS (SELECT FROM public.{t}) THEN DELETE FROM public.{t}; END IF;" for t in empty)
    filling = (
        f"""IF (SELECT count(*) <> {rows} OR count(*) FILTER (WHERE xmin = (writers->>'{t}')::xid) <> {rows}
            FROM public.{t})
        THEN DELETE FROM public.{t}; INSERT INTO public.{t} SELECT * FROM cast_snapshot.{t};
        filled := filled || '{t}'::text; END IF;"""
        for t, rows in filled.items()
    )
    return f"""
    CREATE FUNCTION cast_snapshot.put_back() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE writers jsonb; filled text[] := '{{}}'; BEGIN
      SELECT jsonb_object_agg(name, writer::text) INTO writers FROM cast_snapshot.written;
      {" ".join(emptying)}
      {" ".join(filling)}
      INSERT INTO cast_snapshot.written SELECT unnest(filled), pg_current_xact_id()::xid
        ON CONFLICT (name) DO UPDATE SET writer = excluded.writer;
    END $$;
    """


@dataclass
class Copy:
    """This session's own database."""

    name: str

    def drop(self) -> None:
        connections.close_all()
        _state.pop("reset").close()
        with _server() as server, server.cursor() as cursor:
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(self.name)))


def copy_template(handle: Any, worker: str) -> Copy:
    """Copy the template of the models' present state, building it first if nobody has."""
    _state["superuser"] = handle.superuser()
    template = _template()
    name = f"prm_test_{os.getpid()}_{worker}"
    with _server() as server, server.cursor() as cursor:
        cursor.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
        cursor.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} OWNER prm_owner").format(Identifier(name), Identifier(template))
        )
    _point_at(name)
    settings.CACHES["default"]["KEY_PREFIX"] = cache.key_prefix = name
    _state["name"] = name
    _state["reset"] = _connect(name)
    return Copy(name)


def put_back() -> None:
    """Forget what the test wrote: all tables as the cast left them."""
    with _state["reset"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT cast_snapshot.put_back()")
    _forget_cached()


def _forget_cached() -> None:
    """Drop this session's keys alone: sessions side by side share one Redis, and so do the workers' hints."""
    client = cache._cache.get_client(None, write=True)
    if keys := list(client.scan_iter(match=f"{cache.key_prefix}:*", count=1000)):
        client.delete(*keys)


@contextmanager
def logged_in_as(role: str) -> Iterator[None]:
    """Connect as prm_<role>, in threads begun meanwhile too. This thread's are kept open: opening one is dear."""
    before, told = connections["default"], connections.databases["default"]
    login = {key: addresses.database(role)[key] for key in LOGIN}
    usual = {key: told[key] for key in LOGIN}
    connections["default"] = _usable(_kept(role, {**before.settings_dict, **login}))
    told.update(login)
    try:
        yield
    finally:
        told.update(usual)
        connections["default"] = _usable(before)


def _kept(role: str, entry: dict[str, Any]) -> Any:
    kept = _logins.__dict__.setdefault("kept", {})
    if (key := (role, entry["NAME"])) not in kept:
        kept[key] = connections.create_connection("default")
        kept[key].settings_dict = entry
    return kept[key]


def _usable(connection: Any) -> Any:
    """A test may have ended the server's side of it."""
    connection.close_if_unusable_or_obsolete()
    return connection


@contextmanager
def superuser_connection() -> Iterator[Any]:
    connection = _connect(_state["name"])
    try:
        yield connection
    finally:
        connection.close()


def database_name() -> str:
    return str(_state["name"])


def _connect(name: str) -> Any:
    connection = psycopg2.connect(**{**_state["superuser"], "dbname": name})
    connection.autocommit = True
    return connection


@contextmanager
def _server() -> Iterator[Any]:
    connection = _connect("postgres")
    try:
        yield connection
    finally:
        connection.close()


def _template() -> str:
    """The template's name tells the state of the code that made it."""
    name = f"prm_template_{_fingerprint()}"
    lock = addresses.folder("test") / "template.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with _server() as server, server.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone():
                return name
            building = f"{name}_building"
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(building)))
            cursor.execute(SQL("CREATE DATABASE {} TEMPLATE template0 OWNER prm_owner").format(Identifier(building)))
            _build(building)
            cursor.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(building), Identifier(name)))
    return name


def _build(name: str) -> None:
    _point_at(name)
    settings.MIGRATION_MODULES = dict.fromkeys(OURS)
    call_command("migrate", database="owner", verbosity=0, run_syncdb=True)
    build_cast()
    with logged_in_as("worker"):
        _let_everything_happen()
    connections.close_all()
    for login in _logins.__dict__.pop("kept", {}).values():
        login.close()
    connection = _connect(name)
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cast_snapshot' AND tablename <> 'written'")
        filled = {name: _rows(cursor, name) for (name,) in cursor.fetchall()}
        cursor.execute(_putting_back(filled, [name for name in names if name not in filled]))
    connection.close()


def _rows(cursor: Any, table: str) -> int:
    cursor.execute(SQL("SELECT count(*) FROM cast_snapshot.{}").format(Identifier(table)))
    return int(cursor.fetchone()[0])


def _point_at(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _fingerprint() -> str:
    parts = sorted(
        path
        for app in ("prm", "partners", "dealreg", "incentives", "onboarding", "workflows", "integrations")
        for path in (ROOT / app).rglob("*")
        if path.suffix in (".py", ".json") and _shapes_the_database(path)
    )
    digest = sha256()
    for path in [*parts, ROOT / "tests/world.py", ROOT / "tests/cast.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _shapes_the_database(path: Path) -> bool:
    return path.suffix == ".json" or any(
        word in str(path.relative_to(ROOT))
        for word in (
            "models",
            "migrations",
            "wall",
            "setup",
            "defaults",
            "rules",
            "automation",
            "settings",
        )
    )


def build_cast() -> None:
    """Two vendors with their configuration, their partners and their people."""
    from prm.kernel.identity.models import Membership, Person
    from prm.kernel.tenancy.context import acting
    from prm.setup import configure_vendor, create_tenant

    password = make_password(cast.PASSWORD)
    for who in cast.EVERYBODY:
        Person.objects.create(id=who.person_id, email=who.email, name=who.name, password=password)
    for vendor in cast.VENDORS:
        create_tenant(
            id=vendor.id,
            slug=vendor.slug,
            name=vendor.slug.title(),
            time_zone="Europe/Berlin",
            currency="EUR",
            is_sandbox=True,
        )
        with acting(tenant=vendor.id, audience="vendor") as now:
            configure_vendor(now=now)
            people = [who for who in cast.EVERYBODY if who.vendor == vendor]
            for who in (w for w in people if w.partner is None):
                _member(Membership, who)
            for organisation in (o for o in cast.ORGANISATIONS if o.vendor == vendor):
                _organisation(organisation, now)
            for who in (w for w in people if w.partner):
                _member(Membership, who)


def _let_everything_happen() -> None:
    """What the cast's making set off is over before any test begins."""
    from prm.kernel.events import relay
    from workflows import engine

    while relay.drain() + engine.drain():
        pass


def _member(model: Any, who: cast.Somebody) -> None:
    limit = {"Olivia": "50000.00", "Mia": "250000.00"}.get(who.name)
    model.objects.create(
        id=who.membership_id,
        person_id=who.person_id,
        partner_id=who.partner.id if who.partner else None,
        name=who.name,
        email=who.email,
        roles=list(who.roles),
        approval_limit=limit,
    )


def _organisation(organisation: cast.Organisation, now: Any) -> None:
    from partners.actions import create_partner, enrol_partner
    from partners.models import Tier
    from prm.kernel.identity.actors import Actor
    from prm.kernel.reference.models import Program, Territory

    actor = Actor.system("tests")
    cams = {"acme": cast.cam.membership_id}
    create_partner(
        id=organisation.id,
        name=organisation.name,
        domain=organisation.domain,
        country=organisation.country,
        cam_id=cams.get(organisation.vendor.slug),
        actor=actor,
        now=now,
    )
    enrol_partner(
        partner_id=organisation.id,
        program_id=Program.objects.get().pk,
        actor=actor,
        now=now,
        tier_id=Tier.objects.order_by("rank")[1].pk,
        territories=Territory.objects.filter(countries__contains=[organisation.country]).values_list("pk", flat=True),
    )
