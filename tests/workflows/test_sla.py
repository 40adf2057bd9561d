"""Clocks that count business time: Acme works Monday to Friday, nine to five, in Berlin."""

from datetime import UTC, datetime, timedelta

import pytest

from prm.kernel.messages.models import Message
from tests.cast import ada, mia, olivia, vendor
from tests.workflows.things import approval, find, happened, publish, settle
from workflows import actions
from workflows.models import HumanTask, SlaClock, SlaSegment, Work

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")
START = {"id": "clock", "type": "sla_start", "clock": "answer", "minutes": 480, "warn_at": [50, 80],
         "warn": ["queue.owner"], "escalate": ["role:admin"]}  # fmt: skip
ASK = approval(assign={"kind": "person", "value": "mia@acme.example"})


@pytest.fixture
def at(forward):
    """Move Acme's clock to a moment: `at("2027-03-05 16:00")`, Berlin time."""

    def go(text: str) -> None:
        from zoneinfo import ZoneInfo

        wanted = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        with vendor() as now:
            missing = wanted - now
        assert missing > timedelta(0), "the clock only runs forward"
        forward(seconds=missing.total_seconds())

    return go


def clock() -> SlaClock:
    return SlaClock.objects.get()


def about(moment: datetime | None, wanted: datetime) -> bool:
    """The clock runs on while a test does; seconds don't matter."""
    return moment is not None and abs(moment - wanted) < timedelta(minutes=2)


def mails() -> list[tuple[str, str]]:
    with vendor():
        found = Message.objects.filter(channel="email").order_by("at").select_related("recipient")
        return [(message.template, message.recipient.name) for message in found]


class TestAClock:
    def test_stands_still_over_the_weekend(self, at):
        publish(START, ASK)
        at("2027-03-05 16:00")  # a Friday
        find()
        settle()
        with vendor():
            assert about(clock().due_at, datetime(2027, 3, 8, 15, 0, tzinfo=UTC))  # Monday, 16:00 in Berlin
            assert HumanTask.objects.get().due_at == clock().due_at

    def test_counts_through_the_change_to_summer_time(self, at):
        publish(START, ASK)
        at("2027-03-26 16:00")  # the Friday before; Easter Monday is a holiday in Germany
        find()
        settle()
        with vendor():
            due = clock().due_at
            assert due.astimezone(UTC).minute == 0
            assert due > datetime(2027, 3, 29, 7, 0, tzinfo=UTC)

    def test_warns_twice_and_escalates_once_whatever_is_repeated(self, at):
        publish(START, ASK)
        at("2027-03-08 09:00")
        subject = find()
        settle()
        assert mails() == []
        at("2027-03-08 13:01")
        settle()
        assert mails() == [("workflows.sla_warning", "Mia")]
        at("2027-03-08 15:30")
        settle()
        settle()
        assert mails() == [("workflows.sla_warning", "Mia")] * 2
        at("2027-03-08 17:00")
        settle()
        at("2027-03-09 12:00")
        settle()
        assert mails()[2:] == [("workflows.sla_breached", "Ada")]
        with vendor():
            assert clock().breached
            assert clock().fired == [50, 80, 100]
        assert [value for _name, value in happened(subject) if value in ("50", "80", "100")] == ["50", "80", "100"]

    def test_that_is_late_never_decides_anything(self, at):
        publish(START, ASK)
        find()
        settle()
        at("2027-06-01 12:00")
        settle()
        with vendor():
            assert HumanTask.objects.get().status == "open"

    def test_stops_with_its_run_and_warns_nobody_afterwards(self, at):
        publish(START, ASK)
        at("2027-03-08 09:00")
        find()
        settle()
        with vendor() as now:
            task = HumanTask.objects.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        at("2027-03-10 12:00")
        settle()
        assert mails() == []
        with vendor():
            assert (clock().status, clock().breached) == ("stopped", False)
            assert not Work.objects.exists()


class TestThePartnersSide:
    BACK = ({"id": "p", "type": "sla_pause", "clock": "answer"}, {"id": "e", "type": "end", "result": "returned"})

    def test_counts_while_we_wait_for_them_and_ours_goes_on_where_it_stood(self, at):
        publish(START, {"id": "w", "type": "wait", "minutes": 120}, *self.BACK)
        at("2027-03-08 09:00")
        subject = find()
        settle()
        at("2027-03-08 11:01")
        settle()
        with vendor():
            assert (clock().status, clock().due_at) == ("paused", None)
        at("2027-03-10 11:03")
        find(subject=subject)  # handed in again: a new run takes up the same clock
        settle()
        with vendor():
            segments = list(SlaSegment.objects.order_by("begun_at"))
            assert [(s.side, (s.seconds or 0) // 1800) for s in segments[:2]] == [("vendor", 4), ("partner", 32)]
            assert about(clock().due_at, datetime(2027, 3, 11, 8, 2, tzinfo=UTC))  # a minute short of six hours left
            assert clock().status == "running"

    def test_of_a_clock_that_was_never_started_changes_nothing(self):
        publish({"id": "p", "type": "sla_pause", "clock": "other"}, unlinted=True)
        subject = find()
        settle()
        assert ("p", "unchanged") in happened(subject)


class TestRecipients:
    def test_are_told_whatever_they_decide_meanwhile(self, at):
        publish({**START, "warn": ["role:ops", "role:approver", "queue.owner"]}, ASK)
        at("2027-03-08 09:00")
        find()
        settle()
        at("2027-03-08 13:30")
        settle()
        assert sorted(name for _template, name in mails()) == sorted([olivia.name, mia.name])
        assert ada.name not in dict(mails()).values()
