"""The demo's connections: a webhook that has told a receiver of the latest deals, and a paused Salesforce.

The receiver is the builder's own, on loopback, and gone when the demo is built; so both connections are left paused,
and nothing of the demo ever calls anybody.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.test.utils import override_settings

from dealreg.models import Deal
from integrations import actions
from integrations.connectors.base import Kind, Trouble
from integrations.models import Connection, SyncJob
from integrations.rules import TRIES
from prm.celery import app
from prm.demo.cast import Worker
from prm.kernel.tenancy.context import acting
from workflows import actions as workflows
from workflows.models import HumanTask

TOLD, TOLD_LATER, DECLINED = 24, 5, 2
LOOPBACK = "127.0.0.1"
STAGES = {"approved": "Negotiation", "won": "Closed Won", "lost": "Closed Lost", "rejected": "Closed Lost",
          "withdrawn": "Closed Lost", "*": "Prospecting"}  # fmt: skip
FIELDS = (
    {"remote_field": "Name", "fact": "deal.name", "transform": "same"},
    {"remote_field": "Amount", "fact": "deal.amount", "transform": "same"},
    {"remote_field": "CloseDate", "fact": "deal.close_on", "transform": "same"},
    {"remote_field": "StageName", "fact": "deal.status", "transform": "values", "values": STAGES},
)


def connect(tenant: UUID, admin: Worker, ops: Worker, work: Callable[[], object]) -> None:
    """Make both connections through the product's own actions, and let a worker tell of the latest deals."""
    with acting(tenant=tenant, audience="auditor"):
        decided = Deal.objects.exclude(decided_at=None).order_by("-decided_at")
        deals = list(decided.values_list("pk", flat=True)[: TOLD + TOLD_LATER])
    with receiver({str(pk) for pk in deals[:DECLINED]}) as address, override_settings(OUTGOING_HOSTS=[LOOPBACK]):
        lake = add(tenant, admin, "webhook", {"name": "Data warehouse", "address": address}, on=True)
        _write(tenant, admin, deals[:TOLD])
        _deliver(tenant)
        break_twice(tenant, admin, ops, lake, deals[-1], work)
        _pause(tenant, admin, lake)
    crm = {"name": "Salesforce", "address": "https://larkspur.my.salesforce.com", "client_id": "demo",
           "remote_object": "Opportunity", "external_id_field": "PRM_Id__c"}  # fmt: skip
    add(tenant, admin, "salesforce", crm, on=False)
    _write(tenant, admin, deals[TOLD:])


def add(tenant: UUID, admin: Worker, kind: str, fields: dict[str, str], *, on: bool) -> UUID:
    with acting(tenant=tenant, audience="vendor") as now:
        who: dict[str, Any] = {"actor": admin.actor, "now": now}
        decision, made = actions.create_connection(kind=kind, fields=fields, secret="" if on else "demo", **who)
        if made is None:
            raise RuntimeError(decision.reasons)
        actions.save_mapping(connection_id=made.pk, rows=FIELDS, **who)
        if on:
            actions.switch_connection(connection_id=made.pk, to="active", **who)
    return made.pk


def break_twice(
    tenant: UUID, admin: Worker, ops: Worker, connection_id: UUID, deal: UUID, work: Callable[[], object]
) -> None:
    """The other side no longer lets us in: somebody is asked each time, leaves it once and switches on once."""
    for answer in ("leave", "again"):
        with acting(tenant=tenant, audience="vendor") as now:
            held = Connection.objects.get(pk=connection_id)
            if held.status != Connection.Status.ACTIVE:
                actions.switch_connection(connection_id=held.pk, to="active", actor=admin.actor, now=now)
            actions.sync_now(subject="deal", subject_id=deal, actor=admin.actor, now=now)
            job = SyncJob.objects.filter(connection=held, state="waiting").latest("position")
            SyncJob.objects.filter(pk=job.pk).update(attempt=1)  # as one that a worker has taken
            actions.keep_failure(job=job, line=None, trouble=Trouble(Kind.LOGIN, "401"), changed={}, now=now)
        work()
        with acting(tenant=tenant, audience="vendor") as now:
            asked = HumanTask.objects.get(subject_id=connection_id, status="open")
            workflows.decide_task(task_id=asked.pk, outcome=answer, actor=ops.actor, now=now, immediately=True)
        work()


def _pause(tenant: UUID, admin: Worker, connection_id: UUID) -> None:
    with acting(tenant=tenant, audience="vendor") as now:
        actions.switch_connection(connection_id=connection_id, to="paused", actor=admin.actor, now=now)


def _write(tenant: UUID, admin: Worker, deals: list[UUID]) -> None:
    for pk in deals:
        with acting(tenant=tenant, audience="vendor") as now:
            actions.sync_now(subject="deal", subject_id=pk, actor=admin.actor, now=now)


def _deliver(tenant: UUID) -> None:
    """Let the worker go through what waits; the pauses between its tries are machine time, which nobody waits for."""
    until = time.monotonic() + 15
    for _try in range(TRIES["declined"] + 1):
        with acting(tenant=tenant, audience="vendor"):
            waiting = SyncJob.objects.filter(state="waiting")
            waiting.update(not_before=Now())
            if not waiting.exists() or time.monotonic() > until:
                return
        app.send_task("integrations.tasks.deliver", queue="celery", ignore_result=True)
        _rest(tenant, until)


def _rest(tenant: UUID, until: float) -> None:
    while time.monotonic() < until:
        time.sleep(0.02)
        with acting(tenant=tenant, audience="auditor"):
            if not SyncJob.objects.filter(state="waiting", not_before__lte=Now()).exists():
                return


@contextmanager
def receiver(declined: set[str]) -> Iterator[str]:
    """Takes what it is told on loopback, but for two deals that it does not like."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self.send_response(422 if any(pk in body for pk in declined) else 204)
            self.end_headers()
            if any(pk in body for pk in declined):
                self.wfile.write(b'{"error": "unknown sales region"}')

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://{LOOPBACK}:{server.server_address[1]}/deals"
    server.shutdown()
    server.server_close()
