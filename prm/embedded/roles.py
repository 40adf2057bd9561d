"""The database, its logins and its roles, made or mended by a superuser (or CREATEROLE) login.

Idempotent, and the same for the embedded cluster and a managed one:

    python -m prm.embedded.roles --url postgresql://admin:password@host:5432/prm

makes the database of the URL if it's missing, owned by prm_owner, and gives the logins the passwords of
PRM_DB_PASSWORD_OWNER, …_WEB, …_WORKER and …_OPERATOR. PostgreSQL 15 or later.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import make_dsn, parse_dsn

from prm.embedded.addresses import ConfigurationError

LOGINS = ("owner", "web", "worker", "operator")
AUDIENCES = ("prm_vendor", "prm_partner", "prm_relay", "prm_auditor")
MAY_BECOME = {
    "prm_web": ("prm_vendor", "prm_partner", "prm_auditor"),
    "prm_worker": ("prm_vendor", "prm_partner", "prm_relay", "prm_auditor"),
    "prm_operator": (),
    # the owner may pose as the others, to prove the wall in a transaction that leaves nothing behind
    "prm_owner": ("prm_web", "prm_worker", "prm_vendor", "prm_partner", "prm_auditor"),
}
LOCK = 7_160_281  # two bootstraps at once queue on this advisory lock


def bootstrap(dsn: str, *, database: str, passwords: Mapping[str, str], createdb: bool = False) -> None:
    """Make or mend roles, memberships and the database. `passwords` has one for each of LOGINS.

    `createdb` lets prm_owner make databases: the test cluster's test databases.
    """
    admin = psycopg2.connect(make_dsn(dsn, dbname=_maintenance(dsn, database)))
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            _make_roles(cursor, passwords, createdb=createdb)
            _make_memberships(cursor, admin.server_version)
            _refuse_privileged(cursor)
            _make_database(cursor, database)
    finally:
        admin.close()
    inside = psycopg2.connect(make_dsn(dsn, dbname=database))
    try:
        _close_schema(inside)
    finally:
        inside.close()


def _make_roles(cursor: Cursor, passwords: Mapping[str, str], *, createdb: bool) -> None:
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'prm\\_%%'")
    present = {name for (name,) in cursor.fetchall()}
    for role in LOGINS:
        inherits = "INHERIT" if role == "owner" else "NOINHERIT"
        attributes = f"LOGIN {inherits} {'CREATEDB' if createdb and role == 'owner' else ''} PASSWORD %s"
        _make_role(cursor, present, f"prm_{role}", attributes, [passwords[role]])
    for name in AUDIENCES:
        _make_role(cursor, present, name, "NOLOGIN NOINHERIT", [])


def _make_role(cursor: Cursor, present: set[str], name: str, attributes: str, values: list[str]) -> None:
    verb = "ALTER" if name in present else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{name}} {attributes}").format(name=sql.Identifier(name))
    cursor.execute(statement, values or None)


def _make_memberships(cursor: Cursor, version: int) -> None:
    """Grant what MAY_BECOME says and revoke what else a login may have become."""
    how = " WITH INHERIT FALSE, SET TRUE" if version >= 160000 else ""
    for login, allowed in MAY_BECOME.items():
        for role in allowed:
            grant = sql.SQL(f"GRANT {{role}} TO {{login}}{how}")
            cursor.execute(grant.format(role=sql.Identifier(role), login=sql.Identifier(login)))
        for role in _memberships(cursor, login) - set(allowed):
            revoke = sql.SQL("REVOKE {role} FROM {login}")
            cursor.execute(revoke.format(role=sql.Identifier(role), login=sql.Identifier(login)))


def _memberships(cursor: Cursor, login: str) -> set[str]:
    cursor.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = %s",
        [login],
    )
    return {name for (name,) in cursor.fetchall()}


def _refuse_privileged(cursor: Cursor) -> None:
    """A role that passes row-level security would make the wall a decoration."""
    cursor.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)",
        [[*AUDIENCES, *(f"prm_{role}" for role in LOGINS)]],
    )
    if found := [name for (name,) in cursor.fetchall()]:
        raise ConfigurationError(
            f"{', '.join(found)} may pass row-level security: take SUPERUSER, BYPASSRLS, CREATEROLE and "
            "REPLICATION away first."
        )


def _make_database(cursor: Cursor, name: str) -> None:
    """Make the database or hand it to prm_owner; nobody else may connect or make temporary tables."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    borrowed = not cursor.fetchone()[0]  # an ordinary admin must belong to the owner to give it anything
    if borrowed:
        cursor.execute("GRANT prm_owner TO CURRENT_USER")
    cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name])
    found = cursor.fetchone()
    target = sql.Identifier(name)
    if found is None:
        make = "CREATE DATABASE {} OWNER prm_owner TEMPLATE template0 ENCODING 'UTF8'"
        cursor.execute(sql.SQL(make).format(target))
    elif found[0] != "prm_owner":
        cursor.execute(sql.SQL("ALTER DATABASE {} OWNER TO prm_owner").format(target))
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
    logins = sql.SQL(", ").join(sql.Identifier(f"prm_{role}") for role in LOGINS)
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(target, logins))


def _close_schema(inside: Connection) -> None:
    """The public schema belongs to prm_owner; the others may use it and make nothing in it."""
    users = sql.SQL(", ").join(map(sql.Identifier, [*AUDIENCES, "prm_web", "prm_worker", "prm_operator"]))
    with inside, inside.cursor() as cursor:
        cursor.execute("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'")
        if cursor.fetchone() != ("prm_owner",):
            cursor.execute("ALTER SCHEMA public OWNER TO prm_owner")
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(users))


def _maintenance(dsn: str, database: str) -> str:
    """The database to connect to while the wanted one may not exist."""
    named = parse_dsn(dsn).get("dbname", "postgres")
    return "postgres" if named == database else named


def passwords_from_environment() -> dict[str, str]:
    """The logins' passwords for an external server. Raises ConfigurationError naming those that miss."""
    names = {role: f"PRM_DB_PASSWORD_{role.upper()}" for role in LOGINS}
    if missing := [name for name in names.values() if not os.environ.get(name)]:
        raise ConfigurationError(f"Set {', '.join(missing)}.")
    return {role: os.environ[name] for role, name in names.items()}


def main(arguments: list[str] | None = None) -> int:
    """Bootstrap an external server from the command line."""
    parser = argparse.ArgumentParser(prog="python -m prm.embedded.roles", description=__doc__)
    parser.add_argument("--url", required=True, help="an admin's address of the database that is to be made")
    options: Any = parser.parse_args(arguments)
    try:
        database = parse_dsn(options.url).get("dbname", "prm")
        bootstrap(options.url, database=database, passwords=passwords_from_environment())
    except (ConfigurationError, psycopg2.Error) as problem:
        sys.stderr.write(f"{str(problem).strip()}\n")
        return 1
    sys.stdout.write(f"Roles and database {database} are ready; next: PRM_ROLE=owner manage.py migrate.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
