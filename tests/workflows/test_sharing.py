"""Work that shares a transaction: what fails, dies or is lost takes nothing of the others along."""

from threading import Event, Thread, Timer
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from prm.kernel.automation.registry import Outcome
from prm.kernel.events import relay
from prm.kernel.tenancy.lines import stand_in_line
from tests.cast import acme, vendor, zenith
from tests.workflows.things import KEEP, WEIGH, behaving, find, happened, publish
from workflows import engine
from workflows.engine import claiming
from workflows.engine.step import lock_run
from workflows.models import Run, RunEvent, Work

pytestmark = pytest.mark.usefixtures("as_worker")


def started(count: int) -> list:
    """Subjects whose runs stand at their first step."""
    subjects = [find() for _number in range(count)]
    relay.drain()
    return subjects


class PersonAtWork:
    """Somebody whose request holds a run, in a connection of its own, for a moment after others have begun."""

    def __init__(self, run_id: UUID) -> None:
        self.faults: list[Exception] = []
        self.holds, self.ends = Event(), Event()
        self.thread = Thread(target=self._hold, args=[run_id], daemon=True)
        self.thread.start()
        assert self.holds.wait(10)

    def _hold(self, run_id: UUID) -> None:
        try:
            with vendor():
                lock_run(run_id)
                self.holds.set()
                self.ends.wait(10)
        except Exception as error:
            self.faults.append(error)
        finally:
            connection.close()

    def done_with_it_soon(self) -> None:
        if not self.ends.is_set():
            Timer(0.2, self.ends.set).start()

    def was_never_a_victim(self) -> bool:
        self.thread.join(10)
        return not self.thread.is_alive() and self.faults == []


def commits() -> int:
    """In how many transactions steps have been written down."""
    with vendor(acme):
        return RunEvent.objects.filter(kind="step").values("at").distinct().count()


class TestFirstTriesOfOneVendor:
    def test_share_a_transaction(self):
        publish(WEIGH, KEEP)
        started(4)
        with behaving(weigh=lambda: Outcome("light")) as calls:
            engine.perform_all(claiming.claim(each=4))
            assert len(calls) == 8
        assert commits() == 1

    def test_one_that_fails_is_tried_again_and_takes_nothing_of_the_others_along(self):
        publish(WEIGH, KEEP)
        subjects = started(4)
        answers = iter(("light", "poison", "light", "light"))

        def weigh() -> Outcome:
            if next(answers) == "poison":
                raise RuntimeError("It breaks the scales.")
            return Outcome("light")

        with behaving(weigh=weigh):
            engine.perform_all(claiming.claim(each=4))
        stories = [happened(subject)[-1] for subject in subjects]
        assert stories.count(("ended", "done")) == 3
        assert stories.count(("weigh", "1")) == 1  # its retry
        with vendor():
            assert Work.objects.get().attempt == 1

    def test_a_step_that_fails_later_keeps_the_steps_before_it(self):
        publish(WEIGH, KEEP)
        subjects = started(3)
        answers = iter((None, RuntimeError("Full."), None))

        def keep() -> Outcome:
            if fault := next(answers):
                raise fault
            return Outcome("done")

        with behaving(weigh=lambda: Outcome("light"), keep=keep):
            engine.perform_all(claiming.claim(each=4))
        assert all(("weigh", "light") in happened(subject) for subject in subjects)
        assert sum(happened(subject)[-1] == ("ended", "done") for subject in subjects) == 2

    def test_one_whose_locks_crossed_anothers_goes_alone_in_the_same_try(self):
        publish(KEEP)
        subjects = started(3)
        answers = iter((None, OperationalError("deadlock detected"), None, None))

        def keep() -> Outcome:
            if fault := next(answers):
                raise fault
            return Outcome("done")

        with behaving(keep=keep):
            engine.perform_all(claiming.claim(each=4))
        assert [happened(subject)[-1] for subject in subjects] == [("ended", "done")] * 3
        assert commits() == 2

    def test_wait_for_nobodys_locks_while_they_hold_several(self):
        publish(KEEP)
        subjects = started(3)
        with vendor():
            held = Run.objects.values_list("pk", flat=True).get(subject_id=subjects[1])
        busy = PersonAtWork(held)
        with behaving(keep=lambda: busy.done_with_it_soon() or Outcome("done")):
            engine.perform_all(claiming.claim(each=4))
        assert busy.was_never_a_victim()
        assert [happened(subject)[-1] for subject in subjects] == [("ended", "done")] * 3
        assert commits() == 2

    def test_commit_soon_what_others_stand_in_line_for(self):
        publish(KEEP)
        started(3)
        with behaving(keep=lambda: stand_in_line("test") or Outcome("done")):
            engine.perform_all(claiming.claim(each=4))
        assert commits() == 3

    def test_one_that_was_claimed_by_somebody_else_meanwhile_is_left_alone(self):
        publish(KEEP)
        subjects = started(3)
        mine = claiming.claim(each=4)
        with vendor():
            Work.objects.filter(pk=mine[1].work_id).update(fence=9)
        with behaving() as calls:
            engine.perform_all(mine)
            assert len(calls) == 2
        assert sum(happened(subject)[-1] == ("ended", "done") for subject in subjects) == 2


class TestWorkThatMayHaveKilledItsWorker:
    def test_goes_alone_and_one_step_at_a_time(self):
        publish(WEIGH, KEEP)
        started(3)
        claiming.claim(each=4)  # and never heard of again
        with vendor():
            Work.objects.update(lease_until=None)
        with behaving(weigh=lambda: Outcome("light")) as calls:
            engine.perform_all(claiming.claim(each=4))
            assert [key for key, *_rest in calls] == ["thing.weigh"] * 3
        assert commits() == 3


class TestAQuietVendor:
    def test_comes_before_a_vendor_with_much_to_do(self):
        publish(KEEP)
        publish(KEEP, of=zenith)
        for _number in range(5):
            find()
        quiet = find(of=zenith)
        relay.drain()
        with behaving() as calls:
            engine.perform_all(claiming.claim(each=4))
            assert calls[0][1] == quiet
