"""Whatever is handed to workflows gets a clear answer, and nobody else pays for it."""

import copy
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from prm.kernel.events import relay
from prm.kernel.events.models import Delivery
from prm.kernel.messages.models import Message
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.ids import uuid7
from tests.cast import acme, ada, client_of, vendor, zenith
from tests.workflows.things import KEEP, TELL, THROW, WEIGH, approval, behaving, find, publish, settle, tree
from workflows import actions, engine
from workflows.definition import lint
from workflows.definition.flow_checks import Surroundings
from workflows.models import Incident, Run, Work, WorkflowVersion
from workflows.queries import surroundings


def nested(levels: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"field": "thing.weight", "operator": ">", "value": "1"}
    for _level in range(levels):
        condition = {"combinator": "and", "not": False, "rules": [condition]}
    return condition


def branch(when: Any) -> dict[str, Any]:
    return {"id": "b", "type": "branch", "cases": [{"id": "c", "when": when, "blocks": [KEEP]}], "otherwise": []}


def upload(document: Any) -> Any:
    text = document if isinstance(document, str) else json.dumps(document)
    file = SimpleUploadedFile("w.json", text.encode(), "application/json")
    return client_of(ada).post("/console/workflows/upload/", {"file": file})


class TestAtSaveAndPublish:
    @pytest.mark.pure
    def test_ten_thousand_blocks_are_too_many_in_one_sentence(self):
        small = [{"type": "end"}] * 10_000
        [problem] = lint(tree(*small))
        assert "10000 blocks are too many: 200 are allowed" in problem.message
        [too_large] = lint(tree(*({**KEEP, "id": f"block-{n}", "title": "x" * 40} for n in range(10_000))))
        assert "larger than 256 kB" in too_large.message

    @pytest.mark.pure
    def test_a_condition_of_depth_fifty_is_too_deep_wherever_it_stands(self):
        for document in (
            tree(branch(nested(50))),
            tree(KEEP, trigger={"event": "test.thing.found", "when": nested(50)}),
            tree({"id": "w", "type": "wait", "event": "test.thing.lost", "when": nested(50)}),
        ):
            problems = lint(document)
            assert problems
            assert "levels" in problems[0].message or "deep" in problems[0].message, problems

    @pytest.mark.pure
    def test_what_is_nested_without_end_is_told_and_breaks_nothing(self):
        bottomless: Any = {"blocks": []}
        for _level in range(5_000):
            bottomless = {"blocks": [bottomless]}
        assert "nested too deeply" in lint(tree(bottomless))[0].message

    def test_a_file_that_is_nested_without_end_or_no_json_is_refused_on_the_page(self):
        for text in ("[" * 100_000, '{"a":' * 50_000, "{", "[]", "null", '{"key": "' + "x" * 300_000 + '"}'):
            answer = upload(text)
            assert answer.status_code == 422, text[:20]
        with vendor():
            assert WorkflowVersion.objects.filter(status="draft").count() == 0

    def test_a_draft_with_every_fault_is_kept_but_never_published(self):
        broken = tree(
            {"id": "x", "type": "jump"}, branch(nested(50)), approval(quorum="many"), event="test.thing.stolen"
        )
        with vendor() as now:
            saved = actions.save_draft(tree=broken, actor=ada.actor, now=now)
            decision = actions.publish_version(version_id=saved.facts["version"], actor=ada.actor, now=now)
        assert "workflow.has_problems" in decision.reason_keys
        assert client_of(ada).get(f"/console/workflows/versions/{saved.facts['version']}/").status_code == 200

    @pytest.mark.pure
    def test_a_variable_that_no_wording_has_and_one_that_nobody_gives(self):
        around = Surroundings(
            templates=frozenset({"test.thing_kept"}), variables={"test.thing_kept": ("thing", "ghost")}
        )
        told = " ".join(problem.message for problem in lint(tree({**TELL, "variables": {"colour": "red"}}), around))
        assert "has no variable “colour”" in told
        assert "needs “ghost”" in told
        assert lint(tree({**TELL, "variables": {"ghost": "boo"}}), around) == []

    def test_the_vendors_own_wordings_name_their_variables(self):
        with vendor():
            [problem] = lint(tree({**TELL, "variables": {"colour": "red"}}), surroundings())
        assert "has no variable “colour”" in problem.message

    @pytest.mark.pure
    @pytest.mark.parametrize(
        ("block", "sentence"),
        [
            ({"type": "parallel", "branches": [{"blocks": []}]}, "between 2 and 10 branches"),
            ({"type": "parallel", "branches": [{"id": "a", "blocks": []}, {"id": "a", "blocks": []}]}, "Two branches"),
            ({"type": "parallel", "join": 3, "branches": [{"blocks": []}, {"blocks": []}]}, "from 1 to 2"),
            ({"type": "parallel", "join": "most", "branches": [{"blocks": []}, {"blocks": []}]}, "“all”, “any”"),
            ({"type": "parallel", "branches": [{"blocks": []}, {"blocks": "x"}]}, "Branch 2 has no list of blocks"),
            ({"type": "subworkflow"}, "lacks “workflow”"),
            ({"type": "subworkflow", "workflow": "No Key"}, "by its key"),
            ({"type": "wait", "event": "test.thing.stolen"}, "No app offers the event"),
            ({"type": "wait", "event": "dealreg.deal.won"}, "another kind of subject"),
            ({"type": "wait", "event": "test.thing.lost", "minutes": 5}, "one of them"),
            ({"type": "wait", "event": "test.thing.lost", "timeout_minutes": -1}, "Minutes are a whole number"),
            ({"type": "wait", "until_fact": "thing.weight"}, "is no date"),
            ({"type": "webhook", "url": "https://h.example.com/", "headers": 7}, "“headers” is to be an object"),
            ({"type": "webhook", "url": "https://h.example.com/", "variables": {"a": {"from": "x"}}}, "neither a fact"),
            (approval(escalation=[{"to": ["role:ops"]}]), "Escalation 1: say after how many"),
            (approval(escalation=[{"after_business_minutes": 5}]), "Escalation 1: say who"),
            (approval(escalation=[{"after_business_minutes": 5, "to": ["role:king"]}]), "no role “king”"),
            (approval(assign={"kind": "round_robin", "value": "king"}), "no role “king”"),
            (approval(outcomes=["approve", "timed_out"]), "no answer that people give"),
        ],
    )  # fmt: skip
    def test_each_fault_of_the_blocks_that_wait_call_or_go_several_ways(self, block: dict[str, Any], sentence: str):
        told = " ".join(problem.message for problem in lint(tree({"id": "x", **block})))
        assert sentence in told


@pytest.mark.usefixtures("as_worker")
class TestAtRunTime:
    def test_an_action_that_always_raises_is_one_incident_and_blocks_nobody(self):
        def broken() -> Any:
            raise RuntimeError("always")

        publish(WEIGH, KEEP)
        publish(THROW, of=zenith)
        with behaving(weigh=broken):
            subject = find()
            find(of=zenith)
            for _try in range(7):
                settle()
                with vendor():
                    Work.objects.update(not_before=Run.objects.get().moved_at)
        with vendor():
            assert Incident.objects.get().subject_id == subject
        with vendor(zenith):
            assert Run.objects.get().status == "ended"

    def test_a_workflow_that_is_broken_in_every_way_breaks_no_event(self):
        publish({"id": "x", "type": "jump"}, {"no": "type"}, unlinted=True)
        publish(KEEP, key="sound")
        find()
        settle()
        with vendor():
            assert Run.objects.get(workflow__key="sound").status == "ended"
            assert Incident.objects.get().kind == "broken_definition"

    @pytest.mark.faults  # it takes the better part of a minute
    def test_a_storm_of_five_thousand_events_in_a_second_loses_none_and_lets_the_quiet_vendor_through(self):
        publish(KEEP)
        publish(KEEP, of=zenith)
        storm(5_000)
        quiet = find(of=zenith)
        settle_some()
        with vendor(zenith):
            assert Run.objects.get(subject_id=quiet).status == "ended"
        with vendor():
            begun = Run.objects.count()
            waiting = Delivery.objects.filter(handler="workflows.start", state="pending").count()
            assert begun > 0
            assert begun + waiting == 5_000  # each has its run, or its row that a worker comes to
            assert Run.objects.values("subject_id").distinct().count() == begun
            assert not Incident.objects.exists()


def settle_some() -> None:
    """A few rounds of relay and engine, as a worker takes them."""
    for _round in range(2):
        relay.drain(limit=24)
        engine.drain(limit=24)


_STORM = """
WITH told AS (
  INSERT INTO events_eventrow (id, tenant_id, position, name, subject_id, payload, cause, at, recorded_at)
  SELECT e, %(tenant)s, nextval('events_position'), 'test.thing.found', e, '{"facts": {"thing.weight": "5"}}', '',
         now(), now()
  FROM unnest(%(ids)s::uuid[]) AS e RETURNING id, tenant_id, subject_id, position
)
INSERT INTO events_delivery (id, tenant_id, event_id, handler, subject_id, position, state, attempt, fence,
                             not_before, error)
SELECT id, tenant_id, id, 'workflows.start', subject_id, position, 'pending', 0, 0, now(), '' FROM told
"""


def storm(count: int) -> None:
    """Events of as many subjects, all in one second: as `publish` writes them, in one statement."""
    ids = [str(uuid7()) for _number in range(count)]
    with acting(tenant=acme.id, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(_STORM, {"tenant": acme.id, "ids": ids})


class TestACopyOfATree:
    def test_is_not_changed_by_being_linted(self):
        before = tree(WEIGH, branch(nested(2)), approval(), TELL)
        after = copy.deepcopy(before)
        lint(after)
        assert before == after
        with vendor():
            lint(after, surroundings())
            assert not Message.objects.filter(template="test.thing_kept").exists()
