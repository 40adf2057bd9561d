"""The wall between tenants and partners, laid in PostgreSQL after every migrate.

`apply()` reads the models and gives every tenant table its composite keys, row-level security with
FORCE, policies, triggers and, last, its grants: a table that it never saw stays shut. It is idempotent
and runs as prm_owner. What each model declares is one `Wall`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db import connections, models, transaction
from django_fsm import FSMFieldMixin
from psycopg2.sql import SQL, Composable, Identifier, Literal

SERVING = ("prm_web", "prm_worker", "prm_vendor", "prm_partner", "prm_auditor", "prm_relay", "prm_operator")
ALL = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class Wall:
    """What a model lets each audience do.

    partner: "none" (vendor only), "own" (its `partner_column` is one of the partner's organisations),
    "shared" (every partner of the tenant reads it), or "child:<foreign key>" (seen where the parent is).
    partner_where: a further condition on the partner's rows, in SQL. relay_*: columns, never payloads;
    relay_may: INSERT or DELETE of whole rows, for tables that hold no payload at all.
    web: what the identity plane may do to it outside any tenant. reference: it is read all the time and changes
    seldom; a change gives the tenant a new stamp, and what was remembered under the old one is forgotten.
    erasable: columns of an append-only table that the owner alone may empty, when a person is to be forgotten.
    functions: SQL that makes functions of schema app; triggers: (name, when, function of schema app).
    """

    partner: str = "none"
    partner_may: str = "SELECT"
    partner_column: str = "partner_id"
    partner_where: str = ""
    vendor_may: str = ALL
    append_only: bool = False
    reference: bool = False
    relay_reads: tuple[str, ...] = ()
    relay_writes: tuple[str, ...] = ()
    relay_may: str = ""
    web: str = ""
    operator: str = ""
    initial: tuple[str, ...] = ()
    erasable: tuple[str, ...] = ()
    functions: str = ""
    triggers: tuple[tuple[str, str, str], ...] = ()

    @property
    def relay(self) -> bool:
        """Whether the relay has any business with the table."""
        return bool(self.relay_reads or self.relay_writes or self.relay_may)

    @property
    def vendor_verbs(self) -> str:
        """What the vendor's role may do; of an append-only table at most read it and add to it."""
        verbs = self.vendor_may.split(", ")
        return ", ".join(verb for verb in verbs if not self.append_only or verb in ("SELECT", "INSERT"))


@dataclass(frozen=True, slots=True)
class Platform:
    """A table of no tenant: why it is none, and who may do what."""

    reason: str
    grants: dict[str, str] = field(default_factory=dict)


IDENTITY = {"prm_web": ALL, "prm_operator": ALL}
READ_ONLY = dict.fromkeys(SERVING, "SELECT")

# Every table is a tenant table unless it stands here with its reason.
PLATFORM = {
    "tenancy.Tenant": Platform("names the tenants themselves; policies of its own"),
    "identity.Person": Platform("a person may work for several tenants", IDENTITY),
    "identity.Operator": Platform(
        "who runs the platform belongs to no tenant; the web reads it, so that no fault of a page makes an operator",
        {"prm_web": "SELECT", "prm_operator": ALL},
    ),
    "identity.HostName": Platform("read before the tenant is known", IDENTITY),
    "identity.SecurityEvent": Platform(
        "sign-ins belong to a person, not to a tenant",
        {"prm_web": "SELECT, INSERT", "prm_operator": "SELECT, INSERT"},
    ),
    "identity.Letter": Platform(
        "mails about a person's own account; written by whoever causes them, read by the worker alone",
        {"prm_web": "INSERT", "prm_vendor": "INSERT", "prm_worker": "SELECT, UPDATE, DELETE"},
    ),
    "account.EmailAddress": Platform("a person's addresses", IDENTITY),
    "account.EmailConfirmation": Platform("a person's addresses", IDENTITY),
    "mfa.Authenticator": Platform("a person's second factors", IDENTITY),
    "usersessions.UserSession": Platform("a person's sessions", IDENTITY),
    "sessions.Session": Platform("a browser's session, read before the tenant is known", IDENTITY),
    "contenttypes.ContentType": Platform("the list of models", READ_ONLY),
    "auth.Permission": Platform("of Django's auth, unused: roles come from memberships"),
    "auth.Group": Platform("of Django's auth, unused: roles come from memberships"),
    "auth.Group_permissions": Platform("of Django's auth, unused: roles come from memberships"),
    "admin.LogEntry": Platform("of Django's admin, unused: the audit log is append-only and per tenant"),
}

_FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS app;
CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION app.partner_ids() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.partner_ids', true), '')::uuid[] $$;
CREATE OR REPLACE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
     IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND app.only_erases(to_jsonb(OLD), to_jsonb(NEW), TG_ARGV) THEN
       RETURN NEW;
     END IF;
     RAISE EXCEPTION 'rows of % are written once and never changed', TG_TABLE_NAME
     USING ERRCODE = 'restrict_violation'; END $$;
CREATE OR REPLACE FUNCTION app.only_erases(before jsonb, after jsonb, erasable text[]) RETURNS boolean
  LANGUAGE sql IMMUTABLE AS $$
  SELECT before - erasable = after - erasable AND NOT EXISTS (
    SELECT 1 FROM unnest(erasable) AS name
    WHERE after -> name <> before -> name AND after -> name NOT IN ('""', '{}')) $$;
CREATE OR REPLACE FUNCTION app.guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  old_state text; new_state text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF new_state <> ALL (string_to_array(TG_ARGV[1], ' ')) THEN
      RAISE EXCEPTION '% can not begin as %', TG_TABLE_NAME, new_state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  old_state := to_jsonb(OLD) ->> TG_ARGV[0];
  IF old_state IS DISTINCT FROM new_state
     AND (old_state || '>' || new_state) <> ALL (string_to_array(TG_ARGV[2], ' ')) THEN
    RAISE EXCEPTION '% can not go from % to %', TG_TABLE_NAME, old_state, new_state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION app.only_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.clock_offset < OLD.clock_offset THEN
    RAISE EXCEPTION 'business time only runs forward' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION app.new_stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE tenancy_tenant SET reference_stamp = gen_random_uuid()
  WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION app.own_new_stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.reference_stamp := gen_random_uuid();
  RETURN NEW;
END $$;
CREATE SEQUENCE IF NOT EXISTS events_position;
REVOKE ALL ON SCHEMA app, public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
"""


def tenant_models() -> list[type[models.Model]]:
    """Every concrete model whose rows belong to a tenant."""
    from prm.kernel.tenancy.models import TenantOwned

    return [model for model in apps.get_models(include_auto_created=True) if issubclass(model, TenantOwned)]


def apply(using: str = "owner") -> None:
    """Lay the whole wall in one transaction; run again, it changes nothing."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(_FUNCTIONS)
        for functions in dict.fromkeys(model.wall.functions for model in tenant_models()):  # type: ignore[attr-defined]
            if functions:
                cursor.execute(functions)
        for statement in _everything():
            cursor.execute(statement.as_string(cursor.connection))


def _everything() -> Iterator[Composable]:
    roles = SQL(", ").join(map(Identifier, SERVING))
    yield SQL("GRANT USAGE ON SCHEMA app, public TO {}").format(roles)
    yield SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO {}").format(roles)
    yield SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(roles)
    yield SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}").format(roles)
    for model in tenant_models():
        yield from _keys(model)
        yield from _policies(model)
        yield from _triggers(model)
    yield from _tenant_table()
    for model in tenant_models():
        yield from _grants(model)
    yield from _platform_grants()
    yield SQL("GRANT USAGE ON SEQUENCE events_position TO prm_vendor")


def _keys(model: type[models.Model]) -> Iterator[Composable]:
    from prm.kernel.tenancy.models import TenantForeignKey

    for f in model._meta.local_fields:
        if not isinstance(f, TenantForeignKey):
            continue
        target = f.related_model._meta.db_table
        unique = _name("whole", target)
        yield _add_constraint(target, unique, SQL("UNIQUE (tenant_id, id)"))
        yield _add_constraint(
            model._meta.db_table,
            _name("within", model._meta.db_table, f.column),
            SQL("FOREIGN KEY (tenant_id, {}) REFERENCES {} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED").format(
                Identifier(f.column), Identifier(target)
            ),
        )


def _add_constraint(table: str, name: str, definition: Composable) -> Composable:
    statement = SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(Identifier(table), Identifier(name), definition)
    return SQL(
        "DO $do$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = {}"
        " AND conrelid = {}::regclass) THEN {}; END IF; END $do$"
    ).format(Literal(name), Literal(table), statement)


def _policies(model: type[models.Model]) -> Iterator[Composable]:
    table, wall = Identifier(model._meta.db_table), model.wall  # type: ignore[attr-defined]
    yield SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table)
    yield SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(table)
    mine = SQL("{}.tenant_id = (SELECT app.tenant_id())").format(table)
    yield from _policy(table, "owner", "prm_owner", SQL("true"))
    yield from _policy(table, "vendor", "prm_vendor", mine)
    yield from _policy(table, "auditor", "prm_auditor", mine)
    partner = partner_condition(model)
    yield from _policy(table, "partner", "prm_partner", SQL("{} AND {}").format(mine, partner) if partner else None)
    yield from _policy(table, "relay", "prm_relay", SQL("true") if wall.relay else None)
    yield from _policy(table, "web", "prm_web", SQL("true") if wall.web else None)
    yield from _policy(table, "operator", "prm_operator", SQL("true") if wall.operator else None)


def partner_condition(model: type[models.Model]) -> Composable | None:
    """Which rows of a tenant a partner may see; None where it may see none."""
    wall: Wall = model.wall  # type: ignore[attr-defined]
    table = Identifier(model._meta.db_table)
    kind, _, through = wall.partner.partition(":")
    if kind == "none":
        return None
    if kind == "shared":
        condition: Composable = SQL("true")
    elif kind == "own":
        condition = SQL("{}.{} = ANY ((SELECT app.partner_ids())::uuid[])").format(
            table, Identifier(wall.partner_column)
        )
    elif kind == "child":
        parent: Any = model._meta.get_field(through)
        condition = SQL(
            "EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.tenant_id = {table}.tenant_id"
            " AND parent.id = {table}.{column})"
        ).format(
            parent=Identifier(parent.related_model._meta.db_table),
            table=table,
            column=Identifier(parent.column),
        )
    else:
        raise ValueError(f"{model._meta.label}: Wall(partner={wall.partner!r}) is none of none, own, shared, child:…")
    return SQL("{} AND ({})").format(condition, SQL(wall.partner_where)) if wall.partner_where else condition


def _policy(table: Composable, name: str, role: str, condition: Composable | None) -> Iterator[Composable]:
    policy = Identifier(f"wall_{name}")
    yield SQL("DROP POLICY IF EXISTS {} ON {}").format(policy, table)
    if condition is not None:
        yield SQL("CREATE POLICY {} ON {} FOR ALL TO {} USING ({}) WITH CHECK ({})").format(
            policy, table, Identifier(role), condition, condition
        )


def _triggers(model: type[models.Model]) -> Iterator[Composable]:
    table, wall = Identifier(model._meta.db_table), model.wall  # type: ignore[attr-defined]
    yield SQL("DROP TRIGGER IF EXISTS wall_append_only ON {}").format(table)
    if wall.append_only:
        yield SQL(
            "CREATE TRIGGER wall_append_only BEFORE UPDATE OR DELETE ON {}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change({})"
        ).format(table, SQL(", ").join(map(Literal, wall.erasable)))
    yield SQL("DROP TRIGGER IF EXISTS wall_new_stamp ON {}").format(table)
    if wall.reference:
        yield SQL(
            "CREATE TRIGGER wall_new_stamp AFTER INSERT OR UPDATE OR DELETE ON {}"
            " FOR EACH ROW EXECUTE FUNCTION app.new_stamp()"
        ).format(table)
    for name, moment, function in wall.triggers:
        trigger = Identifier(f"wall_{name}")
        yield SQL("DROP TRIGGER IF EXISTS {} ON {}").format(trigger, table)
        yield SQL("CREATE TRIGGER {} {} ON {} FOR EACH ROW EXECUTE FUNCTION {}()").format(
            trigger, SQL(moment), table, Identifier("app", function)
        )
    for f in model._meta.local_fields:
        if isinstance(f, FSMFieldMixin):
            yield from _state_guard(model, f)


def _state_guard(model: type[models.Model], f: Any) -> Iterator[Composable]:
    table, name = Identifier(model._meta.db_table), Identifier(f"wall_state_{f.column}")
    initial = model.wall.initial or (str(f.get_default()),)  # type: ignore[attr-defined]
    moves = " ".join(sorted(f"{a}>{b}" for a, b in state_moves(model, f)))
    yield SQL("DROP TRIGGER IF EXISTS {} ON {}").format(name, table)
    yield SQL(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE OF {} ON {} FOR EACH ROW"
        " EXECUTE FUNCTION app.guard_state({}, {}, {})"
    ).format(name, Identifier(f.column), table, Literal(f.column), Literal(" ".join(initial)), Literal(moves))


def state_moves(model: type[models.Model], f: Any) -> set[tuple[str, str]]:
    """The legal moves of a state field, from its django-fsm transitions."""
    every = [str(value) for value, _ in f.choices or ()]
    moves: set[tuple[str, str]] = set()
    for transition_ in f.get_all_transitions(model):
        if transition_.target is None:
            continue
        sources = every if transition_.source in ("*", "+") else [str(transition_.source)]
        moves |= {(source, str(transition_.target)) for source in sources}
    return moves


def _tenant_table() -> Iterator[Composable]:
    table = Identifier("tenancy_tenant")
    yield SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table)
    yield SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(table)
    mine = SQL("id = (SELECT app.tenant_id())")
    for name, role, condition in (
        ("owner", "prm_owner", SQL("true")),
        ("operator", "prm_operator", SQL("true")),
        ("web", "prm_web", SQL("true")),
        ("relay", "prm_relay", SQL("true")),
        ("vendor", "prm_vendor", mine),
        ("partner", "prm_partner", mine),
        ("auditor", "prm_auditor", mine),
    ):
        yield from _policy(table, name, role, condition)
    reads = SQL(", ").join(map(Identifier, ("prm_web", "prm_vendor", "prm_partner", "prm_auditor", "prm_relay")))
    yield SQL("GRANT SELECT ON {} TO {}").format(table, reads)
    yield SQL(
        "GRANT UPDATE (name, time_zone, language, currency, brand_color, logo, mfa_required, reference_stamp)"
        " ON {} TO prm_vendor"
    ).format(table)
    yield SQL("GRANT UPDATE (reference_stamp) ON {} TO prm_web").format(table)
    yield SQL("GRANT SELECT, INSERT, UPDATE ON {} TO prm_operator").format(table)
    yield SQL("DROP TRIGGER IF EXISTS wall_only_forward ON {}").format(table)
    yield SQL(
        "CREATE TRIGGER wall_only_forward BEFORE UPDATE OF clock_offset ON {}"
        " FOR EACH ROW EXECUTE FUNCTION app.only_forward()"
    ).format(table)
    yield SQL("DROP TRIGGER IF EXISTS wall_own_new_stamp ON {}").format(table)
    yield SQL(
        "CREATE TRIGGER wall_own_new_stamp BEFORE UPDATE ON {} FOR EACH ROW"
        " WHEN (OLD.clock_offset = NEW.clock_offset) EXECUTE FUNCTION app.own_new_stamp()"
    ).format(table)


def _grants(model: type[models.Model]) -> Iterator[Composable]:
    wall: Wall = model.wall  # type: ignore[attr-defined]
    table = Identifier(model._meta.db_table)
    yield _grant(wall.vendor_verbs, table, "prm_vendor")
    yield _grant("SELECT", table, "prm_auditor")
    if wall.partner != "none":
        yield _grant(wall.partner_may, table, "prm_partner")
    if wall.web:
        yield _grant(wall.web, table, "prm_web")
    if wall.operator:
        yield _grant(wall.operator, table, "prm_operator")
    for verb, columns in (("SELECT", wall.relay_reads), ("UPDATE", wall.relay_writes)):
        if columns:
            yield SQL("GRANT {} ({}) ON {} TO prm_relay").format(
                SQL(verb), SQL(", ").join(map(Identifier, columns)), table
            )
    if wall.relay_may:
        yield _grant(wall.relay_may, table, "prm_relay")


def _platform_grants() -> Iterator[Composable]:
    installed = {m._meta.label: m for m in apps.get_models(include_auto_created=True)}
    for label, platform in PLATFORM.items():
        for role, verbs in platform.grants.items():
            if label in installed:
                yield _grant(verbs, Identifier(installed[label]._meta.db_table), role)
    yield SQL(
        "DO $do$ BEGIN IF to_regclass('public.django_migrations') IS NOT NULL THEN"
        " GRANT SELECT ON django_migrations TO prm_web; END IF; END $do$"
    )  # /readyz compares it with the code


def _grant(verbs: str, table: Composable, role: str) -> Composable:
    return SQL("GRANT {} ON {} TO {}").format(SQL(verbs), table, Identifier(role))


def _name(kind: str, *parts: str) -> str:
    """A constraint name within PostgreSQL's 63 bytes, the same every time."""
    name = "_".join((kind, *parts))
    return name if len(name) <= 60 else f"{name[:51]}_{sha256(name.encode()).hexdigest()[:8]}"
