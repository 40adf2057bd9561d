"""What is known of connections, of what waits for them, and of why a record has not been written yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import rules, translating
from integrations.answers import reason_in
from integrations.models import Circuit, Connection, Credential, FieldMapping, SyncJob, SyncRecord
from integrations.secrets import Unreadable, opened
from integrations.translating import Rule
from prm.kernel import clock
from prm.kernel.audit.models import AuditEntry
from prm.kernel.automation import registry
from prm.kernel.conditions import Fact, FactSchema, schema_named
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.remembering import remembered

OLD_SECRET_SIGNS = timedelta(hours=24)  # after a new one the one before signs as well, so that nobody must hurry


@remembered("integrations.Connection")
def watched() -> frozenset[str]:
    """The kinds of records that any connection writes. Asked with every event, so it is remembered."""
    return frozenset(Connection.objects.values_list("subject", flat=True))


def watches(event: str) -> bool:
    """Whether a connection may want to know of an event."""
    specs = [spec for spec in registry.syncs.values() if event in spec.events]
    return bool(specs) and not watched().isdisjoint(spec.subject for spec in specs)


def connections_of(event: str) -> list[Connection]:
    """Every connection that writes the records of an event, paused ones too."""
    subjects = [spec.subject for spec in registry.syncs.values() if event in spec.events]
    return list(Connection.objects.filter(subject__in=subjects))


def schema_of(connection: Connection) -> FactSchema:
    return schema_named(registry.syncs[connection.subject].schema)


def facts_of(subject: str, subject_id: UUID) -> Mapping[str, Any] | None:
    """A record's facts as they are now, in JSON; None when it is not there."""
    try:
        facts = registry.syncs[subject].facts(subject_id)
    except ObjectDoesNotExist:
        return None
    return with_id(jsonable(facts), subject_id)


def with_id(facts: Mapping[str, Any], subject_id: UUID) -> dict[str, Any]:
    return {**facts, translating.ID: str(subject_id)}


def name_of(subject: str, subject_id: UUID) -> str:
    """What people call a record; empty when it is not there."""
    row = registry.panels[subject].rows([subject_id]).get(subject_id)
    return str(row["title"]) if row else ""


def secrets_of(connection_id: UUID) -> tuple[str, ...]:
    """The newest secret, and the one before for a day after a change. Raises Unreadable."""
    held = list(Credential.objects.filter(connection_id=connection_id)[:2])
    is_new = held and held[0].made_at > clock.machine_now() - OLD_SECRET_SIGNS
    return tuple(opened(one.cipher) for one in held[: 2 if is_new else 1])


def newest_secret(connection_id: UUID) -> str:
    """To show it to an admin; empty when it can't be read."""
    try:
        return next(iter(secrets_of(connection_id)), "")
    except Unreadable:
        return ""


# --- mappings ---------------------------------------------------------------------------------------


def rules_of(connection: Connection) -> list[Rule]:
    """The connection's mappings, with the types of their facts."""
    mappings = FieldMapping.objects.filter(connection=connection).order_by("position", "remote_field")
    return rules_from(mappings, schema_of(connection))


def rules_from(mappings: Iterable[FieldMapping], schema: FactSchema) -> list[Rule]:
    facts = {fact.key: fact for fact in schema.facts}
    return [_rule(mapping, facts.get(mapping.fact)) for mapping in mappings]


def _rule(mapping: FieldMapping, fact: Fact | None) -> Rule:
    return Rule(
        remote_field=mapping.remote_field,
        fact=mapping.fact,
        transform=mapping.transform,
        type=fact.type if fact else "text",
        values=mapping.values,
        constant=mapping.constant,
        labels=dict(fact.choice_list()) if fact and mapping.transform == "label" else {},
    )


def translated(connection: Connection, facts: Mapping[str, Any]) -> translating.Translated:
    """A record in the words of the other side."""
    return translating.translate(rules_of(connection), facts, current().zone)


def remote_fields(connection: Connection) -> list[dict[str, Any]]:
    """What looking at the other side last found; empty when nobody has looked."""
    found = Circuit.objects.filter(connection=connection).values_list("remote_fields", flat=True).first()
    return list(found or [])


# --- how things stand ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection at a glance. `lag` is how long the oldest waiting change has waited, in business time."""

    connection: Connection
    circuit: Circuit | None
    waiting: int = 0
    dead: int = 0
    oldest: datetime | None = None
    last_done: datetime | None = None


def standings(now: datetime) -> list[Standing]:
    """Every connection with how it stands, in two queries and one of the lines."""
    counted = {row["connection_id"]: row for row in _counted()}
    lines = {line.connection_id: line for line in Circuit.objects.defer("remote_fields")}
    return [_standing(one, lines.get(one.pk), counted.get(one.pk, {})) for one in Connection.objects.all()]


def standing_of(connection: Connection) -> Standing:
    counted: Mapping[str, Any] = next(iter(_counted().filter(connection=connection)), {})
    return _standing(connection, Circuit.objects.filter(connection=connection).first(), counted)


def _counted() -> Any:
    open_jobs = SyncJob.objects.filter(state__in=["waiting", "dead"]).order_by().values("connection_id")
    waits = Q(state="waiting")
    return open_jobs.annotate(
        waiting=Count("pk", filter=waits), dead=Count("pk", filter=Q(state="dead")), oldest=Min("at", filter=waits)
    )


def _standing(connection: Connection, circuit: Circuit | None, counted: Mapping[str, Any]) -> Standing:
    return Standing(
        connection,
        circuit,
        counted.get("waiting", 0),
        counted.get("dead", 0),
        counted.get("oldest"),
        circuit.last_success_at if circuit else None,
    )


def is_open_to(connection: Connection, circuit: Circuit, at: datetime) -> bool:
    """Whether anything may go to the connection at this machine time."""
    waits = circuit.open_until is not None and circuit.open_until > at
    return connection.status != Connection.Status.PAUSED and circuit.probes and not waits


def latest_position(connection: Connection, subject_id: UUID) -> int:
    jobs = SyncJob.objects.filter(connection=connection, subject_id=subject_id)
    return jobs.aggregate(last=Max("position"))["last"] or 0


# --- records that were there before the connection ------------------------------------------------------

EXISTING = "integrations.existing"
BY_HAND = "integrations.sync_now"


@dataclass(frozen=True, slots=True)
class Existing:
    """The records that there are: how many the other side knows, how many are on their way, and how the last
    writing of all of them went (`noted` of `wanted`, of these `done` and `dead`)."""

    records: int
    known: int
    on_their_way: int
    asked_at: datetime | None = None
    asked_by: str = ""
    wanted: int = 0
    noted: int = 0
    done: int = 0
    dead: int = 0
    all_noted: bool = False

    @property
    def is_running(self) -> bool:
        return self.asked_at is not None and (not self.all_noted or self.noted > self.through)

    @property
    def through(self) -> int:
        return self.done + self.dead


def existing_of(connection: Connection) -> Existing:
    records = registry.syncs[connection.subject].existing(None).count()
    known = SyncRecord.objects.filter(connection=connection, acknowledged_at__isnull=False).count()
    waiting = SyncJob.objects.filter(connection=connection, state="waiting").values("subject_id").distinct().count()
    entries = AuditEntry.objects.filter(target_id=connection.pk).order_by("-at", "-id")
    asked = entries.filter(action="connection.existing_asked").first()
    if asked is None:
        return Existing(records, known, waiting)
    run = str(asked.after["run"])
    jobs = SyncJob.objects.filter(connection=connection, event=EXISTING, cause__startswith=f"existing:{run}:")
    counted = dict(jobs.order_by().values_list("state").annotate(Count("pk")))
    return Existing(
        records,
        known,
        waiting,
        asked_at=asked.at,
        asked_by=asked.actor_name,
        wanted=int(asked.after["records"]),
        noted=sum(counted.values()),
        done=sum(n for state, n in counted.items() if state not in ("waiting", "dead")),
        dead=counted.get("dead", 0),
        all_noted=entries.filter(action="connection.existing_noted", after__run=run).exists(),
    )


def because(event: str) -> str:
    """What brought a change about, in the words in which workflows offer it."""
    told = {EXISTING: _("Written with all that there was"), BY_HAND: _("Written by hand")}
    trigger = registry.triggers.get(event)
    return str(told.get(event) or (trigger.label if trigger else event))


WORDS = {
    "connection.created": gettext_lazy("Added"),
    "connection.changed": gettext_lazy("Changed"),
    "connection.mapped": gettext_lazy("Fields mapped"),
    "connection.secret_set": gettext_lazy("Secret renewed"),
    "connection.check_asked": gettext_lazy("Tested"),
    "connection.switched_on": gettext_lazy("Switched on"),
    "connection.paused": gettext_lazy("Paused"),
    "connection.existing_asked": gettext_lazy("All records to be written"),
    "connection.existing_noted": gettext_lazy("All records are on their way"),
    "connection-kept": gettext_lazy("May it be kept so?"),
    "connection-switched": gettext_lazy("May it be switched?"),
    "sync-existing": gettext_lazy("May all records be written?"),
    "sync-settled": gettext_lazy("May it be asked for?"),
    "sync-delivery": gettext_lazy("What follows from a failed try?"),
}


def said(key: str) -> str:
    """An action of the audit, or a rule with its version, in the trade's words; others as they are."""
    return str(WORDS.get(key.partition("/")[0], key))


def need_help() -> QuerySet[SyncJob]:
    """The changes that wait for a person: dead letters."""
    return SyncJob.objects.filter(state=SyncJob.State.DEAD)


# --- why hasn't this synced? --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Why:
    """One record and one connection: whether it is up to date there, and if not, why and what happens next.

    `differs`: by field, what the other side has acknowledged and what it would be now.
    """

    connection: Connection
    record: SyncRecord | None
    state: str
    job: SyncJob | None
    words: str = ""
    fixer: str = ""
    next_at: datetime | None = None
    waiting: int = 0
    differs: Mapping[str, list[Any]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def why(subject: str, subject_id: UUID) -> list[Why]:
    """How a record stands with every connection that writes its kind; empty when there is none."""
    connections = list(Connection.objects.filter(subject=subject))
    if not connections or (facts := facts_of(subject, subject_id)) is None:
        return []
    return [_why(one, subject_id, facts) for one in connections]


def _why(connection: Connection, subject_id: UUID, facts: Mapping[str, Any]) -> Why:
    record = SyncRecord.objects.filter(connection=connection, subject_id=subject_id).first()
    jobs = list(
        SyncJob.objects.filter(connection=connection, subject_id=subject_id, state__in=["waiting", "dead"])
        .defer("facts").order_by("position")
    )  # fmt: skip
    waits = [job for job in jobs if job.state == "waiting"]
    dead = [job for job in jobs if job.state == "dead"]
    job = waits[0] if waits else dead[-1] if dead else None
    said = translated(connection, facts)
    changed = translating.difference(record.acknowledged if record else {}, said.fields)
    circuit = Circuit.objects.filter(connection=connection).defer("remote_fields").first()
    state = _state(connection, circuit, job, record, bool(changed))
    trouble = job.trouble if job else ""
    return Why(
        connection,
        record,
        state,
        job,
        words=rules.plain_words(trouble, reason_in(job.answer) if job else ""),
        fixer=rules.who_can_fix(trouble),
        next_at=_next_try(connection, circuit, waits[0] if waits else None),
        waiting=len(waits),
        differs=translating.told_apart(record.acknowledged if record else {}, changed),
        problems=said.problems,
    )


def _state(
    connection: Connection, circuit: Circuit | None, job: SyncJob | None, record: SyncRecord | None, differs: bool
) -> str:
    """In sync, or the one thing that keeps it from being so."""
    if job is not None and job.state == "dead":
        return "dead"
    if job is not None and connection.status != Connection.Status.ACTIVE:
        return str(connection.status)
    if job is not None:
        return "held" if circuit and circuit.failures else "waiting"
    if record is None:
        return "never"
    return "behind" if differs else "synced"


def _next_try(connection: Connection, circuit: Circuit | None, job: SyncJob | None) -> datetime | None:
    if job is None or connection.status == Connection.Status.PAUSED or (circuit and not circuit.probes):
        return None
    return max(job.not_before, circuit.open_until) if circuit and circuit.open_until else job.not_before
