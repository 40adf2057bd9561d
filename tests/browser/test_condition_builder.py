"""The condition builder in a browser: by mouse and by keyboard, on a desk and on a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from prm.kernel.automation.models import RuleSet
from tests.browser.conftest import barriers, too_wide
from tests.cast import acme, ada, vendor

pytestmark = pytest.mark.browser


@pytest.fixture
def draft_address() -> str:
    with vendor(acme):
        return f"/admin/automation/ruleset/{RuleSet.objects.get(key='deal-eligibility').pk}/draft/"


def first_builder(page: Any) -> Any:
    """The condition of the first rule, unfolded."""
    rule = page.locator("details.rule-card").first
    rule.locator("summary").click()
    expect(rule.locator(".condition-count")).to_contain_text("deals now")
    return rule.locator("[data-condition]")


class TestEditingACondition:
    def test_a_rule_is_added_filled_told_and_removed(self, open_as, draft_address):
        page = open_as(ada, draft_address)
        builder = first_builder(page)
        rows = builder.locator(".condition-rule").count()

        builder.locator("[id$='root-add-rule']").click()
        expect(builder.locator(".condition-rule")).to_have_count(rows + 1)
        row = builder.locator(".condition-rule").last
        expect(row.locator(".condition-field")).to_be_focused()

        row.locator(".condition-field").select_option("deal.amount")
        expect(row.locator(".condition-operator")).to_be_visible()
        row.locator(".condition-operator").select_option("between")
        expect(row.locator("input[type=number]")).to_have_count(2)
        row.locator("input").nth(0).fill("1000")
        row.locator("input").nth(1).fill("2500.50")
        expect(builder.locator(".condition-sentence")).to_contain_text("Amount is between 1,000.00 and 2,500.50")

        row.locator(".condition-remove").click()
        expect(builder.locator(".condition-rule")).to_have_count(rows)

    def test_a_group_is_made_by_keyboard_alone(self, open_as, draft_address):
        page = open_as(ada, draft_address)
        builder = first_builder(page)
        builder.locator("[id$='root-add-group']").focus()
        page.keyboard.press("Enter")
        group = builder.locator(".condition-group .condition-group").last
        expect(group.locator(".condition-field")).to_be_focused()
        page.keyboard.type("Customer's w")
        expect(group.locator(".condition-field")).to_have_value("deal.customer_domain")
        expect(group.locator(".condition-operator")).to_be_visible()
        expect(group.locator(".condition-field")).to_be_focused()
        page.keyboard.press("Tab")
        expect(group.locator(".condition-operator")).to_be_focused()


class TestForEverybody:
    @pytest.mark.parametrize("size", ["desk", "phone"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, open_as, draft_address, size, scheme):
        page = open_as(ada, draft_address, size=size, scheme=scheme)
        builder = first_builder(page)
        builder.locator("[id$='root-add-group']").click()
        expect(builder.locator(".condition-group .condition-group")).to_be_visible()
        assert barriers(page) == []

    def test_fits_a_phone_without_scrolling_sideways(self, open_as, draft_address):
        page = open_as(ada, draft_address, size="phone")
        builder = first_builder(page)
        builder.locator("[id$='root-add-group']").click()
        expect(builder.locator(".condition-group .condition-group")).to_be_visible()
        assert too_wide(page) == 0
