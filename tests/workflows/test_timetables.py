"""What starts without an event: by the clock, before a date, by hand. Each start once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from dealreg.models import Deal
from prm.kernel.events.models import EventRow
from prm.kernel.tenancy.ids import uuid7
from tests.cast import acme, ada, aud, birch, client_of, mia, olivia, vendor
from tests.dealreg import deals
from tests.workflows.test_two_at_once import both
from tests.workflows.things import publish, settle, tree
from tests.world import logged_in_as
from workflows import actions, engine
from workflows.definition import lint
from workflows.definition.cron import Cron, NotCron
from workflows.models import Incident, Run, Timetable

BERLIN = ZoneInfo("Europe/Berlin")
END = {"id": "e", "type": "end", "result": "done"}


def by(**trigger: Any) -> UUID:
    return publish(END, trigger=trigger, key="timed", name="Timed")


def keep_time() -> int:
    with logged_in_as("worker"):
        started = engine.keep_time()
        settle()
    return started


def runs() -> list[Run]:
    with vendor():
        return list(Run.objects.filter(workflow__key="timed").order_by("pk"))


@pytest.mark.pure
class TestCron:
    @pytest.mark.parametrize(
        ("text", "after", "then"),
        [
            ("30 9 * * *", "2026-01-05T08:00", "2026-01-05T09:30"),
            ("30 9 * * *", "2026-01-05T09:30", "2026-01-06T09:30"),
            ("0 0 1 * *", "2026-01-05T08:00", "2026-02-01T00:00"),
            ("*/15 9-17 * * 1-5", "2026-01-09T17:50", "2026-01-12T09:00"),
            ("0 8 29 2 *", "2026-03-01T00:00", "2028-02-29T08:00"),
            ("0 8 13 * 5", "2026-01-05T00:00", "2026-01-09T08:00"),  # the 13th or a Friday, as every cron has it
            ("0 12 * jan mon", "2026-01-05T13:00", "2026-01-12T12:00"),
            ("30 2 * * *", "2026-03-29T00:30", "2026-03-29T03:30"),  # the clocks skip half past two
            ("30 2 * * *", "2026-10-25T02:30", "2026-10-26T02:30"),  # it comes twice, and counts once
        ],
    )
    def test_gives_the_next_local_time(self, text: str, after: str, then: str):
        moment = datetime.fromisoformat(after).replace(tzinfo=BERLIN)
        found = Cron.read(text).next_after(moment, BERLIN)
        assert found.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") == then

    @pytest.mark.parametrize(
        "text", ["", "* * *", "61 * * * *", "a b c d e", "@daily", "*/0 * * * *", "0 9 * * 8", None]
    )
    def test_refuses_what_is_none(self, text: Any):
        with pytest.raises(NotCron):
            Cron.read(text)

    def test_refuses_a_day_that_never_comes(self):
        with pytest.raises(NotCron):
            Cron.read("0 9 31 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC), BERLIN)


@pytest.mark.usefixtures("replays_true")
class TestASchedule:
    def test_starts_once_at_its_time_in_the_vendors_zone(self, forward: Callable[..., None]):
        by(schedule="0 6 * * *")
        with vendor():
            due = Timetable.objects.get().due_at.astimezone(BERLIN)
            assert (due.hour, due.minute) == (6, 0)
        assert keep_time() == 0
        forward(days=1)
        assert keep_time() == 1
        assert keep_time() == 0
        [run] = runs()
        assert (run.subject_type, run.subject_id, run.result) == ("vendor", acme.id, "done")

    def test_comes_once_for_all_the_times_that_nobody_looked(self, forward: Callable[..., None]):
        by(schedule="0 * * * *")
        forward(days=30)
        assert keep_time() == 1

    def test_starts_for_each_subject_that_its_condition_holds_for(self, forward: Callable[..., None]):
        large, small = deals.submitted(birch, amount="90000"), deals.submitted(birch, amount="5000")
        by(
            schedule="0 6 * * *",
            each="deal",
            when={"field": "deal.amount", "operator": ">", "value": "50000.00"},
        )
        forward(days=1)
        assert keep_time() == 1
        [run] = runs()
        assert run.subject_id == large != small
        assert run.partner_id == birch.id
        assert run.context["facts"]["deal.amount"]

    def test_kept_by_two_schedulers_starts_everything_once(self, forward: Callable[..., None]):
        subjects = {deals.submitted(birch, amount=str(5000 + number)) for number in range(6)}
        by(schedule="0 6 * * *", each="deal")
        forward(days=1)
        with logged_in_as("worker"):
            both(engine.keep_time, engine.keep_time, engine.keep_time)
            settle()
        connections.close_all()
        assert sorted(run.subject_id for run in runs()) == sorted(subjects)

    def test_goes_over_many_in_portions(self, forward: Callable[..., None], monkeypatch: Any):
        from workflows.engine import timetables

        monkeypatch.setattr(timetables, "PORTION", 2)
        subjects = {deals.submitted(birch, amount=str(5000 + number)) for number in range(5)}
        by(schedule="0 6 * * *", each="deal")
        forward(days=1)
        assert keep_time() == 5
        assert {run.subject_id for run in runs()} == subjects

    def test_ends_when_the_workflow_is_retired(self, forward: Callable[..., None]):
        workflow = by(schedule="0 6 * * *")
        with vendor() as now:
            actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now)
            assert not Timetable.objects.exists()
        forward(days=2)
        assert keep_time() == 0

    def test_that_can_not_be_kept_is_one_incident_and_comes_again(self, forward: Callable[..., None]):
        publish(END, trigger={"schedule": "0 6 * * *"}, key="timed", name="Timed")
        from workflows.models import WorkflowVersion

        with vendor():
            WorkflowVersion.objects.filter(workflow__key="timed").update(tree={"blocks": 7}, checksum="0" * 64)
        forward(days=1)
        assert keep_time() == 0
        assert keep_time() == 0
        with vendor() as now:
            assert "could not be started by the clock" in Incident.objects.get().message
            assert Timetable.objects.get().due_at > now
        forward(hours=2)
        assert keep_time() == 0
        with vendor():
            assert Incident.objects.count() == EventRow.objects.filter(name="workflows.incident.opened").count() == 1


class TestADateThatComesNear:
    @pytest.fixture
    def deal(self) -> UUID:
        found = deals.approved(birch)
        with vendor() as now:
            Deal.objects.filter(pk=found).update(protected_until=now.date() + timedelta(days=40))
        return found

    def test_starts_so_many_days_before_once_for_each_subject_and_date(self, deal: UUID, forward: Callable[..., None]):
        by(date="deal.protected_until", days_before=30)
        assert keep_time() == 0
        forward(days=11)
        assert keep_time() == 1
        for _hour in range(3):
            forward(hours=2)
            assert keep_time() == 0
        [run] = runs()
        assert run.subject_id == deal

    def test_starts_again_for_another_date_but_not_for_another_version(self, deal: UUID, forward: Callable[..., None]):
        by(date="deal.protected_until", days_before=30)
        forward(days=11)
        keep_time()
        by(date="deal.protected_until", days_before=45)
        assert keep_time() == 0
        with vendor():
            Deal.objects.filter(pk=deal).update(protected_until=date(2030, 1, 1))
        assert keep_time() == 0
        with vendor() as now:
            Deal.objects.filter(pk=deal).update(protected_until=now.date() + timedelta(days=44))
        forward(hours=2)
        assert keep_time() == 1

    def test_that_has_passed_starts_nothing(self, deal: UUID):
        with vendor() as now:
            Deal.objects.filter(pk=deal).update(protected_until=now.date() - timedelta(days=1))
        by(date="deal.protected_until", days_before=30)
        assert keep_time() == 0


@pytest.mark.usefixtures("replays_true")
class TestByHand:
    def test_operations_start_it_about_a_subject_on_the_page(self):
        deal = deals.submitted(birch)
        workflow = by(manual=True, schema="deal")
        page = client_of(olivia).get(f"/console/workflows/{workflow}/start/")
        assert str(deal) in page.content.decode()
        answer = client_of(olivia).post(f"/console/workflows/{workflow}/start/", {"subject": str(deal)})
        [run] = runs()
        assert answer.headers["Location"] == f"/console/workflows/runs/{run.pk}/"
        assert run.subject_id == deal

    def test_is_refused_to_others_and_for_what_is_not_there(self):
        deal = deals.submitted(birch)
        workflow = by(manual=True, schema="deal")
        with vendor() as now:
            for who in (mia, aud):
                refused = actions.start_workflow(workflow_id=workflow, subject_id=deal, actor=who.actor, now=now)
                assert refused.reason_keys == ("workflow.not_yours_to_start",)
            ghost = actions.start_workflow(workflow_id=workflow, subject_id=uuid7(), actor=ada.actor, now=now)
            assert ghost.reason_keys == ("subject.missing",)
        assert runs() == []

    def test_is_refused_for_a_workflow_that_an_event_starts(self):
        workflow = publish(END, key="timed")
        with vendor() as now:
            decision = actions.start_workflow(workflow_id=workflow, subject_id=uuid7(), actor=ada.actor, now=now)
            assert decision.reason_keys == ("workflow.not_manual",)


@pytest.mark.pure
class TestATriggerThatIsNone:
    @pytest.mark.parametrize(
        ("trigger", "sentence"),
        [
            ({"schedule": "0 25 * * *"}, "is no cron schedule"),
            ({"schedule": "0 6 * * *", "each": "unicorn"}, "no subjects of the kind “unicorn”"),
            ({"date": "deal.amount", "days_before": 3}, "is no date that subjects can be found by"),
            ({"date": "deal.protected_until", "days_before": -1}, "from 0 to 730"),
            ({"manual": True, "schema": "unicorn"}, "no subjects of the kind “unicorn”"),
            ({"manual": True, "schema": "deal", "event": "test.thing.found"}, "only one of them"),
            ({}, "No app offers the event"),
            ([], "No app offers the event"),
        ],
    )
    def test_is_told(self, trigger: Any, sentence: str):
        assert sentence in " ".join(problem.message for problem in lint(tree(END, trigger=trigger)))
