"""What the designer's server sends for one press: what looks otherwise, on the face that is shown."""

import json
import re

import pytest

from prm.kernel.automation import registry
from tests.cast import acme, ada, client_of, vendor
from tests.workflows.test_designer import draft_of, posted
from workflows.designer import trees
from workflows.designer.forms import block_form
from workflows.designer.offers import Offers


class TestWhatAPressSends:
    """The largest shipped workflow; the browser says what it holds."""

    @pytest.fixture
    def page(self, the_world):
        with vendor(acme):
            version = draft_of({**registry.templates["deal-registration"].load(), "key": "large"})
        self.address = f"/console/workflows/versions/{version.pk}/design/"
        self.whole = client_of(ada).get(self.address).content.decode()
        self.tree = version.tree

    def pressed(self, do, held=True, **typed):
        marks = dict(re.findall(r'id="([^"]+)"[^>]* data-mark="([^"]+)"', self.whole)) if held else {}
        sent = {"tree": json.dumps(self.tree), "selected": "", "base": "", "do": do, "held": json.dumps(marks), **typed}
        answer = client_of(ada).post(f"{self.address}edit/", sent, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return answer.content.decode()

    def rows(self, answer):
        return re.findall(r'id="row-([^"]+)"', answer)

    def test_a_look_at_a_block_sends_its_row_and_its_form(self, page):
        answer = self.pressed("select:blocks.2")
        assert self.rows(answer) == ["head", "blocks.2"]
        assert 'name="tree"' not in answer and "data-steps" not in answer
        assert 'id="panel"' in answer
        assert len(answer) < len(self.whole) / 10

    def test_what_is_typed_sends_the_rows_that_say_it_and_leaves_the_form(self, page):
        path = next(path for path, _depth, block in trees.walk(self.tree) if block["type"] == "end")
        block = trees.block_at(self.tree, path)
        with vendor(acme):
            typed = posted(block_form(block, Offers(self.tree)), result="looked at twice").dict()
        answer = self.pressed("set", selected=path, of=path, **typed)
        assert self.rows(answer) == ["head", path]
        assert "looked at twice" in answer
        assert 'id="panel"' not in answer

    def test_a_place_more_draws_the_list_anew_in_which_it_is(self, page):
        case = next(way for _path, _depth, block in trees.walk(self.tree) for way in trees.ways(block, _path))
        rows = self.rows(self.pressed(f"add:end:{case.path}:0"))
        assert rows == ["head", *(f"{case.path}.{number}" for number in range(len(case.blocks) + 1))]
        assert len(self.rows(self.pressed("add:end:blocks:0"))) == len(list(trees.walk(self.tree))) + 2

    def test_the_face_that_is_not_shown_is_not_drawn(self, page):
        on_the_diagram = self.pressed("add:end:blocks:0", face="diagram")
        assert self.rows(on_the_diagram) == ["head"] and "data-steps" in on_the_diagram
        assert "data-steps" not in self.pressed("add:end:blocks:0", face="outline")

    def test_a_menu_comes_when_it_is_opened_and_without_a_script_with_the_page(self, page):
        told = self.pressed("menu:blocks.1")
        assert 'value="up:blocks.1"' in told and "<li" in told and 'id="panel"' not in told
        assert 'value="up:' not in self.pressed("add:end:blocks:0")
        assert self.whole.count("<noscript>") == len(list(trees.walk(self.tree)))
        assert f"<noscript>{told}</noscript>" in self.whole

    def test_a_browser_that_holds_nothing_gets_all(self, page):
        answer = self.pressed("select:blocks.2", held=False)
        assert self.rows(answer) == self.rows(self.whole)
        assert 'name="tree"' in answer and "data-steps" in answer
