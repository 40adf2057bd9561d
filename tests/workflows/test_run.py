"""A run from its event to its end, on the real database."""

from uuid import UUID

import pytest

from prm.kernel.automation.registry import Outcome
from prm.kernel.events import relay
from prm.kernel.messages.models import Message
from tests.cast import acme, vendor, zenith
from tests.workflows.things import KEEP, TELL, THROW, WEIGH, behaving, find, happened, publish, settle
from workflows import engine
from workflows.engine import claiming as claims
from workflows.engine import failure
from workflows.engine.advance import FenceLost
from workflows.engine.performing import take_steps
from workflows.models import Incident, Run, RunEvent, Work

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")

BY_WEIGHT = {
    "id": "which",
    "type": "branch",
    "cases": [
        {
            "id": "heavy",
            "name": "Heavy",
            "blocks": [THROW, {"id": "e1", "type": "end", "result": "thrown"}],
            "when": {"field": "steps.weight", "operator": "=", "value": "heavy"},
        }
    ],
    "otherwise": [KEEP],
}


def run_of(subject: UUID) -> Run:
    with vendor():
        return Run.objects.get(subject_id=subject)


class TestARunFollowsItsTree:
    def test_an_event_is_taken_through_the_case_that_holds(self):
        publish(WEIGH, BY_WEIGHT, TELL)
        with behaving(weigh=lambda: Outcome("heavy", {"reasons": [{"key": "thing.heavy", "text": "40 kg"}]})):
            subject = find(weight="40")
            settle()

        assert happened(subject) == [
            ("started", "test.thing.found"),
            ("weigh", "heavy"),
            ("which", "heavy"),
            ("throw", "done"),
            ("ended", "thrown"),
        ]
        assert run_of(subject).result == "thrown"
        with vendor():
            assert not Work.objects.exists()

    def test_the_default_is_taken_when_no_case_holds_and_the_run_goes_on_behind_the_branch(self):
        publish(WEIGH, BY_WEIGHT, TELL)
        with behaving(weigh=lambda: Outcome("light")):
            subject = find()
            settle()

        assert happened(subject)[-3:] == [("keep", "done"), ("tell", "sent"), ("ended", "done")]
        with vendor():
            assert Message.objects.get(channel="email").subject == "Kept: 5"

    def test_the_triggers_condition_decides_whether_a_run_starts(self):
        heavy = {"field": "thing.weight", "operator": ">", "value": "10"}
        publish(KEEP, trigger={"event": "test.thing.found", "when": heavy})
        light, stone = find(weight="3"), find(weight="30")
        settle()

        with vendor():
            assert [run.subject_id for run in Run.objects.all()] == [stone]
        assert happened(light) == []

    def test_an_event_delivered_twice_starts_one_run(self):
        publish(KEEP)
        with behaving() as calls:
            find()
            settle()
            with vendor() as now:
                from prm.kernel import events
                from prm.kernel.events.models import EventRow

                row = EventRow.objects.get(name="test.thing.found")
                engine.start_runs(events.Delivered(row.id, row.name, row.subject_id, None, row.payload, row.at), now)
            settle()
            assert len(calls) == 1
        with vendor():
            assert Run.objects.count() == 1

    def test_a_run_stays_on_the_version_it_started_on(self):
        publish(WEIGH, {"id": "w", "type": "wait", "minutes": 60}, KEEP)
        with behaving(weigh=lambda: Outcome("light")) as calls:
            find()
            settle()
            publish(THROW)
            find()
            settle()
            assert [key for key, *_ in calls] == ["thing.weigh", "thing.throw"]

    def test_the_other_vendors_event_finds_no_workflow(self):
        publish(KEEP)
        subject = find(of=zenith)
        settle()
        assert happened(subject, zenith) == []


class TestWhoeverDiesAStepIsDoneOnce:
    def test_a_step_whose_fence_is_lost_leaves_nothing_behind(self):
        publish(KEEP, TELL)
        subject = find()
        relay.drain()
        mine = claims.claim()[0]
        with vendor():
            Work.objects.update(lease_until=None)  # the lease ended while we were away
        theirs = claims.claim()[0]

        with behaving() as calls:
            assert take_steps(mine, 1) is None
            assert calls == []
            assert theirs.fence == mine.fence + 1
            engine.perform(theirs)
            assert len(calls) == 1
        assert [value for name, value in happened(subject) if name == "keep"] == ["done"]

    def test_work_that_a_worker_died_of_takes_nobody_down_twice(self):
        publish(KEEP)
        for _number in range(3):
            find()
        relay.drain()
        assert len(claims.claim()) == 3
        with vendor():
            Work.objects.update(lease_until=Work.objects.first().created_at)  # the worker died of one of them
        fresh = find()
        relay.drain()

        later = claims.claim(each=10)

        with vendor():
            assert [Work.objects.get(pk=one.work_id).run.subject_id == fresh for one in later] == [True, False]
        assert [one.attempt for one in later] == [1, 2]
        assert [one.attempt for one in claims.claim()] == [2]
        assert [one.attempt for one in claims.claim()] == [2]
        assert claims.claim() == []

    def test_work_is_given_up_only_when_a_try_on_record_was_never_heard_of_again(self):
        publish(KEEP)
        kept, deadly = find(), find()
        relay.drain()
        with vendor():
            Work.objects.update(attempt=9)  # its workers were killed before they came to it
        mine, theirs = claims.claim()
        engine.perform(mine)
        assert failure.is_worth_a_try(theirs)
        with vendor():
            Work.objects.update(lease_until=None)  # and died of it
        engine.drain()

        assert [value for name, value in happened(kept) if name == "keep"] == ["done"]
        with vendor():
            assert Incident.objects.get().subject_id == deadly

    def test_a_fence_lost_in_the_middle_of_a_step_takes_its_effects_back(self, superuser):
        publish(KEEP, TELL)
        subject = find()
        relay.drain()
        mine = claims.claim()[0]

        def steal() -> Outcome:
            with vendor_cursor() as cursor:
                cursor.execute("UPDATE workflows_work SET fence = fence + 1")
            return Outcome("done")

        with behaving(keep=steal), pytest.raises(FenceLost):
            take_steps(mine, 1)
        assert happened(subject) == [("started", "test.thing.found")]

    def test_a_worker_that_dies_between_claim_and_commit_is_followed_by_another(self):
        publish(KEEP)
        subject = find()
        relay.drain()
        claims.claim()  # and never heard of again
        with vendor():
            Work.objects.update(lease_until=Work.objects.get().created_at)
        engine.drain()
        assert happened(subject)[-1] == ("ended", "done")

    def test_work_that_takes_its_worker_down_each_time_ends_as_an_incident(self):
        publish(KEEP)
        find()
        relay.drain()
        for _death in range(4):
            (claimed,) = claims.claim()
            assert claimed.attempt < failure.MAX_ATTEMPTS or failure.is_worth_a_try(claimed)
            with vendor():
                Work.objects.update(lease_until=None)
        with behaving() as calls:
            engine.drain()
            assert calls == []
        with vendor():
            assert "died" in Incident.objects.get().message


class TestTimersAreRows:
    def test_a_wait_ends_in_business_time_and_no_sooner(self, forward):
        publish({"id": "w", "type": "wait", "minutes": 90}, KEEP)
        subject = find()
        settle()
        forward(minutes=80)
        settle()
        assert ("keep", "done") not in happened(subject)
        forward(minutes=11)
        settle()
        assert happened(subject)[-3:] == [("w", "elapsed"), ("keep", "done"), ("ended", "done")]

    def test_a_wait_until_a_day_that_has_passed_does_not_wait(self):
        publish({"id": "w", "type": "wait", "until_fact": "thing.keep_until"}, KEEP)
        subject = find(**{"thing.keep_until": "2020-01-31"})
        settle()
        assert happened(subject)[-1] == ("ended", "done")


class TestTenantsAreServedInTurn:
    def test_a_flood_at_one_vendor_leaves_room_for_the_quiet_one(self):
        for of in (acme, zenith):
            publish(KEEP, of=of)
        for _thing in range(12):
            find()
        find(of=zenith)
        relay.drain()

        first = claims.claim(each=2, most=4)

        assert {claimed.tenant_id for claimed in first} == {acme.id, zenith.id}
        assert len(first) == 3

    def test_two_claims_never_get_the_same_work(self):
        publish(KEEP)
        for _thing in range(6):
            find()
        relay.drain()
        first, second = claims.claim(each=3), claims.claim(each=8)
        assert len(first) == 3
        assert not {c.work_id for c in first} & {c.work_id for c in second}


def vendor_cursor():
    from django.db import connection

    return connection.cursor()


class TestTheStory:
    def test_events_of_a_run_can_not_be_changed(self):
        publish(KEEP)
        find()
        settle()
        from django.db import Error

        with pytest.raises(Error), vendor():
            RunEvent.objects.update(value="other")
