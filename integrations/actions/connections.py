"""Connections: made, changed, mapped, switched. The audit keeps what changed, and never a secret."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from integrations import queries, rules, translating
from integrations.actions.ledger import hint
from integrations.events import ConnectionMended
from integrations.models import Circuit, Connection, Credential, FieldMapping, SyncJob
from integrations.secrets import new_signing_secret, sealed
from prm.kernel import audit, events, outgoing
from prm.kernel.conditions import FactSchema
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor

EDITED = ("name", "address", "client_id", "remote_object", "external_id_field")
REMOTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


def create_connection(
    *, kind: str, fields: Mapping[str, str], secret: str = "", subject: str = "deal", actor: Actor, now: datetime
) -> tuple[Decision, Connection | None]:
    """Make a connection, paused. A webhook gets a signing secret of its own; Salesforce needs the one it gave."""
    made = Connection(kind=kind, subject=subject, created_at=now, **{name: fields.get(name, "") for name in EDITED})
    decision = _judged(made, actor, has_secret=bool(secret) or kind == Connection.Kind.WEBHOOK)
    if decision.refused:
        return decision, None
    made.save()
    Circuit.objects.create(connection=made)
    Credential.objects.create(connection=made, number=1, cipher=sealed(secret or new_signing_secret()))
    audit.record("connection.created", target=made, actor=actor, at=now, decision=decision, after=_values(made))
    return decision, made


def save_connection(*, connection_id: UUID, fields: Mapping[str, str], actor: Actor, now: datetime) -> Decision:
    """Change where a connection leads. What was kept of the old login is forgotten."""
    held = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    before = _values(held)
    for name in EDITED:
        setattr(held, name, fields.get(name, getattr(held, name)))
    decision = _judged(held, actor)
    if decision.allowed:
        held.save(update_fields=EDITED)
        Circuit.objects.filter(connection=held).update(session="")
    after = _values(held) if decision.allowed else {}
    verb = "connection.changed" if decision.allowed else "connection.change_refused"
    audit.record(verb, target=held, actor=actor, at=now, decision=decision, before=before, after=after)
    return decision


def set_secret(*, connection_id: UUID, secret: str = "", actor: Actor, now: datetime) -> Decision:
    """A new secret: a webhook's is made here, and for a day the one before signs as well."""
    held = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    decision = _judged(held, actor, has_secret=bool(secret) or held.kind == Connection.Kind.WEBHOOK)
    if decision.allowed:
        newest = Credential.objects.filter(connection=held).aggregate(newest=Max("number"))["newest"] or 0
        made = secret or new_signing_secret()
        Credential.objects.create(connection=held, number=newest + 1, cipher=sealed(made))
        Credential.objects.filter(connection=held, number__lt=newest).delete()
        Circuit.objects.filter(connection=held).update(session="")
    audit.record("connection.secret_set", target=held, actor=actor, at=now, decision=decision)
    return decision


def _judged(held: Connection, actor: Actor, has_secret: bool = True) -> Decision:
    salesforce = held.kind == Connection.Kind.SALESFORCE
    names = (held.remote_object, held.external_id_field)
    return rules.keep_connection(
        rules.KeepFacts(
            roles=tuple(sorted(actor.roles)),
            kind=actor.kind,
            name_taken=Connection.objects.filter(name=held.name).exclude(pk=held.pk).exists(),
            address_problem=outgoing.problem_of(held.address),
            names_object=not salesforce or all(REMOTE_NAME.fullmatch(name) for name in names),
            has_secret=has_secret,
        )
    )


def _values(held: Connection) -> dict[str, Any]:
    return {name: getattr(held, name) for name in ("kind", "subject", *EDITED)}


# --- mapping ----------------------------------------------------------------------------------------


def save_mapping(*, connection_id: UUID, rows: Sequence[Mapping[str, Any]], actor: Actor, now: datetime) -> Decision:
    """Replace the field mapping: `remote_field`, `fact`, `transform`, `values` and `constant` of each row.

    Records differ by the new words from here on: what changes next is written so.
    """
    held = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    problems = mapping_problems(rows, queries.schema_of(held), queries.remote_fields(held))
    facts = rules.KeepFacts(tuple(sorted(actor.roles)), actor.kind, mapping_problems=tuple(problems))
    decision = rules.keep_connection(facts)
    before = _told(FieldMapping.objects.filter(connection=held))
    if decision.allowed:
        FieldMapping.objects.filter(connection=held).delete()
        fresh = [_mapping(held, row, number) for number, row in enumerate(rows)]
        FieldMapping.objects.bulk_create(fresh)
    after = _told(FieldMapping.objects.filter(connection=held))
    verb = "connection.mapped" if decision.allowed else "connection.mapping_refused"
    audit.record(verb, target=held, actor=actor, at=now, decision=decision, before=before, after=after)
    return decision


def _mapping(held: Connection, row: Mapping[str, Any], number: int) -> FieldMapping:
    return FieldMapping(
        connection=held,
        remote_field=row["remote_field"],
        fact="" if row["transform"] == "constant" else row["fact"],
        transform=row["transform"],
        values=dict(row.get("values") or {}),
        constant=row.get("constant", ""),
        position=number,
    )


def _told(mappings: Iterable[FieldMapping]) -> dict[str, str]:
    return {one.remote_field: f"{one.fact or one.constant} ({one.transform})" for one in mappings}


def mapping_problems(
    rows: Sequence[Mapping[str, Any]], schema: FactSchema, remote: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What is wrong with a mapping, each as a sentence; types are held against what the other side has shown."""
    types = {translating.ID: "id", **{fact.key: fact.type for fact in schema.facts}}
    there = {str(one["name"]): one for one in remote}
    found, seen = [], set()
    for row in rows:
        name = str(row["remote_field"])
        if name.lower() in seen:
            found.append(_("“%(field)s” is filled twice.") % {"field": name})
        seen.add(name.lower())
        if problem := _row_problem(row, name, types, there):
            found.append(problem)
    return found


def _row_problem(row: Mapping[str, Any], name: str, types: Mapping[str, str], there: Mapping[str, Any]) -> str:
    told = {"field": name[:80], "fact": str(row.get("fact", ""))[:80]}
    if not REMOTE_NAME.fullmatch(name):
        return _("“%(field)s” is no name of a field.") % told
    if there and name not in there:
        return _("The other system has no field “%(field)s”.") % told
    if there and not there[name].get("writable", True):
        return _("“%(field)s” can't be written over there.") % told
    way = str(row["transform"])
    if way == "constant":
        return "" if row.get("constant") else _("Say which fixed value goes into “%(field)s”.") % told
    if told["fact"] not in types:
        return _("There is no field “%(fact)s” of ours.") % told
    if not translating.fits(types[told["fact"]], way):
        return _("What goes into “%(field)s” can't be said in that way.") % told
    if way == "values" and not row.get("values"):
        return _("List the values that go into “%(field)s”.") % told
    if there and not translating.taken_by(str(there[name].get("kind", "text")), types[told["fact"]], way):
        return _("“%(field)s” is of another type over there.") % told
    return ""


# --- on and off -------------------------------------------------------------------------------------


def switch_connection(*, connection_id: UUID, to: str, actor: Actor, now: datetime) -> Decision:
    """Switch on (what waited is tried at once) or pause."""
    held = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    was = str(held.status)
    mapped = FieldMapping.objects.filter(connection=held).exists()
    facts = rules.SwitchFacts(tuple(sorted(actor.roles)), actor.kind, was, to, mapped)
    decision = rules.switch_connection(facts)
    if decision.allowed:
        held.switch_on() if to == Connection.Status.ACTIVE else held.pause()
        held.save()
        Circuit.objects.filter(connection=held).update(
            failures=0, failing_since=None, open_until=None, probes=True, trouble="", last_error="", session=""
        )
        SyncJob.objects.filter(connection=held, state="waiting").update(not_before=Now())
        transaction.on_commit(hint, robust=True)
        if was == Connection.Status.BROKEN:
            events.publish(ConnectionMended(subject_id=held.pk, facts=connection_facts(held)), at=now)
    verb = f"connection.{'switched_on' if to == 'active' else 'paused'}"
    audit.record(
        verb if decision.allowed else "connection.switch_refused",
        target=held, actor=actor, at=now, decision=decision, before={"status": was}, after={"status": held.status},
    )  # fmt: skip
    return decision


def connection_facts(held: Connection, reason: str = "") -> dict[str, Any]:
    """The facts of the schema “connection”."""
    return {
        "connection.name": held.name,
        "connection.kind": held.kind,
        "connection.status": str(held.status),
        "connection.reason": reason,
        "connection.waiting": SyncJob.objects.filter(connection=held, state="waiting").count(),
    }


def request_check(*, connection_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Have somebody look at the other side; a task does, since no page waits for a stranger."""
    held = Connection.objects.get(pk=connection_id)
    decision = rules.settle_job(rules.SettleFacts(tuple(sorted(actor.roles)), actor.kind), "asked")
    if decision.allowed:
        Circuit.objects.filter(connection=held).update(check_wanted=True, check_said="", checked_at=None)
        transaction.on_commit(hint, robust=True)
    audit.record("connection.check_asked", target=held, actor=actor, at=now, decision=decision)
    return decision
