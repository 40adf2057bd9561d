"""Deals written to Salesforce: by external id, what differs alone, and every documented refusal with its own answer."""

from decimal import Decimal
from typing import Any

import pytest

from dealreg import actions as deals
from integrations import actions, delivering, queries
from integrations.models import SyncJob
from prm.kernel.audit.models import AuditEntry
from tests.cast import ada, bo, cedar, mia, olivia, partner, vendor
from tests.dealreg.deals import submitted
from tests.integrations import salesforce_server as sf
from tests.integrations.lines import (
    ROWS,
    at_once,
    go,
    hours_pass,
    jobs,
    salesforce,
    states,
    the_circuit,
    the_connection,
    the_record,
)  # fmt: skip
from tests.integrations.salesforce_server import SalesforceServer

pytestmark = pytest.mark.usefixtures("as_worker")


class TestADeal:
    def test_is_made_once_and_then_only_what_differs_is_sent(self, org: SalesforceServer):
        connection = salesforce(org)
        deal = submitted()
        assert org.calls == 0  # nothing goes out inside of a request
        go()
        key = str(deal)
        assert org.written[0] == (
            key,
            {"Name": "Nordwind Logistik GmbH", "Amount": 12000, "CloseDate": org.records[key]["CloseDate"],
             "StageName": "Prospecting"},
        )  # fmt: skip
        with vendor() as now:
            deals.check_conflicts(deal_id=deal, actor=mia.actor, now=now)
            deals.start_review(deal_id=deal, actor=mia.actor, now=now)
            assert deals.approve_deal(deal_id=deal, actor=mia.actor, now=now).allowed
        go()

        assert [fields for _key, fields in org.written[1:]] == [{"StageName": "Negotiation"}]
        assert set(states()) == {"done"}
        assert the_record(deal).remote_id == org.records[key]["Id"]
        assert org.logins == 1  # the session is kept
        with vendor():
            [why] = queries.why("deal", deal)
            assert (why.state, why.differs) == ("synced", {})
        assert the_circuit(connection).last_success_at is not None

    def test_of_an_answer_that_was_lost_is_written_again_to_the_same_record(self, org: SalesforceServer):
        salesforce(org)
        submitted()
        org.faults = ["drop_after"]
        go()
        assert (states(), len(org.records)) == (["waiting"], 1)
        at_once()
        go()
        assert (states(), len(org.records), len(org.written)) == (["done"], 1, 2)

    def test_whose_worker_died_is_taken_over_and_the_late_one_changes_nothing(self, org: SalesforceServer):
        salesforce(org)
        deal = submitted()
        from prm.kernel.events import relay

        relay.drain()
        [(job_id, _tenant, fence)] = delivering._claim(4)
        with vendor() as now:
            late = delivering._prepared(job_id, fence, now)
        assert late is not None
        at_once()
        go()
        with vendor() as now:
            taken = actions.keep_success(
                job=late.job, line=late.line, receipt=delivering.Receipt("006OLD"), changed=late.parcel.changed,
                whole=late.parcel.whole, now=now,
            )  # fmt: skip
        assert not taken
        assert the_record(deal).remote_id != "006OLD"


class TestASession:
    def test_that_has_expired_is_renewed_once_within_the_same_try(self, org: SalesforceServer):
        salesforce(org)
        submitted()
        go()
        org.tokens = set()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        go()
        assert (states(), org.logins) == (["done", "done"], 2)
        assert jobs()[1].attempt == 1

    def test_that_is_not_given_any_more_breaks_the_connection_once_and_asks_a_person(self, org: SalesforceServer):
        from workflows.models import HumanTask

        connection = salesforce(org)
        org.secret = "changed over there"
        submitted()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        go()
        at_once()
        assert go() == 0  # no key is tried again and again: that locks users out
        assert the_connection(connection).status == "broken"
        assert states() == ["waiting", "waiting"]
        _everything_happens()
        with vendor() as now:
            assert AuditEntry.objects.filter(action="connection.broke").count() == 1
            task = HumanTask.objects.get(queue="data")
            assert task.subject_name == "Salesforce"
            secret = "changed over there"
            assert actions.set_secret(connection_id=connection, secret=secret, actor=ada.actor, now=now).allowed
            assert actions.switch_connection(connection_id=connection, to="active", actor=olivia.actor, now=now).allowed
        go()
        _everything_happens()
        go()
        assert set(states()) == {"done"}
        with vendor():
            assert not HumanTask.objects.filter(queue="data", status="open").exists()  # it has seen to itself


def _everything_happens() -> None:
    from prm.kernel.events import relay
    from workflows import engine

    while relay.drain() + engine.drain():
        pass


class TestAnOrgThatIsDownForADay:
    def test_loses_nothing_keeps_the_order_and_catches_up(self, org: SalesforceServer):
        """Twenty-four hours: the line opens, people are told once, and everything arrives in order."""
        connection = salesforce(org)
        first = submitted()
        go()
        org.down()
        others = [
            submitted(cedar, customer_name=f"Kunde {word}", customer_domain=f"kunde-{word.lower()}.example")
            for word in ("Ahorn", "Birke")
        ]
        with vendor() as now:
            deals.check_conflicts(deal_id=first, actor=mia.actor, now=now)
            deals.start_review(deal_id=first, actor=mia.actor, now=now)
            deals.approve_deal(deal_id=first, actor=mia.actor, now=now)
        tried = 0
        for _hour in range(24):
            tried += go()
            hours_pass(1)
        with vendor() as now:
            deals.mark_won(deal_id=first, amount=Decimal("12500.00"), closed_on=now.date(), actor=bo.actor, now=now)
        go()
        assert tried <= 30  # one at a time goes ahead; the others wait, and none is a dead letter
        assert the_connection(connection).status == "broken"
        assert (states().count("waiting") >= 3, "dead" in states()) == (True, False)
        with vendor():
            assert AuditEntry.objects.filter(action="connection.broke").count() == 1
            assert queries.why("deal", first)[0].state == "broken"

        org.up()
        at_once()
        go()
        assert (set(states()), the_connection(connection).status) == ({"done"}, "active")
        stages = [fields["StageName"] for key, fields in org.written if key == str(first) and "StageName" in fields]
        assert stages == ["Prospecting", "Negotiation", "Closed Won"]
        assert {str(one) for one in others} <= org.records.keys()

    @pytest.mark.parametrize("fault", [sf.SHUT, "drop", "slow"])
    def test_or_stumbles_is_tried_again(self, org: SalesforceServer, fault: Any, monkeypatch: Any):
        from integrations.connectors import guarded

        monkeypatch.setattr(guarded.GuardedSession.__init__, "__defaults__", (0.5,))
        connection = salesforce(org)
        submitted()
        org.faults = [fault]
        go()
        [job] = jobs()
        assert (job.state, job.trouble, the_circuit(connection).failures) == ("waiting", "unreachable", 1)
        at_once()
        go()
        assert (states(), the_circuit(connection).failures) == (["done"], 0)


class TestALimit:
    def test_that_is_used_up_holds_the_whole_line_and_costs_no_change_a_try(self, org: SalesforceServer):
        connection = salesforce(org)
        submitted()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        org.limit = 0
        go()
        assert org.calls <= 4
        assert [job.attempt for job in jobs()] == [0, 0]
        assert the_circuit(connection).open_until is not None
        assert go() == 0
        org.limit = 1000
        at_once()
        go()
        assert (states(), the_connection(connection).status) == (["done", "done"], "active")

    def test_says_for_how_long(self, org: SalesforceServer):
        connection = salesforce(org)
        submitted()
        org.faults = [(429, [sf.error("REQUEST_LIMIT_EXCEEDED", "slow down")], {"Retry-After": "120"})]
        go()
        circuit, [job] = the_circuit(connection), jobs()
        assert 100 < (circuit.open_until - job.not_before).total_seconds() + 120 < 140


DEAD = {
    "invalid": (400, [sf.error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Amount must be at least 20,000")], {}),
    "duplicate": sf.DUPLICATE,
    "deleted": sf.GONE,
    "not_allowed": sf.NOT_YOURS,
    "missing": (400, [sf.error("REQUIRED_FIELD_MISSING", "Required fields are missing: [Type]", ["Type"])], {}),
    "misfit": (400, [sf.error("INVALID_FIELD", "No such column 'X'")], {}),
}


class TestARefusal:
    @pytest.mark.parametrize("kind", sorted(DEAD))
    def test_of_one_record_is_a_dead_letter_that_says_why_and_who(self, org: SalesforceServer, kind: str):
        connection = salesforce(org)
        deal = submitted()
        org.faults = [DEAD[kind]]
        go()
        [job] = jobs()
        assert (job.state, job.trouble) == ("dead", kind)
        with vendor() as now:
            [why] = queries.why("deal", deal)
            assert why.state == "dead" and why.words and why.fixer and why.job.error
            entry = AuditEntry.objects.get(action="sync.died", target_id=job.pk)
            assert entry.decision.document["rule"] == "sync-delivery/1"
            assert actions.retry_job(job_id=job.pk, actor=mia.actor, now=now).refused
            assert actions.retry_job(job_id=job.pk, actor=olivia.actor, now=now).allowed
        go()
        assert states() == ["done"]
        assert the_connection(connection).status == "active"

    def test_holds_nobody_back_and_is_overtaken_by_the_records_next_change(self, org: SalesforceServer):
        salesforce(org)
        deal = submitted()
        org.refuse = lambda fields: "too early" if fields.get("StageName") == "Prospecting" else ""
        other = submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        go()
        assert states() == ["dead", "dead"]
        with vendor() as now:
            deals.check_conflicts(deal_id=deal, actor=mia.actor, now=now)
            deals.start_review(deal_id=deal, actor=mia.actor, now=now)
            deals.approve_deal(deal_id=deal, actor=mia.actor, now=now)
        go()
        assert jobs(subject_id=deal)[0].state == "overtaken"
        assert not jobs(subject_id=deal, state="dead")
        assert org.records[str(deal)]["Name"] == "Nordwind Logistik GmbH"  # the whole of it, not the difference alone
        assert [job.state for job in jobs(subject_id=other)] == ["dead"]

    def test_of_a_record_that_was_deleted_there_makes_it_anew_only_when_somebody_says_so(self, org: SalesforceServer):
        salesforce(org)
        deal = submitted()
        go()
        del org.records[str(deal)]
        with vendor() as now:
            deals.withdraw_deal(deal_id=deal, reason="off", actor=bo.actor, now=now)
        go()
        [_first, job] = jobs()
        assert (job.state, job.trouble, org.records) == ("dead", "deleted", {})
        with vendor() as now:
            assert actions.retry_job(job_id=job.pk, actor=olivia.actor, now=now).allowed
        go()
        assert org.records[str(deal)]["Name"] == "Nordwind Logistik GmbH"

    def test_because_our_id_stands_on_two_records_names_it(self, org: SalesforceServer):
        salesforce(org)
        deal = submitted()
        org.twice = {str(deal)}
        go()
        [job] = jobs()
        assert (job.state, job.trouble) == ("dead", "duplicate")
        assert "006A" in job.answer

    def test_of_a_locked_row_is_tried_soon_again_and_given_up_after_eight(self, org: SalesforceServer):
        salesforce(org)
        submitted()
        org.faults = [sf.LOCKED] * 3
        for _try in range(4):
            go()
            at_once()
        assert states() == ["done"]
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        org.faults = [sf.LOCKED] * 20
        for _try in range(12):
            go()
            at_once()
        assert (jobs()[1].state, jobs()[1].trouble, jobs()[1].attempt) == ("dead", "locked", 8)


class TestLooking:
    def test_at_the_org_brings_its_fields_and_holds_types_against_them(self, org: SalesforceServer):
        connection = salesforce(org, on=False)
        with vendor() as now:
            assert actions.request_check(connection_id=connection, actor=olivia.actor, now=now).allowed
        delivering.look_due()
        with vendor() as now:
            names = {one["name"] for one in queries.remote_fields(the_connection_in(connection))}
            assert {"Amount", "PRM_Id__c"} <= names
            for row, why in (
                ({"remote_field": "Nope", "fact": "deal.name", "transform": "same"}, "no field"),
                ({"remote_field": "Id", "fact": "deal.name", "transform": "same"}, "can't be written"),
                ({"remote_field": "Amount", "fact": "deal.name", "transform": "same"}, "another type"),
                ({"remote_field": "CloseDate", "fact": "deal.amount", "transform": "same"}, "another type"),
                ({"remote_field": "Name", "fact": "deal.name", "transform": "day"}, "in that way"),
                ({"remote_field": "Name", "fact": "deal.secret", "transform": "same"}, "no field"),
            ):
                decision = actions.save_mapping(connection_id=connection, rows=[row], actor=ada.actor, now=now)
                assert decision.refused and why in decision.reasons[0].text, row
            assert actions.save_mapping(connection_id=connection, rows=ROWS, actor=ada.actor, now=now).allowed

    def test_with_a_wrong_secret_says_so_and_breaks_nothing(self, org: SalesforceServer):
        connection = salesforce(org, on=False)
        org.secret = "another"
        with vendor() as now:
            actions.request_check(connection_id=connection, actor=olivia.actor, now=now)
        delivering.look_due()
        assert "invalid client credentials" in the_circuit(connection).check_said
        assert the_connection(connection).status == "paused"


def the_connection_in(pk: Any) -> Any:
    from integrations.models import Connection

    return Connection.objects.get(pk=pk)


class TestTheGuard:
    def test_lets_nothing_into_a_private_network_without_the_setting(self, org: SalesforceServer, settings: Any):
        connection = salesforce(org)
        settings.OUTGOING_HOSTS = []
        submitted()
        go()
        assert org.calls == 0
        assert the_connection(connection).status == "broken"
        assert the_circuit(connection).trouble == "address"
        with vendor() as now:
            fields = {"name": "x", "address": org.url, "client_id": "k", "remote_object": "Opportunity",
                      "external_id_field": "PRM_Id__c"}  # fmt: skip
            decision, made = actions.create_connection(
                kind="salesforce", fields=fields, secret="s", actor=ada.actor, now=now
            )
            assert (made, decision.reason_keys) == (None, ("address.wrong",))

    def test_trusts_no_certificate_that_is_not_the_hosts(self, org: SalesforceServer, settings: Any):
        salesforce(org)
        settings.OUTGOING_CA = ""
        submitted()
        go()
        assert (org.calls, jobs()[0].trouble) == (0, "unreachable")

    def test_keeps_the_secret_out_of_rows_audits_and_events(self, org: SalesforceServer, superuser: Any):
        salesforce(org)
        submitted()
        go()
        with superuser.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*) FROM \"{table}\" AS t WHERE t::text LIKE '%{sf.SECRET}%'"
                               f" OR t::text LIKE '%00D!token%'")  # fmt: skip
                assert cursor.fetchone() == (0,), table


def test_a_vendors_changes_are_its_own(org: SalesforceServer):
    salesforce(org)
    with partner():
        from django.db import ProgrammingError, transaction

        with pytest.raises(ProgrammingError), transaction.atomic():
            SyncJob.objects.exists()
