"""Bringing a file in: read it, say what its columns mean, try it, do it.

A small file is worked off at once; a larger one by tasks, a chunk to a transaction, so that a killed worker
loses a chunk at most. Rows are looked up before they are written, so a chunk done twice changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from partners.models import ImportBatch
from prm.celery import nudge
from prm.kernel import audit
from prm.kernel.automation.imports import Importer, importers, run_rows
from prm.kernel.automation.tables import read_table
from prm.kernel.identity.actors import Actor

AT_ONCE = 200  # rows of a file that is small enough to be worked off in the request
State = ImportBatch.State


class _TriedOnly(Exception):
    """Rolls a dry run back."""


def open_batch(
    *, kind: str, file_name: str, data: bytes, actor: Actor, now: datetime, partner_id: UUID | None = None
) -> ImportBatch:
    """Read a file and guess what its columns mean. Raises Unreadable with a sentence for the user."""
    table = read_table(data)
    batch = ImportBatch.objects.create(
        kind=kind,
        partner_id=partner_id,
        file_name=file_name[-200:],
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        rows=table.rows,
        mapping=importers[kind].guess(table.header),
        total=len(table.rows),
        actor=actor.document(),
        created_by=actor.name,
        created_at=now,
    )
    audit.record(
        "import.opened",
        target=batch,
        actor=actor,
        at=now,
        after={"kind": kind, "file": batch.file_name, "rows": batch.total},
    )
    return batch


def map_columns(*, batch_id: UUID, mapping: Mapping[str, int], actor: Actor, now: datetime) -> ImportBatch:
    """Say which heading is which column. What was tried with the old ones is forgotten."""
    batch = _locked(batch_id)
    known = {column.key for column in importers[batch.kind].columns}
    batch.mapping = {key: at for key, at in mapping.items() if key in known and 0 <= at < len(batch.header)}
    batch.state, batch.counts, batch.errors, batch.position = State.UPLOADED, {}, [], 0
    batch.save()
    return batch


def start_check(*, batch_id: UUID, actor: Actor, now: datetime) -> ImportBatch:
    """Try every row and keep nothing but what was found."""
    return _start(batch_id, (State.UPLOADED, State.CHECKED, State.FAILED), State.CHECKING, actor, now)


def start_run(*, batch_id: UUID, actor: Actor, now: datetime) -> ImportBatch:
    """Bring the rows in, on the word of whoever starts it."""
    return _start(batch_id, (State.CHECKED,), State.RUNNING, actor, now)


def run_unseen(*, batch_id: UUID, now: datetime) -> None:
    """Bring the rows in by tasks without a trial: what is wrong is told row by row, and the rest is in."""
    batch = _locked(batch_id)
    if batch.state == State.UPLOADED:
        batch.state = State.RUNNING
        batch.save(update_fields=["state"])
        transaction.on_commit(lambda: nudge("partners.tasks.bring_in"), robust=True)


def next_chunk(*, batch_id: UUID, now: datetime) -> bool:
    """Work off the next rows of a batch; False when there is nothing (more) to do now or somebody else is at it."""
    batch = (
        ImportBatch.objects.select_for_update(skip_locked=True)
        .filter(pk=batch_id, state__in=(State.CHECKING, State.RUNNING))
        .first()
    )
    if batch is None:
        return False
    importer = importers[batch.kind]
    rows = batch.rows[batch.position : batch.position + importer.chunk]
    tally = _work(importer, batch, rows, now)
    batch.position += tally.done
    batch.counts = {key: batch.counts.get(key, 0) + tally.counts.get(key, 0) for key in {*batch.counts, *tally.counts}}
    batch.errors = [*batch.errors, *tally.errors]
    if batch.position < batch.total:
        batch.save(update_fields=["position", "counts", "errors"])
        return not tally.waits
    _finish(batch, now)
    batch.save()
    return False


def fail_batch(*, batch_id: UUID, why: str, now: datetime) -> None:
    """A fault, not a bad row, stopped the batch: what was brought in stays, and it can be started again."""
    batch = _locked(batch_id)
    batch.state = State.FAILED
    batch.errors = [*batch.errors, [0, "", why]]
    batch.save(update_fields=["state", "errors"])
    audit.record("import.failed", target=batch, actor=Actor.system("import"), at=now, after={"why": why})


def _start(batch_id: UUID, sources: tuple[str, ...], state: str, actor: Actor, now: datetime) -> ImportBatch:
    batch = _locked(batch_id)
    if batch.state not in sources or importers[batch.kind].missing(batch.mapping):
        return batch
    batch.state, batch.position, batch.counts, batch.errors = state, 0, {}, []
    batch.actor, batch.created_by = actor.document(), actor.name
    batch.save()
    if batch.total <= AT_ONCE:
        while next_chunk(batch_id=batch.pk, now=now):
            pass
        batch.refresh_from_db()
    else:
        transaction.on_commit(lambda: nudge("partners.tasks.bring_in"), robust=True)
    return batch


def _work(importer: Importer, batch: ImportBatch, rows: list[Any], now: datetime) -> Any:
    if batch.state == State.RUNNING:
        return run_rows(importer, batch.mapping, rows, Actor.of(batch.actor), now)
    try:
        with transaction.atomic():
            tally = run_rows(importer, batch.mapping, rows, Actor.of(batch.actor), now)
            raise _TriedOnly
    except _TriedOnly:
        return tally


def _finish(batch: ImportBatch, now: datetime) -> None:
    """After a run only the rows that failed are kept: they go back to whoever sent them."""
    if batch.state == State.CHECKING:
        batch.state = State.CHECKED
        return
    batch.state = State.DONE
    failed = {line for line, _column, _reason in batch.errors}
    batch.rows = [row for row in batch.rows if row[0] in failed]
    audit.record(
        "import.finished",
        target=batch,
        actor=Actor.of(batch.actor),
        at=now,
        after={"kind": batch.kind, "file": batch.file_name, **batch.counts},
    )


def _locked(batch_id: UUID) -> ImportBatch:
    return ImportBatch.objects.select_for_update().get(pk=batch_id)
