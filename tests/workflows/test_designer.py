"""The designer's server side: editing a tree by place, the forms of its blocks, trials, saving, moving runs."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.http import QueryDict

from prm.kernel.automation import registry
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.ids import uuid7
from tests.cast import acme, ada, client_of, vendor
from tests.workflows.things import KEEP, TELL, THROW, WEIGH, approval, find, publish, settle, tree
from workflows import actions
from workflows.actions import designing
from workflows.definition import checksum, program
from workflows.designer import names, trees
from workflows.designer.drawing import sequence_of
from workflows.designer.forms import block_form, head_form
from workflows.designer.offers import Offers
from workflows.designer.state import act, begin
from workflows.designer.trying import attempt
from workflows.models import Run, WorkflowVersion
from workflows.replay import Around, walk_event
from workflows.replay.path import Rulings
from workflows.replay.plan import plan_of
from workflows.replay.reading import Past
from workflows.replay.recorded import Recorded, recorded_of

OTHER = Actor(kind="person", id="other", name="Olga Other", roles=frozenset({"admin"}))
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HEAVY = {"combinator": "and", "not": False, "rules": [{"field": "thing.weight", "operator": ">", "value": "10"}]}
BRANCH = {
    "id": "size",
    "type": "branch",
    "name": "Size",
    "cases": [{"id": "heavy", "name": "Heavy", "when": HEAVY, "blocks": [dict(THROW)]}],
    "otherwise": [],
}


def ids(document):
    return [block["id"] for _path, _depth, block in trees.walk(document)]


class TestEditingByPlace:
    pytestmark = pytest.mark.pure

    def test_a_block_goes_in_where_it_is_put(self):
        changed, path = trees.add(tree(WEIGH, KEEP), dict(TELL), "blocks", 1)
        assert ids(changed) == ["weigh", "tell", "keep"]
        assert path == "blocks.1"

    def test_a_block_moves_into_a_case_and_out_again(self):
        document = tree(WEIGH, BRANCH, KEEP)
        inside, path = trees.move(document, "blocks.2", "blocks.1.cases.0.blocks", 0)
        assert ids(inside) == ["weigh", "size", "keep", "throw"]
        assert path == "blocks.1.cases.0.blocks.0"
        out, path = trees.move(inside, path, "blocks", 2)
        assert out == document
        assert path == "blocks.2"

    def test_a_block_that_moves_past_a_branch_keeps_its_target(self):
        changed, path = trees.move(tree(KEEP, BRANCH), "blocks.0", "blocks.1.otherwise", 0)
        assert path == "blocks.0.otherwise.0"
        assert ids(changed) == ["size", "throw", "keep"]

    def test_a_branch_is_not_moved_into_itself(self):
        with pytest.raises(trees.NotPossible):
            trees.move(tree(BRANCH), "blocks.0", "blocks.0.otherwise", 0)

    def test_up_and_down_stop_at_the_ends(self):
        changed, path = trees.shift(tree(WEIGH, KEEP), "blocks.1", -1)
        assert ids(changed) == ["keep", "weigh"]
        with pytest.raises(trees.NotPossible):
            trees.shift(changed, path, -1)

    def test_a_tree_has_no_more_blocks_than_may_run(self):
        full = tree(*({"id": f"b{number}", "type": "end"} for number in range(200)))
        with pytest.raises(trees.NotPossible):
            trees.add(full, {"type": "end"}, "blocks", 0)

    def test_where_a_block_can_go_is_said_in_words(self):
        told = {target.label: target.path for target in trees.targets(tree(BRANCH, KEEP)["blocks"], "blocks.1")}
        assert told == {
            "Move into “Heavy”": "blocks.0.cases.0.blocks",
            "Move into “Otherwise”": "blocks.0.otherwise",
        }

    def test_the_original_is_never_touched(self):
        document = tree(WEIGH, BRANCH)
        before = json.dumps(document)
        trees.move(document, "blocks.0", "blocks.1.otherwise", 0)
        trees.remove(document, "blocks.0")
        trees.drop_way(document, "blocks.1", 0)
        assert json.dumps(document) == before


class TestNames:
    pytestmark = pytest.mark.pure

    def test_an_id_follows_the_title_and_the_answer_follows_the_id(self):
        document = tree(approval(id="approval", title="", save_as="approval"))
        document["blocks"].append(
            {**BRANCH, "cases": [{"id": "no", "name": "No", "when": rule("steps.approval", "reject"), "blocks": []}]}
        )
        before = dict(document["blocks"][0])
        document["blocks"][0]["title"] = "Keep it?"
        changed = names.rechristen(document, "blocks.0", before, ())
        assert changed["blocks"][0]["id"] == "keep-it"
        assert changed["blocks"][0]["save_as"] == "keep_it"
        assert changed["blocks"][1]["cases"][0]["when"]["rules"][0]["field"] == "steps.keep_it"

    def test_an_id_that_was_published_stays(self):
        document = tree(approval(id="approval", title="New words"))
        changed = names.rechristen(document, "blocks.0", {**document["blocks"][0], "title": ""}, {"approval"})
        assert changed["blocks"][0]["id"] == "approval"

    def test_of_equals_follow_the_order_of_reading_however_they_came_to_be(self):
        """Built from the front, from the back, and with an answer that a branch asks for."""
        ask = {"type": "approval", "title": "Keep it?", "queue": "things"}

        def added(*places):
            document = tree(WEIGH)
            for note, at in enumerate(places):
                block = names.christen(document, {**ask, "note_required": [f"n{note}"]})
                document, _path = trees.add(document, block, "blocks", at)
                document = names.in_order(document, ())
            return document

        front, back = added(1, 2), added(1, 1)
        assert ids(front) == ids(back) == ["weigh", "keep-it", "keep-it-2"]
        assert [b.get("save_as") for b in front["blocks"]] == [b.get("save_as") for b in back["blocks"]]

    def test_that_change_places_take_their_mentions_along(self):
        first, second = (approval(id=f"keep-it{n}", title="Keep it?", save_as=f"keep_it{n}") for n in ("", "-2"))
        second["save_as"] = "keep_it_2"
        document = tree(second, first, branch(rule("steps.keep_it", "reject")), branch(rule("steps.keep_it_2", "no")))
        document["blocks"][3]["id"] = "size-2"
        changed = names.in_order(document, ())
        asked = [b["cases"][0]["when"]["rules"][0]["field"] for b in changed["blocks"][2:]]
        assert ids(changed)[:2] == ["keep-it", "keep-it-2"]
        assert [b["save_as"] for b in changed["blocks"][:2]] == ["keep_it", "keep_it_2"]
        assert asked == ["steps.keep_it_2", "steps.keep_it"]

    def test_that_were_published_or_given_stay_whatever_is_put_before_them(self):
        document = tree(approval(id="keep-it", title="Keep it?"), approval(id="mine", title="Keep it?"))
        document, _path = trees.add(
            document, names.christen(document, {"type": "approval", "title": "Keep it?"}), "blocks", 0
        )
        assert ids(names.in_order(document, {"keep-it"})) == ["keep-it-2", "keep-it", "mine"]

    def test_a_copy_has_names_of_its_own_and_asks_for_its_own_answers(self):
        inner = branch(rule("steps.weight", "heavy"), dict(WEIGH))
        copied = names.copy_of(tree(inner), inner)
        assert copied["id"] == "size-2"
        assert copied["cases"][0]["blocks"][0]["save_as"] == "weight-2"
        assert copied["cases"][0]["when"]["rules"][0]["field"] == "steps.weight-2"


def branch(when, *blocks):
    return {**BRANCH, "cases": [{"id": "a", "name": "A", "when": when, "blocks": list(blocks)}]}


def rule(fact, value):
    return {"combinator": "and", "not": False, "rules": [{"field": fact, "operator": "=", "value": value}]}


def posted(form, **typed):
    """What a browser sends for a form as it is drawn, with some of it typed anew."""
    from html.parser import HTMLParser

    data = QueryDict(mutable=True)

    class Reader(HTMLParser):
        select, chosen, area = "", None, ""

        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            if tag == "input" and given.get("name"):
                if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                    data.appendlist(given["name"], given.get("value") or ("on" if given["type"] == "checkbox" else ""))
            elif tag == "select":
                self.select, self.chosen = given.get("name", ""), None
            elif tag == "option" and (self.chosen is None or "selected" in given):
                self.chosen = given.get("value", "")

        def handle_endtag(self, tag):
            if tag == "select" and self.select:
                data.appendlist(self.select, self.chosen or "")

    for section in form.sections():
        for field in section.fields:
            Reader().feed(str(field))
            if field.widget_type == "checkboxselectmultiple":
                data[f"{field.html_name}-asked"] = "1"
    for name, value in typed.items():
        if isinstance(value, list):
            data.setlist(f"b-{name}", value)
        else:
            data[f"b-{name}"] = value
    return data


class TestForms:
    @pytest.mark.parametrize("key", ["deal-registration"])
    def test_a_form_that_nobody_touched_changes_nothing(self, the_world, key):
        document = registry.templates[key].load()
        with vendor(acme):
            offers = Offers(document)
            for path, _depth, block in trees.walk(document):
                form = block_form(block, offers, posted(block_form(block, offers)))
                assert form.written() == block, path
                assert form.errors == {}, path
            assert head_form(document, offers, posted(head_form(document, offers))).written() == document

    def test_an_approval_is_written_as_typed(self, the_world):
        block = approval()
        with vendor(acme):
            offers = Offers(tree(block))
            data = posted(
                block_form(block, offers),
                title="Really?",
                quorum="2",
                outcomes=["approve", "return"],
                timeout_business_minutes_0="8",
                **{"escalation-0-hours": "4", "escalation-0-to": ["role:admin"]},
            )
            written = block_form(block, offers, data).written()
        assert written["title"] == "Really?"
        assert written["quorum"] == 2
        assert written["outcomes"] == ["approve", "return"]
        assert written["timeout_business_minutes"] == 480
        assert written["escalation"] == [{"after_business_minutes": 240, "to": ["role:admin"]}]

    def test_another_way_to_wait_takes_the_place_of_the_first(self, the_world):
        block = {"id": "w", "type": "wait", "business_minutes": 60}
        with vendor(acme):
            offers = Offers(tree(block))
            written = block_form(block, offers, posted(block_form(block, offers), wait_kind="until_fact")).written()
            assert "business_minutes" not in written
            written = block_form(
                written, offers, posted(block_form(written, offers), until_fact="thing.keep_until")
            ).written()
        assert written == {"id": "w", "type": "wait", "until_fact": "thing.keep_until"}

    def test_a_wrong_value_is_told_and_leaves_the_block_as_it_was(self, the_world):
        block = {"id": "c", "type": "sla_start", "clock": "answer", "minutes": 480, "warn_at": [50]}
        with vendor(acme):
            offers = Offers(tree(block))
            form = block_form(block, offers, posted(block_form(block, offers), warn_at="150"))
            assert form.written() == block
            assert form.errors

    def test_a_number_can_be_taken_from_a_setting(self, the_world):
        block = {"id": "c", "type": "sla_start", "clock": "answer", "minutes": 480}
        setting = {"key": "answer", "label": "Answer within", "type": "minutes", "value": 480}
        document = tree(block, parameters=[setting])
        with vendor(acme):
            offers = Offers(document)
            form = block_form(block, offers, posted(block_form(block, offers), minutes_setting="answer"))
            written = form.written()
            assert written["minutes"] == {"parameter": "answer"}
            again = block_form(written, offers, posted(block_form(written, offers)))
            assert again.written() == written


class TestButtons:
    def test_what_a_button_adds_has_an_id_and_stands_behind_what_is_selected(self, the_world):
        with vendor(acme):
            state = begin(draft_of(tree(WEIGH, KEEP)))
            state.selected = "blocks.0"
            state = act(state, "add:approval")
            assert ids(state.tree) == ["weigh", "approval", "keep"]
            assert state.selected == "blocks.1"
            state = act(state, "add:end:blocks:99")
            assert ids(state.tree) == ["weigh", "approval", "keep", "end"]

    def test_a_place_that_is_gone_is_said_and_changes_nothing(self, the_world):
        with vendor(acme):
            state = begin(draft_of(tree(WEIGH)))
            for do in (
                "up:blocks.0",
                "delete:blocks.9",
                "move:blocks.0:nowhere:1",
                "add:nothing",
                "up:",
                "drop-way:x:y",
            ):
                after = act(state, do)
                assert after.tree == state.tree
                assert after.said, do
            assert act(state, "no-such-verb").tree == state.tree


def draft_of(document) -> WorkflowVersion:
    decision = actions.save_draft(tree=document, actor=OTHER, now=NOON)
    return WorkflowVersion.objects.select_related("workflow").get(pk=decision.facts["version"])


class TestDrawing:
    pytestmark = pytest.mark.pure

    def test_ways_of_the_same_name_stay_apart(self):
        from workflows.designer.drawing import Marks

        twice = {**BRANCH, "cases": [*BRANCH["cases"], {**BRANCH["cases"][0], "id": "b"}]}
        drawn = sequence_of(tree(twice), Marks())
        assert list(drawn[0]["branches"]) == ["0:Heavy", "1:Heavy 2", "2:Otherwise"]
        assert drawn[0]["properties"]["ways"] == [
            "blocks.0.cases.0.blocks",
            "blocks.0.cases.1.blocks",
            "blocks.0.otherwise",
        ]


class TestTrying:
    def past(self, document, facts, *steps):
        """An event, with a run that took these steps of this very tree (block, type, answer)."""
        rows = [("step", block, kind, value, NOON.isoformat(), "", None) for block, kind, value in steps]
        run = recorded_of(plan_of(program(document)), "ended", "", NOON, rows) if steps else Recorded()
        return Past(uuid7(), uuid7(), None, NOON, facts, {}, None, None, run)

    def follow(self, document, past, **supposed):
        with vendor(acme):
            return attempt(document, past, supposed, Around(NOON + timedelta(days=1)), Rulings({}))

    def test_a_branch_goes_by_the_facts_of_then_and_says_why(self, the_world):
        document = tree(BRANCH, TELL)
        heavy = self.follow(document, self.past(document, {"thing.weight": "12"}))
        assert (heavy.lines[0].value, len(heavy.lines[0].checks)) == ("Heavy", 1)
        light = self.follow(document, self.past(document, {"thing.weight": "2"}))
        assert (light.lines[0].value, light.result) == ("Otherwise", "done")
        (against,) = light.lines[0].checks
        assert "Heavy" in against and heavy.lines[0].checks[0] in against

    def test_recorded_answers_are_taken_and_others_are_unknown_until_supposed(self, the_world):
        ending = {"id": "e", "type": "end", "result": "kept"}
        document = tree(WEIGH, approval(), branch(rule("steps.review", "approve"), ending))
        past = self.past(document, {}, ("weigh", "validate", "light"))
        first = self.follow(document, past)
        assert [(line.value, line.known) for line in first.lines][:2] == [("light", "recorded"), ("", "unknown")]
        assert "depends" in first.result
        assert first.unknown == 1
        second = self.follow(document, past, review="approve")
        assert (second.result, second.unknown) == ("kept", 0)
        assert [line.known for line in second.lines] == ["recorded", "supposed", "recorded", "recorded"]

    def test_goes_where_a_replay_goes_beside_one_another_too(self, the_world):
        ways = [{"id": "a", "name": "A", "blocks": [{**TELL, "id": "one"}]}, {"id": "b", "name": "B", "blocks": []}]
        document = tree({"id": "both", "type": "parallel", "join": "all", "branches": ways}, BRANCH, TELL)
        past = self.past(document, {"thing.weight": "2"})
        replayed = walk_event(program(document), past.facts, at=NOON, around=Around(NOON + timedelta(days=1)))
        tried = self.follow(document, past)
        assert [line.block or "size" for line in tried.lines] == ["both", "one", "size", "tell"]
        assert {block for block, _value in replayed.way} == {"both", "one", "size", "tell"}
        assert tried.result == replayed.decision == "done"

    def test_an_event_that_the_trigger_refuses_starts_nothing(self, the_world):
        document = tree(KEEP)
        document["trigger"]["when"] = HEAVY
        assert not self.follow(document, self.past(document, {"thing.weight": "1"})).started

    def test_a_tree_that_can_not_be_followed_yet_says_why(self, the_world):
        document = tree(KEEP)
        told = self.follow({**document, "blocks": [{"id": "x", "type": "jump"}]}, self.past(document, {}))
        assert not told.started
        assert "can't be followed yet" in told.result


class TestSaving:
    def test_an_unchanged_tree_does_not_make_anybody_its_author(self, the_world):
        with vendor(acme) as now:
            version = draft_of(tree(KEEP))
            decision = actions.save_design(
                version_id=version.pk, tree=version.tree, base=version.checksum, actor=ada.actor, now=now
            )
            assert decision.allowed
            version.refresh_from_db()
            assert version.author_name == "Olga Other"

    def test_whoever_is_slower_is_told_who_was_faster(self, the_world):
        with vendor(acme) as now:
            version = draft_of(tree(KEEP))
            base = version.checksum
            first = actions.save_design(version_id=version.pk, tree=tree(KEEP, TELL), base=base, actor=OTHER, now=now)
            assert first.allowed
            second = actions.save_design(version_id=version.pk, tree=tree(WEIGH), base=base, actor=ada.actor, now=now)
            assert second.refused
            assert "Olga Other" in second.reasons[0].text
            version.refresh_from_db()
            assert version.checksum == checksum(tree(KEEP, TELL))

    def test_the_page_answers_409_and_keeps_what_was_saved(self, the_world):
        with vendor(acme):
            version = draft_of(tree(KEEP))
        client = client_of(ada)
        address = f"/console/workflows/versions/{version.pk}/design/save/"
        answer = client.post(address, {"tree": json.dumps(tree(WEIGH)), "base": "older", "selected": ""})
        assert answer.status_code == 409
        assert "Olga Other" in answer.content.decode()

    def test_a_published_version_is_changed_by_a_draft_of_its_own(self, the_world):
        workflow_id = publish(KEEP)
        with vendor(acme) as now:
            decision = actions.begin_draft(workflow_id=workflow_id, actor=ada.actor, now=now)
            version = WorkflowVersion.objects.get(pk=decision.facts["version"])
            assert (version.number, version.status) == (2, "draft")
            again = actions.begin_draft(workflow_id=workflow_id, actor=ada.actor, now=now)
            assert again.facts["version"] == str(version.pk)

    @pytest.mark.parametrize("sent", ["", "[]", "{", '{"key": "another"}', "[" * 5000])
    def test_what_is_no_tree_is_refused_in_a_sentence(self, the_world, sent):
        with vendor(acme):
            version = draft_of(tree(KEEP))
        answer = client_of(ada).post(f"/console/workflows/versions/{version.pk}/design/edit/", {"tree": sent})
        assert answer.status_code == 422


class TestOddTrees:
    ODD = (
        {"blocks": "x"},
        {"blocks": [1, None, {"type": ["a"]}]},
        {"blocks": [{"type": "branch", "cases": {"a": 1}, "otherwise": 5}]},
        {"blocks": [{"type": "approval", "title": True, "outcomes": 7, "assign": "me", "escalation": "now"}]},
        {"trigger": [], "blocks": [{"type": "wait", "minutes": {"a": 1}, "save_as": 5}], "parameters": [1]},
        {"trigger": {"event": 5, "when": [1]}, "blocks": [{"type": "action", "action": {}, "parameters": []}]},
    )

    @pytest.mark.parametrize("odd", ODD)
    def test_whatever_is_uploaded_the_page_answers(self, the_world, odd):
        with vendor(acme):
            version = draft_of({**tree(KEEP), **odd})
        client = client_of(ada)
        for at in ("", "blocks.0", "blocks.2"):
            address = f"/console/workflows/versions/{version.pk}/design/"
            assert client.get(f"{address}?at={at}").status_code in (200, 302)
            sent = {"tree": json.dumps({**tree(KEEP), **odd}), "selected": at, "of": at, "do": "add:approval"}
            assert client.post(f"{address}edit/", sent).status_code in (200, 422)


@pytest.mark.usefixtures("as_worker")
class TestMovingRuns:
    def start(self):
        publish(approval())
        subject = find()
        settle()
        with vendor(acme):
            return Run.objects.get(subject_id=subject)

    def next_version(self, *blocks):
        with vendor(acme) as now:
            version = draft_of(tree(*blocks))
            assert actions.publish_version(version_id=version.pk, actor=ada.actor, now=now).allowed
            return version.pk

    def test_a_run_goes_on_by_the_new_version_and_can_be_put_back(self, the_world):
        run = self.start()
        number_two = self.next_version(approval(), KEEP)
        with vendor(acme) as now:
            [standing] = designing.standings(WorkflowVersion.objects.get(pk=number_two))
            assert (standing.block, standing.why_not) == ("review", "")
            moved = actions.migrate_runs(version_id=number_two, run_ids=[run.pk], actor=ada.actor, now=now)
            assert moved.facts["moved"] == 1
            assert Run.objects.get(pk=run.pk).version_id == number_two
            batch = UUID(moved.facts["batch"])
            back = actions.undo_migration(version_id=number_two, batch=batch, actor=ada.actor, now=now)
            assert (back.facts["back"], back.facts["stayed"]) == (1, 0)
            assert Run.objects.get(pk=run.pk).version_id == run.version_id
            assert actions.undo_migration(version_id=number_two, batch=batch, actor=ada.actor, now=now).refused

    def test_a_run_whose_block_is_gone_stays_and_is_told(self, the_world):
        run = self.start()
        number_two = self.next_version(KEEP)
        with vendor(acme) as now:
            [standing] = designing.standings(WorkflowVersion.objects.get(pk=number_two))
            assert "review" in standing.why_not
            moved = actions.migrate_runs(version_id=number_two, run_ids=[run.pk], actor=ada.actor, now=now)
            assert moved.facts["moved"] == 0
            assert Run.objects.get(pk=run.pk).version_id == run.version_id

    def test_a_run_that_went_on_since_is_not_put_back(self, the_world):
        run = self.start()
        number_two = self.next_version(approval(), KEEP)
        with vendor(acme) as now:
            moved = actions.migrate_runs(version_id=number_two, run_ids=[run.pk], actor=ada.actor, now=now)
            task = run.tasks.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=ada.actor, now=now, immediately=True)
        settle()
        with vendor(acme) as now:
            batch = UUID(moved.facts["batch"])
            back = actions.undo_migration(version_id=number_two, batch=batch, actor=ada.actor, now=now)
            assert back.facts["back"] == 0
            assert Run.objects.get(pk=run.pk).status == "ended"
            assert list(run.events.filter(block="keep").values_list("value", flat=True)) == ["done"]

    def test_nobody_but_an_admin_moves_runs(self, the_world):
        run = self.start()
        number_two = self.next_version(approval(), KEEP)
        ops = Actor(kind="person", id="ops", name="Ops", roles=frozenset({"ops"}))
        with vendor(acme) as now:
            assert actions.migrate_runs(version_id=number_two, run_ids=[run.pk], actor=ops, now=now).refused


class TestPages:
    def test_every_kind_of_block_has_a_form_that_draws(self, the_world):
        from workflows.designer.kinds import KINDS

        with vendor(acme):
            document = tree()
            for kind in KINDS.values():
                if kind.offered:
                    document["blocks"].append(names.christen(document, kind.made()))
            version = draft_of(document)
        client = client_of(ada)
        for number in range(len(document["blocks"])):
            answer = client.get(f"/console/workflows/versions/{version.pk}/design/?at=blocks.{number}")
            assert answer.status_code == 200

    def test_an_auditor_looks_and_changes_nothing(self, the_world):
        with vendor(acme):
            version = draft_of(tree(KEEP))
        from tests.cast import olivia

        page = client_of(olivia).get(f"/console/workflows/versions/{version.pk}/design/")
        assert page.status_code == 200
        assert b"design-save" not in page.content
        assert client_of(olivia).post(f"/console/workflows/versions/{version.pk}/design/edit/").status_code == 403

    def test_a_new_workflow_begins_empty(self, the_world):
        answer = client_of(ada).post(
            "/console/workflows/new/", {"name": "Large deals", "event": "dealreg.deal.submitted"}
        )
        assert answer.status_code == 302
        page = client_of(ada).get(answer["Location"])
        assert b"Large deals" in page.content
        again = client_of(ada).post("/console/workflows/new/", {"name": "Large  deals", "event": ""})
        assert again.status_code == 422
