"""The figures that the demo prints, read from the product's own rows."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from dealreg.models import Deal, DealStatus
from prm.demo.build import logins
from prm.demo.cast import OPERATOR
from prm.demo.homes import bare_homes
from prm.demo.outcome import Outcome, lines, outcome, shortfalls
from prm.kernel.identity.operators import add_operator
from tests import world
from tests.cast import acme, ada, aud, bea, birch, bo, cam, cedar, client_of, cy, finn, mia, olivia, vendor, zenith
from tests.dealreg import deals
from tests.workflows.things import settle
from workflows.models import HumanTask


def decided_by_the_workflow():
    """A small deal that rules decide, and a large one that waits for a person."""
    deal = deals.submitted(birch)
    deals.submitted(cedar, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example", amount="64000.00")
    with world.logged_in_as("worker"):
        settle()
    return deal


class TestTheOutcome:
    def test_of_deals_that_the_workflow_decided_has_no_decision_without_a_run(self):
        decided_by_the_workflow()

        found = outcome(acme.id)

        assert (found.decided, found.without_person, found.share) == (1, 1, 1.0)
        assert found.without_run == 0
        assert found.states == {"approved": 1, "submitted": 1}
        assert found.reasons, "what waits says why"

    def test_counts_a_decision_that_no_workflow_run_stands_behind(self):
        deals.approved(birch)

        assert outcome(acme.id).without_run == 1

    def test_tells_how_long_decisions_took_and_who_made_them(self):
        deal = decided_by_the_workflow()
        with vendor():
            later = F("submitted_at") + timedelta(hours=3)
            Deal.objects.filter(pk=deal).update(decided_at=later, decided_by_person=True)

        found = outcome(acme.id)

        assert (found.without_person, found.median_hours, found.p95_hours) == (0, 3.0, 3.0)
        assert "time to decision: median 3.00 h, p95 3.0 h" in lines(found)

    def test_of_another_vendor_counts_nothing_of_this_one(self):
        deals.approved(birch)

        assert outcome(zenith.id).decided == 0


class TestAWholeYear:
    whole = Outcome(
        decided=900, without_person=700, median_hours=0.0, p95_hours=60.0, without_run=0,
        states=dict.fromkeys(DealStatus.values, 10), reasons=Counter("abcdef"),
    )  # fmt: skip

    def test_shows_every_state_and_many_reasons(self):
        assert shortfalls(self.whole) == []

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"states": {**dict.fromkeys(DealStatus.values, 10), "submitted": 9}}, "submitted (9)"),
            ({"states": dict.fromkeys(DealStatus.values[1:], 10)}, "draft (0)"),
            ({"reasons": Counter("abc")}, "3 different reasons"),
            ({"without_person": 890}, "99%"),
            ({"without_person": 400}, "44%"),
            ({"without_run": 2}, "2 decided without a workflow run"),
        ],
    )
    def test_says_what_is_missing(self, change, told):
        assert told in " ".join(shortfalls(replace(self.whole, **change)))


class TestTheHomes:
    def test_of_all_show_something_whoever_decides_nothing_sees_what_waits_for_others(self):
        everybody = (ada, olivia, mia, cam, finn, aud, bea, bo, cy)
        mails = [who.email for who in everybody]
        assert bare_homes(acme.id, mails) == mails, "nothing has happened yet"

        decided_by_the_workflow()

        assert bare_homes(acme.id, mails) == [cy.email], "the rules have answered Birch, nobody has answered Cedar"
        assert bare_homes(acme.id, ["nobody@acme.example"]) == ["nobody@acme.example"]

    def test_of_the_platforms_operator_shows_the_vendors(self):
        assert bare_homes(acme.id, ["pat@platform.example"]) == ["pat@platform.example"]

        add_operator("pat@platform.example", using="owner")

        assert bare_homes(acme.id, ["pat@platform.example"]) == []
        assert logins()[0] == ("operator", OPERATOR[1])

    def test_of_an_auditor_and_of_finance_lead_to_the_most_pressing_task(self):
        decided_by_the_workflow()
        with vendor():
            task = HumanTask.objects.get()

        for who in (aud, finn):
            page = client_of(who).get("/console/").content.decode()
            assert f"/console/queue/{task.pk}/" in page and "Waiting for others" in page
        assert "Waiting for others" not in client_of(olivia).get("/console/").content.decode()
