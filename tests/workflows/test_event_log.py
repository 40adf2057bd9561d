"""The event log: valid OCEL 2.0, and from it alone each run's path is rebuilt and held against its version."""

import json
import tracemalloc
from io import StringIO

import jsonschema
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from tests.cast import acme, ada, aud, cam, client_of, olivia, vendor, zenith, zoe
from tests.workflows import ocel
from tests.workflows.replayer import DoesNotConform, Event, Replay, conforms, replays
from tests.workflows.test_analytics import TREE, History, worker, workflow  # noqa: F401
from tests.workflows.things import KEEP, approval, find, publish, settle
from workflows.analytics import log, logfiles
from workflows.models import EventLog, Run, RunEvent, Workflow

PARALLEL = {
    "id": "both",
    "type": "parallel",
    "join": "all",
    "branches": [
        {"id": "left", "name": "Left", "blocks": [approval(id="ask-left", save_as="left"), KEEP]},
        {"id": "right", "name": "Right", "blocks": [{"id": "rest", "type": "wait", "minutes": 60}]},
    ],
}


def written(**options) -> dict:
    out = StringIO()
    with vendor():
        log.write(out, Workflow.objects.get(key="things").pk, **options)
    return json.loads(out.getvalue())


class TestTheLog:
    @pytest.mark.parametrize("seed", [21, 22])
    def test_is_valid_and_every_runs_path_conforms_to_its_version(self, seed, forward, as_worker):
        publish(*TREE)
        history = History(seed, forward)
        history.live(30)
        publish({**KEEP, "id": "first", "save_as": "first"}, *TREE)
        history.live(25)

        made = written()

        checker = jsonschema.Draft7Validator.FORMAT_CHECKER
        jsonschema.Draft7Validator(ocel.SCHEMA, format_checker=checker).validate(made)
        assert list(ocel.faults(made)) == []
        found = replays(made)
        with vendor():
            assert len(found) == Run.objects.count()
            assert len(made["events"]) == RunEvent.objects.count()
            for replay in found:
                told = RunEvent.objects.filter(run_id=replay.run.removeprefix("run:")).order_by("id")
                assert [(e.kind, e.block, e.outcome) for e in replay.events] == [
                    (e.kind, e.block, e.value) for e in told
                ]
        assert {replay.tree["blocks"][0]["id"] for replay in found} == {"clock", "first"}
        assert {"ended", "running"} <= {replay.status for replay in found}
        for replay in found:
            if not any(event.outcome == "skipped" for event in replay.events):
                conforms(replay)

    def test_lets_parallel_branches_interleave(self, forward, as_worker):
        from workflows import actions
        from workflows.models import HumanTask

        publish(PARALLEL, {**KEEP, "id": "then", "save_as": "then"})
        for _thing in range(3):
            find()
        settle()
        with vendor() as now:
            task = HumanTask.objects.filter(status="open").first()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        settle()
        forward(hours=2)
        settle()
        with vendor() as now:
            task = HumanTask.objects.filter(status="open").first()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=olivia.actor, now=now, immediately=True)
        settle()
        found = replays(written())
        assert sorted(replay.status for replay in found) == ["ended", "ended", "running"]
        for replay in found:
            conforms(replay)

    def test_holds_nobodys_name_and_nothing_that_was_typed(self, forward, as_worker):
        publish(*TREE)
        History(5, forward).live(25)
        text = json.dumps(written())
        assert "Olivia" not in text
        assert "no scales" not in text

    def test_of_a_time_holds_the_runs_that_began_then(self, forward, as_worker):
        publish(KEEP)
        find()
        settle()
        forward(days=3)
        with vendor() as now:
            since = now
        find()
        settle()
        assert len(replays(written(since=since))) == 1
        assert len(replays(written(until=since))) == 1

    def test_of_a_workflow_without_runs_is_valid_too(self):
        publish(KEEP)
        made = written()
        jsonschema.Draft7Validator(ocel.SCHEMA).validate(made)
        assert made["events"] == []

    def test_takes_no_more_memory_for_ten_times_the_events(self, superuser):
        publish(KEEP)
        with vendor():
            version = Workflow.objects.get(key="things").versions.get()
        peaks = []
        for runs in (200, 2000):
            with superuser.cursor() as cursor:
                cursor.execute(
                    """WITH made AS (INSERT INTO workflows_run (id, tenant_id, workflow_id, version_id, event_id,
                         subject_type, subject_id, subject_name, status, result, context, started_at, moved_at)
                       SELECT gen_random_uuid(), %(t)s, %(w)s, %(v)s, gen_random_uuid(), 'thing', gen_random_uuid(), '',
                         'ended', 'done', '{}', now(), now() FROM generate_series(1, %(n)s) RETURNING id)
                       INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail,
                         actor_name, at)
                       SELECT gen_random_uuid(), %(t)s, id, kind, '', '', '', '{}', '', now()
                       FROM made CROSS JOIN unnest(ARRAY['started', 'step', 'step', 'step', 'ended']) AS kind""",
                    {"t": str(acme.id), "w": str(version.workflow_id), "v": str(version.pk), "n": runs},
                )
            with vendor():
                tracemalloc.start()
                log.write(Sink(), version.workflow_id)
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
        assert peaks[1] < 2 * peaks[0]


class Sink:
    """Forgets what is written to it."""

    def write(self, text: str) -> int:
        return len(text)


class TestTheReplayer:
    TREE = {"blocks": [KEEP, {"id": "end", "type": "end", "result": "kept"}]}

    @pytest.mark.parametrize(
        "told",
        [
            [("started", "", ""), ("ended", "", "kept")],
            [("started", "", ""), ("step", "keep", "done"), ("step", "keep", "done"), ("ended", "", "kept")],
            [("started", "", ""), ("step", "other", "done"), ("ended", "", "kept")],
            [("step", "keep", "done"), ("ended", "", "kept")],
            [("started", "", ""), ("step", "keep", "done"), ("ended", "", "thrown")],
            [("started", "", ""), ("ended", "", "kept"), ("step", "keep", "done")],
            [("started", "", ""), ("step", "keep", "done")],
        ],
    )
    @pytest.mark.pure
    def test_finds_a_path_that_its_version_does_not_allow(self, told):
        events = tuple(Event(str(number), *one) for number, one in enumerate(told))
        with pytest.raises(DoesNotConform):
            conforms(Replay("run", self.TREE, events, "ended"))

    @pytest.mark.pure
    def test_passes_the_one_that_it_does(self):
        told = [("started", "", ""), ("retry", "keep", "1"), ("step", "keep", "done"), ("ended", "", "kept")]
        conforms(Replay("run", self.TREE, tuple(Event(str(n), *one) for n, one in enumerate(told)), "ended"))


class TestTheDownload:
    def url(self):
        return reverse("workflows:event_log", args=[workflow().pk])

    def some(self):
        publish(KEEP)
        find()
        settle()

    @pytest.mark.parametrize("who", [olivia, ada, aud])
    def test_comes_at_once_when_it_is_small(self, who, worker):  # noqa: F811
        with worker():
            self.some()
        answer = client_of(who).get(self.url())
        assert answer.headers["Content-Disposition"] == 'attachment; filename="things.json"'
        assert len(replays(json.loads(answer.getvalue()))) == 1

    def test_stands_in_the_audit(self, worker):  # noqa: F811
        from prm.kernel.audit.models import AuditEntry

        with worker():
            self.some()
        client_of(olivia).get(self.url())
        with vendor():
            assert AuditEntry.objects.get(action="workflow.log_taken").actor_name == "Olivia"

    def test_that_is_big_is_written_by_a_task_and_fetched_by_its_link(self, monkeypatch, worker):  # noqa: F811
        monkeypatch.setattr(logfiles, "AT_ONCE", 0)
        with worker():
            self.some()
        client = client_of(olivia)
        assert client.get(self.url()).status_code == 302
        assert client.post(self.url()).status_code == 302
        with worker():
            assert logfiles.write_due() == 1
            assert logfiles.write_due() == 0
        with vendor():
            row = EventLog.objects.get()
        assert (row.state, row.events) == ("ready", 3)
        page = client.get(reverse("workflows:analytics", args=[workflow().pk])).content.decode()
        address = reverse("workflows:log_file", args=[row.pk])
        link = page[page.index(f"{address}?key=") :].partition('"')[0]  # signed at that second
        assert len(replays(json.loads(b"".join(client.get(link).streaming_content)))) == 1
        assert client_of(zoe).get(link).status_code == 404
        for key in ("", "nonsense", logfiles.link_key(workflow().pk)):
            assert client.get(link.partition("=")[0] + "=" + key).status_code == 404

    def test_is_gone_after_a_day(self, superuser, monkeypatch, worker):  # noqa: F811
        from django.core.files.storage import default_storage

        with worker():
            self.some()
        client_of(olivia).post(self.url())
        with worker():
            logfiles.write_due()
        with vendor():
            name = EventLog.objects.get().stored_name
        assert default_storage.exists(name)
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE workflows_eventlog SET asked_at = asked_at - interval '25 hours'")
        with worker():
            logfiles.write_due()
        assert not default_storage.exists(name)
        with vendor():
            assert not EventLog.objects.exists()

    def test_that_can_not_be_written_says_so(self, monkeypatch, worker):  # noqa: F811
        with worker():
            self.some()
        client_of(olivia).post(self.url())
        monkeypatch.setattr(logfiles.default_storage, "save", lambda *_args: 1 / 0)
        with worker():
            assert logfiles.write_due() == 0
        with vendor():
            assert EventLog.objects.get().state == "failed"

    def test_is_not_for_everybody(self):
        publish(KEEP)
        assert client_of(cam).get(self.url()).status_code == 403
        assert client_of(zoe).get(self.url()).status_code == 404
        assert client_of(aud).post(self.url()).status_code == 403


class TestTheCommand:
    def test_writes_the_log(self, tmp_path, as_worker):
        publish(KEEP)
        find()
        settle()
        out, file = StringIO(), tmp_path / "log.json"
        call_command("workflows_log", "things", str(file), "--tenant", "acme", stdout=out)
        assert "3 events" in out.getvalue()
        assert len(replays(json.loads(file.read_text()))) == 1

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [(("none", "-", "--tenant", "acme"), "There is no workflow"), (("things", "-"), "--tenant"),
         (("things", "-", "--tenant", "nobody"), "no vendor"), (("things", "-", "--since", "soon"), "no day")],
    )  # fmt: skip
    def test_says_what_it_can_not_do(self, arguments, told, as_worker):
        with pytest.raises(CommandError, match=told):
            call_command("workflows_log", *arguments, stdout=StringIO())
        assert zenith.id != acme.id
