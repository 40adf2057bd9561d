"""A person's decision: made, taken back, carried out, refused."""

from datetime import timedelta

import pytest

from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.automation.registry import Outcome
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from prm.kernel.tenancy.ids import uuid7
from tests.cast import Somebody, acme, ada, aud, cam, finn, mia, olivia, vendor, zenith, zoe
from tests.workflows.things import (
    KEEP,
    TELL,
    THROW,
    WEIGH,
    ThingLost,
    approval,
    behaving,
    calls,
    find,
    happened,
    publish,
    settle,
)
from workflows import actions, rules
from workflows.models import HumanTask, Intent, Run, Vote

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")
DECIDED = {
    "id": "decided",
    "type": "branch",
    "otherwise": [THROW],
    "cases": [
        {
            "id": "yes",
            "when": {"field": "steps.review", "operator": "=", "value": "approve"},
            "blocks": [{**KEEP, "as": "review"}, TELL],
        }
    ],
}


def ask(**parts):
    """A thing waits for a person; gives its subject."""
    publish(approval(**parts.pop("block", {})), DECIDED)
    subject = find(**parts)
    settle()
    return subject


def task() -> HumanTask:
    with vendor():
        return HumanTask.objects.select_related("owner").get()


def decide(who: Somebody = olivia, outcome: str = "approve", **more):
    with vendor() as now:
        found = HumanTask.objects.get()
        return actions.decide_task(task_id=found.pk, outcome=outcome, actor=who.actor, now=now, **more)


def time_passes() -> None:
    """Ten seconds of machine time go by."""
    with vendor():
        for intent in Intent.objects.filter(status="pending"):
            intent.executes_at -= timedelta(seconds=11)
            intent.save(update_fields=["executes_at"])


class TestADecision:
    def test_leaves_the_queue_at_once_and_happens_ten_seconds_later(self):
        subject = ask()
        calls.clear()
        decision = decide(note="fine")
        settle()

        assert decision.allowed
        assert task().status == "deciding"
        assert calls == []
        time_passes()
        settle()
        assert happened(subject)[-5:] == [
            ("review", "approve"),
            ("decided", "yes"),
            ("keep", "done"),
            ("tell", "sent"),
            ("ended", "done"),
        ]
        assert task().status == "decided"
        assert task().decided_by == "Olivia"

    def test_is_carried_out_in_the_name_of_the_person(self):
        ask()
        calls.clear()
        decide()
        time_passes()
        settle()
        actor = calls[0][3]
        assert (actor.kind, actor.name, actor.membership_id) == ("person", "Olivia", olivia.membership_id)

    def test_taken_back_within_ten_seconds_leaves_everything_as_before_and_no_mail(self):
        subject = ask()
        before = happened(subject)
        intent = decide().facts["intent"]
        with vendor() as now:
            assert actions.undo_intent(intent_id=intent, actor=olivia.actor, now=now).allowed
        time_passes()
        settle()

        assert task().status == "open"
        assert happened(subject) == before
        with vendor():
            assert not Message.objects.exists()
            assert not Vote.objects.exists()
        assert decide(mia).allowed

    def test_can_not_be_taken_back_once_carried_out_nor_by_somebody_else(self):
        ask()
        intent = decide().facts["intent"]
        with vendor() as now:
            refused = actions.undo_intent(intent_id=intent, actor=mia.actor, now=now)
            assert refused.reason_keys == ("decision.not_yours",)
        time_passes()
        settle()
        with vendor() as now:
            refused = actions.undo_intent(intent_id=intent, actor=olivia.actor, now=now)
            assert refused.reason_keys == ("decision.carried_out",)

    def test_of_a_second_person_is_refused_and_names_the_first(self):
        ask()
        decide(olivia)
        refused = decide(mia, "reject", note="no")
        assert refused.reason_keys == ("task.already_decided",)
        assert refused.reasons[0].text == "Olivia has already decided this."
        time_passes()
        settle()
        assert "Olivia" in decide(mia).reasons[0].text
        with vendor():
            assert Vote.objects.count() == 1

    def test_of_a_program_is_carried_out_at_once(self):
        subject = ask()
        assert decide(immediately=True).allowed
        settle()
        assert happened(subject)[-1] == ("ended", "done")

    def test_needs_a_note_where_the_partner_reads_it(self):
        ask()
        assert decide(outcome="reject").reason_keys == ("task.note_missing",)
        assert decide(outcome="reject", note="Not ours").allowed

    @pytest.mark.parametrize("who", [aud, finn, cam])
    def test_is_refused_to_those_whose_roles_do_not_reach(self, who):
        ask()
        assert decide(who).reason_keys == ("task.not_yours_to_decide",)
        assert task().status == "open"

    def test_is_stored_and_judged_again_to_the_same_outcome(self):
        ask()
        decide(aud)
        decide(olivia)
        time_passes()
        settle()
        with vendor():
            stored = list(DecisionRecord.objects.filter(rule="task-decision/1"))
            assert len(stored) == 3
            for record in stored:
                again = rules.RULES[record.rule](record.document["facts"])
                assert (again.outcome, again.allowed) == (record.outcome, record.allowed)
            assert {e.action for e in AuditEntry.objects.filter(target_id=HumanTask.objects.get().pk)} == {
                "task.decision_made",
                "task.decision_refused",
                "task.decided",
            }

    def test_of_somebody_who_leaves_within_the_ten_seconds_does_not_hold(self):
        ask()
        decide(mia)
        with vendor() as now:
            Membership.objects.filter(pk=mia.membership_id).update(ended_at=now)
        time_passes()
        settle()
        assert task().status == "open"
        assert task().reasons[0]["key"] == "decision.not_carried_out"

    def test_is_invisible_to_another_vendor(self):
        ask()
        found = task()
        with vendor(zenith) as now, pytest.raises(HumanTask.DoesNotExist):
            actions.decide_task(task_id=found.pk, outcome="approve", actor=zoe.actor, now=now)


class TestLimits:
    LIMITED = {"limit_fact": "thing.price"}

    def test_an_amount_above_the_approvers_limit_is_refused_with_the_reason(self):
        ask(block=self.LIMITED, price="50000.01")
        refused = decide(olivia)
        assert refused.reason_keys == ("task.above_limit",)
        assert decide(mia).allowed

    def test_the_limit_itself_is_within_it_and_declining_knows_no_limit(self):
        ask(block=self.LIMITED, price="50000.00")
        assert decide(olivia).allowed

    def test_declining_knows_no_limit(self):
        ask(block=self.LIMITED, price="900000.00")
        assert decide(olivia, "reject", note="Too large").allowed


class TestTwoMustAgree:
    def test_the_first_vote_keeps_it_open_for_another_person(self):
        subject = ask(block={"quorum": 2})
        decide(olivia)
        time_passes()
        settle()
        assert task().status == "open"
        assert decide(olivia).reason_keys == ("task.already_voted",)
        decide(mia)
        time_passes()
        settle()
        assert task().status == "decided"
        assert happened(subject)[-1] == ("ended", "done")


class TestOwners:
    @pytest.mark.parametrize(
        ("assign", "owner", "role"),
        [
            ({"kind": "role", "value": "approver"}, None, "approver"),
            ({"kind": "person", "value": "mia@acme.example"}, mia, ""),
            ({"kind": "cam"}, cam, ""),
            ({"kind": "queue"}, None, "ops"),
        ],
    )
    def test_a_task_goes_to_whom_the_workflow_names(self, assign, owner, role):
        ask(block={"assign": assign})
        assert task().owner_id == (owner.membership_id if owner else None)
        assert task().role == role

    def test_a_channel_manager_may_decide_their_own_task(self):
        ask(block={"assign": {"kind": "cam"}})
        assert decide(cam).allowed

    def test_somebody_away_is_stood_in_for_and_somebody_gone_leaves_it_to_the_queue(self):
        with vendor() as now:
            Membership.objects.filter(pk=cam.membership_id).update(
                away_from=now.date() - timedelta(days=1), delegate_id=mia.membership_id
            )
        ask(block={"assign": {"kind": "cam"}})
        assert task().owner_id == mia.membership_id

    def test_a_departed_person_leaves_it_to_the_queue(self):
        with vendor() as now:
            Membership.objects.filter(pk=cam.membership_id).update(ended_at=now)
        ask(block={"assign": {"kind": "cam"}})
        assert (task().owner_id, task().role) == (None, "ops")


class TestHandling:
    def test_a_claim_keeps_others_from_deciding_until_it_ends(self):
        ask()
        with vendor() as now:
            assert actions.claim_task(task_id=task_id(), actor=mia.actor, now=now).allowed
        assert decide(olivia).reasons[0].text == "Mia is working on this."
        with vendor():
            found = HumanTask.objects.get()
            found.claim_until -= timedelta(minutes=11)
            found.save(update_fields=["claim_until"])
        assert decide(olivia).allowed

    def test_a_released_task_is_anybodys(self):
        ask()
        with vendor() as now:
            actions.claim_task(task_id=task_id(), actor=mia.actor, now=now)
            actions.release_task(task_id=task_id(), actor=mia.actor, now=now)
        assert decide(olivia).allowed

    def test_only_operations_hand_tasks_over_and_only_to_people_who_are_here(self):
        ask()
        with vendor() as now:
            hand = {"task_id": task_id(), "now": now}
            assert actions.assign_task(**hand, membership_id=cam.membership_id, actor=mia.actor).refused
            assert actions.assign_task(**hand, membership_id=aud.membership_id, actor=ada.actor).reason_keys == (
                "task.nobody",
            )
            assert actions.assign_task(**hand, membership_id=uuid7(), actor=ada.actor).refused
            assert actions.assign_task(**hand, membership_id=cam.membership_id, actor=olivia.actor).allowed
        assert task().owner_id == cam.membership_id

    def test_a_task_can_be_put_aside_until_a_time_that_lies_ahead(self):
        ask()
        with vendor() as now:
            again = actions.snooze_task(task_id=task_id(), until=now, actor=olivia.actor, now=now)
            assert again.reason_keys == ("task.past",)
            later = now + timedelta(hours=1)
            assert actions.snooze_task(task_id=task_id(), until=later, actor=olivia.actor, now=now).allowed


class TestWhyItIsAsked:
    def test_the_reasons_of_the_steps_before_stand_on_the_task_the_latest_first(self):
        publish(WEIGH, approval())
        reasons = [{"key": "thing.heavy", "text": "It weighs 40 kg."}]
        with behaving(weigh=lambda: Outcome("heavy", {"reasons": reasons})):
            find()
            settle()
        assert task().reasons == reasons


class TestWhatMakesItPointless:
    def test_an_event_named_by_the_workflow_ends_the_run_and_takes_the_task_away(self):
        publish(approval(), KEEP, cancel_on=["test.thing.lost"])
        subject = find()
        settle()
        decide()
        find(subject=subject, kind=ThingLost)
        settle()
        time_passes()
        settle()
        assert task().status == "cancelled"
        with vendor(acme):
            assert Run.objects.get().status == "cancelled"
            assert Intent.objects.get().status == "refused"


def task_id():
    return HumanTask.objects.get().pk
