"""What components draw: text stays text, nothing inline, and everything wired for a screen reader."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.utils import translation

from prm.kernel.ui import styleguide
from prm.kernel.ui.navigation import navigation, register_nav
from prm.kernel.ui.states import register_states, tone_and_word
from prm.kernel.ui.tags.basics import initials

pytestmark = pytest.mark.pure
PROBE = "<script>alert(1)</script>\"'onload=x"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def drawn(source: str, **context: object) -> str:
    request = RequestFactory().get("/console/")
    request.now = NOW
    return Template("{% load ui %}" + source).render(Context({"request": request, "x": PROBE, **context}))


class TestTextStaysText:
    @pytest.mark.parametrize(
        "source",
        [
            "{% chip x x title=x %}",
            "{% status x x %}",
            "{% person x %}",
            "{% avatar x %}",
            "{% icon x label=x %}",
            "{% button x key=x name=x value=x href=x %}",
            "{% card title=x %}{{ x }}{% endcard %}",
            "{% alert x title=x %}{{ x }}{% endalert %}",
            "{% dialog 'd' title=x %}{{ x }}{% enddialog %}",
            "{% menu x %}{{ x }}{% endmenu %}",
            "{% tooltip x %}{% endtooltip %}",
            "{% stat x x hint=x href=x %}",
            "{% empty title=x text=x action=x url=x %}",
            "{% progress 1 2 label=x %}",
            "{% keyvalues rows %}",
            "{% timeline story %}",
            "{% diff pairs left=x right=x label=x %}",
            "{% bar_chart bars label=x %}",
            "{% line_chart bars label=x %}",
            "{% decision_trace decision %}",
            "{% crumb x '/a' %}",
            "{% tabs tabs %}",
        ],
    )
    def test_in_every_component(self, source):
        html = drawn(
            source,
            rows=[(PROBE, PROBE)],
            story=[{"at": NOW, "title": PROBE, "text": PROBE, "actor": PROBE, "detail": PROBE, "url": PROBE}],
            pairs=[(PROBE, PROBE, "b")],
            bars=[(PROBE, 3, PROBE)],
            tabs=[{"label": PROBE, "url": PROBE}],
            decision={
                "rule": PROBE,
                "allowed": False,
                "nearest": PROBE,
                "reasons": [{"key": PROBE, "text": PROBE}],
                "checks": [{"label": PROBE, "passed": True, "actual": PROBE}],
            },
        )

        assert "<script" not in html
        assert not re.search(r"<[^>]*\"'onload=", html)


class TestFields:
    class Form(forms.Form):
        amount = forms.DecimalField(label="Amount", help_text="Without tax")
        kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)

    def test_an_error_and_the_help_are_tied_to_the_control(self):
        html = drawn("{% field form.amount %}", form=self.Form({"amount": "many", "kind": "a"}))

        assert 'aria-invalid="true"' in html
        assert 'aria-describedby="id_amount-error id_amount-help"' in html
        assert 'id="id_amount-error"' in html and 'id="id_amount-help"' in html
        assert '<label class="field-label" for="id_amount">' in html

    def test_a_group_of_radios_is_a_fieldset_whose_controls_are_ours(self):
        html = drawn("{% field form.kind %}", form=self.Form())

        assert "<fieldset" in html and "<legend>Kind</legend>" in html
        assert html.count('class="radio"') == 2

    def test_the_summary_links_to_each_wrong_field(self):
        html = drawn("{% form_errors form %}", form=self.Form({"amount": "many"}))

        assert 'href="#id_amount"' in html and 'role="alert"' in html


class TestDecisions:
    DECISION = {
        "rule": "deal-approval/3",
        "allowed": False,
        "nearest": "Less.",
        "reasons": [
            {"key": "a.b", "text": "Seen by all", "audience": "both"},
            {"key": "c.d", "text": "Ours", "audience": "vendor"},
        ],
        "checks": [{"label": "Amount is small", "passed": False, "actual": "9"}],
    }

    def test_a_partner_sees_neither_checks_nor_our_reasons_nor_the_rule(self):
        html = drawn('{% decision_trace d audience="partner" %}', d=self.DECISION)

        assert "Seen by all" in html
        assert not any(word in html for word in ("Ours", "Amount is small", "deal-approval", "Less."))

    def test_we_see_all_of_it(self):
        html = drawn("{% decision_trace d %}", d=self.DECISION)

        assert all(word in html for word in ("Ours", "Amount is small", "deal-approval/3", "Less."))

    def test_what_was_stored_in_english_is_read_in_german_where_it_is_known(self):
        with translation.override("de"):
            html = drawn("{% decision_trace d %}", d={"checks": [{"label": "status allows it", "passed": True}]})

        assert "Status erlaubt es" in html


class TestCountdowns:
    @pytest.mark.parametrize(
        ("hours", "tone", "words"),
        [(2, "warn", "2 hrs left"), (30, "neutral", "1 day 6 hrs left"), (-5, "bad", "5 hrs late")],
    )
    def test_a_countdown_says_how_long_and_looks_it(self, hours, tone, words):
        html = drawn("{% sla due %}", due=NOW + timedelta(hours=hours))

        assert f"tone-{tone}" in html and words in html

    def test_a_paused_one_stands_still(self):
        html = drawn("{% sla due paused=True %}", due=NOW)

        assert "paused" in html and "data-sla" not in html

    def test_none_is_a_dash(self):
        assert "–" in drawn("{% sla due %}", due=None)


class TestStates:
    def test_a_page_never_shows_a_code(self):
        register_states("probe", {"in_review": ("info", "With us")})

        assert tone_and_word("probe", "in_review") == ("info", "With us")
        assert tone_and_word("probe", "SOME_OTHER") == ("neutral", "Some other")

    def test_an_unknown_tone_is_refused_when_registered(self):
        with pytest.raises(ValueError, match="pink"):
            register_states("probe", {"a": ("pink", "A")})


class TestNavigation:
    def test_shows_what_resolves_to_whoever_may_see_it(self, monkeypatch):
        monkeypatch.setattr("prm.kernel.ui.navigation._items", {})
        register_nav("console", "audit", "Guide", "ui:styleguide", roles=frozenset({"auditor"}))
        register_nav("console", "audit", "Nowhere", "no_such_page")
        request = RequestFactory().get("/styleguide")

        def audit_links(roles):
            return [
                link.label
                for group in navigation(request, "console", roles)
                for link in group.links
                if group.key == "audit"
            ]

        assert "Guide" in audit_links({"auditor"})
        assert "Guide" not in audit_links({"ops"})
        assert "Nowhere" not in audit_links({"auditor"})

    def test_an_unknown_section_is_refused(self):
        with pytest.raises(KeyError, match="portal's map"):
            register_nav("portal", "cellar", "Wine", "ui:styleguide")


class TestATrend:
    def test_of_a_rate_is_in_points_and_of_a_number_in_percent(self):
        assert "34 points" in drawn("{% stat x x trend=t points=True %}", x="95 %", t=0.341)
        assert "12%" in drawn("{% stat x x trend=t %}", x="37", t=0.12)


class TestInitials:
    @pytest.mark.parametrize(
        ("name", "letters"),
        [("Bo Berg", "BB"), ("Cam", "C"), ("", "?"), ("anna@acme.example", "AA"), ("李 明", "李明")],
    )
    def test_are_first_and_last(self, name, letters):
        assert initials(name) == letters


class TestTheStyleGuide:
    @override_settings(DEBUG=True)
    def test_has_nothing_inline_that_a_strict_policy_would_stop(self):
        request = RequestFactory().get("/styleguide")
        html = styleguide.show(request).content.decode()

        assert not re.search(r"\sstyle=", html)
        assert not re.search(r"\son[a-z]+=", html)
        assert "<script>" not in html and "javascript:" not in html

    @override_settings(DEBUG=True)
    def test_every_icon_it_uses_is_in_the_sprite(self, settings):
        used = set(
            re.findall(
                r"icons\.svg#([a-z0-9-]+)", styleguide.show(RequestFactory().get("/styleguide")).content.decode()
            )
        )
        sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()

        assert used and {name for name in used if f'id="{name}"' not in sprite} == set()
