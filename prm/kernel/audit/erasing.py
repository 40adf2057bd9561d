"""Forgetting a person: the names go, with the salts without which no hash can be tried; the chain stays as it is.

Only the owner's login can, and the database admits nothing but emptying these columns (see `Wall.erasable`).
"""

from uuid import UUID

from django.db import connections, transaction

_WHO = """
UPDATE audit_auditentry SET actor_name = '', impersonator = '', who_salt = ''
WHERE tenant_id = %(tenant)s AND actor_id = %(person)s AND who_salt <> ''
"""
_WHAT = """
UPDATE audit_auditentry SET target_name = '', before = '{}', after = '{}', what_salt = ''
WHERE tenant_id = %(tenant)s AND what_salt <> '' AND target_id IN (
  SELECT %(person)s::uuid UNION ALL
  SELECT id FROM identity_membership WHERE tenant_id = %(tenant)s AND person_id = %(person)s)
"""
_DECIDED = """
UPDATE audit_decisionrecord SET document = '{}', salt = ''
WHERE tenant_id = %(tenant)s AND salt <> '' AND subject_id IN (
  SELECT %(person)s::uuid UNION ALL
  SELECT id FROM identity_membership WHERE tenant_id = %(tenant)s AND person_id = %(person)s)
"""


class NotTheOwner(RuntimeError):
    """Nobody who serves may erase."""


def erase_person(*, tenant_id: UUID, person_id: UUID) -> int:
    """Empty the name of everything that a person did, and all that was recorded about that person.

    Ids stay: who did it can still be told apart, no longer by name. Says how many entries were changed.
    """
    if "owner" not in connections:
        raise NotTheOwner("Only the owner's login may erase: set PRM_DB_PASSWORD_OWNER and run it again.")
    names = {"tenant": str(tenant_id), "person": str(person_id)}
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(_WHO, names)
        count: int = cursor.rowcount
        cursor.execute(_WHAT, names)
        count += cursor.rowcount
        cursor.execute(_DECIDED, names)
    return count
