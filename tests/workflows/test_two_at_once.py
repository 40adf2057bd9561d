"""Two who reach for the same run at the same instant, on real connections: none waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tests.cast import mia, olivia, vendor
from tests.workflows.things import KEEP, ThingLost, approval, find, publish, settle
from workflows import actions, engine
from workflows.models import HumanTask, Run, Vote

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")


def both(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own, begun together."""
    together = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        together.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [each.result(timeout=60) for each in [pool.submit(run, work) for work in works]]


def decide(who, task_id, **more):
    def work():
        with vendor() as now:
            return actions.decide_task(task_id=task_id, outcome="approve", actor=who.actor, now=now, **more)

    return work


class TestTwoDeciders:
    def test_make_one_decision_and_the_other_is_told_who_was_first(self):
        publish(approval(), KEEP)
        for _time in range(5):
            find()
        settle()
        with vendor():
            tasks = list(HumanTask.objects.values_list("pk", flat=True))
        for task in tasks:
            one, other = both(decide(olivia, task), decide(mia, task))
            assert {one.allowed, other.allowed} == {True, False}
            refused = one if one.refused else other
            assert refused.reason_keys == ("task.already_decided",)
            assert refused.reasons[0].text.startswith(("Olivia", "Mia"))

    def test_of_whom_both_decide_at_once_count_one_vote(self):
        publish(approval(), KEEP)
        find()
        settle()
        with vendor():
            task = HumanTask.objects.get().pk
        both(decide(olivia, task, immediately=True), decide(mia, task, immediately=True))
        with vendor():
            assert Vote.objects.count() == 1


class TestADecisionWhileItsRunIsEnded:
    def test_never_deadlocks_and_leaves_one_of_the_two(self):
        publish(approval(), KEEP, cancel_on=["test.thing.lost"])
        for _time in range(6):
            subject = find()
            settle()
            with vendor():
                task = HumanTask.objects.get(subject_id=subject).pk
            find(subject=subject, kind=ThingLost)
            both(decide(olivia, task, immediately=True), settle, engine.drain)
            settle()
            with vendor():
                assert Run.objects.get(subject_id=subject).status in ("ended", "cancelled")
                assert HumanTask.objects.get(pk=task).status in ("decided", "cancelled")


class TestManyWorkers:
    def test_do_each_step_once(self):
        from tests.workflows.things import behaving

        publish(KEEP, {**KEEP, "id": "again", "save_as": "again"})
        subjects = [find() for _thing in range(12)]
        from prm.kernel.events import relay

        relay.drain()
        with behaving() as calls:
            both(engine.drain, engine.drain, engine.drain)
            assert sorted(subject for _key, subject, *_ in calls) == sorted(subjects * 2)
