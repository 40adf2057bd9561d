"""The approval matrix and the form's products, as people see them: on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import barriers, too_wide
from tests.cast import ada, bo
from tests.dealreg.test_approval_matrix import PAGE, keep
from tests.dealreg.test_price_books import book

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["desk", "phone"])
class TestTheApprovalMatrix:
    def test_is_read_and_changed(self, open_as, size):
        keep(territories=["dach"], amount_up_to=50_000, decider="cam")
        page = open_as(ada, PAGE, size=size)
        expect(page.get_by_text("The partner's channel manager").locator("visible=true")).to_have_count(1)
        page.get_by_role("button", name="Move row 1 down").locator("visible=true").click()
        expect(page.get_by_text("Moved.")).to_be_visible()
        assert too_wide(page) == 0
        assert barriers(page) == []

        page.goto(page.url.split("/console")[0] + f"{PAGE}new/")
        page.get_by_label("Amount above").fill("5")
        page.get_by_label("Amount up to").fill("4")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The upper bound lies above the lower one.").first).to_be_visible()
        assert too_wide(page) == 0
        assert barriers(page) == []


@pytest.mark.parametrize("size", ["desk", "phone"])
class TestProductsOnTheForm:
    def test_open_on_demand_and_say_the_amount(self, open_as, size):
        book("list", "240.00")
        page = open_as(bo, "/portal/deals/new/", size=size)
        page.locator("#id_customer_name").fill("Nordwind Logistik GmbH")
        page.get_by_text("Quantities, deal type and more").click()
        page.get_by_label("Quantity", exact=True).fill("40")
        page.get_by_label("Discount in percent").fill("12")
        page.get_by_label("Discount in percent").blur()
        expect(page.locator("#items-total")).to_contain_text("Together €8,448")
        assert too_wide(page) == 0
        assert barriers(page) == []
