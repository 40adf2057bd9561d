"""Linting: whatever is wrong with a tree is told with its place; whatever is thrown at it, it never breaks."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from prm.kernel.automation import registry
from tests.workflows.things import KEEP, TELL, WEIGH, approval, tree
from workflows.definition import JSON_SCHEMA, BrokenDefinition, applied, cautions, checksum, lint, outline, program
from workflows.definition.fitting import misshapen
from workflows.definition.lint import Surroundings

pytestmark = pytest.mark.pure
HEAVY = {"field": "steps.weight", "operator": "=", "value": "heavy"}
START = {"id": "clock", "type": "sla_start", "clock": "answer", "minutes": 60}


def branch(**parts: Any) -> dict[str, Any]:
    return {"id": "b", "type": "branch", "cases": [{"id": "c", "when": HEAVY, "blocks": [KEEP]}], "otherwise": [],
            **parts}  # fmt: skip


def told(*blocks: dict[str, Any], around: Surroundings | None = None, **head: Any) -> str:
    return " ".join(problem.message for problem in lint(tree(*blocks, **head), around))


class TestASoundTree:
    def test_has_no_problems(self):
        assert lint(tree(START, WEIGH, branch(), approval(), TELL)) == []

    def test_has_the_same_checksum_however_its_json_was_written(self):
        one = tree(WEIGH, KEEP)
        assert checksum(one) == checksum(dict(reversed(list(one.items()))))

    def test_goes_on_behind_a_branch_from_every_case(self):
        read = program(tree(WEIGH, branch(otherwise=[{**TELL, "id": "other"}]), TELL))
        assert read.block("keep").after == "tell"
        assert read.block("other").after == "tell"
        assert read.block("tell").after is None

    def test_is_told_in_sentences(self):
        lines = outline(tree(START, WEIGH, branch()))
        assert lines[1].text == "Start the clock “answer”: 1 hour of business time"
        assert lines[4].text == "If “Weight” answered “heavy”:"
        assert lines[-1].text == "Otherwise: go on"


class TestEachProblemIsTold:
    @pytest.mark.parametrize(
        ("blocks", "sentence"),
        [
            ([{"id": "x", "type": "jump"}], "There is no block of the type “jump”"),
            ([{"id": "x", "type": "action", "action": "thing.melt"}], "No app offers the action “thing.melt”"),
            ([WEIGH, {k: v for k, v in branch().items() if k != "otherwise"}], "This branch has no default"),
            ([WEIGH, branch(cases=[{"id": "c", "when": {**HEAVY, "value": "huge"}, "blocks": []}])], "Case 1"),
            ([WEIGH, branch(cases=[{"id": "c", "when": {**HEAVY, "field": "thing.colour"}, "blocks": []}])],
             "“thing.colour” isn't a field"),
            ([WEIGH, branch(cases=[{"id": "c", "when": {"field": "thing.weight", "operator": ">", "value": "x"},
                                    "blocks": []}])], "Case 1"),
            ([WEIGH, branch(cases=[{"id": "c", "when": None, "blocks": []}])], "no condition"),
            ([KEEP, KEEP], "used twice"),
            ([{**TELL, "template": "test.unknown"}], "no message template “test.unknown”"),
            ([{**TELL, "recipients": ["role:king"]}], "no role “king”"),
            ([{**TELL, "recipients": ["thing.owner"]}], "Nobody knows who “thing.owner” is"),
            ([{**TELL, "recipients": ["person:gone@acme.example"]}], "gone@acme.example"),
            ([approval(assign={"kind": "person", "value": "gone@acme.example"})], "not among our people"),
            ([approval(assign={"kind": "role", "value": "king"})], "no role “king”"),
            ([approval(assign={"kind": "role", "value": "auditor"})], "“Auditor” reads and decides nothing"),
            ([approval(assign={"kind": "least_loaded", "value": "auditor"})], "“Auditor” reads and decides nothing"),
            ([approval(assign={"kind": "queue", "value": "auditor"})], "“Auditor” reads and decides nothing"),
            ([approval(escalation=[{"after_business_minutes": 5, "reassign": {"kind": "role", "value": "auditor"}}])],
             "“Auditor” reads and decides nothing"),
            ([approval(outcomes=["approve"])], "at least two outcomes"),
            ([approval(limit_fact="thing.size")], "no fact of this trigger"),
            ([{"id": "w", "type": "wait"}], "Say how long to wait"),
            ([{"id": "w", "type": "wait", "minutes": 0}], "Minutes are a whole number"),
            ([{"id": "s", "type": "sla_stop", "clock": "answer"}], "is not started before this block"),
            ([{**START, "warn_at": [120]}], "between 1 and 99"),
            ([{**KEEP, "as": "review"}], "does not come before this block"),
            ([{**KEEP, "parameters": {"reason": {"from": "review.note"}}}], "neither a fact nor a step"),
            ([], "has no blocks"),
            ([approval(title=5)], "“title” is to be text in quotation marks, and is 5."),
            ([approval(quorum="two")], "“quorum” is to be a whole number without quotation marks, and is \"two\"."),
            ([{**TELL, "recipients": "mia"}], "“recipients” is to be a list [ ], and is \"mia\"."),
            ([approval(assign="mia")], "“assign” is to be an object { }"),
            ([approval(escalation=[{"after_business_minutes": "x"}])], "“escalation.0.after_business_minutes” is to"),
        ],
    )  # fmt: skip
    def test_with_what_to_do_about_it(self, blocks: list[dict[str, Any]], sentence: str):
        around = Surroundings(people=frozenset({"mia@acme.example"}), templates=frozenset({"test.thing_kept"}))
        assert sentence in told(*blocks, around=around)

    def test_every_wrong_type_at_once_beside_what_is_missing_and_the_outline_goes_on(self):
        wrong = approval(title=5, quorum="two")
        del wrong["queue"]
        sentences = told(wrong, name=5)
        assert all(name in sentences for name in ("“queue”", "“title”", "“quorum”", "“name”"))
        assert [line.text for line in outline(tree(wrong, TELL))][1].startswith("This block can't be told")

    def test_a_trigger_that_nobody_offers(self):
        assert "No app offers the event “test.thing.stolen”" in told(KEEP, event="test.thing.stolen")

    def test_too_many_blocks_and_too_deep_ones(self):
        assert "too many" in told(*({**KEEP, "id": f"k{n}"} for n in range(201)))
        deep: dict[str, Any] = KEEP
        for level in range(9):
            deep = branch(id=f"b{level}", cases=[{"id": "c", "when": HEAVY, "blocks": [deep]}])
        assert "8 deep" in told(WEIGH, deep)

    def test_names_the_block(self):
        problems = lint(tree(WEIGH, {"id": "x", "type": "action", "action": "thing.melt"}))
        assert [(problem.path, problem.block) for problem in problems] == [("blocks.1", "x")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


PARTS = [
    "branches",
    "join",
    "escalation",
    "timeout_business_minutes",
    "event",
    "when",
    "url",
    "headers",
    "workflow",
    "id",
    "type",
    "action",
    "cases",
    "otherwise",
    "assign",
    "recipients",
    "save_as",
    "outcomes",
    "warn_at",
    "minutes",
    "clock",
    "parameters",
    "queue",
    "quorum",
]


LEVEL = {"after_business_minutes": 60, "to": ["role:admin"], "reassign": {"kind": "role", "value": "ops"}}
WAYS = [{"id": "a", "blocks": [{**KEEP, "id": "k1"}]}, {"id": "b", "blocks": []}]
EVERY_OTHER = (
    {"id": "p", "type": "parallel", "join": "any", "branches": WAYS},
    {"id": "w", "type": "wait", "event": "test.thing.lost", "when": {}, "timeout_business_minutes": 60},
    {"id": "h", "type": "webhook", "url": "https://hooks.example.com/", "headers": {"X-A": "1"}},
    {"id": "s", "type": "subworkflow", "workflow": "inner"},
)


class TestWhatIsAllowedAndSeldomMeant:
    YES = {"id": "yes", "when": {"field": "steps.review", "operator": "=", "value": "approve"}, "blocks": [TELL]}

    def told(self, *blocks: dict[str, Any]) -> str:
        assert lint(tree(*blocks)) == []
        return " ".join(one.message for one in cautions(tree(*blocks)))

    def test_nothing_asks_for_an_answer_that_more_than_one_way_could_follow(self):
        assert "after every answer, a refusal too" in self.told(approval(), TELL)
        assert self.told(approval()) == ""

    def test_a_branch_on_the_answer_settles_it(self):
        assert self.told(approval(), branch(cases=[self.YES])) == ""

    @pytest.mark.parametrize("ends", [True, False])
    def test_a_question_stays_when_its_subject_is_taken_back(self, ends, monkeypatch):
        gone = registry.Trigger("thing.gone", "A thing is gone", "thing", ends=ends)
        monkeypatch.setitem(registry.triggers, gone.event, gone)
        assert ("A thing is gone" in self.told(approval())) is ends
        assert cautions(tree(approval(), cancel_on=["thing.gone"])) == []


class TestWhateverIsThrownAtIt:
    @given(JSON)
    def test_lint_answers_and_never_breaks(self, anything: Any):
        assert isinstance(lint(anything), list)
        assert isinstance(cautions(anything), list)

    @given(st.sampled_from(PARTS), JSON)
    def test_a_sound_tree_with_one_part_replaced_is_told_or_still_runs(self, part: str, anything: Any):
        mutated = copy.deepcopy(tree(START, WEIGH, branch(), approval(escalation=[LEVEL]), TELL, *EVERY_OTHER))
        for block in mutated["blocks"]:
            if part in block:
                block[part] = anything
        if lint(mutated) == []:
            program(mutated)
            assert not list(Draft202012Validator(JSON_SCHEMA).iter_errors(applied(mutated)))

    @given(JSON)
    def test_reading_a_program_knows_only_one_fault(self, anything: Any):
        if isinstance(anything, dict):
            with pytest.raises(BrokenDefinition):
                program(anything)


class TestThePublishedSchema:
    def told(self, document: Any) -> list[str]:
        return [error.message for error in Draft202012Validator(JSON_SCHEMA).iter_errors(document)]

    def test_is_a_schema_that_every_shipped_tree_and_every_block_keeps_to(self):
        Draft202012Validator.check_schema(JSON_SCHEMA)
        for template in registry.templates.values():
            assert self.told(applied(template.load())) == [], template.key
        assert self.told(tree(START, WEIGH, branch(), approval(escalation=[LEVEL]), TELL, *EVERY_OTHER)) == []

    def test_knows_every_trigger_and_no_two_at_once(self):
        for trigger in (
            {"event": "test.thing.found"},
            {"schedule": "0 6 * * *", "each": "deal"},
            {"date": "deal.protected_until", "days_before": 30},
            {"manual": True, "schema": "deal"},
        ):
            assert self.told(tree(KEEP, trigger=trigger)) == []
        assert self.told(tree(KEEP, trigger={"event": "test.thing.found", "schedule": "0 6 * * *"}))
        assert self.told(tree(KEEP, trigger={}))

    @pytest.mark.parametrize(
        "block",
        [
            {"type": "jump"},
            {"type": "parallel", "branches": [{"blocks": []}]},
            {"type": "parallel", "join": "most", "branches": [{"blocks": []}, {"blocks": []}]},
            {"type": "approval", "assign": {"kind": "nobody"}},
            {"type": "wait", "minutes": 0},
        ],
    )
    def test_refuses_what_the_lint_refuses(self, block: dict[str, Any]):
        assert self.told(tree(block))
        assert lint(tree(block))

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            (tree(KEEP, name=7), "name"),
            (tree({**KEEP, "title": ["x"]}), "blocks.0.title"),
            (tree(WEIGH, branch(cases=[{"id": 5, "name": "A", "when": HEAVY, "blocks": []}])), "blocks.1.cases.0.id"),
            (tree({**TELL, "url": 5}), "blocks.0.url"),
        ],
    )
    def test_is_enforced_where_nothing_else_would_have_told(self, document: dict[str, Any], path: str):
        assert self.told(document)
        [problem] = lint(document)
        assert problem.path == path

    def test_asked_block_by_block_it_finds_what_it_finds_in_the_whole(self):
        wrong = {**KEEP, "title": ["x"], "timeout_business_minutes": "soon"}
        case = {"id": "c", "when": HEAVY, "blocks": [wrong]}
        ways = [{"id": 5, "blocks": [branch(cases=[case], otherwise=[wrong])]}, {"name": "No blocks"}]
        parallel = {"id": "p", "type": "parallel", "join": 0, "branches": ways}
        document = tree(
            wrong, parallel, {**KEEP, "cases": [case], "otherwise": [wrong]}, name=7, parameters=[{"key": 1}]
        )
        whole = {".".join(map(str, e.absolute_path)) for e in Draft202012Validator(JSON_SCHEMA).iter_errors(document)}
        assert {problem.path for problem in misshapen(document)} == whole
        assert len(whole) > 10


class TestTwoBlocksThatAnswerUnderOneName:
    def test_may_each_be_asked_for_what_it_alone_can_answer(self):
        first = approval(id="first", outcomes=["approve", "zebra"])
        second = approval(id="second", outcomes=["approve", "aardvark"])
        asked = [
            {"id": name, "when": {"field": "steps.review", "operator": "=", "value": name}, "blocks": []}
            for name in ("zebra", "aardvark")
        ]
        assert lint(tree(first, second, branch(cases=asked))) == []
