"""Viewing as a partner's person: openly, for a while, and under both names."""

import time
from typing import Any

from django.test import Client

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.models import ApiToken, Invitation
from prm.kernel.tenancy.models import Tenant
from tests.cast import acme, ada, bea, bo, client_of, finn, olivia, vendor, zoe
from tests.dealreg.deals import submitted


def viewing(who: Any, *, by: Any = olivia, may_act: bool = False) -> tuple[Client, Any]:
    browser = client_of(by)
    answer = browser.post(f"/console/setup/people/{who.membership_id}/view-as/", {"may_act": "1"} if may_act else {})
    return browser, answer


def invite(browser: Client) -> Any:
    return browser.post("/portal/company/people/invite/", {"email": "nora@birch.example", "roles": ["seller"]})


class TestViewingAs:
    def test_shows_the_portal_with_both_names_on_every_page(self) -> None:
        browser, answer = viewing(bea)
        assert answer.url == "/portal/"
        page = browser.get("/portal/company/people/").content.decode()
        assert "You are looking as Bea; nothing can be changed." in page
        page = viewing(bea, may_act=True)[0].get("/portal/company/people/").content.decode()
        assert "Olivia is acting as Bea" in page and "nothing can be changed" not in page

    def test_looking_changes_nothing_and_says_why(self) -> None:
        answer = invite(viewing(bea)[0])
        assert answer.status_code == 403
        assert "You are looking as Bea." in answer.content.decode()
        assert "Your role reads everything" not in answer.content.decode()
        with vendor(acme):
            assert not Invitation.objects.exists()

    def test_looking_offers_nothing_that_would_be_refused(self) -> None:
        looking, acting = viewing(bo)[0], viewing(bo, may_act=True)[0]
        offered = 'href="/portal/deals/new/" data-key="n"'
        for page in ("/portal/", "/portal/deals/"):
            assert offered not in looking.get(page).content.decode()
            assert offered in acting.get(page).content.decode()
        form = looking.get("/portal/deals/new/").content.decode()
        assert "data-looks-only" in form and "<fieldset disabled" in form
        assert "<fieldset disabled" not in acting.get("/portal/deals/new/").content.decode()

    def test_acting_is_recorded_under_both_names(self) -> None:
        assert invite(viewing(bea, may_act=True)[0]).status_code == 302
        with vendor(acme):
            entry = AuditEntry.objects.get(action="person.invited")
            assert (entry.actor_name, entry.impersonator) == ("Bea", "Olivia")

    def test_what_is_said_is_signed_with_both_names_for_the_vendor_and_for_the_partner(self) -> None:
        deal = submitted()
        browser = viewing(bo, may_act=True)[0]
        browser.post(f"/portal/deals/{deal}/comments", {"body": "Forty seats"})
        browser.post(f"/portal/deals/{deal}/withdraw", {"reason": "The customer waits"})

        theirs = client_of(bo).get(f"/portal/deals/{deal}/").content.decode()
        ours = client_of(olivia).get(f"/console/deals/{deal}/").content.decode()

        assert "Forty seats" in theirs and theirs.count("Bo (Olivia)") == 2
        assert "Forty seats" in ours and "Bo (Olivia)" in ours and "Bo, by Olivia" in ours

    def test_its_start_and_end_are_recorded(self) -> None:
        browser = viewing(bea)[0]
        assert browser.post("/account/view-as/stop/").url == "/console/"
        with vendor(acme):
            kinds = AuditEntry.objects.filter(action__startswith="impersonation").order_by("recorded_at")
            assert [entry.action for entry in kinds] == ["impersonation.started", "impersonation.stopped"]
        assert "acting as" not in browser.get("/console/setup/people/").content.decode()

    def test_it_ends_by_itself_after_half_an_hour(self) -> None:
        browser = viewing(bea)[0]
        session = browser.session
        session["view_as"] = {**session["view_as"], "until": int(time.time()) - 1}
        session.save()
        assert browser.get("/portal/company/people/").url == "/account/choose/"

    def test_it_ends_when_the_viewer_loses_the_role(self) -> None:
        from prm.kernel.identity import actions

        browser = viewing(bea)[0]
        with vendor(acme) as now:
            actions.change_roles(membership_id=olivia.membership_id, roles=["sales"], actor=ada.actor, now=now)
        assert browser.get("/portal/company/people/").status_code == 302

    def test_is_for_admins_and_ops_only(self) -> None:
        assert viewing(bea, by=finn)[1].status_code == 403

    def test_colleagues_cannot_be_viewed_as(self) -> None:
        browser, answer = viewing(ada)
        assert answer.url == "/console/setup/people/"
        assert "view_as" not in browser.session

    def test_another_vendors_people_are_not_there(self) -> None:
        assert viewing(bo, by=zoe)[1].status_code == 404

    def test_choosing_an_organisation_ends_it(self) -> None:
        browser = viewing(bea)[0]
        browser.post("/account/choose/", {"membership": str(olivia.membership_id)})
        assert "view_as" not in browser.session


class TestAnAuditor:
    def test_reads_everything_and_changes_nothing(self) -> None:
        from tests.cast import aud

        browser = client_of(aud)
        assert browser.get("/console/setup/people/").status_code == 200
        assert browser.post("/console/setup/people/", {"save_view": "1", "name": "x"}).status_code == 403
        with vendor(acme):
            assert AuditEntry.objects.get(action="access.denied").actor_name == "Aud"

    def test_8_2_1_no_key_is_made_with_anothers_eyes(self) -> None:
        browser = viewing(bea, may_act=True)[0]
        page = browser.post("/portal/company/keys/", {"name": "CRM", "days": "30", "roles": ["seller"]})
        assert b"Only an admin can make keys" in page.content and b"prm_" not in page.content
        with vendor(acme):
            assert not ApiToken.objects.exists()

    def test_6_3_3_the_viewer_still_needs_the_second_factor(self) -> None:
        browser = viewing(bea)[0]
        with vendor(acme):
            Tenant.objects.update(mfa_required=True)
        assert browser.get("/portal/company/people/").url == "/account/second-factor/"
