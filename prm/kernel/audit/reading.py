"""Reading the audit as texts, exactly as it was hashed: for verifying here, and for a file that verifies elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from prm.kernel.audit import chain
from prm.kernel.audit.models import AuditBlock
from prm.kernel.audit.sealing import moment

# Written out with PostgreSQL's own functions: what app.* says is not believed here.
_ENTRIES = """
SELECT e.tenant_id::text, e.id::text, e.action, e.target_type, e.target_id::text, e.partner_id::text, e.actor_kind,
  e.actor_id, e.request_id, e.cause, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.decision_id::text,
  e.actor_name, e.impersonator, e.target_name, e.before::text, e.after::text,
  e.who_salt, e.who_hash, e.what_salt, e.what_hash, e.row_hash, e.impersonator_id::text, d.row_hash,
  d.tenant_id::text, d.id::text, d.rule, d.outcome, d.allowed::text, d.subject_type, d.subject_id::text,
  d.partner_id::text, d.decided_by, to_char(d.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  to_char(d.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), d.document::text,
  d.salt, d.document_hash, d.row_hash
FROM audit_auditentry AS e
LEFT JOIN audit_decisionrecord AS d ON d.tenant_id = e.tenant_id AND d.id = e.decision_id
WHERE e.id = ANY(%s::uuid[])
"""
ENTRY = (*chain.PLAIN, *chain.WHO, *chain.WHAT, "who_salt", "who_hash", "what_salt", "what_hash", "row_hash",
         "impersonator_id", "decision_hash")  # fmt: skip
DECISION = (*chain.DECIDED, "document", "salt", "document_hash", "row_hash")

Pair = tuple[dict[str, str | None], dict[str, str | None] | None]


def blocks() -> Iterator[chain.Block]:
    """The vendor's blocks in their order, a few at a time."""
    last = 0
    while found := list(AuditBlock.objects.filter(number__gt=last).order_by("number")[:20]):
        for row in found:
            yield chain.Block(
                tenant=str(row.tenant_id),
                number=row.number,
                previous=row.previous,
                sealed_at=moment(row.sealed_at),
                leaves=bytes(row.leaves),
                hash=row.hash,
            )
        last = found[-1].number


def entries(names: Sequence[str | UUID]) -> dict[str, Pair]:
    """Entries by id, each with its decision, every field as text."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [[str(name) for name in names]])
        return {row[1]: _pair(row) for row in cursor.fetchall()}


def _pair(row: Sequence[Any]) -> Pair:
    entry = dict(zip(ENTRY, row, strict=False))
    decision = dict(zip(DECISION, row[len(ENTRY) :], strict=True))
    return entry, decision if decision["id"] is not None else None


def head() -> tuple[int, str] | None:
    """The newest block's number and hash."""
    return AuditBlock.objects.order_by("-number").values_list("number", "hash").first()
