"""The record as it stood on any day, and the search that scales."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from partners import actions as partner_actions
from prm.kernel import audit
from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.search import begins
from prm.kernel.identity.actors import Actor
from tests.cast import acme, ada, aud, birch, cam, client_of, finn, olivia, vendor, zack
from tests.dealreg.deals import approved, the


def approved_deal():
    """A protected deal, and the day on which it became so."""
    deal = the(approved())
    with vendor() as now:
        return deal, now.date()


def stood(deal, on=None, who=aud) -> str:
    query = f"?on={on}" if on else ""
    answer = client_of(who).get(f"/console/audit/records/dealreg.deal/{deal.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def fields(deal, on) -> dict[str, str]:
    answer = client_of(aud).get(f"/console/audit/records/dealreg.deal/{deal.pk}/?on={on}")
    standing = answer.context["standing"]
    return {one.field.name: one.shown for one in standing.fields} if standing.existed else {}


class TestADeal:
    def test_is_told_as_it_stood_on_each_day(self, forward):
        from dealreg import actions

        deal, begun = approved_deal()
        forward(days=10)
        with vendor() as now:
            won_on = now.date()
            actions.mark_won(deal_id=deal.pk, amount=Decimal("900.00"), closed_on=won_on, actor=olivia.actor, now=now)
        forward(days=5)

        before = fields(deal, begun - timedelta(days=1))
        at_first, at_last = fields(deal, begun), fields(deal, won_on)
        assert before == {}
        assert (at_first["status"], at_last["status"]) == ("Protected", "Won")
        assert at_first["deal_amount"] == at_last["deal_amount"]
        assert at_first["actual_amount"] is None
        assert at_last["actual_amount"] == "900"
        assert at_first["protected_until"]

    def test_says_who_set_a_field_and_links_the_entry(self):
        from dealreg import actions

        deal, _begun = approved_deal()
        with vendor() as now:
            actions.assign_cam(deal_id=deal.pk, membership_id=cam.membership_id, actor=ada.actor, now=now)
            entry = AuditEntry.objects.get(action="deal.cam_assigned")
        page = stood(deal)
        assert "Cam" in page
        assert f"/console/audit/{entry.pk}/" in page
        assert "Ada" in page

    def test_names_the_last_who_changed_a_field_and_none_who_only_named_it_again(self, forward):
        from dealreg import actions
        from dealreg.models import Deal

        deal, _begun = approved_deal()
        with vendor():
            answered = AuditEntry.objects.get(target_id=deal.pk, action="deal.approved").pk
        forward(days=3)
        with vendor() as now:
            actions.base.note(
                "deal.reminded", Deal.objects.get(pk=deal.pk), actor=Actor.system("deal clock"), now=now, before={}
            )
            assert AuditEntry.objects.get(action="deal.reminded").after["status"] == "approved"
        standing = client_of(aud).get(f"/console/audit/records/dealreg.deal/{deal.pk}/").context["standing"]
        by = {one.field.name: one.entry.pk for one in standing.fields if one.entry}
        assert by["status"] == by["protected_until"] == answered
        assert not {one.entry.actor_name for one in standing.fields if one.entry} & {"deal clock"}

    def test_is_linked_from_its_page_and_from_its_entries(self):
        deal, _begun = approved_deal()
        page = client_of(olivia).get(f"/console/deals/{deal.pk}/").content.decode()
        assert f"/console/audit/records/dealreg.deal/{deal.pk}/" in page
        assert (
            f"/console/audit/records/dealreg.deal/{deal.pk}/"
            not in client_of(finn).get(f"/console/deals/{deal.pk}/").content.decode()
        )
        with vendor():
            entry = AuditEntry.objects.filter(target_id=deal.pk).latest("at")
        shown = client_of(aud).get(f"/console/audit/{entry.pk}/").content.decode()
        assert f"/console/deals/{deal.pk}/" in shown
        assert f"/console/audit/records/dealreg.deal/{deal.pk}/?on=" in shown

    def test_agrees_with_the_deal_itself_today(self):
        deal, _begun = approved_deal()
        today = fields(deal, date(2199, 1, 1))
        assert today["status"] == deal.get_status_display()
        assert today["currency"] == deal.currency

    @pytest.mark.parametrize("on", ["soon", "2027-02-30", "0001-01-01", "99999-01-01", ""])
    def test_of_a_day_that_is_none_stands_as_today(self, on):
        deal, _begun = approved_deal()
        assert "Protected" in stood(deal, on)


class TestARecordThatNobodyRegistered:
    def test_shows_the_fields_that_its_entries_name(self):
        with vendor() as now:
            from partners.models import Partner

            target = Partner.objects.get(pk=birch.id)
            audit.record("x.made", target=target, actor=olivia.actor, at=now, after={"colour": "red"})
        page = client_of(aud).get(f"/console/audit/records/partners.partner/{birch.id}/").content.decode()
        assert "colour" in page
        assert "red" in page

    def test_of_another_vendor_answers_as_one_that_is_not_there(self):
        path = f"/console/audit/records/partners.partner/{birch.id}/"
        assert client_of(zack).get(path).status_code == 404
        assert client_of(aud).get(path.replace("partner/", "nonsense/")).status_code == 404

    @pytest.mark.parametrize("who", [finn, cam])
    def test_is_for_readers_of_the_audit(self, who):
        assert client_of(who).get(f"/console/audit/records/partners.partner/{birch.id}/").status_code == 403


class TestTheSearch:
    def find(self, **params) -> str:
        return client_of(aud).get("/console/audit/", params).content.decode()

    def made(self):
        with vendor() as now:
            partner_actions.suspend_partner(partner_id=birch.id, reason="Unpaid", actor=olivia.actor, now=now)

    @pytest.mark.parametrize("text", ["Birch", "birch", "birch sys", "BIRCH", "partner.susp", "oliv", "Olivia"])
    def test_finds_beginnings_of_names_and_actions(self, text):
        self.made()
        assert "partner.suspended" in self.find(q=text)

    @pytest.mark.parametrize("text", ["irch", "%", "_irch", "suspended", "'; --", "\\"])
    def test_finds_nothing_inside_of_words(self, text):
        self.made()
        assert "partner.suspended" not in self.find(q=text)

    def test_finds_an_id(self):
        self.made()
        assert "partner.suspended" in self.find(q=str(birch.id))
        assert "partner.suspended" in self.find(q=str(olivia.person_id))

    def test_is_narrowed_by_the_kind_of_record(self):
        self.made()
        assert "partner.suspended" in self.find(about="partners.partner")
        assert "partner.suspended" not in self.find(about="dealreg.deal")

    def test_of_a_beginning_uses_its_index_behind_the_wall(self, superuser):
        with superuser.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "INSERT INTO audit_auditentry (id, tenant_id, action, target_type, target_id, target_name, actor_kind,"
                " actor_id, actor_name, impersonator, request_id, cause, before, after, at)"
                " SELECT gen_random_uuid(), %s, 'x.' || n, 'x', gen_random_uuid(), 'Thing ' || n, 'person', '1',"
                " 'Somebody', '', '', '', '{}', '{}', now() FROM generate_series(1, 20000) AS n",
                [str(acme.id)],
            )
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("ANALYZE audit_auditentry")
        with vendor(), connection.cursor() as cursor:
            query = AuditEntry.objects.filter(begins("target_name", "Thing 1234")).order_by("-at")[:30].query
            sql, params = query.sql_with_params()
            cursor.execute("EXPLAIN " + sql, params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "audit_entry_target" in plan, plan
        assert "target_name)::text >= " in plan[plan.index("Index Cond") :].split("\n")[0], plan

    def test_counts_no_further_than_anybody_reads(self, monkeypatch):
        from prm.kernel.audit import lists

        monkeypatch.setattr(lists, "MOST", 2)
        self.made()
        assert client_of(aud).get("/console/audit/").context["list"].list.counts["everything"] == 2
