"""Who is asked, who stands in, and what happens to a question that stays open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prm.kernel.identity import actions as identity
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests.cast import Somebody, ada, cam, mia, olivia, vendor
from tests.workflows.things import KEEP, THROW, approval, find, happened, publish, settle
from workflows import actions
from workflows.definition import lint
from workflows.models import HumanTask, Intent, RunEvent, Work

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")
ADA = {"kind": "person", "value": "ada@acme.example"}
TIMED_OUT = {
    "id": "late",
    "type": "branch",
    "cases": [
        {"id": "late", "when": {"field": "steps.review", "operator": "=", "value": "timed_out"}, "blocks": [THROW]}
    ],
    "otherwise": [KEEP],
}


def asked(**parts: Any) -> HumanTask:
    publish(approval(**parts), *([TIMED_OUT] if "timeout_business_minutes" in parts else [KEEP]))
    return ask()


def ask() -> HumanTask:
    subject = find()
    settle()
    with vendor():
        return HumanTask.objects.get(subject_id=subject)


def away(who: Somebody, *, delegate: Somebody | None = None, days: int = 10) -> None:
    with vendor() as now:
        Membership.objects.filter(pk=who.membership_id).update(
            away_from=now.date(),
            away_until=now.date() + timedelta(days=days),
            delegate=delegate.membership_id if delegate else None,
        )


def one_more_in_operations(*people: Somebody) -> None:
    with vendor():
        for who in people:
            Membership.objects.filter(pk=who.membership_id).update(roles=["ops"])


def leave(who: Somebody) -> None:
    with vendor() as now:
        assert identity.end_membership(membership_id=who.membership_id, actor=ada.actor, now=now).allowed
    settle()


class TestInTurn:
    def test_each_of_the_role_gets_one_after_the_other(self):
        one_more_in_operations(cam, mia)
        first = asked(assign={"kind": "round_robin", "value": "ops"})
        owners = [first.owner_id, *(ask().owner_id for _more in range(5))]
        assert set(owners[:3]) == {olivia.membership_id, cam.membership_id, mia.membership_id}
        assert owners[:3] == owners[3:]

    def test_leaves_out_who_is_away(self):
        one_more_in_operations(cam)
        away(cam)
        first = asked(assign={"kind": "round_robin", "value": "ops"})
        assert {first.owner_id, ask().owner_id} == {olivia.membership_id}

    def test_falls_to_the_role_when_nobody_is_here(self):
        away(olivia)
        task = asked(assign={"kind": "round_robin", "value": "ops"})
        assert (task.owner_id, task.role) == (None, "ops")

    def test_two_at_the_same_instant_go_to_two_people(self):
        from prm.kernel.events import relay
        from tests.workflows.test_two_at_once import both
        from workflows import engine

        one_more_in_operations(cam)
        publish(approval(assign={"kind": "round_robin", "value": "ops"}))
        for _thing in range(8):
            find()
        relay.drain()
        both(engine.drain, engine.drain)
        with vendor():
            owners = list(HumanTask.objects.values_list("owner", flat=True))
        assert owners.count(olivia.membership_id) == owners.count(cam.membership_id) == 4


class TestLeastLoaded:
    def test_the_one_with_fewest_open_tasks_gets_the_next(self):
        one_more_in_operations(cam)
        first = asked(assign={"kind": "least_loaded", "value": "ops"})
        second, third = ask(), ask()
        assert first.owner_id != second.owner_id
        with vendor() as now:
            busy = third.owner_id
            free = {olivia.membership_id, cam.membership_id} - {busy}
            theirs = HumanTask.objects.filter(owner__in=free).first()
            actions.decide_task(task_id=theirs.pk, outcome="approve", actor=ada.actor, now=now, immediately=True)
        assert ask().owner_id in free


class TestAbsence:
    def test_the_delegate_is_asked(self):
        away(mia, delegate=cam)
        assert asked(assign={"kind": "person", "value": "mia@acme.example"}).owner_id == cam.membership_id

    def test_a_delegate_who_is_away_hands_it_on(self):
        away(mia, delegate=cam)
        away(cam, delegate=olivia)
        assert asked(assign={"kind": "person", "value": "mia@acme.example"}).owner_id == olivia.membership_id

    def test_without_anybody_it_falls_to_operations(self):
        away(mia, delegate=cam)
        away(cam, delegate=mia)
        task = asked(assign={"kind": "person", "value": "mia@acme.example"})
        assert (task.owner_id, task.role) == (None, "ops")


class TestAnApproverWhoLeft:
    def test_before_being_asked_leaves_the_question_to_operations(self):
        publish(approval(assign={"kind": "person", "value": "mia@acme.example"}))
        leave(mia)
        task = ask()
        assert (task.owner_id, task.role) == (None, "ops")

    def test_while_being_asked_hands_every_open_question_over(self):
        task = asked(assign={"kind": "person", "value": "mia@acme.example"})
        leave(mia)
        with vendor():
            task.refresh_from_db()
            assert (task.owner_id, task.role) == (None, "ops")
            assert RunEvent.objects.get(kind="reassigned").value == "ops"

    def test_of_a_role_that_nobody_holds_any_more_falls_to_one_that_somebody_does(self):
        with vendor():
            Membership.objects.filter(roles__contains=["legal"]).update(roles=["sales"])
        assert asked(assign={"kind": "role", "value": "legal"}).role == "ops"
        leave(olivia)
        assert ask().role == "admin"


class TestATimeOut:
    def test_comes_in_business_time_and_takes_the_branch_that_says_so(self, forward: Callable[..., None]):
        task = asked(timeout_business_minutes=60)
        forward(days=4)
        settle()
        with vendor():
            task.refresh_from_db()
            assert (task.status, task.outcome) == ("cancelled", "timed_out")
            assert not Work.objects.exists()
        assert happened(task.subject_id)[-3:] == [("late", "late"), ("throw", "done"), ("ended", "done")]

    def test_never_comes_once_somebody_has_decided(self, forward: Callable[..., None]):
        task = asked(timeout_business_minutes=60)
        with vendor() as now:
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        forward(days=4)
        settle()
        assert ("review", "timed_out") not in happened(task.subject_id)
        assert happened(task.subject_id)[-1] == ("ended", "done")

    def test_waits_for_a_decision_that_can_still_be_taken_back(self, forward: Callable[..., None]):
        task = asked(timeout_business_minutes=60)
        with vendor() as now:
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now)
        forward(days=4)
        settle()
        with vendor() as now:
            task.refresh_from_db()
            assert task.status == "deciding"
            intent = Intent.objects.get()
            actions.undo_intent(intent_id=intent.pk, actor=olivia.actor, now=now)
            Work.objects.filter(kind="escalation").update(not_before=now - timedelta(days=400))
        settle()
        assert ("review", "timed_out") in happened(task.subject_id)

    def test_that_no_branch_handles_is_refused(self):
        from tests.workflows.things import tree

        [problem] = lint(tree(approval(timeout_business_minutes=60), KEEP))
        assert problem.block == "review"
        assert "“Review” answered “Ran out of time”" in problem.message
        assert lint(tree(approval(timeout_business_minutes=60), TIMED_OUT)) == []
        assert "save_as" in lint(tree(approval(timeout_business_minutes=60, save_as=None)))[0].message


class TestEscalation:
    CHAIN = (
        {"after_business_minutes": 60, "to": ["queue.owner"]},
        {
            "after_business_minutes": 120,
            "to": ["role:admin"],
            "reassign": {"kind": "person", "value": "ada@acme.example"},
        },
    )

    def test_tells_and_asks_level_by_level_and_each_once(self, forward: Callable[..., None]):
        task = asked(assign={"kind": "person", "value": "olivia@acme.example"}, escalation=list(self.CHAIN))
        forward(days=4)
        settle()
        settle()
        with vendor():
            task.refresh_from_db()
            assert (task.level, task.owner_id) == (2, ada.membership_id)
            told = Message.objects.filter(template="workflows.task_escalated", channel="email")
            assert set(told.values_list("recipient", flat=True)) == {olivia.membership_id, ada.membership_id}
            assert list(RunEvent.objects.filter(kind="escalated").order_by("id").values_list("value", flat=True)) == [
                "1",
                "2",
            ]
            assert not Work.objects.filter(kind="escalation").exists()

    def test_resolves_absence_when_it_asks_somebody_else(self, forward: Callable[..., None]):
        task = asked(assign={"kind": "person", "value": "olivia@acme.example"}, escalation=list(self.CHAIN))
        away(ada, delegate=cam)
        forward(days=4)
        settle()
        with vendor():
            task.refresh_from_db()
            assert task.owner_id == cam.membership_id

    def test_stops_with_the_decision(self, forward: Callable[..., None]):
        task = asked(escalation=list(self.CHAIN))
        with vendor() as now:
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
            assert not Work.objects.filter(kind="escalation").exists()
        forward(days=4)
        settle()
        with vendor():
            assert not Message.objects.filter(template="workflows.task_escalated").exists()
