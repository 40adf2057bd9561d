"""From facts to fields, what differs, and how long to wait: values in, values out."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import rules
from integrations.answers import reason_in
from integrations.connectors.salesforce import _plain
from integrations.forms import pairs
from integrations.translating import Rule, difference, translate
from prm.kernel.decisions import jsonable
from prm.kernel.outgoing import seconds_of

pytestmark = pytest.mark.pure
BERLIN = ZoneInfo("Europe/Berlin")


def said(rule: Rule, value: object) -> object:
    return translate([rule], {rule.fact: value}, BERLIN).fields.get(rule.remote_field)


class TestAValue:
    @pytest.mark.parametrize(
        ("how", "kind", "value", "wanted"),
        [
            ("same", "money", "1000.5", Decimal("1000.50")),
            ("same", "money", Decimal("1000.50"), Decimal("1000.50")),
            ("same", "number", "7.0", Decimal("7")),
            ("same", "date", date(2026, 3, 1), "2026-03-01"),
            ("same", "list", ["a", "b"], "a;b"),
            ("same", "text", "", None),
            ("same", "bool", False, False),
            ("text", "list", ["a", "b"], "a, b"),
            ("text", "bool", True, "true"),
            ("day", "datetime", "2026-03-01T23:30:00+00:00", "2026-03-02"),
            ("label", "choice", "won", "Won"),
            ("values", "choice", "won", "Closed Won"),
            ("values", "choice", "draft", "Open"),
        ],
    )
    def test_is_said_as_the_mapping_says(self, how: str, kind: str, value: object, wanted: object):
        values, labels = {"won": "Closed Won", "*": "Open"}, {"won": "Won"}
        assert said(Rule("F", "f", how, kind, values=values, labels=labels), value) == wanted

    def test_that_can_not_be_said_is_named_and_nothing_else_is_lost(self):
        rules_ = [Rule("Amount", "a", "same", "money"), Rule("Name", "n", "same")]
        told = translate(rules_, {"a": "much", "n": "Nordwind"}, BERLIN)
        assert (told.fields, list(told.problems)) == ({"Name": "Nordwind"}, ["Amount"])

    @given(st.decimals(min_value="-9999999999999.99", max_value="9999999999999.99", places=2))
    def test_that_is_money_loses_no_cent_on_the_wire(self, amount: Decimal):
        sent = _plain({"a": amount})["a"]
        assert Decimal(str(sent)) == amount


class TestTheDifference:
    @given(st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), st.text("aé:\"", max_size=3), st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-99, max_value=99))))  # fmt: skip
    def test_of_what_was_acknowledged_is_empty(self, fields: dict[str, object]):
        known = jsonable(fields)
        assert difference(known, fields) == {}
        assert difference({}, fields) == fields


class TestAFailure:
    def test_of_the_line_is_tried_for_ever_and_never_a_dead_letter(self):
        for attempt in (1, 10, 10_000):
            facts = rules.TryFacts("unreachable", attempt, failures=attempt, failing_for=attempt)
            assert rules.judge_failure(facts).outcome in ("again", "broken")
            assert 0 < rules.pause_of(facts) <= rules.LONGEST_PAUSE
            assert rules.open_for(facts) <= rules.LONGEST_PAUSE

    def test_of_every_kind_has_its_words_and_somebody_who_can_fix_it(self):
        from integrations.connectors import Kind

        for kind in Kind:
            assert rules.plain_words(kind) and rules.who_can_fix(kind)
            facts = rules.TryFacts(str(kind), 1, failures=1)
            assert rules.judge_failure(facts).outcome in ("again", "hold", "dead", "broken")

    def test_is_judged_in_words_and_with_the_other_sides_own(self):
        facts = rules.TryFacts("declined", 9, failures=0, said="unknown sales region")
        decision = rules.judge_failure(facts)
        assert "unknown sales region" in decision.reasons[0].text
        assert [check.label for check in decision.checks if "." in check.label or "_" in check.label] == []


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ('{"error": "unknown sales region"}', "unknown sales region"),
        ('{"error": {"code": 7, "message": "No such region"}}', "No such region"),
        ('{"errors": [{"code": "E7", "message": "No such region"}]}', "No such region"),
        ('{"errors": {"region": ["is unknown"]}}', "region: is unknown"),
        ('[{"errorCode": "X", "message": "bad value"}]', "bad value"),
        ('{"error": "invalid_grant", "error_description": "expired"}', "expired"),
        ('{"type": "about:blank", "title": "Refused", "detail": "Region is unknown"}', "Region is unknown"),
        ('{"title": "Refused", "status": 422}', "Refused"),
        ('{"status": "no"}', ""),
        ('"oops"', ""),
        ("<html>no</html>", ""),
        ('{"error": "cut o', ""),
        ("[" * 100_000, ""),
    ],
)
def test_a_reason_is_read_from_answers_of_every_usual_shape(answer: str, wanted: str):
    assert reason_in(answer) == wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", 60), ("soon", None), ("", None), ("-5", None), ("9" * 30, 86_400)],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(told: str, wanted: int | None):
    assert seconds_of(told, "Wed, 21 Oct 2026 07:27:00 GMT") == wanted


def test_pairs_are_read_from_lines_and_semicolons():
    assert pairs("approved = Negotiation\nwon=Closed Won; * = Open;;x") == {
        "approved": "Negotiation", "won": "Closed Won", "*": "Open",
    }  # fmt: skip
