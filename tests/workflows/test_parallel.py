"""Several ways at once: each branch its own work, a join that counts, and an end for those no longer needed."""

from typing import Any
from uuid import UUID

import pytest

from prm.kernel.automation.registry import Outcome
from prm.kernel.events import relay
from tests.cast import olivia, vendor
from tests.workflows.things import (
    KEEP,
    TELL,
    THROW,
    WEIGH,
    ThingLost,
    approval,
    behaving,
    find,
    happened,
    publish,
    settle,
)
from workflows import actions, engine
from workflows.models import HumanTask, Incident, Intent, Run, RunEvent, Scope, Work

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")
WAIT = {"id": "w", "type": "wait", "minutes": 60}
END = {"id": "e", "type": "end", "result": "early"}


def parallel(*branches: list[dict[str, Any]], join: Any = "all", **parts: Any) -> dict[str, Any]:
    named = [
        {"id": name, "name": name.upper(), "blocks": blocks} for name, blocks in zip("abc", branches, strict=False)
    ]
    return {"id": "p", "type": "parallel", "join": join, "branches": named, **parts}


def named(block: dict[str, Any], name: str) -> dict[str, Any]:
    return {**block, "id": name, **({"save_as": name} if "save_as" in block else {})}


def task(block: str) -> HumanTask:
    return HumanTask.objects.get(block=block)


def answer(block: str, outcome: str = "approve", *, immediately: bool = True) -> None:
    with vendor() as now:
        decision = actions.decide_task(
            task_id=task(block).pk, outcome=outcome, note="so", actor=olivia.actor, now=now, immediately=immediately
        )
        assert decision.allowed, decision.reasons


def kinds(subject: UUID, kind: str) -> list[str]:
    with vendor():
        found = RunEvent.objects.filter(run__subject_id=subject, kind=kind).order_by("id")
        return list(found.values_list("value", flat=True))


class TestAll:
    def test_waits_for_every_branch_and_goes_on_once(self):
        publish(parallel([KEEP], [WAIT, THROW], save_as="both"), TELL)
        with behaving() as calls:
            subject = find()
            settle()
            assert {key for key, *_ in calls} == {"thing.keep"}
            assert kinds(subject, "arrived") == ["a"]
            with vendor():
                assert Scope.objects.get().arrived == ["a"]
                assert Run.objects.get().status == "running"

    def test_goes_on_behind_the_join_with_what_both_branches_saved(self, forward):
        branch = {
            "id": "b",
            "type": "branch",
            "cases": [
                {
                    "id": "both",
                    "when": {
                        "combinator": "and",
                        "rules": [
                            {"field": "steps.kept", "operator": "=", "value": "done"},
                            {"field": "steps.weight", "operator": "=", "value": "heavy"},
                            {"field": "steps.both", "operator": "=", "value": "joined"},
                        ],
                    },
                    "blocks": [THROW],
                }
            ],
            "otherwise": [],
        }
        publish(parallel([KEEP], [WAIT, WEIGH], save_as="both"), branch, TELL)
        with behaving(weigh=lambda: Outcome("heavy")):
            subject = find()
            settle()
            forward(minutes=61)
            settle()
        assert kinds(subject, "arrived") == ["a", "b"]
        assert happened(subject)[-5:] == [
            ("p", "joined"),
            ("b", "both"),
            ("throw", "done"),
            ("tell", "sent"),
            ("ended", "done"),
        ]
        with vendor():
            assert Scope.objects.get().status == "joined"
            assert not Work.objects.exists()

    def test_an_empty_branch_arrives_at_once(self):
        publish(parallel([], [KEEP]), TELL)
        subject = find()
        settle()
        assert happened(subject)[-1] == ("ended", "done")
        assert sorted(kinds(subject, "arrived")) == ["a", "b"]

    def test_two_people_are_asked_at_the_same_time(self):
        publish(parallel([approval(id="one", save_as="one")], [approval(id="two", save_as="two")]), KEEP)
        subject = find()
        settle()
        with vendor():
            assert HumanTask.objects.filter(status="open").count() == 2
        answer("two")
        settle()
        assert ("keep", "done") not in happened(subject)
        answer("one")
        settle()
        assert happened(subject)[-2:] == [("keep", "done"), ("ended", "done")]


class TestAny:
    def test_the_first_to_arrive_cancels_the_others_with_tasks_and_intents(self):
        publish(parallel([approval(id="one", save_as="one")], [approval(id="two", save_as="two")], join="any"), KEEP)
        subject = find()
        settle()
        answer("one", immediately=False)  # still to be undone for ten seconds
        answer("two")
        settle()

        assert kinds(subject, "cancelled_branch") == ["a"]
        assert happened(subject)[-2:] == [("keep", "done"), ("ended", "done")]
        with vendor():
            assert task("one").status == "cancelled"
            assert Intent.objects.get(task__block="one").status == "refused"
            assert not Work.objects.exists()

    def test_a_timer_of_a_cancelled_branch_never_goes_off(self, forward):
        publish(parallel([WAIT, THROW], [approval()], join="any"), {"id": "x", "type": "wait", "minutes": 600})
        with behaving() as calls:
            subject = find()
            settle()
            answer("review")
            settle()
            forward(minutes=90)
            settle()
            assert calls == []
        assert kinds(subject, "cancelled_branch") == ["a"]


class TestSomeOfSeveral:
    def test_two_of_three_are_enough(self):
        ask = [[approval(id=name, save_as=name)] for name in ("one", "two", "three")]
        publish(parallel(*ask, join=2), KEEP)
        subject = find()
        settle()
        answer("one")
        settle()
        with vendor():
            assert HumanTask.objects.filter(status="open").count() == 2
        answer("three")
        settle()
        assert kinds(subject, "arrived") == ["a", "c"]
        assert kinds(subject, "cancelled_branch") == ["b"]
        assert happened(subject)[-1] == ("ended", "done")


class TestNested:
    def test_a_parallel_in_a_branch_joins_before_the_one_around_it(self, forward):
        inner = {**parallel([named(KEEP, "k1")], [WAIT]), "id": "inner"}
        publish(parallel([inner, named(KEEP, "k2")], [named(KEEP, "k3")]), TELL)
        subject = find()
        settle()
        assert ("k2", "done") not in happened(subject)
        forward(minutes=61)
        settle()
        story = happened(subject)
        assert story.index(("inner", "joined")) < story.index(("k2", "done")) < story.index(("p", "joined"))
        assert story[-1] == ("ended", "done")

    def test_cancelling_a_branch_cancels_what_is_inside_of_it(self):
        inner = {**parallel([approval(id="one", save_as="one")], [WAIT]), "id": "inner"}
        publish(parallel([inner], [approval(id="two", save_as="two")], join="any"), KEEP)
        subject = find()
        settle()
        answer("two")
        settle()
        with vendor():
            assert task("one").status == "cancelled"
            assert set(Scope.objects.values_list("status", flat=True)) == {"joined", "cancelled"}
            assert not Work.objects.exists()
        assert happened(subject)[-1] == ("ended", "done")


class TestAnEndInABranch:
    def test_ends_the_whole_run_and_withdraws_the_rest(self):
        publish(parallel([approval(id="one", save_as="one")], [WEIGH, END]), KEEP)
        with behaving(weigh=lambda: Outcome("light")):
            subject = find()
            settle()
        with vendor():
            run = Run.objects.get()
            assert (run.status, run.result) == ("ended", "early")
            assert task("one").status == "cancelled"
            assert not Work.objects.exists()
        assert sorted(kinds(subject, "cancelled_branch")) == ["a", "b"]
        assert ("keep", "done") not in happened(subject)


class TestWhenItGoesWrong:
    def test_a_failing_branch_is_an_incident_and_the_others_go_on(self):
        publish(parallel([named(KEEP, "k1")], [WEIGH]), TELL)

        def broken() -> Outcome:
            raise ValueError("no scales")

        with behaving(weigh=broken):
            subject = find()
            settle()
            for _try in range(4):
                with vendor():
                    Work.objects.update(not_before=Run.objects.get().moved_at)
                settle()
            with vendor() as now:
                incident = Incident.objects.get()
                assert incident.block == "weigh"
                actions.skip_incident(incident_id=incident.pk, actor=olivia.actor, now=now)
        settle()
        assert [value for name, value in happened(subject) if name == "k1"] == ["done"]
        assert happened(subject)[-2:] == [("tell", "sent"), ("ended", "done")]

    def test_a_branch_whose_work_is_lost_is_found_and_goes_on(self):
        publish(parallel([approval()], [named(KEEP, "k1"), WAIT]), TELL)
        subject = find()
        settle()
        with vendor():
            Work.objects.filter(block="w").delete()  # as no code of ours does
        assert engine.sweep(quiet="0 seconds") == 1
        assert engine.sweep(quiet="0 seconds") == 0
        with vendor() as now:
            incident = Incident.objects.get()
            assert incident.kind == "stuck"
            actions.retry_incident(incident_id=incident.pk, actor=olivia.actor, now=now)
        settle()
        with vendor():
            assert Work.objects.get(block="w").kind == "timer"
        assert kinds(subject, "entered") == [""]

    def test_a_cancelled_run_takes_every_branch_along(self):
        publish(parallel([approval()], [WAIT]), cancel_on=["test.thing.lost"])
        subject = find()
        settle()
        find(subject=subject, kind=ThingLost)
        settle()
        with vendor():
            assert Run.objects.get(subject_id=subject).status == "cancelled"
            assert task("review").status == "cancelled"
            assert not Scope.objects.filter(status="open").exists()
            assert not Work.objects.exists()


class TestManyWorkersOnOneRun:
    def test_do_each_step_once_and_join_once(self):
        from tests.workflows.test_two_at_once import both

        branches = [[named(KEEP, f"k{n}"), named(KEEP, f"l{n}")] for n in range(3)]
        publish(parallel(*branches), TELL)
        subjects = [find() for _thing in range(6)]
        relay.drain()
        with behaving() as calls:
            both(engine.drain, engine.drain, engine.drain)
            settle()
            assert len(calls) == 6 * 6
        for subject in subjects:
            assert [pair for pair in happened(subject) if pair[0] in ("p", "ended") and pair[1] != ""][-2:] == [
                ("p", "joined"),
                ("ended", "done"),
            ]
