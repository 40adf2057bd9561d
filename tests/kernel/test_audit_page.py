"""Searching the audit in the console: who may, what it finds, and what one entry tells."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners import actions
from prm.kernel.audit.models import AuditEntry
from tests.cast import ada, aud, birch, bo, cam, cedar, client_of, finn, olivia, vendor, zack

AUDIT = "/console/audit/"


def suspended(reason="Unpaid invoices"):
    with vendor() as now:
        actions.suspend_partner(partner_id=birch.id, reason=reason, actor=olivia.actor, now=now)
        return AuditEntry.objects.filter(target_id=birch.id).latest("recorded_at").pk


def page(who=aud, address=AUDIT, **params):
    return client_of(who).get(address, params).content.decode()


class TestTheList:
    def test_shows_who_did_what_to_what(self):
        suspended()
        shown = page()
        assert "partner.suspended" in shown and "Birch Systems" in shown and "Olivia" in shown

    def test_is_searched_by_a_beginning_and_narrowed_by_area_and_actor(self):
        suspended()
        assert "partner.suspended" in page(q="birch", area="partner", by="person")
        for other in ({"q": "cedar"}, {"area": "deal"}, {"by": "workflow"}):
            assert "partner.suspended" not in page(**other)

    def test_finds_what_was_refused(self):
        with vendor() as now:
            assert not actions.suspend_partner(partner_id=cedar.id, reason="", actor=olivia.actor, now=now).allowed
        suspended()
        shown = page(view="refused")
        assert "Cedar Networks" in shown and "Birch Systems" not in shown

    def test_never_shows_another_vendors_entries(self):
        suspended()
        assert "Birch Systems" not in page(zack)

    def test_says_that_there_are_more_than_it_counts(self, monkeypatch):
        for _time in range(3):
            suspended("")
        monkeypatch.setattr("prm.kernel.audit.lists.MOST", 2)
        monkeypatch.setattr("prm.kernel.audit.lists.Entries.most", 2)
        assert page().count("2</span>+") >= 2  # the tab of all, and the foot

    def test_takes_two_lines_of_a_name_of_any_length_and_tells_the_whole_in_its_title(self):
        with vendor() as now:
            actions.create_partner(name="L" * 150, actor=olivia.actor, now=now)
        assert f'<span class="clamp" title="{"L" * 150}">' in page()

    def test_asks_as_often_for_ten_times_the_entries(self):
        client = client_of(aud)
        counts = []
        for number in range(11):
            with vendor() as now:
                actions.create_partner(name=f"Partner {number}", actor=olivia.actor, now=now)
            if number in (0, 10):
                with CaptureQueriesContext(connection) as asked:
                    client.get(AUDIT)
                counts.append(len(asked))
        assert counts[1] <= counts[0]


class TestAnEntry:
    def test_tells_what_changed_and_why(self):
        with vendor() as now:
            actions.update_partner(partner_id=birch.id, changes={"city": "Bremen"}, actor=olivia.actor, now=now)
            changed = AuditEntry.objects.get(action="partner.updated").pk
        refused = suspended("")

        assert "Bremen" in page(address=f"{AUDIT}{changed}/")
        told = page(address=f"{AUDIT}{refused}/")
        assert "refused" in told and "partner.updated" in told

    def test_of_another_vendor_answers_as_one_that_does_not_exist(self):
        client = client_of(zack)
        assert {client.get(f"{AUDIT}{pk}/").status_code for pk in (suspended(), uuid4())} == {404}

    def test_shows_a_name_as_text_whatever_it_holds(self):
        with vendor() as now:
            made = actions.create_partner(name="<script>alert(1)</script>", actor=olivia.actor, now=now)
            entry = AuditEntry.objects.get(target_id=made.pk).pk
        assert "<script>alert" not in page(address=f"{AUDIT}{entry}/") + page()


class TestWhoReadsIt:
    @pytest.mark.parametrize(("who", "status"), [(ada, 200), (olivia, 200), (aud, 200), (finn, 403), (cam, 403)])
    def test_admins_operations_and_auditors(self, who, status):
        assert client_of(who).get(AUDIT).status_code == status

    def test_no_partner(self):
        assert client_of(bo).get(AUDIT).status_code in (302, 403, 404)

    def test_it_stands_in_the_navigation_of_those_alone(self):
        assert f'href="{AUDIT}"' in page(aud, "/console/")
        assert f'href="{AUDIT}"' not in page(finn, "/console/")
