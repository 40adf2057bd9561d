"""The one list in a browser, on the partners of the cast: the address holds its state, and typing is never lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from partners.actions import watch_partner
from tests.browser.conftest import Open, barriers, too_wide
from tests.cast import acme, birch, olivia, vendor

pytestmark = pytest.mark.browser


@pytest.fixture
def partners(open_as: Open) -> Page:
    page = open_as(olivia, "/console/partners/")
    expect(page.locator("[data-row]")).to_have_count(2)
    return page


class TestSearching:
    def test_narrows_as_somebody_types_and_goes_into_the_address_and_back(self, partners: Page) -> None:
        search = partners.locator("[data-list-search]")
        search.press_sequentially("cedar", delay=20)

        expect(partners.locator("[data-row]")).to_have_count(1)
        expect(partners).to_have_url(re.compile(r"\?q=cedar$"))
        expect(search).to_be_focused()
        expect(search).to_have_value("cedar")

        partners.go_back()
        expect(partners.locator("[data-row]")).to_have_count(2)

    def test_that_finds_nothing_says_how_to_widen_it(self, partners: Page) -> None:
        partners.locator("[data-list-search]").fill("nobody at all")

        expect(partners.locator(".empty")).to_contain_text("Nothing fits")
        assert barriers(partners) == []
        partners.get_by_role("link", name="Clear").click()
        expect(partners.locator("[data-row]")).to_have_count(2)


class TestFilters:
    def test_stay_open_while_several_are_chosen_and_are_named_when_closed(self, partners: Page) -> None:
        filters = partners.locator("details[id$='-status']")
        filters.locator("summary").click()
        filters.get_by_role("checkbox").first.check()

        expect(partners).to_have_url(re.compile("status="))
        expect(partners.locator("details[id$='-status'] .filter-summary.on")).to_be_visible()
        assert barriers(partners) == []


class TestViews:
    def test_are_saved_under_a_name_come_back_and_can_be_removed(self, partners: Page) -> None:
        partners.goto(partners.url + "?q=cedar&sort=-partner")
        partners.get_by_role("button", name="Save this view").click()
        assert barriers(partners) == []
        partners.get_by_label("Name", exact=True).fill("Only Cedar")
        partners.get_by_role("button", name="Save", exact=True).click()

        tab = partners.locator(".list-views a", has_text="Only Cedar")
        expect(tab).to_have_attribute("aria-current", "page")
        expect(tab.locator(".count")).to_have_text("1")

        partners.get_by_role("button", name="Save this view").click()
        partners.get_by_role("button", name="Remove this view").click()
        expect(partners.locator(".list-views a", has_text="Only Cedar")).to_have_count(0)


class TestColumns:
    def test_can_be_chosen_and_the_address_remembers(self, partners: Page) -> None:
        before = partners.locator("thead th").count()
        partners.get_by_label("Columns").first.click()
        partners.locator("[data-column]:checked").first.uncheck()

        expect(partners.locator("thead th")).to_have_count(before - 1)
        expect(partners).to_have_url(re.compile("cols="))


class TestAPhone:
    def test_shows_cards_that_fit(self, open_as: Open) -> None:
        page = open_as(olivia, "/console/partners/", size="phone", scheme="dark")

        expect(page.locator("[data-row]")).to_have_count(2)
        assert too_wide(page) == 0
        assert barriers(page) == []


class TestBulk:
    def test_shows_what_would_happen_and_then_does_it(self, partners: Page) -> None:
        with vendor(acme) as now:
            watch_partner(partner_id=birch.id, reason="New owner", actor=olivia.actor, now=now)
        partners.reload()
        partners.get_by_label("Select every row of this page").check()
        expect(partners.locator("[data-bulk-count]")).to_have_text("2")
        assert barriers(partners) == []

        partners.get_by_role("button", name="Stop watching").click()
        dialog = partners.locator("#bulk-preview")
        expect(dialog).to_contain_text("1 row will be changed")
        expect(dialog).to_contain_text("It is not being watched")
        assert barriers(partners) == []

        dialog.get_by_role("button", name="Stop watching (1)").click()
        expect(partners.locator("#toasts")).to_contain_text("The watch is taken off 1 partner.")


class TestASessionThatEnded:
    def test_leads_to_the_sign_in_page_and_not_into_the_list(self, partners: Page) -> None:
        partners.context.clear_cookies()
        partners.locator("[data-list-search]").fill("cedar")

        expect(partners).to_have_url(re.compile(r"/account/login/\?next="))
        expect(partners.get_by_role("heading", name="Sign in")).to_be_visible()
