"""Waiting for something to happen, for a day, for another workflow: all of it rows, none of it lost."""

from datetime import timedelta
from threading import Event as Signal
from typing import Any
from uuid import UUID

import pytest

from prm.kernel import events
from prm.kernel.automation.registry import Outcome
from prm.kernel.events import relay
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.ids import uuid7
from tests.cast import acme, olivia, vendor, zenith
from tests.workflows.test_two_at_once import both
from tests.workflows.things import (
    KEEP,
    TELL,
    THROW,
    WEIGH,
    ThingFound,
    ThingLost,
    approval,
    behaving,
    find,
    happened,
    publish,
    settle,
    tree,
)
from workflows import actions, engine
from workflows.definition import lint
from workflows.models import HumanTask, Incident, Run, Work
from workflows.queries import surroundings

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")
FOR_LOSS = {"id": "w", "type": "wait", "event": "test.thing.lost", "save_as": "waited"}


def lose(subject: UUID, *, weight: str = "5") -> None:
    find(subject=subject, kind=ThingLost, weight=weight)


class TestAWaitForAnEvent:
    def test_ends_when_it_happens_to_the_same_subject(self):
        publish(FOR_LOSS, KEEP)
        subject, other = find(), find()
        settle()
        lose(other)
        settle()
        assert happened(other)[-3:] == [("w", "happened"), ("keep", "done"), ("ended", "done")]
        assert happened(subject)[-1] == ("w", "")

    def test_is_not_ended_by_another_vendors_event(self):
        publish(FOR_LOSS, KEEP)
        subject = find()
        settle()
        find(subject=subject, kind=ThingLost, of=zenith)
        settle()
        assert happened(subject, acme)[-1] == ("w", "")

    def test_asks_its_condition_of_that_event(self):
        heavy = {"field": "thing.weight", "operator": ">", "value": "10"}
        publish({**FOR_LOSS, "when": heavy}, KEEP)
        subject = find()
        settle()
        lose(subject, weight="3")
        settle()
        assert happened(subject)[-1] == ("w", "")
        lose(subject, weight="30")
        settle()
        assert happened(subject)[-1] == ("ended", "done")

    def test_times_out_in_business_time_and_is_then_deaf(self, forward):
        publish({**FOR_LOSS, "timeout_minutes": 60}, KEEP)
        subject = find()
        settle()
        forward(minutes=61)
        settle()
        assert ("w", "timed_out") in happened(subject)
        lose(subject)
        settle()
        assert [value for name, value in happened(subject) if name == "w"] == ["", "timed_out"]

    def test_an_event_in_time_keeps_the_time_out_from_coming(self, forward):
        publish({**FOR_LOSS, "timeout_minutes": 60}, {"id": "x", "type": "wait", "minutes": 600})
        subject = find()
        settle()
        lose(subject)
        settle()
        forward(minutes=61)
        settle()
        assert [value for name, value in happened(subject) if name == "w"] == ["", "happened"]

    def test_an_event_wins_over_a_time_out_that_somebody_has_just_claimed(self, forward):
        publish({**FOR_LOSS, "timeout_minutes": 60}, KEEP)
        subject = find()
        settle()
        forward(minutes=61)
        claimed = engine.claim()[0]
        lose(subject)
        relay.drain()
        engine.perform(claimed)  # its fence is lost
        settle()
        assert [value for name, value in happened(subject) if name == "w"] == ["", "happened"]


class TestAnEventInTheSameMoment:
    def test_that_comes_before_the_wait_begins_and_after_the_step_before_it_counts(self):
        publish(KEEP, FOR_LOSS, THROW)
        subject = find()
        relay.drain()  # the run has begun, its first step has not
        lose(subject)
        relay.drain()  # nobody waits yet
        settle()
        assert ("w", "happened") in happened(subject)
        assert happened(subject)[-1] == ("ended", "done")

    def test_that_came_before_the_step_before_does_not_count(self):
        publish(approval(), FOR_LOSS, KEEP)
        subject = find()
        settle()
        lose(subject)
        settle()
        with vendor() as now:
            task = HumanTask.objects.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        settle()
        assert happened(subject)[-1] == ("w", "")

    def test_of_a_wait_that_is_not_committed_yet_is_not_lost(self):
        """The relay delivers the event while the step that begins the wait is still open."""
        publish(WEIGH, FOR_LOSS, KEEP)
        begun, go_on = Signal(), Signal()

        def slow() -> Outcome:
            begun.set()
            go_on.wait(10)
            return Outcome("light")

        with behaving(weigh=slow):
            subject = find()
            relay.drain()

            def bring() -> None:
                begun.wait(10)
                lose(subject)
                go_on.set()
                relay.drain()

            both(engine.drain, bring)
            settle()
        assert ("w", "happened") in happened(subject)
        assert happened(subject)[-1] == ("ended", "done")


class TestAWaitForADay:
    def test_ends_on_its_first_moment(self, forward):
        publish({"id": "w", "type": "wait", "until_fact": "thing.keep_until"}, KEEP)
        with vendor() as now:
            day = (now + timedelta(days=10)).date()
        subject = find(**{"thing.keep_until": day.isoformat()})
        settle()
        forward(days=8)
        settle()
        assert happened(subject)[-1] == ("w", "")
        forward(days=3)
        settle()
        assert happened(subject)[-1] == ("ended", "done")


CHILD = {"id": "child", "type": "subworkflow", "workflow": "inner", "save_as": "inner"}


def inner(*blocks: dict[str, Any]) -> UUID:
    return publish(*blocks, key="inner", name="Inner", trigger={"event": "test.thing.needed", "when": {}})


class TestASubWorkflow:
    def test_runs_on_the_same_subject_and_its_result_goes_on_in_the_parent(self):
        inner(WEIGH, {"id": "e", "type": "end", "result": "weighed"})
        by_result = {
            "id": "b",
            "type": "branch",
            "cases": [
                {"id": "yes", "when": {"field": "steps.inner", "operator": "=", "value": "weighed"}, "blocks": [THROW]}
            ],
            "otherwise": [],
        }
        publish(CHILD, by_result, KEEP)
        with behaving(weigh=lambda: Outcome("heavy")) as calls:
            subject = find()
            settle()
            assert [(key, about) for key, about, *_ in calls] == [
                ("thing.weigh", subject),
                ("thing.throw", subject),
                ("thing.keep", subject),
            ]
        with vendor():
            parent, child = Run.objects.filter(subject_id=subject).order_by("pk")
            assert (child.parent_id, child.result, parent.result) == (parent.pk, "weighed", "done")
            assert parent.context["steps"]["inner"]["detail"]["weight"] == "heavy"
            assert not Work.objects.exists()

    def test_that_waits_for_a_person_lets_its_parent_wait_and_both_end(self):
        inner(approval())
        publish(CHILD, KEEP)
        subject = find()
        settle()
        with vendor() as now:
            assert set(Run.objects.filter(subject_id=subject).values_list("status", flat=True)) == {"running"}
            task = HumanTask.objects.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        settle()
        with vendor():
            assert set(Run.objects.filter(subject_id=subject).values_list("status", flat=True)) == {"ended"}

    def test_ends_with_its_parent(self):
        inner(approval())
        publish(CHILD, KEEP, cancel_on=["test.thing.lost"])
        subject = find()
        settle()
        lose(subject)
        settle()
        with vendor():
            assert set(Run.objects.filter(subject_id=subject).values_list("status", flat=True)) == {"cancelled"}
            assert HumanTask.objects.get().status == "cancelled"
            assert not Work.objects.exists()

    def test_that_is_ended_by_a_person_lets_its_parent_go_on(self):
        def broken() -> Outcome:
            raise ValueError("no scales")

        inner(WEIGH)
        publish(CHILD, KEEP)
        with behaving(weigh=broken):
            subject = find()
            for _try in range(5):
                settle()
                with vendor():
                    Work.objects.update(not_before=Run.objects.first().moved_at)
        with vendor() as now:
            actions.cancel_incident(incident_id=Incident.objects.get().pk, actor=olivia.actor, now=now)
        settle()
        assert ("child", "cancelled") in happened(subject)
        assert ("keep", "done") in happened(subject)

    def test_that_nobody_has_published_is_an_incident(self):
        publish(CHILD, unlinted=True)
        find()
        settle()
        with vendor():
            assert "No workflow “inner” is published" in Incident.objects.get().message


class TestACycleThroughSubWorkflows:
    def call(self, key: str) -> dict[str, Any]:
        return {"id": "c", "type": "subworkflow", "workflow": key}

    def document(self, key: str, *blocks: dict[str, Any]) -> dict[str, Any]:
        return tree(*blocks, key=key, name=key)

    def test_is_refused_when_it_is_published_with_the_way_it_takes(self):
        publish(KEEP, key="one")
        publish(self.call("one"), key="two")
        publish(self.call("two"), key="three")
        with vendor():
            [problem] = lint(self.document("one", self.call("three")), surroundings())
            assert "one → three → two → one" in problem.message
            [itself] = lint(self.document("one", self.call("one")), surroundings())
            assert "can't run itself" in itself.message
            [missing] = lint(self.document("one", self.call("ghost")), surroundings())
            assert "No workflow “ghost” is published" in missing.message

    def test_that_came_about_all_the_same_ends_as_one_incident(self):
        publish(self.call("two"), key="one", unlinted=True)
        publish(self.call("one"), key="two", unlinted=True, trigger={"event": "test.thing.needed", "when": {}})
        find()
        settle()
        with vendor():
            assert "deep" in Incident.objects.get().message
            assert Run.objects.count() == 9


class TestAWorkflowThatTriggersItself:
    def test_is_stopped_with_one_incident_and_loses_no_event(self):
        subject = uuid7()

        def again() -> Outcome:
            events.publish(ThingFound(subject_id=subject, facts={"thing.weight": "5"}), at=current().now)
            return Outcome("done")

        publish(KEEP, TELL)
        with behaving(keep=again):
            find(subject=subject)
            settle()
        with vendor():
            assert Run.objects.filter(subject_id=subject).count() == 10
            incident = Incident.objects.get()
            assert incident.kind == "loop"
            assert "10 times in a row" in incident.message
