"""Random histories through the real engine; every figure of the page against plain SQL over their events."""

import csv
import io
import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from django.urls import reverse

from prm.kernel.automation.registry import Outcome
from prm.kernel.tenancy.context import acting
from tests import world
from tests.cast import acme, ada, aud, bo, cam, client_of, olivia, vendor, zenith, zoe
from tests.workflows.figures_by_sql import Sql, two_figures
from tests.workflows.things import (
    KEEP,
    TELL,
    THROW,
    WEIGH,
    ThingLost,
    approval,
    behaving,
    find,
    publish,
    settle,
)
from workflows import actions, engine
from workflows.analytics import facts, queries, rollup
from workflows.models import HumanTask, Incident, RollUp, Run, RunEvent, RunHour, Workflow, WorkflowVersion

CLOCK = {"id": "clock", "type": "sla_start", "clock": "answer", "minutes": 240, "warn_at": [50]}
STOP = {"id": "stop", "type": "sla_stop", "clock": "answer"}
BY_WEIGHT = {
    "id": "which",
    "type": "branch",
    "name": "How heavy?",
    "cases": [
        {
            "id": "heavy",
            "name": "Heavy",
            "when": {"field": "steps.weight", "operator": "=", "value": "heavy"},
            "blocks": [
                THROW,
                {**STOP, "id": "stop-early"},
                {"id": "gone", "type": "end", "result": "thrown"},
            ],
        }
    ],
    "otherwise": [],
}
BY_PRICE = {
    "id": "dear",
    "type": "branch",
    "cases": [
        {
            "id": "yes",
            "name": "Dear",
            "when": {"field": "thing.price", "operator": ">", "value": "1000"},
            "blocks": [approval(), {"id": "rest", "type": "wait", "minutes": 90}],
        }
    ],
    "otherwise": [],
}
TREE = (CLOCK, WEIGH, BY_WEIGHT, BY_PRICE, KEEP, STOP, TELL)


@pytest.fixture
def worker():
    """Work as the workers do, look as the web does."""
    return lambda: world.logged_in_as("worker")


class Boom(RuntimeError):
    """A step that fails on purpose."""


class History:
    """Things found, weighed, asked about, forgotten: a year's worth in a few seconds, the same for a seed."""

    def __init__(self, seed: int, forward: Callable[..., None]) -> None:
        self.random, self.forward = random.Random(seed), forward
        self.subjects: list[UUID] = []
        self.fails = 0

    def weigh(self) -> Outcome:
        if self.random.random() < 0.15:
            raise Boom("no scales")
        return Outcome(self.random.choice(["light", "light", "heavy"]))

    def live(self, steps: int) -> None:
        with behaving(weigh=self.weigh):
            for _step in range(steps):
                self.random.choice([self.found, self.found, self.answered, self.lost, self.later, self.mended])()
                self.work()

    def work(self) -> None:
        settle()
        with vendor():
            from workflows.models import Work

            Work.objects.update(not_before="2020-01-01T00:00Z")  # the back-off is over
        settle()

    def found(self) -> None:
        self.subjects.append(find(price=self.random.choice(["10.00", "5000.00"])))

    def lost(self) -> None:
        if self.subjects and self.random.random() < 0.4:
            find(subject=self.random.choice(self.subjects), kind=ThingLost)

    def later(self) -> None:
        self.forward(minutes=self.random.choice([1, 7, 45, 130, 60 * 9, 60 * 50]))

    def answered(self) -> None:
        with vendor() as now:
            task = HumanTask.objects.filter(status="open").order_by("?").first()
            if task is not None:
                outcome = self.random.choice(["approve", "reject"])
                actions.decide_task(
                    task_id=task.pk, outcome=outcome, note="so", actor=olivia.actor, now=now, immediately=True
                )

    def mended(self) -> None:
        with vendor() as now:
            incident = Incident.objects.filter(status="open").first()
            if incident is not None:
                act = self.random.choice([actions.retry_incident, actions.skip_incident, actions.cancel_incident])
                act(incident_id=incident.pk, actor=olivia.actor, now=now)


def workflow() -> Workflow:
    with vendor():
        return Workflow.objects.get(key="things")


def versions() -> list[UUID]:
    with vendor():
        return list(WorkflowVersion.objects.filter(workflow__key="things").values_list("pk", flat=True))


def span():
    """Everything until now, in whole days of Berlin."""
    with vendor() as now:
        first = RunEvent.objects.order_by("at").first().at - timedelta(days=1)
        return first.date(), now.date() + timedelta(days=1)


def address(**query) -> str:
    return reverse("workflows:analytics", args=[workflow().pk]) + (
        "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
    )


def as_csv(who=olivia, **query) -> dict[str, dict[tuple[str, str, str], str]]:
    """The page's figures by version."""
    first, last = span()
    text = client_of(who).get(address(since=first, until=last, export="csv", **query)).content.decode("utf-8-sig")
    found: dict[str, dict[tuple[str, str, str], str]] = {}
    for version, section, figure, of, value in list(csv.reader(io.StringIO(text)))[1:]:
        found.setdefault(version, {})[section, figure, of] = value
    return found if "all" in found else {**found, "all": found["1"]}


def by_sql(of: list[UUID]) -> tuple[dict, dict]:
    from datetime import datetime, time
    from zoneinfo import ZoneInfo

    first, last = span()
    zone = ZoneInfo("Europe/Berlin")
    until = datetime.combine(last + timedelta(days=1), time(0), tzinfo=zone)
    sql = Sql(of, datetime.combine(first, time(0), tzinfo=zone), until)
    with vendor():
        return sql.figures(), sql.weeks("Europe/Berlin")


def assert_equal_to_sql(shown: dict, of: list[UUID]) -> None:
    figures, weeks = by_sql(of)
    told = {key: value for key, value in shown.items() if key[0] != "weeks"}
    assert told == figures
    counted = {key: value for key, value in shown.items() if key[0] == "weeks" and key[1] != "cycle p50"}
    assert {key: value for key, value in counted.items() if value != "0"} == weeks


class TestEveryFigure:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_equals_plain_sql_over_the_events(self, seed, forward, worker):
        with worker():
            history = History(seed, forward)
            publish(*TREE)
            history.live(30)
            rollup.roll_up_vendor(acme.id)
            history.live(20)
            publish(*TREE, WEIGH | {"id": "again", "save_as": "again"})
            history.live(30)
            rollup.roll_up_vendor(acme.id)
            history.live(10)
        shown = as_csv()
        assert_equal_to_sql(shown["all"], versions())
        with vendor():
            numbers = {str(v.number): v.pk for v in WorkflowVersion.objects.filter(workflow__key="things")}
        for number in set(shown) - {"all", ""}:
            assert_equal_to_sql(shown[number], [numbers[number]])
        assert len(set(shown) - {"all", ""}) == 2
        assert int(shown["all"]["runs", "completed", ""]) > 5
        self.stands_open(shown[""])

    def stands_open(self, shown):
        with vendor() as now:
            open_runs = list(
                Run.objects.exclude(events__kind__in=["ended", "cancelled"]).values_list("started_at", flat=True)
            )
        ages = [sum(1 for at in open_runs if now - at < timedelta(days=limit)) for limit in (1, 3, 7, 30, 9999)]
        expected = [ages[0], *(b - a for a, b in pairwise(ages))]
        assert [int(v) for (section, _f, _o), v in shown.items() if section == "open now"] == expected

    def test_is_the_same_rolled_up_half_rolled_up_and_not_at_all(self, forward, worker):
        with worker():
            publish(*TREE)
            History(7, forward).live(40)
            forward(hours=2)
        before = as_csv()
        with worker():
            assert rollup.roll_up_vendor(acme.id) > 0
        assert as_csv() == before
        with vendor():
            middle = RollUp.objects.get().rolled_until - timedelta(days=2)
            RollUp.objects.update(rolled_until=rollup.hour_of(middle))
        assert as_csv() == before

    def test_is_on_the_page_itself(self, forward, worker):
        with worker():
            publish(*TREE)
            History(11, forward).live(40)
        first, last = span()
        page = client_of(olivia).get(address(since=first, until=last)).content.decode()
        figures = as_csv()["all"]
        stat = f'<span class="stat-value">{int(figures["runs", "started", ""]):,}</span>'
        assert stat in page
        assert f'<span class="stat-value">{int(figures["runs", "completed", ""]):,}</span>' in page
        assert "How heavy?" in page

    @pytest.mark.parametrize(("seconds", "bucket"), [(0, 0), (99, 99), (100, 100), (104, 100), (105, 110), (994, 990),
                                                     (995, 1000), (12_345, 12_000), (86_400, 86_000)])  # fmt: skip
    def test_durations_are_kept_to_two_significant_figures(self, seconds, bucket):
        assert two_figures(seconds) == bucket


FIGURES = {"completed": "completed", "cancelled": "cancelled", "touchless": "touchless", "exception": "exceptions",
           "late": "late", "in_time": "in_time"}  # fmt: skip


class TestTheRunsBehindAFigure:
    def test_are_as_many_as_it_says(self, forward, worker):
        """One past for all figures: it takes longer to live than to look at."""
        with worker():
            publish(*TREE)
            History(5, forward).live(45)
        first, last = span()
        links = client_of(olivia).get(address(since=first, until=last)).context["page"].links
        said = as_csv()["all"]
        told = {
            figure: said["promises" if name in ("late", "in_time") else "runs", name, ""]
            for figure, name in FIGURES.items()
        }
        assert {figure: str(client_of(olivia).get(links[figure]).context["list"].count) for figure in FIGURES} == told

    def test_of_a_way_are_those_that_went_it(self, forward, worker):
        with worker():
            publish(*TREE)
            History(6, forward).live(30)
        first, last = span()
        page = client_of(olivia).get(address(since=first, until=last)).context["page"]
        label, count, url = page.branches[0]["rows"][0]
        assert label == "Heavy"
        assert client_of(olivia).get(url.replace("ended_at", "started_at")).context["list"].count == count

    @pytest.mark.parametrize(
        "query", ["figure=nonsense", "passed=%27%3B--", "passed==", "version=x", "ended_at_from=x"]
    )
    def test_are_asked_for_with_nonsense_and_nothing_breaks(self, query):
        assert client_of(olivia).get(f"/console/workflows/runs/?{query}").status_code == 200


class TestTheRollUp:
    def made(self, forward):
        publish(*TREE)
        History(9, forward).live(30)
        forward(hours=3)

    def stored(self):
        with vendor():
            columns = ("version_id", "hour", "measure", "block", "value", "bucket", "count", "seconds")
            return sorted(RunHour.objects.values_list(*columns), key=str)

    def test_of_an_hour_again_gives_the_same_rows(self, forward, as_worker):
        self.made(forward)
        rollup.roll_up_vendor(acme.id)
        once = self.stored()
        assert once
        with vendor():
            hours = sorted({row[1] for row in once})
            facts.store(hours[0], hours[-1] + rollup.HOUR)
        assert self.stored() == once
        rollup.roll_up_vendor(acme.id)
        assert self.stored() == once

    def test_takes_in_an_event_that_comes_late(self, forward, as_worker):
        self.made(forward)
        rollup.roll_up_vendor(acme.id)
        with vendor():
            run = Run.objects.filter(status="ended").first()
            hour = rollup.hour_of(run.ended_at)
            before = RunHour.objects.filter(hour=hour, measure="retry").count()
            RunEvent.objects.create(run=run, kind="retry", block="weigh", value="1", at=hour)
        rollup.roll_up_vendor(acme.id)
        with vendor():
            assert RunHour.objects.filter(hour=hour, measure="retry").count() == before + 1
            assert RunHour.objects.filter(hour=hour, measure="touch", value="touched").exists()

    def test_counts_a_run_under_the_version_that_it_was_taken_to(self, forward, as_worker):
        publish(approval(), KEEP)
        find()
        settle()
        forward(hours=5)
        rollup.roll_up_vendor(acme.id)
        publish(approval(), KEEP, TELL)
        with vendor() as now:
            new = WorkflowVersion.objects.get(workflow__key="things", status="published")
            runs = list(Run.objects.values_list("pk", flat=True))
            assert actions.migrate_runs(version_id=new.pk, run_ids=runs, actor=ada.actor, now=now).allowed
            assert set(RunHour.objects.values_list("version__number", flat=True)) == {1}
        rollup.roll_up_vendor(acme.id)
        with vendor():
            assert set(RunHour.objects.values_list("version__number", flat=True)) == {2}

    def test_leaves_the_hour_that_is_not_over_alone(self, as_worker):
        publish(KEEP)
        find()
        settle()
        rollup.roll_up_vendor(acme.id)
        assert self.stored() == []

    def test_of_a_vendor_without_runs_does_nothing(self, as_worker):
        assert rollup.roll_up_vendor(zenith.id) == 0
        assert rollup.roll_up_all() == 0

    def test_by_two_at_once_gives_the_same_rows(self, forward, as_worker):
        from concurrent.futures import ThreadPoolExecutor

        from django.db import connections

        self.made(forward)

        def roll():
            try:
                return rollup.roll_up_vendor(acme.id)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(3) as pool:
            for one in [pool.submit(roll) for _ in range(3)]:
                one.result()
        once = self.stored()
        with vendor():
            facts.store(once[0][1] - timedelta(days=400), once[-1][1] + timedelta(days=400))
        assert [row[2:] for row in self.stored()] == [row[2:] for row in once]

    def test_divides_time_into_whole_hours_and_edges(self):
        from datetime import UTC, datetime

        day = datetime(2027, 3, 1, tzinfo=UTC)
        half = timedelta(minutes=30)
        assert list(queries.windows(day + half, day + timedelta(hours=9), day + timedelta(hours=5))) == [
            (day + half, day + timedelta(hours=1), False),
            (day + timedelta(hours=1), day + timedelta(hours=5), True),
            (day + timedelta(hours=5), day + timedelta(hours=9), False),
        ]
        assert list(queries.windows(day, day + half, None)) == [(day, day + half, False)]


class TestTheChoice:
    @pytest.mark.parametrize(
        "query",
        ["since=x&until=y", "since=2099-01-01&until=1999-01-01", "since=0001-01-01", "until=9999-12-31", "days=-5",
         "days=99999999999999999999", "version=999", "version=%C2%B2", "heat=warm", "since=2027-02-30",
         "version=1&version=2"],
    )  # fmt: skip
    def test_that_makes_no_sense_is_as_if_it_were_not_there(self, query):
        publish(KEEP)
        answer = client_of(olivia).get(f"{address()}?{query}")
        assert answer.status_code == 200

    def test_of_a_workflow_without_versions_says_what_will_be_there(self):
        with vendor():
            empty = Workflow.objects.create(key="empty", name="Empty", event="x")
        page = client_of(olivia).get(reverse("workflows:analytics", args=[empty.pk])).content.decode()
        assert "Nothing to count yet" in page

    def test_of_a_tree_that_can_not_be_read_still_shows_its_figures(self):
        publish(KEEP, unlinted=True)
        with vendor():
            WorkflowVersion.objects.filter(workflow__key="things").update(tree={"blocks": 7, "trigger": []})
        assert client_of(olivia).get(address()).status_code == 200


class TestMinutesByHand:
    def test_are_set_by_an_admin_and_audited(self):
        from prm.kernel.audit.models import AuditEntry

        publish(KEEP)
        url = reverse("workflows:analytics_minutes", args=[workflow().pk])
        assert client_of(ada).post(url, {"minutes": "25"}).status_code == 302
        assert workflow().minutes_by_hand == 25
        with vendor():
            entry = AuditEntry.objects.get(action="workflow.minutes_set")
        assert (entry.before, entry.after) == ({"minutes_by_hand": 15}, {"minutes_by_hand": 25})

    @pytest.mark.parametrize("given", ["", "-1", "1.5", "10001", "many", "1e3"])
    def test_that_make_no_sense_change_nothing(self, given):
        publish(KEEP)
        client_of(ada).post(reverse("workflows:analytics_minutes", args=[workflow().pk]), {"minutes": given})
        assert workflow().minutes_by_hand == 15

    @pytest.mark.parametrize("who", [olivia, cam, aud])
    def test_are_nobody_elses_to_set(self, who):
        publish(KEEP)
        url = reverse("workflows:analytics_minutes", args=[workflow().pk])
        assert client_of(who).post(url, {"minutes": "25"}).status_code == 403


class TestWhoSees:
    def test_only_the_vendors_own(self):
        publish(KEEP)
        assert client_of(zoe).get(address()).status_code == 404
        assert client_of(bo).get(address()).status_code in (302, 403, 404)

    def test_the_page_in_few_questions_however_many_runs(self, forward, worker):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with worker():
            publish(*TREE)
            History(3, forward).live(10)
        client, counts, page = client_of(olivia), [], address()
        for _round in range(2):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(page).status_code == 200
            counts.append(len(asked))
            with worker():
                History(4, forward).live(20)
        assert max(counts) <= 25
        assert counts[1] <= counts[0]

    def test_an_overview_of_all(self, forward, worker):
        with worker():
            publish(*TREE)
            History(3, forward).live(10)
        page = client_of(cam).get("/console/workflows/analytics/").content.decode()
        assert "Things" in page
        assert reverse("workflows:analytics", args=[workflow().pk]) in page

    def test_no_facts_without_a_tenant(self):
        from prm.kernel.tenancy.context import NoTenant

        with pytest.raises(NoTenant), acting(tenant=olivia.person_id, audience="auditor"):
            pass
        assert engine is not None
