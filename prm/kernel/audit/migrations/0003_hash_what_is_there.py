"""Entries and decisions from before the chain get their hashes and wait to be sealed, as new ones do.

The functions are those of prm/kernel/audit/models.py as they were when this was written.
"""

from django.db import migrations

_HASH = """
CREATE SCHEMA IF NOT EXISTS app;
CREATE OR REPLACE FUNCTION app.audit_digest(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(string_agg(coalesce(octet_length(part) || ':' || part, '-'), ',' ORDER BY place),
                                  'UTF8')), 'hex')
  FROM unnest(parts) WITH ORDINALITY AS packed (part, place) $$;
CREATE OR REPLACE FUNCTION app.audit_moment(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
ALTER TABLE audit_decisionrecord DISABLE TRIGGER USER;
ALTER TABLE audit_auditentry DISABLE TRIGGER USER;
UPDATE audit_decisionrecord SET salt = replace(gen_random_uuid()::text, '-', '') WHERE row_hash = '';
UPDATE audit_decisionrecord SET document_hash = app.audit_digest(salt, document::text) WHERE row_hash = '';
UPDATE audit_decisionrecord SET row_hash = app.audit_digest('decision/1', tenant_id::text, id::text, rule, outcome,
  allowed::text, subject_type, subject_id::text, partner_id::text, decided_by, app.audit_moment(at),
  app.audit_moment(recorded_at), document_hash) WHERE row_hash = '';
UPDATE audit_auditentry SET who_salt = replace(gen_random_uuid()::text, '-', ''),
  what_salt = replace(gen_random_uuid()::text, '-', '') WHERE row_hash = '';
UPDATE audit_auditentry SET who_hash = app.audit_digest(who_salt, actor_name, impersonator),
  what_hash = app.audit_digest(what_salt, target_name, before::text, after::text) WHERE row_hash = '';
INSERT INTO audit_auditunsealed (id, tenant_id, row_hash, recorded_at)
SELECT e.id, e.tenant_id, app.audit_digest('entry/1', e.tenant_id::text, e.id::text, e.action, e.target_type,
  e.target_id::text, e.partner_id::text, e.actor_kind, e.actor_id, e.request_id, e.cause, app.audit_moment(e.at),
  app.audit_moment(e.recorded_at), e.decision_id::text, e.who_hash, e.what_hash, d.row_hash), e.recorded_at
FROM audit_auditentry AS e LEFT JOIN audit_decisionrecord AS d ON d.tenant_id = e.tenant_id AND d.id = e.decision_id
WHERE e.row_hash = '';
UPDATE audit_auditentry AS e SET row_hash = u.row_hash FROM audit_auditunsealed AS u
WHERE u.tenant_id = e.tenant_id AND u.id = e.id AND e.row_hash = '';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE audit_decisionrecord ENABLE TRIGGER USER;
ALTER TABLE audit_auditentry ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_blocks_and_hashes")]

    operations = [migrations.RunSQL(_HASH, migrations.RunSQL.noop)]
