"""Connections and changes, made by the product's own actions; machine time is skipped, never waited for."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from integrations import actions, delivering
from integrations.models import Circuit, Connection, SyncJob, SyncRecord
from prm.kernel.events import relay
from tests import world
from tests.cast import Vendor, acme, ada, vendor
from tests.integrations.conftest import Receiver
from tests.integrations.salesforce_server import KEY, SalesforceServer

STAGES = {
    "approved": "Negotiation",
    "won": "Closed Won",
    "lost": "Closed Lost",
    "withdrawn": "Closed Lost",
    "*": "Prospecting",
}
ROWS: list[dict[str, Any]] = [
    {"remote_field": "Name", "fact": "deal.customer_name", "transform": "same"},
    {"remote_field": "Amount", "fact": "deal.amount", "transform": "same"},
    {"remote_field": "CloseDate", "fact": "deal.close_on", "transform": "same"},
    {"remote_field": "StageName", "fact": "deal.status", "transform": "values", "values": STAGES},
]


def salesforce(org: SalesforceServer, *, rows: Any = ROWS, on: bool = True, of: Vendor = acme, **changes: Any) -> UUID:
    fields = {
        "name": "Salesforce", "address": org.url, "client_id": KEY, "remote_object": "Opportunity",
        "external_id_field": "PRM_Id__c", **changes,
    }  # fmt: skip
    return _made("salesforce", fields, org.secret, rows, on, of)


def webhook(receiver: Receiver, *, rows: Any = ROWS, on: bool = True) -> UUID:
    return _made("webhook", {"name": "Data lake", "address": receiver.url}, "", rows, on, acme)


def _made(kind: str, fields: dict[str, str], secret: str, rows: Any, on: bool, of: Vendor) -> UUID:
    with vendor(of) as now:
        decision, made = actions.create_connection(kind=kind, fields=fields, secret=secret, actor=ada.actor, now=now)
        assert made is not None, decision.reasons
        decision = actions.save_mapping(connection_id=made.pk, rows=rows, actor=ada.actor, now=now)
        assert decision.allowed, decision.reasons
        if on:
            assert actions.switch_connection(connection_id=made.pk, to="active", actor=ada.actor, now=now).allowed
    return made.pk


def go() -> int:
    """What has happened reaches the ledger, and what is due goes out."""
    relay.drain()
    return delivering.deliver_due()


def behind_the_web() -> int:
    """The same for a test whose own connection is the web's."""
    with world.logged_in_as("worker"):
        return go()


def at_once() -> None:
    """Back-off and open lines are machine time: here they are over."""
    with vendor():
        SyncJob.objects.update(not_before=Now(), lease_until=None)
        Circuit.objects.update(open_until=None)


def hours_pass(hours: float) -> None:
    """So long the line has been failing already; what had to wait that long is due."""
    with vendor():
        Circuit.objects.exclude(failing_since=None).update(failing_since=F("failing_since") - timedelta(hours=hours))
    at_once()


def jobs(**only: Any) -> list[SyncJob]:
    with vendor():
        return list(SyncJob.objects.filter(**only).order_by("position"))


def states() -> list[str]:
    return [job.state for job in jobs()]


def the_connection(pk: UUID) -> Connection:
    with vendor():
        return Connection.objects.get(pk=pk)


def the_circuit(pk: UUID) -> Circuit:
    with vendor():
        return Circuit.objects.get(connection_id=pk)


def the_record(deal: UUID) -> SyncRecord:
    with vendor():
        return SyncRecord.objects.get(subject_id=deal)
