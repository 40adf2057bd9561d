"""What a deal's partner reads of its story: each turn in words, and of the vendor's people no name."""

from datetime import timedelta
from uuid import UUID

from dealreg import actions
from dealreg.models import Deal
from dealreg.stories import partner_story
from prm.kernel.messages.models import Message
from tests.cast import ada, bea, birch, bo, cedar, client_of, cy, mia, olivia, partner, vendor
from tests.dealreg.deals import in_review, returned, submitted
from tests.dealreg.test_registration_workflow import decide, run_everything
from tests.identity.test_tokens import call, key_of


def test_a_deal_that_was_returned_and_answered_tells_every_turn():
    deal = returned(birch, opened=("customer_city",))
    with partner(birch) as now:
        decision = actions.resubmit_deal(deal_id=deal, fields={"customer_city": "Kiel"}, actor=bo.actor, now=now)
        assert decision.allowed, decision.reasons
        story = partner_story(deal, birch.id)

    assert [(entry["title"], entry["actor"]) for entry in reversed(story)] == [
        ("Registered", "Bo"),
        ("With the deal desk", ""),
        ("The deal desk asks something", ""),
        ("Answered and sent again", "Bo"),
    ]


LONGER = "5 days longer: our answer was 5 days late."


def answered_late(late: timedelta = timedelta(days=4, hours=1)) -> UUID:
    """Birch's deal, approved so long after the promised time."""
    deal = in_review(birch)
    with vendor() as now:
        Deal.objects.filter(pk=deal).update(answer_due_at=now - late)
        assert actions.approve_deal(deal_id=deal, actor=mia.actor, now=now).allowed
    return deal


class TestAProtectionThatIsLongerSinceWeWereLate:
    def test_is_explained_to_both_sides_on_the_page_in_the_story_and_over_the_api(self):
        deal = answered_late()
        with partner(birch):
            assert next(entry["text"] for entry in partner_story(deal, birch.id)) == LONGER
        ours = client_of(olivia).get(f"/console/deals/{deal}/").content.decode()
        theirs = client_of(bo).get(f"/portal/deals/{deal}/").content.decode()
        assert theirs.count(LONGER) == 2 and ours.count(LONGER) == 2  # what is next, and the story
        assert call(key_of(bea, "seller"), f"/api/v1/deals/{deal}").json()["late_days"] == 5

    def test_is_explained_by_mail(self):
        deal = submitted(birch, amount="150000")
        run_everything()
        with vendor() as now:
            Deal.objects.filter(pk=deal).update(answer_due_at=now - timedelta(hours=1))
        decide(deal, "approve")
        run_everything()
        with vendor():
            body = Message.objects.filter(template="deal.approved", channel="email", subject_id=deal)[0].body
        assert "That is 1 day longer than usual, since our answer was that late." in body

    def test_says_nothing_where_the_answer_came_in_time(self):
        deal = answered_late(timedelta(hours=-1))
        assert "longer" not in client_of(bo).get(f"/portal/deals/{deal}/").content.decode()
        with vendor():
            assert Deal.objects.get(pk=deal).late_days == 0

    def test_tells_the_next_partner_nothing_of_how_long_another_waited(self):
        deal = answered_late()
        with vendor() as now:
            moved = actions.reassign_deal(deal_id=deal, partner_id=cedar.id, reason="It serves them.",
                                          actor=ada.actor, now=now)  # fmt: skip
            assert moved.allowed, moved.reasons
        assert "longer" not in client_of(cy).get(f"/portal/deals/{deal}/").content.decode()
        with partner(cedar):
            assert not any(entry["text"] for entry in partner_story(deal, cedar.id))
