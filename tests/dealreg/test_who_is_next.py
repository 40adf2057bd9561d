"""Several partners register one customer: the first is judged first, and those behind need not wait longer than it."""

import pytest

from dealreg import actions
from dealreg.models import DealStatus
from tests.cast import birch, bo, cedar, mia, partner, vendor
from tests.dealreg.deals import submitted, the
from tests.dealreg.test_registration_workflow import run_everything
from workflows.models import HumanTask, RunEvent

BIG = {"amount": "60000.00"}


def waiting_for_people(deal) -> list[str]:
    with vendor():
        return [
            reason["key"]
            for task in HumanTask.objects.filter(subject_id=deal, status="open")
            for reason in task.reasons
        ]


@pytest.mark.usefixtures("replays_true")
class TestWhoIsNext:
    def test_the_first_goes_through_though_others_have_come_since(self):
        first = submitted(birch)
        second = submitted(cedar)

        run_everything()

        assert the(first).status == DealStatus.APPROVED
        assert the(second).status == DealStatus.REJECTED
        assert the(second).answer_reasons[0]["key"] == "deal.customer_already_protected"
        assert waiting_for_people(first) == waiting_for_people(second) == []

    def test_who_waits_behind_a_refused_deal_goes_through_once_nobody_precedes_it(self):
        first, second = submitted(birch, **BIG), submitted(cedar)
        run_everything()
        assert "deal.rival_open" not in waiting_for_people(first)
        assert "deal.rival_open" in waiting_for_people(second)

        with vendor() as now:
            assert actions.reject_deal(deal_id=first, reason="Not ours.", actor=mia.actor, now=now).allowed
        run_everything()

        assert the(second).status == DealStatus.APPROVED
        number = the(first).number
        with vendor():
            again = RunEvent.objects.get(run__subject_id=second, kind="judged_again")
            assert again.detail["message"] == f"{number} came first, and has its answer."

    def test_who_waits_behind_a_protected_deal_is_answered_by_that(self):
        first, second = submitted(birch, **BIG), submitted(cedar)
        run_everything()

        with vendor() as now:
            assert actions.approve_deal(deal_id=first, actor=mia.actor, now=now).allowed
        run_everything()

        assert the(second).status == DealStatus.REJECTED
        assert "Birch" not in the(second).reason_for_partner

    def test_withdrawn_makes_room(self):
        first, second = submitted(birch, **BIG), submitted(cedar)
        run_everything()

        with partner(birch) as now:
            assert actions.withdraw_deal(deal_id=first, reason="No budget.", actor=bo.actor, now=now).allowed
        run_everything()

        assert the(second).status == DealStatus.APPROVED
