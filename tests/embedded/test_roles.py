from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from prm.embedded import addresses, ensure_started, keeper, roles
from prm.embedded.addresses import ConfigurationError

from .conftest import KIND

pytestmark = pytest.mark.pure
MEMBERSHIPS = """SELECT l.rolname, r.rolname, m.inherit_option, m.set_option FROM pg_auth_members m
    JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
    WHERE l.rolname LIKE 'prm\\_%' ORDER BY 1, 2"""
EXPECTED = [  # prm_owner never serves; it poses as the others where the wall is proven
    ("prm_owner", "prm_auditor", False, True),
    ("prm_owner", "prm_partner", False, True),
    ("prm_owner", "prm_vendor", False, True),
    ("prm_owner", "prm_web", False, True),
    ("prm_owner", "prm_worker", False, True),
    ("prm_web", "prm_auditor", False, True),
    ("prm_web", "prm_partner", False, True),
    ("prm_web", "prm_vendor", False, True),
    ("prm_worker", "prm_auditor", False, True),
    ("prm_worker", "prm_partner", False, True),
    ("prm_worker", "prm_relay", False, True),
    ("prm_worker", "prm_vendor", False, True),
]


@pytest.fixture
def admin(own_var: Path) -> Iterator[Any]:
    """A superuser's cursor on a cluster of its own: what is done to roles here must disturb nobody."""
    with ensure_started(KIND) as handle:
        connection = psycopg2.connect(**handle.superuser())
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
        connection.close()


class TestRoles:
    def test_logins_may_become_what_the_design_says_and_nothing_else(self, admin: Any) -> None:
        admin.execute(MEMBERSHIPS)
        assert admin.fetchall() == EXPECTED

    def test_none_of_them_passes_row_level_security(self, admin: Any) -> None:
        admin.execute(
            "SELECT rolname, rolcanlogin, rolinherit, rolsuper OR rolbypassrls OR rolcreaterole"
            " FROM pg_roles WHERE rolname LIKE 'prm\\_%' ORDER BY 1"
        )
        assert admin.fetchall() == [
            ("prm_auditor", False, False, False),
            ("prm_operator", True, False, False),
            ("prm_owner", True, True, False),
            ("prm_partner", False, False, False),
            ("prm_relay", False, False, False),
            ("prm_vendor", False, False, False),
            ("prm_web", True, False, False),
            ("prm_worker", True, False, False),
        ]

    def test_a_second_bootstrap_takes_away_what_somebody_granted_by_hand(self, admin: Any) -> None:
        admin.execute("GRANT prm_relay TO prm_web")
        keeper.make_roles(KIND)
        admin.execute(MEMBERSHIPS)
        assert admin.fetchall() == EXPECTED

    def test_a_role_that_could_pass_the_wall_stops_the_bootstrap(self, admin: Any) -> None:
        admin.execute("ALTER ROLE prm_auditor BYPASSRLS")
        try:
            with pytest.raises(ConfigurationError, match="prm_auditor may pass row-level security"):
                keeper.make_roles(KIND)
        finally:
            admin.execute("ALTER ROLE prm_auditor NOBYPASSRLS")


class TestAManagedServer:
    def test_an_admin_who_is_no_superuser_can_bootstrap_it_again_and_again(self, admin: Any) -> None:
        admin.execute("DROP DATABASE prm")
        for name in (*roles.MAY_BECOME, *roles.AUDIENCES):
            admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        admin.execute("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'of the manager'")
        where = {"host": str(addresses.place(KIND).run), "port": addresses.PORT, "dbname": "prm"}
        dsn = make_dsn(**where, user="manager", password="of the manager")
        passwords = {role: f"of the {role}" for role in roles.LOGINS}

        for _ in range(2):
            roles.bootstrap(dsn, database="prm", passwords=passwords)

        admin.execute(MEMBERSHIPS)
        assert admin.fetchall() == EXPECTED
        psycopg2.connect(**where, user="prm_web", password="of the web").close()
