"""Many deals at once: previewed, taken back for ten seconds, then each judged again by its own action."""

from datetime import timedelta

import pytest

from dealreg import actions
from dealreg.models import Deal, DealBatch, DealStatus
from dealreg.tasks import carry_out_batches
from prm.kernel.events.models import EventRow
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests import world
from tests.cast import aud, birch, cam, cedar, client_of, finn, mia, olivia, partner, vendor
from tests.dealreg.deals import approved, seller, submitted, the
from tests.dealreg.test_query_counts import asked
from tests.dealreg.test_registration_workflow import run_everything
from workflows.models import HumanTask

LIST = "/console/deals/"
NAMES = ("Alpha Werke AG", "Beta Bau GmbH", "Gamma Glas KG", "Delta Druck OHG")


def several(count, make=approved, of=birch, **changes):
    return [
        make(of, customer_name=name, customer_domain=f"{name.split()[0].lower()}-x.de", **changes)
        for name in NAMES[:count]
    ]


def preview(who, verb, deals, **typed):
    return client_of(who).post(LIST, {"bulk": verb, "ids": deals, **typed}, HTTP_HX_REQUEST="true")


def confirm(who, verb, deals, **typed):
    response = client_of(who).post(LIST, {"bulk": verb, "ids": deals, "confirmed": "1", **typed})
    assert response.status_code == 302, response.content.decode()
    with vendor():
        return DealBatch.objects.latest("made_at").pk


def ten_seconds_pass():
    with vendor():
        for batch in DealBatch.objects.filter(status="pending"):
            DealBatch.objects.filter(pk=batch.pk).update(executes_at=batch.executes_at - timedelta(seconds=11))
    with world.logged_in_as("worker"):
        return carry_out_batches()


def told():
    with vendor():
        return EventRow.objects.count(), Message.objects.count()


class TestThePreview:
    def test_says_who_will_and_who_will_not_and_why(self):
        held, waiting = several(2), submitted(birch, customer_name="Omega AG", customer_domain="omega-x.de")

        page = preview(olivia, "lost", [*held, waiting]).content.decode()

        assert "<strong>2</strong> rows will be changed" in page and "<strong>1</strong> row is skipped" in page
        assert "This deal is “Submitted”" in page and "Why were they lost?" in page and "Alpha Werke" in page
        with vendor():
            assert not DealBatch.objects.exists()

    def test_is_offered_by_role_and_refused_without_it(self):
        deals = several(1)
        assert client_of(aud).post(LIST, {"bulk": "withdraw", "ids": deals}).status_code == 403
        assert client_of(cam).post(LIST, {"bulk": "reassign", "ids": deals}).status_code == 403
        assert client_of(finn).post(LIST, {"bulk": "approve", "ids": deals}).status_code == 403

    def test_asks_the_database_as_often_for_many_as_for_one(self):
        deals = several(4, submitted, amount="150000")
        run_everything()
        counts = [self.count(deals[:1]), self.count(deals)]
        assert counts[1] <= counts[0] <= 25

    def count(self, deals):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client = client_of(mia)
        client.post(LIST, {"bulk": "approve", "ids": deals})
        with CaptureQueriesContext(connection) as captured:
            client.post(LIST, {"bulk": "approve", "ids": deals})
        return len(captured)

    @pytest.mark.parametrize(
        ("verb", "typed"),
        [
            ("lost", {"because": "no-such", "closed_on": "2026-01-01"}),
            ("won", {"closed_on": "2999-01-01"}),
            ("reassign", {"partner": "x", "reason": "y"}),
            ("withdraw", {"reason": ""}),
        ],
    )
    def test_a_form_that_is_mistyped_is_shown_again_and_nothing_is_meant(self, verb, typed):
        deals = several(1)
        response = client_of(olivia).post(LIST, {"bulk": verb, "ids": deals, "confirmed": "1", **typed})

        assert response.status_code == 200 and "field-error" in response.content.decode()
        with vendor():
            assert not DealBatch.objects.exists()


class TestTenSeconds:
    def test_nothing_happens_and_nobody_is_told_before_they_are_over(self):
        deals, before = several(2), told()
        typed = {"bulk": "lost", "ids": deals, "confirmed": "1", "because": "lost-price", "closed_on": "2026-01-02"}
        page = client_of(olivia).post(LIST, typed, follow=True).content.decode()

        with world.logged_in_as("worker"):
            assert carry_out_batches() == 0
        assert told() == before and {the(deal).status for deal in deals} == {DealStatus.APPROVED}
        with vendor():
            assert f"/console/deals/batches/{DealBatch.objects.get().pk}/undo" in page

    def test_one_undo_takes_the_whole_batch_back(self):
        deals, before = several(3), told()
        batch = confirm(olivia, "withdraw", deals, reason="They asked us to")
        undo = f"/console/deals/batches/{batch}/undo"

        assert client_of(mia).post(undo).status_code == 409  # not hers
        assert client_of(olivia).post(undo).status_code == 204
        assert ten_seconds_pass() == 0

        assert told() == before and {the(deal).status for deal in deals} == {DealStatus.APPROVED}
        assert client_of(olivia).post(undo).status_code == 409

    def test_then_each_is_done_and_what_has_changed_meanwhile_is_left_with_its_reason(self):
        deals = several(3)
        batch = confirm(olivia, "lost", deals, because="lost-price", closed_on="2026-01-02")
        with partner(birch) as now:
            actions.withdraw_deal(deal_id=deals[1], reason="", actor=seller(birch).actor, now=now)

        assert ten_seconds_pass() == 3 and ten_seconds_pass() == 0

        assert [the(deal).status for deal in deals] == ["lost", "withdrawn", "lost"]
        assert the(deals[0]).close_reason == "Price"
        with vendor():
            results = {result["deal"]: result for result in DealBatch.objects.get(pk=batch).results}
            assert not results[str(deals[1])]["done"] and "Withdrawn" in results[str(deals[1])]["why"]
            assert Message.objects.get(template="deals.batch_done").recipient_id == olivia.membership_id
        page = client_of(aud).get(f"/console/deals/batches/{batch}/").content.decode()
        assert "Not done, and why" in page and "Withdrawn" in page
        assert client_of(olivia).post(f"/console/deals/batches/{batch}/undo").status_code == 409

    def test_a_worker_that_dies_in_the_middle_does_nothing_twice(self, monkeypatch):
        from dealreg.actions import batches

        deals = several(3)
        confirm(olivia, "lost", deals, because="lost-price", closed_on="2026-01-02")
        done, real = [], batches._one

        def dies_at_the_second(*args):
            if len(done) == 1:
                raise KeyboardInterrupt
            done.append(1)
            return real(*args)

        monkeypatch.setattr(batches, "_one", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            ten_seconds_pass()
        monkeypatch.setattr(batches, "_one", real)
        assert ten_seconds_pass() == 2

        with vendor():
            assert EventRow.objects.filter(name="dealreg.deal.lost").count() == 3

    def test_who_has_left_meanwhile_does_nothing(self):
        deals = several(1)
        confirm(olivia, "lost", deals, because="lost-price", closed_on="2026-01-02")
        with vendor() as now:
            Membership.objects.filter(pk=olivia.membership_id).update(ended_at=now)
        ten_seconds_pass()

        assert the(deals[0]).status == DealStatus.APPROVED


class TestEachMove:
    def test_decisions_are_answers_to_the_questions_of_the_queue(self):
        first, second, third = several(3, submitted, amount="150000")
        run_everything()
        for verb, deal, typed in (
            ("approve", first, {}),
            ("decline", second, {"reason": "Not in your territory"}),
            ("return", third, {"reason": "Which city?", "fields_to_open": ["customer_city"]}),
        ):
            confirm(mia, verb, [deal], **typed)
        ten_seconds_pass()
        run_everything()

        assert [the(deal).status for deal in (first, second, third)] == ["approved", "rejected", "action_required"]
        assert the(third).returned_fields == ["customer_city"]
        with vendor():
            assert not HumanTask.objects.filter(status="open").exists()

    def test_a_limit_holds_in_a_batch_too(self):
        (deal,) = several(1, submitted, amount="150000")
        run_everything()
        page = preview(olivia, "approve", [deal]).content.decode()

        assert "None of these rows" in page  # her limit is 50,000, and the approvers are asked

    def test_extend_reassign_manager_and_won(self):
        deals = several(4)
        with partner(birch) as now:
            actions.change_stage(deal_id=deals[0], stage="proposal", actor=seller(birch).actor, now=now)
        before = the(deals[0]).protected_until
        confirm(olivia, "extend", [deals[0]])
        confirm(olivia, "reassign", [deals[1]], partner=cedar.id, reason="Nearer")
        confirm(olivia, "cam", [deals[2]], cam=mia.membership_id)
        confirm(olivia, "won", [deals[3]], closed_on="2026-01-02")
        ten_seconds_pass()

        assert the(deals[0]).protected_until > before
        assert the(deals[1]).partner_id == cedar.id
        assert the(deals[2]).owner_cam_id == mia.membership_id
        assert (the(deals[3]).status, the(deals[3]).actual_amount) == ("won", the(deals[3]).amount)

    def test_each_is_shared_with_a_deal_of_the_other_partners_own(self):
        deals = several(2)
        with_whom = {"partner": cedar.id, "names_told": "on"}
        assert (
            "less than 100 percent" in preview(olivia, "split", deals, confirmed="1", percent="100", **with_whom).text
        )
        confirm(olivia, "split", deals, percent="40", **with_whom)
        ten_seconds_pass()

        with vendor():
            theirs = Deal.objects.filter(partner=cedar.id, share_percent=40, shared_with="Birch Systems")
            assert theirs.count() == 2
        assert [the(deal).share_percent for deal in deals] == [60, 60]


class TestADealsPage:
    def test_offers_what_can_be_done_now_by_way_of_the_same_preview(self):
        (deal,) = several(1)
        page = client_of(olivia).get(f"{LIST}{deal}/").text

        assert all(f'value="{verb}"' in page for verb in ("won", "lost", "withdraw"))
        assert 'value="extend"' not in page  # its stage has not moved
        assert 'value="lost"' not in client_of(aud).get(f"{LIST}{deal}/").text

    def test_of_a_closed_deal_offers_nothing(self):
        (deal,) = several(1)
        confirm(olivia, "lost", [deal], because="lost-price", closed_on="2026-01-02")
        ten_seconds_pass()

        assert 'name="bulk"' not in client_of(olivia).get(f"{LIST}{deal}/").text


def test_the_list_itself_asks_no_more_than_before():
    several(2)
    with vendor():
        assert Deal.objects.count() == 2
    assert asked(olivia, LIST) <= 25
