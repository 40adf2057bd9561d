"""A seller registers a deal, by keyboard alone, on a desk and on a phone; what is wrong is told in its place."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dealreg.models import Deal
from tests.browser.conftest import barriers, too_wide
from tests.cast import bo, vendor
from tests.dealreg.deals import approved

pytestmark = pytest.mark.browser
LATER = (datetime.now(UTC) + timedelta(days=60)).date()
RIGHT_TO_LEFT = "شركة النخيل للتجارة"
FORMULA = '=HYPERLINK("http://evil.example","Click")'


class Keys:
    """The keyboard alone, each stroke counted; stands in for a page where that is only typed on."""

    def __init__(self, page: Page) -> None:
        self.page, self.count, self.keyboard = page, 0, self
        self.locator, self.evaluate = page.locator, page.evaluate

    def press(self, key: str) -> None:
        self.count += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.count += len(text)
        self.page.keyboard.type(text)

    def tab_to(self, words: str) -> None:
        """On with the tabulator to what is called so."""
        for _time in range(40):
            here = self.page.evaluate("document.activeElement.matches('a, button') && document.activeElement.innerText")
            if words in (here or ""):
                return
            self.press("Tab")
        raise AssertionError(f"the keyboard never comes to {words}")


def seen(page: Page, name: str) -> None:
    """A picture for whoever wants to look (PRM_SHOTS names the folder)."""
    if folder := os.environ.get("PRM_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def type_date(page: Page | Keys, day: date) -> None:
    """Into a date field of an English Chromium: month, day, year."""
    page.keyboard.type(f"{day:%m%d%Y}")


def fill(
    page: Page | Keys, *, customer: str = "Nordwind Logistik GmbH", amount: str = "12000", close: date = LATER
) -> None:
    """The whole form, from its first field to its button, without a mouse."""
    expect(page.locator("#id_customer_name")).to_be_focused()
    page.keyboard.type(customer)
    page.keyboard.press("Tab")
    page.keyboard.type("nordwind-logistik.de")
    page.keyboard.press("Tab")
    page.keyboard.type("Germany")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first product
    while page.evaluate("document.activeElement.name") == "product_lines":
        page.keyboard.press("Tab")
    page.keyboard.type(amount)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # the currency is the vendor's
    type_date(page, close)
    while page.evaluate("document.activeElement.name") != "notes":
        page.keyboard.press("Tab")


def hand_in(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Hand it in")).to_be_focused()
    page.keyboard.press("Enter")


def saved(page: Page) -> None:
    expect(page.locator("#draft-state")).to_contain_text("Saved as draft")


def error_of(page: Page, name: str) -> Any:
    """What stands beside a field, as a screen reader connects it."""
    field = page.locator(f"[name={name}]").first
    expect(page.get_by_text("Please check the form")).to_be_visible()
    described = page.evaluate(
        "name => { const field = document.querySelector(`[name=${name}]`);"
        " const holder = field.hasAttribute('aria-describedby') ? field : field.closest('[aria-describedby]');"
        " return (holder ? holder.getAttribute('aria-describedby') : '').split(' ').filter(Boolean); }",
        name,
    )
    assert described, f"nothing describes {name}"
    expect(field).to_be_visible()
    return " ".join(page.locator(f"#{one}").inner_text() for one in described if page.locator(f"#{one}").count())


class TestByKeyboardAlone:
    @pytest.mark.parametrize("size", ["desk", "phone"])
    def test_a_deal_is_registered_and_protected(self, open_as, worker, size):
        page = open_as(bo, "/portal/deals/new/", size=size)
        asked = page.locator("#deal-form [name]:not([type=hidden])").evaluate_all(
            "fields => [...new Set(fields.map(field => field.name))]"
        )
        assert len(asked) <= 8, asked

        fill(page)
        page.keyboard.type("They want to start in spring.")
        hand_in(page)
        expect(page.locator("h1")).to_have_text("Nordwind Logistik GmbH")
        expect(page.locator(".answer")).to_contain_text("With the deal desk")

        worker.pass_by()
        page.reload()
        expect(page.locator(".answer")).to_contain_text(re.compile(r"Protected until \d+ \w+ 20\d\d"))
        assert too_wide(page) == 0
        assert barriers(page) == []

    def test_on_a_phone_from_the_home_page_in_under_a_minute(self, open_as, capsys):
        page = open_as(bo, "/portal/", size="phone")
        keys, began = Keys(page), monotonic()
        keys.tab_to("Register a deal")
        keys.press("Enter")
        expect(page.locator("#id_customer_name")).to_be_focused()
        seen(page, "phone-1-form")
        fill(keys)
        seen(page, "phone-2-filled")
        keys.tab_to("Hand it in")
        keys.press("Enter")
        expect(page.locator(".answer")).to_contain_text("With the deal desk")
        seconds = monotonic() - began
        seen(page, "phone-3-handed-in")

        at_a_fast_hand = seconds + keys.count * 0.2  # as somebody types who writes sixty words a minute
        with capsys.disabled():
            print(f"\n{keys.count} keys, {seconds:.1f} s of waiting: {at_a_fast_hand:.0f} s at five keys a second")
        assert keys.count < 200 and at_a_fast_hand < 60
        assert barriers(page) == [] and too_wide(page) == 0
        with vendor():
            assert [(deal.customer_name, str(deal.status)) for deal in Deal.objects.all()] == [
                ("Nordwind Logistik GmbH", "submitted")
            ]

    def test_what_needs_a_person_says_by_when_it_is_answered(self, open_as, worker):
        page = open_as(bo, "/portal/deals/new/")
        fill(page, amount="150000")
        hand_in(page)
        expect(page.locator(".answer")).to_contain_text("With the deal desk")

        worker.pass_by()
        page.reload()

        expect(page.locator(".answer")).to_contain_text("With the deal desk")
        expect(page.locator(".answer")).to_contain_text("Answer by")

    def test_n_on_the_home_page_begins_one(self, open_as):
        page = open_as(bo, "/portal/")
        page.keyboard.press("n")
        expect(page.locator("#id_customer_name")).to_be_focused()


class TestTheDraft:
    def test_is_kept_as_typed_and_found_again(self, open_as):
        page = open_as(bo, "/portal/deals/new/")
        page.keyboard.type("Nordwind Logistik GmbH")
        page.locator("#id_amount").fill("twelve thousand")
        page.locator("#id_notes").fill("They want to start in spring.")
        page.keyboard.press("Tab")
        saved(page)

        again = open_as(bo, "/portal/")
        again.get_by_role("link", name=re.compile("Nordwind Logistik GmbH")).click()

        expect(again.locator("#id_customer_name")).to_have_value("Nordwind Logistik GmbH")
        expect(again.locator("#id_amount")).to_have_value("twelve thousand")
        expect(again.locator("#id_notes")).to_have_value("They want to start in spring.")

    def test_survives_a_reload_of_the_very_page(self, open_as):
        page = open_as(bo, "/portal/deals/new/")
        page.keyboard.type("Nordwind Logistik GmbH")
        page.keyboard.press("Tab")
        saved(page)

        page.reload()

        expect(page.locator("#id_customer_name")).to_have_value("Nordwind Logistik GmbH")
        page.keyboard.press("Tab")
        page.keyboard.type("nordwind-logistik.de")
        page.keyboard.press("Tab")
        saved(page)
        with vendor():
            assert [deal.customer_domain for deal in Deal.objects.all()] == ["nordwind-logistik.de"]

    def test_hints_at_a_deal_of_ones_own(self, open_as):
        approved()
        page = open_as(bo, "/portal/deals/new/")
        page.keyboard.type("Nordwind-Logistik")
        page.keyboard.press("Tab")
        page.keyboard.type("nordwind-logistik.de")
        page.keyboard.press("Tab")

        expect(page.locator("#own-hint")).to_contain_text("You may have registered this customer already")
        expect(page.locator("#own-hint")).to_contain_text("Nordwind Logistik GmbH")
        assert barriers(page) == []


class TestWhatIsTypedWrongly:
    def test_a_close_date_in_the_past_is_told_beside_it(self, open_as):
        page = open_as(bo, "/portal/deals/new/")
        fill(page, close=date(2020, 2, 1))
        hand_in(page)

        expect(page.locator("#id_expected_close_on")).to_have_attribute("aria-invalid", "true")
        assert "past" in error_of(page, "expected_close_on")
        expect(page.locator("#id_customer_name")).to_have_value("Nordwind Logistik GmbH")
        expect(page.locator("#id_expected_close_on")).to_have_value("2020-02-01")
        assert barriers(page) == []

    def test_what_is_missing_is_told_field_by_field(self, open_as):
        page = open_as(bo, "/portal/deals/new/", size="phone")
        page.keyboard.type("Nordwind")
        page.get_by_role("button", name="Hand it in").click()

        for name in ("customer_country", "product_lines", "amount", "expected_close_on"):
            assert len(error_of(page, name)) > 10, name
        assert barriers(page) == []
        assert too_wide(page) == 0

    def test_a_name_of_ten_thousand_characters_is_refused_in_words(self, open_as):
        page = open_as(bo, "/portal/deals/new/")
        page.locator("#id_customer_name").evaluate("field => field.removeAttribute('maxlength')")
        page.locator("#id_customer_name").fill("Very long " * 1000)
        page.locator("#id_customer_domain").focus()
        saved(page)
        page.get_by_role("button", name="Hand it in").click()

        assert "300" in error_of(page, "customer_name")
        assert too_wide(page) == 0
        assert barriers(page) == []

    @pytest.mark.parametrize("amount", ["-5", "12,34,56", "🎈", "1e99"])
    def test_an_amount_that_is_none(self, open_as, amount):
        page = open_as(bo, "/portal/deals/new/")
        fill(page, amount=amount)
        hand_in(page)

        assert len(error_of(page, "amount")) > 10
        expect(page.locator("#id_amount")).to_have_value(amount)


class TestNamesAsPeopleWriteThem:
    @pytest.mark.parametrize("name", ["Bäckerei 🥐 & Söhne 🚀", RIGHT_TO_LEFT, FORMULA, "<b onclick=alert(1)>Bold</b>"])
    def test_are_shown_as_text_everywhere(self, open_as, worker, name):
        page = open_as(bo, "/portal/deals/new/")
        page.locator("#id_customer_name").fill(name)
        page.locator("#id_customer_name").focus()
        page.keyboard.press("End")
        page.keyboard.press("Tab")
        page.keyboard.type("example-customer.de")
        page.keyboard.press("Tab")
        page.keyboard.type("Germany")
        page.locator("[name=product_lines]").first.check()
        page.locator("#id_amount").fill("12000")
        page.locator("#id_expected_close_on").fill(LATER.isoformat())
        page.get_by_role("button", name="Hand it in").click()
        expect(page.locator("h1")).to_have_text(name)
        worker.pass_by()

        page.reload()
        expect(page.locator("h1")).to_have_text(name)
        page.goto(page.url.rsplit("/deals/", 1)[0] + "/deals/")
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
        assert page.locator("b[onclick]").count() == 0


class TestForEverybody:
    @pytest.mark.parametrize("size", ["desk", "phone"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_in_the_form_and_its_errors(self, open_as, scheme, size):
        page = open_as(bo, "/portal/deals/new/", scheme=scheme, size=size)
        assert barriers(page) == []
        page.get_by_role("button", name="Hand it in").click()
        expect(page.locator("#id_customer_name")).to_have_attribute("aria-invalid", "true")
        assert barriers(page) == []
        assert too_wide(page) == 0
