"""A draft walked over what really happened: the same gives the same, what differs is told, nothing is written."""

import copy

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tests.cast import acme, vendor, zenith
from tests.workflows.past import GRACE, draft, five_things, heavy_first, in_force, replayed
from tests.workflows.things import KEEP, WEIGH, behaving, publish
from workflows import actions
from workflows.models import WorkflowVersion
from workflows.replay.figures import is_empty
from workflows.replay.reading import reading
from workflows.replay.running import Replaying
from workflows.replay.trials import trials_of_version


@pytest.mark.usefixtures("as_worker")
class TestAnUnchangedDraft:
    def test_differs_in_nothing_and_every_run_comes_to_the_same_again(self):
        five_things()
        result = replayed(draft(in_force().tree))
        assert is_empty(result), result
        assert (result["events"], result["runs"], result["faithful"]) == (5, 5, 5)
        assert result["decisions"][0] == {"thrown": 1, "kept": 1, "rejected": 1, "waiting": 1, "cancelled": 1}
        assert result["assumed"] == {} and result["unknown"] == {}

    def test_differs_in_nothing_though_the_runs_were_on_an_older_version(self):
        five_things()
        publish(WEIGH, KEEP)
        result = replayed(draft(in_force().tree))
        assert is_empty(result), result
        assert result["faithful"] == result["runs"] == 5

    def test_of_another_vendors_events_sees_none(self):
        five_things()
        version = in_force()
        with vendor(zenith) as now:
            actions.save_draft(tree=version.tree, actor=GRACE, now=now)
            theirs = WorkflowVersion.objects.select_related("workflow").get(workflow__key="things")
        replaying = Replaying(zenith.id, lambda: trials_of_version(theirs), 6)
        assert next(batch.total for batch in replaying.batches()) == 0


@pytest.mark.usefixtures("as_worker")
class TestAChangedDraft:
    def test_tells_which_decisions_change_and_whose_answers_are_assumed(self):
        five_things()
        document = copy.deepcopy(in_force().tree)
        document["blocks"][1]["cases"][0]["blocks"] = []  # heavy things are asked about, too
        result = replayed(draft(document))
        assert result["changed"] == {"decision": 1, "people": 0, "way": 0, "unknown": 0}
        assert [(move["from"], move["to"], move["count"]) for move in result["moves"]] == [("thrown", "rejected", 1)]
        assert result["moves"][0]["amount"] == "100.00"
        weeks = result["queues"]["things"]
        assert (sum(week[1] for week in weeks), sum(week[2] for week in weeks)) == (4, 5)
        assert result["assumed"] == {"approval:reject": 1}

    def test_counts_apart_what_nobody_can_know(self):
        five_things()
        document = copy.deepcopy(in_force().tree)
        weigh_again = {**WEIGH, "id": "again", "save_as": "again"}
        when = {"field": "steps.again", "operator": "=", "value": "heavy"}
        document["blocks"][1]["otherwise"] = [weigh_again, heavy_first(when=when) | {"id": "which2", "otherwise": []}]
        result = replayed(draft(document))
        assert result["changed"]["unknown"] == 4
        assert result["changed"]["decision"] == 0
        assert result["unknown"] == {"steps.again": 4}

    def test_an_event_that_would_no_longer_start_it(self):
        five_things()
        document = copy.deepcopy(in_force().tree)
        document["trigger"]["when"] = {"field": "thing.weight", "operator": "<", "value": "10"}
        result = replayed(draft(document))
        assert [(move["from"], move["to"]) for move in result["moves"]] == [("thrown", "not_started")]
        assert result["taken"] == [5, 4]


@pytest.mark.usefixtures("as_worker")
class TestNothingIsWritten:
    def test_the_auditor_may_not_write(self):
        five_things()
        with reading(acme.id), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('transaction_read_only')")
            assert cursor.fetchone() == ("prm_auditor", "on")
        for statement in (
            "UPDATE workflows_run SET result = 'forged'",
            "DELETE FROM workflows_replay",
            "INSERT INTO workflows_vote SELECT * FROM workflows_vote",
        ):
            with pytest.raises(DatabaseError), reading(acme.id), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_nor_could_it_with_the_vendors_rights(self):
        five_things()
        with pytest.raises(DatabaseError, match="read-only"), reading(acme.id), connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute("SELECT set_config('role', 'prm_vendor', true)")
            cursor.execute("UPDATE workflows_run SET result = 'forged'")

    def test_a_replay_asks_and_tells_nobody(self):
        five_things()
        version = draft(in_force().tree)
        with behaving() as calls, CaptureQueriesContext(connection) as captured:
            replayed(version)
            assert calls == []
        said = [query["sql"] for query in captured.captured_queries]
        assert said and not [sql for sql in said if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
        assert sum("READ ONLY" in sql for sql in said) == 4  # the beginning, a batch, and two empty ones
