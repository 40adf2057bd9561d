"""The condition builder: what is drawn comes back as it was, and what is wrong is said beside its row."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.http import QueryDict
from django.utils import timezone, translation
from hypothesis import given, settings

from prm.kernel.conditions import canonical, register_schema
from prm.kernel.conditions.entry import Entered, change, entered
from prm.kernel.conditions.forms import ConditionField, draw
from tests.kernel.condition_tables import SCHEMA, trees

pytestmark = pytest.mark.pure
register_schema(SCHEMA)


class ConditionForm(forms.Form):
    when = ConditionField("subject")


class Controls(HTMLParser):
    """What a browser would send, and what the page says of each control."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.controls: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self._select = self._lines = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        if tag in ("select", "input", "button", "textarea"):
            self.controls.append({"tag": tag, **found})
        if tag == "select":
            self._select = found["name"] or ""
        if tag == "textarea":
            self._lines = found["name"] or ""
        if tag == "option" and "selected" in found:
            self.sent.append((self._select, found["value"] or ""))
        if tag == "input" and (found["type"] != "checkbox" or "checked" in found):
            self.sent.append((found["name"] or "", found.get("value") or ""))

    def handle_data(self, data: str) -> None:
        if self._lines:
            self.sent.append((self._lines, data.removeprefix("\n").replace("\n", "\r\n")))

    def handle_endtag(self, tag: str) -> None:
        self._lines = "" if tag == "textarea" else self._lines

    def posted(self) -> QueryDict:
        data = QueryDict(mutable=True)
        for name, value in self.sent:
            data.appendlist(name, value)
        return data


def drawn(tree: Any) -> Controls:
    return Controls(draw(SCHEMA, "when", "id_when", tree))


def typed(**parts: Any) -> QueryDict:
    """A form as a browser sends it: `r0_field` stands for `when-0-field`, root for the outermost group."""
    data = QueryDict(mutable=True)
    data["when-root-join"] = "and"
    for key, value in parts.items():
        place, _dash, part = key.rpartition("__")
        name = f"when-{place.lstrip('r').replace('_', '.') or 'root'}-{part}"
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


class TestThereAndBack:
    @settings(max_examples=60, deadline=None)
    @given(trees())
    def test_what_is_drawn_and_sent_is_the_same_condition(self, tree):
        form = ConditionForm(drawn(tree).posted())
        assert form.is_valid(), form.errors
        assert form.cleaned_data["when"] == canonical(tree, SCHEMA)

    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
    def test_in_any_language_and_zone(self, language, zone):
        moment = datetime(2026, 2, 19, 14, 30, tzinfo=UTC)
        rules = [
            {"field": "seen_at", "operator": "before", "value": moment.isoformat()},
            {"field": "amount", "operator": ">=", "value": "1234.5"},
        ]
        tree = {"combinator": "or", "not": True, "rules": rules}
        with translation.override(language), timezone.override(ZoneInfo(zone)):
            form = ConditionForm(drawn(tree).posted())
            assert form.is_valid()
        found = form.cleaned_data["when"]["rules"]
        assert datetime.fromisoformat(found[0]["value"]) == moment
        assert found[1] == rules[1]

    def test_several_texts_stand_on_a_line_each(self):
        form = ConditionForm(typed(r0__field="name", r0__operator="in", r0__value="Birch, Inc.\r\n Acme \r\n\r\n"))
        assert form.is_valid()
        assert form.cleaned_data["when"]["rules"][0]["value"] == ["Acme", "Birch, Inc."]

    def test_a_form_without_the_builder_means_always(self):
        form = ConditionForm({})
        assert form.is_valid()
        assert form.cleaned_data["when"] == {"combinator": "and", "not": False, "rules": []}

    def test_an_unchanged_condition_has_not_changed(self):
        tree = {"combinator": "and", "rules": [{"field": "tier", "operator": "=", "value": "gold"}]}
        assert not ConditionForm(drawn(tree).posted(), initial={"when": tree}).has_changed()
        assert ConditionForm(typed(), initial={"when": tree}).has_changed()


class TestButtons:
    TREE = {
        "combinator": "and",
        "not": False,
        "rules": [{"field": "a"}, {"combinator": "or", "rules": [{"field": "b"}]}],
    }

    @pytest.mark.parametrize(
        ("command", "focus", "rules"),
        [
            ("add-rule:root", "2", [{"field": "a"}, TREE["rules"][1], {"field": "", "operator": ""}]),
            ("add-rule:1", "1.1", None),
            ("add-group:root", "2.0", None),
            ("remove:0", "0", [TREE["rules"][1]]),
            ("remove:1", "0", [{"field": "a"}]),
            ("remove:1.0", "1", [{"field": "a"}, {"combinator": "or", "rules": []}]),
            ("remove:root", "", TREE["rules"]),
            ("remove:9.9", "", TREE["rules"]),
            ("add-rule:0", "", TREE["rules"]),
            ("drop table", "", TREE["rules"]),
            ("add-rule:" + "0." * 500 + "0", "", TREE["rules"]),
            ("add-rule:²", "", TREE["rules"]),
        ],
    )
    def test_change_the_tree_and_say_where_to_go_on(self, command, focus, rules):
        tree, found = change(self.TREE, command)
        assert found == focus
        if rules is not None:
            assert tree["rules"] == rules

    def test_another_field_drops_the_value_and_takes_a_comparison_of_its_own(self):
        data = typed(r0__field="certified", r0__operator="contains", r0__value="x")
        tree, _focus = change(entered(data, "when", SCHEMA) or {}, "clear:0")
        assert tree["rules"] == [{"field": "certified", "operator": "="}]

    def test_the_new_row_gets_the_focus(self):
        html = draw(SCHEMA, "when", "id_when", Entered(change(self.TREE, "add-rule:root")[0]), focus="2", quiet=True)
        (focused,) = [control for control in Controls(html).controls if "autofocus" in control]
        assert focused["name"] == "when-2-field"


class TestWrongEntries:
    @pytest.mark.parametrize(
        ("parts", "place", "message"),
        [
            ({"r0__field": "", "r0__operator": ""}, "0", "Choose a field."),
            ({"r0__field": "salary", "r0__operator": "="}, "0", "“salary” isn&#x27;t a field of subjects."),
            ({"r0__field": "amount", "r0__operator": "=", "r0__value": "ten"}, "0", "Amount: Give a number"),
            ({"r0__field": "amount", "r0__operator": "=", "r0__value": ""}, "0", "Amount: Give a value"),
            ({"r0__field": "amount", "r0__operator": "like", "r0__value": "1"}, "0", "Amount can&#x27;t be asked"),
            ({"r0__field": "close_on", "r0__operator": "=", "r0__value": "soon"}, "0", "Close date: Give a day"),
            ({"r0__field": "tier", "r0__operator": "=", "r0__value": "lead"}, "0", "isn&#x27;t one of the choices"),
            ({"r0__field": "amount", "r0__operator": "between", "r0__value": "5"}, "0", "a lowest and a highest"),
            ({"r0__join": "or"}, "0", "This group is empty."),
            ({"__join": "xor"}, "root", "Say whether all"),
        ],
    )
    def test_are_told_beside_their_row(self, parts, place, message):
        form = ConditionForm(typed(**parts))
        assert not form.is_valid()
        html = str(form["when"])
        begin = html.index(f'id="id_when-{place}-problem"')
        assert message in html[begin : begin + 400]

    def test_six_levels_are_one_too_many(self):
        parts = {f"r{'_'.join('0' * depth)}__join": "and" for depth in range(1, 6)}
        form = ConditionForm(typed(**parts, r0_0_0_0_0_0__field="tier", r0_0_0_0_0_0__operator="is_empty"))
        assert not form.is_valid()
        assert "nested 5 deep" in form.errors["when"][0]
        assert "nested 5 deep" in str(form["when"])

    def test_a_hundred_and_one_nodes_are_one_too_many(self):
        parts = {f"r{number}__{part}": value for number in range(100)
                 for part, value in (("field", "tier"), ("operator", "is_empty"))}  # fmt: skip
        form = ConditionForm(typed(**parts))
        assert not form.is_valid()
        assert "101 rules and groups" in form.errors["when"][0]
        assert 'id="id_when-root-problem"' in str(form["when"])

    def test_several_are_counted(self):
        form = ConditionForm(typed(r0__field="", r1__field=""))
        assert form.errors["when"] == ["2 rows aren't complete. They are marked."]

    def test_a_required_condition_needs_a_rule(self):
        class Strict(forms.Form):
            when = ConditionField("subject", required=True)

        assert Strict(typed()).errors["when"] == ["Add at least one rule."]

    def test_what_was_typed_is_drawn_again_and_escaped(self):
        data = typed(r0__field="name", r0__operator="=", r0__value='"><script>alert(1)</script>')
        html = str(ConditionForm(data)["when"])
        assert "<script>" not in html
        assert dict(Controls(html).sent)["when-0-value"] == '"><script>alert(1)</script>'

    def test_a_choice_that_is_gone_stays_to_be_seen(self):
        tree = {"combinator": "and", "rules": [{"field": "tier", "operator": "=", "value": "platinum"}]}
        assert ("when-0-value", "platinum") in drawn(tree).sent


class TestForEverybody:
    TREE = {
        "combinator": "and",
        "rules": [
            {"field": "tier", "operator": "in", "value": ["gold"]},
            {"combinator": "or", "rules": [{"field": "amount", "operator": "between", "value": ["1", "2"]}]},
        ],
    }

    def test_every_control_has_a_name_of_its_own_for_a_screen_reader(self):
        controls = [control for control in drawn(self.TREE).controls if control.get("type") != "checkbox"]
        names = [control["aria-label"] for control in controls if control.get("aria-label")]
        unnamed = [control for control in controls if not control.get("aria-label")]
        assert len(names) == len(set(names))
        by_their_text = {"add-rule:root", "add-group:root", "add-rule:1", "add-group:1"}
        assert {control["value"] for control in unnamed} == by_their_text

    @settings(max_examples=50, deadline=None)
    @given(trees())
    def test_ids_are_unique(self, tree):
        ids = drawn(tree).ids
        assert len(ids) == len(set(ids))

    def test_nothing_that_a_strict_policy_refuses(self):
        html = draw(SCHEMA, "when", "id_when", self.TREE)
        assert not any(word in html for word in ("<script", "<style", " style=", " onclick", "javascript:", "hx-on"))

    def test_reads_the_sentence(self):
        html = draw(SCHEMA, "when", "id_when", self.TREE)
        assert "Applies when: Tier is Gold and Amount is between 1.00 and 2.00." in html

    def test_speaks_german(self):
        with translation.override("de"):
            assert "Bedingung" in draw(SCHEMA, "when", "id_when", self.TREE)
