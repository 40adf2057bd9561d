"""Rows that belong to strangers, one of every tenant table, made past every check."""

from collections import defaultdict
from uuid import UUID

from prm.kernel.tenancy.rows import row_of
from prm.kernel.tenancy.wall import tenant_models
from tests.cast import Organisation


def rows_of(organisation: Organisation, superuser) -> dict[str, list[UUID]]:
    """Insert a row of every tenant model for this organisation; ids by app label."""
    made: dict[str, list[UUID]] = defaultdict(list)
    with superuser.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign keys, no guards
        for model in tenant_models():
            for row in row_of(model, organisation.vendor.id, organisation.id).chain():
                columns = ", ".join(f'"{column}"' for column in row.values)
                places = ", ".join(["%s"] * len(row.values))
                cursor.execute(
                    f'INSERT INTO "{row.model._meta.db_table}" ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING',
                    list(row.values.values()),
                )
                if isinstance(row.values["id"], UUID):
                    made[row.model._meta.app_label].append(row.values["id"])
        cursor.execute("SET session_replication_role = DEFAULT")
    return made
