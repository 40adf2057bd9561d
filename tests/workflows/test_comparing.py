"""Two trees side by side: block by block, in the fewest words that explain the difference."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.things import KEEP, TELL, THROW, WEIGH, approval, tree
from workflows.definition.comparing import compare
from workflows.definition.drawing import drawing_of
from workflows.definition.graph import dot, graph_of, mermaid

pytestmark = pytest.mark.pure
HEAVY = {"field": "thing.weight", "operator": ">", "value": "10"}


def branch(*blocks: dict[str, Any], otherwise: tuple[dict[str, Any], ...] = (), **case: Any) -> dict[str, Any]:
    first = {"id": "heavy", "name": "Heavy", "when": HEAVY, "blocks": list(blocks), **case}
    return {"id": "b", "type": "branch", "cases": [first], "otherwise": list(otherwise)}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [change.text for change in compare(old, new)]


class TestTheDifference:
    def test_of_a_tree_with_itself_is_none(self):
        one = tree(WEIGH, branch(KEEP, otherwise=(THROW,)), TELL)
        assert told(one, copy.deepcopy(one)) == []

    def test_names_what_was_added_and_removed_with_its_place(self):
        assert told(tree(WEIGH, branch(KEEP)), tree(branch(KEEP, THROW))) == [
            "+ throw (action) in b/heavy at 2",
            "- weigh (validate) at 1",
        ]

    def test_calls_one_block_moved_when_one_was(self):
        blocks = [WEIGH, KEEP, THROW, TELL]
        assert told(tree(*blocks), tree(TELL, WEIGH, KEEP, THROW)) == ["> tell (notify): at 4 -> at 1"]

    def test_calls_a_block_moved_into_a_branch_moved(self):
        assert told(tree(branch(), KEEP), tree(branch(KEEP))) == ["> keep (action): at 2 -> in b/heavy at 1"]

    def test_shows_fields_before_and_after(self):
        old, new = tree(approval(quorum=1)), tree(approval(quorum=2, assign={"kind": "role", "value": "cam"}))
        assert told(old, new) == [
            "~ review (approval): assign.value: ops -> cam",
            "~ review (approval): quorum: 1 -> 2",
        ]

    def test_shows_conditions_in_words(self):
        new = tree(branch(KEEP, when={**HEAVY, "value": "20"}, name="Very heavy"))
        assert told(tree(branch(KEEP)), new) == [
            "~ b (branch): case heavy when: Weight is more than 10 -> Weight is more than 20",
            "~ b (branch): case heavy name: Heavy -> Very heavy",
        ]

    def test_shows_the_head(self):
        parameter = {"key": "p", "label": "P", "type": "number", "value": "1"}
        old = tree(KEEP, parameters=[parameter])
        new = tree(KEEP, event="test.thing.needed", name="Other", parameters=[{**parameter, "value": "2"}])
        assert told(old, new) == [
            "~ workflow: name: Things -> Other",
            "~ workflow: trigger event: test.thing.found -> test.thing.needed",
            "~ workflow: parameter p value: 1 -> 2",
        ]

    def test_tells_cases_that_came_went_and_changed_places(self):
        light = {"id": "light", "name": "Light", "when": {**HEAVY, "operator": "<"}, "blocks": []}
        one, two = branch(KEEP), branch(KEEP)
        two["cases"] = [light, *two["cases"]]
        assert told(tree(one), tree(two)) == ["~ b (branch): case light: – -> Light"]
        assert told(tree(two), tree(one)) == ["~ b (branch): case light: Light -> –"]
        three = copy.deepcopy(two)
        three["cases"].reverse()
        assert told(tree(two), tree(three)) == ["~ b (branch): order of cases: light, heavy -> heavy, light"]

    def test_follows_blocks_between_the_branches_of_a_parallel(self):
        def both(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> dict[str, Any]:
            branches = [{"id": "l", "blocks": left}, {"id": "r", "blocks": right}]
            return {"id": "p", "type": "parallel", "join": "all", "branches": branches}

        assert told(tree(both([KEEP, WEIGH], [])), tree(both([WEIGH], [KEEP]))) == [
            "> keep (action): in p/l at 1 -> in p/r at 1"
        ]

    @given(st.permutations(["a", "b", "c", "d", "e"]), st.permutations(["a", "b", "c", "d", "e"]))
    def test_of_two_orders_moves_as_few_blocks_as_can_be(self, one: list[str], other: list[str]):
        old = tree(*({**KEEP, "id": name} for name in one))
        new = tree(*({**KEEP, "id": name} for name in other))
        moved = {change.block for change in compare(old, new)}
        assert all(change.kind == "moved" for change in compare(old, new))
        stayed = [name for name in one if name not in moved]
        assert stayed == [name for name in other if name not in moved]
        assert (moved == set()) == (one == other)


class TestDrawing:
    def test_leads_every_way_on_but_those_that_end(self):
        end = {"id": "e", "type": "end"}
        graph = graph_of(tree(branch(KEEP, otherwise=(end,)), TELL))
        names = {node.block or node.kind: node.name for node in graph.nodes}
        assert [(one, other) for one, other, _label in graph.edges if names["e"] == one] == []
        assert (names["keep"], names["tell"], "") in graph.edges
        assert (names["tell"], names["done"], "") in graph.edges
        assert (names["b"], names["keep"], "Heavy") in graph.edges

    def test_joins_the_branches_of_a_parallel(self):
        both = {"id": "p", "type": "parallel", "join": "any", "branches": [{"id": "l", "blocks": [KEEP]},
                                                                          {"id": "r", "blocks": [WEIGH]}]}  # fmt: skip
        graph = graph_of(tree(both, TELL))
        names = {node.block or node.kind: node.name for node in graph.nodes}
        joined = [one for one, other, _label in graph.edges if other == names["join"]]
        assert joined == [names["keep"], names["weigh"]]
        assert (names["join"], names["tell"], "") in graph.edges
        assert len(drawing_of(tree(both, TELL)).shapes) == 5

    def test_escapes_what_would_be_markup(self):
        hostile = tree(approval(title='"]; click n0 "javascript:x" \\ <b>'))
        assert '"]' not in mermaid(hostile).split("\n")[2].strip().removesuffix('"]]').removeprefix('n1[["')
        assert '\\"]; click' in dot(hostile)

    def test_puts_no_two_boxes_on_one_another(self):
        drawing = drawing_of(tree(branch(KEEP, WEIGH, otherwise=(branch_in("c"), THROW)), TELL))
        boxes = [(s.x, s.y, s.x + s.width, s.y + s.height) for s in drawing.shapes]
        for index, one in enumerate(boxes):
            assert one[0] >= 0 and one[2] <= drawing.width and one[3] <= drawing.height
            for other in boxes[index + 1 :]:
                assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def branch_in(name: str) -> dict[str, Any]:
    inner = [{**KEEP, "id": f"{name}1"}]
    case = {"id": "x", "when": HEAVY, "blocks": inner}
    return {"id": name, "type": "branch", "cases": [case], "otherwise": [{**KEEP, "id": f"{name}2"}]}
