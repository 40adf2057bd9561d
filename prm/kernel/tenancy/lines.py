"""Standing in line: work of one vendor that only one may do at a time, until its transaction ends."""

from django.db import connection

from prm.kernel.tenancy.context import current, tenant_id


def stand_in_line(*what: object) -> None:
    """Wait for whoever in this tenant does `what`, and keep others waiting until this transaction ends.

    In a statement of its own, so that the next one sees what the one before us committed. Whoever shares a
    transaction commits it soon (prm/kernel/events/sharing.py).
    """
    with connection.cursor() as cursor:
        name = " ".join(str(word) for word in (*what, tenant_id()))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    current().in_line.append(name)
