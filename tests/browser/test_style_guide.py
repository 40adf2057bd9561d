"""The style guide in a browser: accessible in every state, at every size, in both themes; keys, toasts, dialogs."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, barriers, too_wide
from tests.cast import ada, olivia

pytestmark = pytest.mark.browser


class TestEveryComponent:
    @pytest.mark.parametrize("size", ["desk", "phone"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_has_no_barriers_and_fits_the_screen(self, open_as: Open, size: str, scheme: str) -> None:
        page = open_as(olivia, "/styleguide", size=size, scheme=scheme)

        assert barriers(page) == []
        assert too_wide(page) == 0

    def test_fits_the_smallest_phone_in_german(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide", size="phone", language="de")
        page.set_viewport_size({"width": 360, "height": 740})

        assert too_wide(page) == 0

    @pytest.mark.parametrize("opened", ["text=Open a dialog", "summary:has-text('More')", "summary:has-text('Status')"])
    def test_has_none_with_something_open(self, open_as: Open, opened: str) -> None:
        page = open_as(olivia, "/styleguide")
        page.locator(opened).first.click()

        assert barriers(page) == []

    def test_has_none_in_the_drawer_of_a_phone(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide", size="phone")
        page.get_by_role("button", name="Menu").last.click()

        expect(page.locator("#nav-drawer")).to_be_visible()
        assert barriers(page) == []


class TestDialogs:
    def test_close_by_escape_and_give_the_focus_back(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.get_by_role("button", name="Open a dialog").click()
        expect(page.locator("#sample-dialog")).to_be_visible()
        page.keyboard.press("Escape")

        expect(page.locator("#sample-dialog")).to_be_hidden()
        expect(page.get_by_role("button", name="Open a dialog")).to_be_focused()


class TestKeys:
    def test_the_question_mark_lists_them(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.locator("h1").first.click()
        page.keyboard.press("?")

        expect(page.locator("#keys-help")).to_contain_text("Approve")
        assert barriers(page) == []

    def test_rest_while_somebody_types(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.locator("#id_customer").fill("What")
        page.keyboard.press("?")

        expect(page.locator("#keys-help")).to_be_hidden()
        expect(page.locator("#id_customer")).to_have_value("What?")

    def test_can_be_turned_off(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.context.add_cookies([{"name": "keys", "value": "off", "url": page.url}])
        page.reload()
        page.locator("h1").first.click()
        page.keyboard.press("?")

        expect(page.locator("#keys-help")).to_be_hidden()

    def test_j_and_x_walk_and_select_in_a_list(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.locator("h1").first.click()
        for key in "jjx":
            page.keyboard.press(key)

        expect(page.locator("#list-sample .row-check").nth(1)).to_be_checked()
        expect(page.locator("#list-sample [data-bulk-count]")).to_have_text("1")
        assert barriers(page) == []


class TestCommands:
    def test_go_to_a_page_by_a_part_of_its_name(self, open_as: Open) -> None:
        page = open_as(olivia, "/console/")
        page.keyboard.press("Control+k")
        page.keyboard.type("direct")

        expect(page.locator("#commands a")).to_have_count(1)
        assert barriers(page) == []
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/console/partners/$"))

    def test_search_where_no_page_has_that_name(self, open_as: Open) -> None:
        page = open_as(olivia, "/console/")
        page.keyboard.press("Control+k")
        page.keyboard.type("cedar")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/console/search\?q=cedar$"))
        expect(page.locator("main")).to_contain_text("Cedar Networks")


class TestThemes:
    def test_the_choice_is_kept(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        page.get_by_role("button", name="Light or dark").click()
        page.reload()

        assert page.locator("html").get_attribute("data-theme") == "dark"


class TestToasts:
    def raised(self, page: Page, **detail: object) -> None:
        page.evaluate(
            "detail => document.body.dispatchEvent(new CustomEvent('toast', {bubbles: true, detail}))", detail
        )

    def test_are_read_aloud_and_their_text_stays_text(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        self.raised(page, text="<img src=x onerror=alert(1)> saved", tone="good")

        expect(page.locator("#toasts[role=status]")).to_contain_text("<img src=x")
        assert barriers(page) == []

    def test_z_undoes_what_was_just_done(self, open_as: Open) -> None:
        page = open_as(olivia, "/styleguide")
        with page.expect_request(re.compile("/undo-probe")) as asked:
            self.raised(page, text="Approved", undo="/undo-probe", seconds=10)
            page.locator("h1").first.click()
            page.keyboard.press("z")

        assert asked.value.method == "POST" and asked.value.headers["x-csrftoken"]


class TestBranding:
    def test_a_colour_that_can_not_be_read_is_adjusted_and_said_before_it_is_saved(self, open_as: Open) -> None:
        page = open_as(ada, "/console/setup/branding")
        page.locator("#id_colour").fill("#ffe100")

        expect(page.locator("#brand-preview")).to_contain_text("1.3:1")
        assert barriers(page) == []

    def test_a_saved_colour_reaches_the_next_page(self, open_as: Open) -> None:
        page = open_as(ada, "/console/setup/branding")
        page.locator("#id_colour").fill("#0f7b6c")
        page.get_by_role("button", name="Save").click()

        expect(page.locator("#toasts")).to_contain_text("Saved")
        expect(page.locator("link[href='/branding/0f7b6c.css']")).to_have_count(1)
        expect(page.locator(".btn-primary").first).to_have_css("background-color", "rgb(15, 123, 108)")


class TestWeight:
    def test_of_a_first_visit_stays_under_200_kB_with_80_of_script_in_15_requests(self, open_as: Open) -> None:
        page = open_as(ada, "/console/")
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map(one => [one.name, one.transferSize])"
        )

        assert sum(size for _name, size in loaded) < 200_000, loaded
        assert sum(size for name, size in loaded if name.endswith(".js")) < 80_000, loaded
        assert len(loaded) <= 15
