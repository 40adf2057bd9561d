"""The figures that the demo prints, read from the product's own rows."""

from datetime import timedelta

from django.db.models import F

from dealreg.models import Deal
from prm.demo.outcome import lines, outcome
from tests import world
from tests.cast import acme, birch, cedar, vendor, zenith
from tests.dealreg import deals
from tests.workflows.things import settle


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
