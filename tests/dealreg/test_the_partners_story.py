"""What a deal's partner reads of its story: each turn in words, and of the vendor's people no name."""

from dealreg import actions
from dealreg.stories import partner_story
from tests.cast import birch, bo, partner
from tests.dealreg.deals import returned


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
