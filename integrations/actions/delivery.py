"""How a try ended, kept: in the change, in the record at the other side, and on the line."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from integrations import rules, translating
from integrations.actions.connections import connection_facts
from integrations.answers import reason_in
from integrations.connectors import Described, Kind, Line, Receipt, Trouble
from integrations.events import ConnectionBroke, ConnectionMended
from integrations.models import Circuit, Connection, SyncJob, SyncRecord
from integrations.secrets import sealed
from prm.kernel import audit, clock, events
from prm.kernel.decisions import Decision, jsonable
from prm.kernel.identity.actors import Actor

ACTOR = Actor.system("sync")
ON_LINE = frozenset({Kind.UNREACHABLE, Kind.BUSY, Kind.LOGIN, Kind.GONE, Kind.FORBIDDEN_ADDRESS})


def give_back(*, job: SyncJob) -> None:
    """Claimed, but the line has opened since: as if it had not been."""
    SyncJob.objects.filter(pk=job.pk, fence=job.fence, state="waiting").update(
        lease_until=None, attempt=F("attempt") - 1
    )


def keep_unchanged(*, job: SyncJob) -> None:
    """The other side knows all of it already."""
    _close(job, changes={}, answer="")


def keep_success(*, job: SyncJob, line: Line, receipt: Receipt, changed: Mapping[str, Any], whole: Mapping[str, Any],
                 now: datetime) -> bool:  # fmt: skip
    """It was taken: remember what the other side acknowledged, and that the line is good."""
    connection, circuit = _held(job)
    record = _record_of(job)
    before = {} if receipt.wrote_all else record.acknowledged
    if not _close(job, changes=translating.told_apart(record.acknowledged, changed), answer=receipt.answer):
        return False
    record.remote_id, record.acknowledged = receipt.remote_id, {**before, **jsonable(dict(whole))}
    record.subject_name, record.acknowledged_at = job.subject_name, clock.machine_now()
    record.save()
    SyncJob.objects.filter(
        connection_id=job.connection_id, subject_id=job.subject_id, state="dead", position__lt=job.position
    ).update(state=SyncJob.State.OVERTAKEN, done_at=Now(), facts={})
    circuit.last_success_at = clock.machine_now()
    circuit.session = sealed(line.session) if line.session else ""
    _good(connection, circuit, now)
    return True


def _held(job: SyncJob) -> tuple[Connection, Circuit]:
    """The connection and its line, locked in the one order that everybody locks them in: then changes, records."""
    connection = Connection.objects.select_for_update(no_key=True).get(pk=job.connection_id)
    return connection, Circuit.objects.select_for_update(no_key=True).get(connection_id=job.connection_id)


def _record_of(job: SyncJob) -> SyncRecord:
    made, _new = SyncRecord.objects.select_for_update().get_or_create(
        connection_id=job.connection_id, subject_id=job.subject_id, defaults={"subject_name": job.subject_name}
    )
    return made


def _close(job: SyncJob, *, changes: Mapping[str, Any], answer: str) -> bool:
    """Signed off by the fence: False when somebody else has taken the change over meanwhile."""
    return bool(
        SyncJob.objects.filter(pk=job.pk, fence=job.fence, state="waiting").update(
            state=SyncJob.State.DONE, done_at=Now(), lease_until=None, facts={}, error="", trouble="",
            answer=_clean(answer), changes=changes,
        )
    )  # fmt: skip


def _good(connection: Connection, circuit: Circuit, now: datetime) -> None:
    """The line works. After a failure what waits goes at once, and a broken connection mends."""
    if circuit.failures or circuit.open_until:
        SyncJob.objects.filter(connection=connection, state="waiting").update(not_before=Now())
    circuit.failures, circuit.failing_since, circuit.open_until = 0, None, None
    circuit.probes, circuit.trouble, circuit.last_error = True, "", ""
    circuit.save()
    if connection.status == Connection.Status.BROKEN:
        connection.switch_on()
        connection.save()
        audit.record("connection.mended", target=connection, actor=ACTOR, at=now)
        events.publish(ConnectionMended(subject_id=connection.pk, facts=connection_facts(connection)), at=now)


def keep_failure(*, job: SyncJob, line: Line | None, trouble: Trouble, changed: Mapping[str, Any],
                 now: datetime) -> Decision | None:  # fmt: skip
    """It was not taken: what becomes of the change, and of the line. None when somebody else has it by now."""
    connection, circuit = _held(job)
    if not SyncJob.objects.select_for_update().filter(pk=job.pk, fence=job.fence, state="waiting").exists():
        return None
    at = clock.machine_now()
    facts = _facts(job, circuit, trouble, at)
    decision = rules.judge_failure(facts)
    if line is not None:
        circuit.session = sealed(line.session) if line.session and trouble.kind != Kind.LOGIN else ""
    if trouble.kind in ON_LINE:
        _keep_line(circuit, trouble, facts, at)
    elif trouble.kind != Kind.MAPPING:  # the other side has answered: the line itself is good
        _good(connection, circuit, now)
    _keep_job(job, trouble, changed, decision, at + timedelta(seconds=rules.pause_of(facts)))
    if trouble.kind == Kind.DELETED:
        SyncRecord.objects.filter(connection=connection, subject_id=job.subject_id).update(
            remote_id="", acknowledged={}
        )
    if decision.outcome == "broken":
        _break(connection, trouble, decision, now)
    elif decision.outcome == "dead":
        audit.record("sync.died", target=job, actor=ACTOR, at=now, decision=decision, after={"error": trouble.text})
    return decision


def _facts(job: SyncJob, circuit: Circuit, trouble: Trouble, at: datetime) -> rules.TryFacts:
    if trouble.kind in ON_LINE and trouble.kind != Kind.BUSY:
        circuit.failures, circuit.failing_since = circuit.failures + 1, circuit.failing_since or at
    return rules.TryFacts(
        trouble=str(trouble.kind),
        attempt=job.attempt,
        failures=circuit.failures,
        failing_for=int((at - circuit.failing_since).total_seconds()) if circuit.failing_since else 0,
        retry_after=trouble.retry_after,
        said=reason_in(trouble.answer),
    )


def _keep_line(circuit: Circuit, trouble: Trouble, facts: rules.TryFacts, at: datetime) -> None:
    if seconds := rules.open_for(facts):
        circuit.open_until = at + timedelta(seconds=seconds)
    circuit.probes = trouble.kind not in rules.HOPELESS
    circuit.trouble, circuit.last_error = str(trouble.kind), _clean(trouble.text)
    circuit.save()


def _keep_job(job: SyncJob, trouble: Trouble, changed: Mapping[str, Any], decision: Decision, due: datetime) -> None:
    record = SyncRecord.objects.filter(connection_id=job.connection_id, subject_id=job.subject_id).first()
    dead = decision.outcome == "dead"
    waits = decision.outcome == "hold" or trouble.kind in rules.HOPELESS  # the line's trouble, not this change's
    SyncJob.objects.filter(pk=job.pk).update(
        state=SyncJob.State.DEAD if dead else SyncJob.State.WAITING,
        trouble=str(trouble.kind),
        error=_clean(trouble.text),
        answer=_clean(trouble.answer),
        changes=translating.told_apart(record.acknowledged if record else {}, changed),
        lease_until=None,
        not_before=due,
        attempt=F("attempt") - (1 if waits else 0),
    )


def _break(connection: Connection, trouble: Trouble, decision: Decision, now: datetime) -> None:
    """Once, until it is mended: an audit row, an event for workflows, a reason on its page."""
    if connection.status != Connection.Status.ACTIVE:
        return
    connection.break_off(because=str(trouble.kind), at=now)
    connection.save()
    audit.record("connection.broke", target=connection, actor=ACTOR, at=now, decision=decision,
                 after={"reason": str(trouble.kind), "error": trouble.text})  # fmt: skip
    facts = connection_facts(connection, str(trouble.kind))
    events.publish(ConnectionBroke(subject_id=connection.pk, facts=facts), at=now)


def keep_check(*, connection: Connection, line: Line | None, found: Described | None, said: str, now: datetime) -> None:
    """What looking at the other side found: fields to map, or why it would not be looked at."""
    values: dict[str, Any] = {"check_wanted": False, "checked_at": Now(), "check_said": _clean(said)[:1000]}
    if found is not None:
        values |= {"remote_fields": jsonable([asdict(one) for one in found.fields])}
    if line is not None and line.session:
        values |= {"session": sealed(line.session)}
    Circuit.objects.filter(connection=connection).update(**values)
    audit.record("connection.checked", target=connection, actor=ACTOR, at=now,
                 after={"found": found is not None, "said": said})  # fmt: skip


def _clean(text: str) -> str:
    return text.replace("\x00", "")[:4000]
