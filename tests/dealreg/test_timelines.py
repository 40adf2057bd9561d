"""Two stories of one deal: what its partner may read, with what comes next; and everything, for the vendor."""

from dealreg import actions
from tests import world
from tests.cast import bea, birch, bo, cam, cedar, client_of, cy, mia, olivia, partner, vendor
from tests.dealreg.deals import approved, in_review, submitted
from tests.identity.test_tokens import call, key_of
from tests.workflows.things import settle


def page_of(who, deal, query=""):
    side = "portal" if who.partner else "console"
    return client_of(who).get(f"/{side}/deals/{deal}/{query}").content.decode()


class TestThePartners:
    def test_tells_what_comes_next_and_by_when(self):
        waiting, held = submitted(birch, customer_name="Omega AG", customer_domain="omega-x.de"), approved(birch)

        assert "What comes next" in page_of(bo, waiting) and "You have an answer" in page_of(bo, waiting)
        assert "Protection ends unless the deal is won, or extended" in page_of(bo, held)

    def test_names_nobody_of_the_vendor_and_nothing_of_a_rival(self):
        approved(birch)
        deal = in_review(cedar)
        with vendor() as now:
            assert actions.approve_deal(deal_id=deal, actor=mia.actor, now=now).refused
            actions.add_comment(deal_id=deal, body="Birch has it", audience="vendor", actor=cam.actor, now=now)
            actions.reject_deal(deal_id=deal, reason="Already registered.", actor=mia.actor, now=now)

        page = page_of(cy, deal)
        assert "Declined" in page
        assert not [word for word in ("Birch", "Mia", "Cam", "refused", "conflict") if word in page]

    def test_is_the_same_over_the_api(self):
        deal = approved(birch)
        with partner(birch) as now:
            actions.change_stage(deal_id=deal, stage="proposal", actor=bo.actor, now=now)

        rows = call(key_of(bea, "seller"), f"/api/v1/deals/{deal}/timeline").json()

        assert [(row["title"], row["actor"]) for row in rows] == [
            ("Stage changed", "Bo"),
            ("Protected", ""),
            ("With the deal desk", ""),
            ("Registered", "Bo"),
        ]


class TestTheVendors:
    def test_has_decisions_steps_messages_and_comments_in_one_line(self):
        deal = submitted(customer_name="Alpenrose Hotels AG", amount="64000.00")
        with world.logged_in_as("worker"):
            settle()
        with vendor() as now:
            actions.add_comment(deal_id=deal, body="Looks sound", audience="vendor", actor=cam.actor, now=now)

        whole = page_of(olivia, deal)
        for told in (
            "Registered",
            "Judged by the eligibility rules",
            "deal-eligibility/1",
            "Looks sound",
            "We have your",
        ):
            assert told in whole, told
        only = page_of(olivia, deal, "?story=message")
        assert "We have your" in only and "Judged by the eligibility rules" not in only
        assert "Registered by" in page_of(olivia, deal, "?story=nonsense")

    def test_tells_what_happened_at_one_instant_the_last_first(self):
        deal = submitted(customer_name="Alpenrose Hotels AG", amount="64000.00")
        with world.logged_in_as("worker"):
            settle()

        page = page_of(olivia, deal)
        told = ("Approvers named", "Find who decides", "Handed to people", "Look for rivals", "began", ">Registered<")
        places = [page.index(words) for words in told]
        assert places == sorted(places)

    def test_says_between_whom_a_deal_went_over(self):
        deal = approved(birch)
        with vendor() as now:
            actions.reassign_deal(deal_id=deal, partner_id=cedar.id, reason="Nearer", actor=mia.actor, now=now)

        assert "Birch Systems → Cedar Networks" in page_of(olivia, deal)
