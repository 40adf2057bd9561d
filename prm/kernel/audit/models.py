"""Append-only: who did what to what, and every decision with its evidence; and the blocks that seal them.

An entry is hashed by PostgreSQL as it is written, and put on a list of what is not sealed yet. The sealer takes
what it finds there, whatever transaction it came from: it needs no order among writers, so none waits for
another, and a transaction that commits late is sealed late (docs/audit.md).
"""

from django.db import models
from django.db.models.functions import Now

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall

# The same packing as chain.py's, in the database.
_HASHING = """
CREATE OR REPLACE FUNCTION app.audit_digest(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(string_agg(coalesce(octet_length(part) || ':' || part, '-'), ',' ORDER BY place),
                                  'UTF8')), 'hex')
  FROM unnest(parts) WITH ORDINALITY AS packed (part, place) $$;
CREATE OR REPLACE FUNCTION app.audit_moment(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
CREATE OR REPLACE FUNCTION app.audit_salt() RETURNS text LANGUAGE sql VOLATILE AS
  $$ SELECT replace(gen_random_uuid()::text, '-', '') $$;
CREATE OR REPLACE FUNCTION app.hash_decision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.salt := app.audit_salt();
  NEW.document_hash := app.audit_digest(NEW.salt, NEW.document::text);
  NEW.row_hash := app.audit_digest('decision/1', NEW.tenant_id::text, NEW.id::text, NEW.rule, NEW.outcome,
    NEW.allowed::text, NEW.subject_type, NEW.subject_id::text, NEW.partner_id::text, NEW.decided_by,
    app.audit_moment(NEW.at), app.audit_moment(NEW.recorded_at), NEW.document_hash);
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION app.hash_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided text; parts text[]; BEGIN
  IF NEW.decision_id IS NOT NULL THEN
    SELECT row_hash INTO decided FROM audit_decisionrecord
    WHERE tenant_id = NEW.tenant_id AND id = NEW.decision_id;
  END IF;
  NEW.who_salt := app.audit_salt();
  NEW.what_salt := app.audit_salt();
  NEW.who_hash := app.audit_digest(NEW.who_salt, NEW.actor_name, NEW.impersonator);
  NEW.what_hash := app.audit_digest(NEW.what_salt, NEW.target_name, NEW.before::text, NEW.after::text);
  parts := ARRAY[NEW.tenant_id::text, NEW.id::text, NEW.action, NEW.target_type,
    NEW.target_id::text, NEW.partner_id::text, NEW.actor_kind, NEW.actor_id, NEW.request_id, NEW.cause,
    app.audit_moment(NEW.at), app.audit_moment(NEW.recorded_at), NEW.decision_id::text,
    NEW.who_hash, NEW.what_hash, decided];
  NEW.row_hash := CASE WHEN NEW.impersonator_id IS NULL
    THEN app.audit_digest(VARIADIC array_prepend('entry/1'::text, parts))
    ELSE app.audit_digest(VARIADIC array_append(array_prepend('entry/2'::text, parts), NEW.impersonator_id::text)) END;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION app.await_sealing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit_auditunsealed (id, tenant_id, row_hash, recorded_at)
  VALUES (NEW.id, NEW.tenant_id, NEW.row_hash, NEW.recorded_at);
  RETURN NULL;
END $$;
"""


class DecisionRecord(TenantOwned):
    """A stored Decision; `document` evaluates again to the same outcome under its rule's version."""

    wall = Wall(
        append_only=True,
        erasable=("document", "salt"),
        functions=_HASHING,
        triggers=(("hash", "BEFORE INSERT", "hash_decision"),),
    )

    rule = models.CharField(max_length=120)
    outcome = models.CharField(max_length=40)
    allowed = models.BooleanField()
    document = models.JSONField()
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    partner_id = models.UUIDField(null=True)
    decided_by = models.CharField(max_length=20)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    # written by PostgreSQL
    salt = models.CharField(max_length=32, db_default="", editable=False)
    document_hash = models.CharField(max_length=64, db_default="", editable=False)
    row_hash = models.CharField(max_length=64, db_default="", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "subject_id", "at"]),
            models.Index(fields=["tenant", "rule", "at"]),
            models.Index(fields=["tenant", "at"], condition=models.Q(allowed=False), name="audit_decision_refused"),
        ]


class AuditEntry(TenantOwned):
    """One row for each action, refused ones too."""

    wall = Wall(
        append_only=True,
        erasable=("actor_name", "impersonator", "who_salt", "target_name", "before", "after", "what_salt"),
        functions=_HASHING,
        triggers=(("hash", "BEFORE INSERT", "hash_entry"), ("await_sealing", "AFTER INSERT", "await_sealing")),
    )

    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField()
    target_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    impersonator = models.CharField(max_length=200, blank=True)
    impersonator_id = models.UUIDField(null=True)  # the membership of whoever acted as the actor
    request_id = models.CharField(max_length=64, blank=True)
    cause = models.CharField(max_length=120, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    decision = TenantForeignKey(DecisionRecord, null=True, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    # written by PostgreSQL: salted hashes of who and what, and the hash of the whole row
    who_salt = models.CharField(max_length=32, db_default="", editable=False)
    who_hash = models.CharField(max_length=64, db_default="", editable=False)
    what_salt = models.CharField(max_length=32, db_default="", editable=False)
    what_hash = models.CharField(max_length=64, db_default="", editable=False)
    row_hash = models.CharField(max_length=64, db_default="", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "target_id", "at"]),
            models.Index(fields=["tenant", "at"]),
            # what the search asks: the beginning of an action or a name
            models.Index(fields=["tenant", "action", "at"], name="audit_entry_action"),
            models.Index(fields=["tenant", "target_name", "at"], name="audit_entry_target"),
            models.Index(fields=["tenant", "actor_name", "at"], name="audit_entry_actor"),
        ]


class AuditUnsealed(TenantOwned):
    """An entry (by its id) that is in no block yet. The vendor's role can add to the list and take nothing off."""

    wall = Wall(
        vendor_may="SELECT, INSERT",
        relay_reads=("id", "tenant_id", "row_hash", "recorded_at"),
        relay_may="DELETE",
        web="SELECT",  # /metrics: how long the oldest has waited
    )

    row_hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "recorded_at"], name="audit_unsealed_oldest")]


class AuditBlock(TenantOwned):
    """Entries sealed together: `leaves` holds each one's id and hash, `hash` covers them and the block before."""

    wall = Wall(
        append_only=True,
        vendor_may="SELECT",
        relay_reads=("id", "tenant_id", "number", "hash"),
        relay_may="INSERT",
    )

    number = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    leaves = models.BinaryField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="audit_block_number")]
