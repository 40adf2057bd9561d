"""The console's pages and the API of connections: who may, what they say, and how many queries they take."""

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Connection, FieldMapping
from tests.cast import ada, aud, bo, cedar, client_of, mia, olivia, vendor
from tests.dealreg.deals import submitted
from tests.identity.test_tokens import key_of
from tests.integrations import salesforce_server as sf
from tests.integrations.lines import behind_the_web, jobs, salesforce, states
from tests.integrations.salesforce_server import SalesforceServer

HOME = "/console/integrations/"


def dead(org: SalesforceServer) -> Any:
    """A connection with a dead letter; its deal."""
    salesforce(org)
    deal = submitted()
    org.faults = [sf.DUPLICATE]
    behind_the_web()
    assert states() == ["dead"]
    return deal


class TestAnAdmin:
    def test_connects_salesforce_maps_it_on_a_real_deal_and_switches_it_on(self, org: SalesforceServer):
        submitted()
        browser = client_of(ada)
        typed = {"name": "CRM", "address": org.url, "client_id": "k", "secret": "very secret",
                 "remote_object": "Opportunity", "external_id_field": "PRM_Id__c"}  # fmt: skip
        assert (
            "private network"
            in browser.post(f"{HOME}new/salesforce/", {**typed, "address": "https://10.0.0.1"}).content.decode()
        )
        answer = browser.post(f"{HOME}new/salesforce/", typed)
        with vendor():
            made = Connection.objects.get()
        assert answer.headers["Location"] == f"{HOME}{made.pk}/mapping/"
        rows = {"rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "0", "rows-0-remote_field": "Name",
                "rows-0-fact": "deal.customer_name", "rows-0-transform": "same", "rows-1-remote_field": "StageName",
                "rows-1-fact": "deal.status", "rows-1-transform": "values", 
                "rows-1-detail": "submitted=Prospecting"}  # fmt: skip
        page = browser.post(f"{HOME}{made.pk}/mapping/", {**rows, "preview": "1"}).content.decode()
        assert "Nordwind Logistik GmbH" in page and "Prospecting" in page
        with vendor():
            assert not FieldMapping.objects.exists()  # a preview keeps nothing
        bad = browser.post(f"{HOME}{made.pk}/mapping/", {**rows, "rows-1-detail": "", "save": "1"}).content.decode()
        assert "List the values" in bad
        browser.post(f"{HOME}{made.pk}/mapping/", {**rows, "save": "1"})
        browser.post(f"{HOME}{made.pk}/on")
        with vendor():
            assert Connection.objects.get().status == "active"
            assert FieldMapping.objects.count() == 2
        for path in ("", f"{made.pk}/", f"{made.pk}/edit/", f"{made.pk}/mapping/", "changes/"):
            page = browser.get(HOME + path)
            assert page.status_code == 200
            assert b"very secret" not in page.content

    def test_renames_it_and_a_second_of_the_name_is_refused(self, org: SalesforceServer):
        made = salesforce(org)
        typed = {"name": "CRM of the north", "address": org.url, "client_id": "k", "secret": "",
                 "remote_object": "Opportunity", "external_id_field": "PRM_Id__c"}  # fmt: skip
        client_of(ada).post(f"{HOME}{made}/edit/", typed)
        with vendor():
            assert Connection.objects.get().name == "CRM of the north"
        answer = client_of(ada).post(f"{HOME}new/salesforce/", {**typed, "secret": "s"})
        assert "There is a connection of this name" in answer.content.decode()


class TestAPausedConnection:
    def test_says_of_each_change_that_it_waits_for_it_and_not_that_it_is_on_its_way(self, org: SalesforceServer):
        made, browser = salesforce(org), client_of(ada)
        browser.post(f"{HOME}{made}/off")
        deal = submitted()
        behind_the_web()
        [change] = jobs()
        assert change.state == "waiting"
        for path in ("changes/", f"changes/{change.pk}/", f"{made}/", f"deals/{deal}/"):
            page = browser.get(HOME + path).content.decode()
            assert "Connection paused</span>" in page and "On its way</span>" not in page and "Next try" not in page
        browser.post(f"{HOME}{made}/on")
        assert "On its way</span>" in browser.get(f"{HOME}changes/").content.decode()


class TestADeadLetter:
    def test_says_on_the_deals_page_why_and_who_can_fix_it(self, org: SalesforceServer):
        deal = dead(org)
        for who, path in (
            (mia, f"/console/deals/{deal}/"),
            (mia, f"{HOME}deals/{deal}/"),
            (olivia, f"{HOME}deals/{deal}/"),
        ):
            page = client_of(who).get(path).content.decode()
            assert "holds a record that this would duplicate" in page
            assert "merge the records" in page
        assert "Write it now" in page
        [job] = jobs()
        page = client_of(olivia).get(f"{HOME}changes/{job.pk}/").content.decode()
        assert "DUPLICATES_DETECTED" in page and "sync-delivery" in page and "Prospecting" in page
        assert client_of(mia).get(f"{HOME}changes/{job.pk}/").status_code == 403
        assert client_of(bo).get(f"{HOME}changes/{job.pk}/").status_code in (302, 403, 404)

    def test_is_retried_and_skipped_in_bulk_with_a_preview(self, org: SalesforceServer):
        dead(org)
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        behind_the_web()
        browser = client_of(olivia)
        both = {"ids": [str(job.pk) for job in jobs()]}
        shown = browser.post(f"{HOME}changes/", {**both, "bulk": "retry"}).content.decode()
        assert "needs no help" in shown
        browser.post(f"{HOME}changes/", {**both, "bulk": "retry", "confirmed": "1"})
        assert {job.state for job in jobs()} == {"waiting", "done"}
        behind_the_web()
        assert set(states()) == {"done"}
        assert client_of(aud).post(f"{HOME}changes/", {**both, "bulk": "skip", "confirmed": "1"}).status_code == 403

    def test_is_read_retried_and_refused_over_the_api(self, org: SalesforceServer, client: Any):
        dead(org)
        [job] = jobs()
        key = {"Authorization": f"Bearer {key_of(ada, 'admin')}"}
        [told] = client.get("/api/v1/changes?state=dead", headers=key).json()["results"]
        assert "duplicate" in told["what"] and told["who"]
        for status in (200, 409):
            headers = {**key, "Idempotency-Key": f"retry-{status}"}
            assert client.post(f"/api/v1/changes/{job.pk}/retry", headers=headers).status_code == status
        [connection] = client.get("/api/v1/connections", headers=key).json()["results"]
        assert not {"secret", "cipher", "session"} & connection.keys()


class TestQueries:
    def test_stay_few_and_flat_as_changes_grow(self, org: SalesforceServer):
        deal = dead(org)
        with vendor():
            made = Connection.objects.get().pk
        paths = (HOME, f"{HOME}{made}/", f"{HOME}{made}/mapping/", f"{HOME}changes/", f"{HOME}deals/{deal}/")
        browser = client_of(olivia)
        submitted(cedar, customer_name="Kunde Esche", customer_domain="kunde-esche.example")
        behind_the_web()
        before = [_queries(browser, path) for path in paths]
        for word in ("Ahorn", "Birke", "Linde"):
            submitted(cedar, customer_name=f"Kunde {word}", customer_domain=f"kunde-{word.lower()}.example")
        behind_the_web()
        after = [_queries(browser, path) for path in paths]
        assert max(after) <= 25, dict(zip(paths, after, strict=True))
        assert all(b <= a + 1 for a, b in zip(before, after, strict=True)), (before, after)


def _queries(browser: Any, path: str) -> int:
    with CaptureQueriesContext(database) as counted:
        assert browser.get(path).status_code == 200
    return len(counted)


@pytest.mark.parametrize("row", ["=HYPERLINK(1)", "Name'); DROP", "a" * 200, "", "Näme", "Name Name"])
def test_a_field_that_is_none_is_refused(org: SalesforceServer, row: str):
    from integrations import actions

    made = salesforce(org, on=False)
    with vendor() as now:
        rows = [{"remote_field": row, "fact": "deal.name", "transform": "same"}]
        assert actions.save_mapping(connection_id=made, rows=rows, actor=ada.actor, now=now).refused
