"""The workbench in a browser: one key settles, Z undoes, the deal leaves the queue by itself; on a phone, too."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now
from playwright.sync_api import expect

from dealreg.models import Verdict
from prm.kernel.events.models import Delivery
from tests.browser.conftest import Open, barriers, small_targets, too_wide
from tests.browser.test_every_page import look
from tests.cast import birch, cedar, olivia, vendor
from tests.dealreg.deals import approved, submitted, the

pytestmark = pytest.mark.browser


@pytest.fixture
def conflict(worker: Any) -> UUID:
    """Cedar's deal beside a protected customer of Birch's and two open deals."""
    approved(birch, customer_domain="", contact_email="k.jensen@nordwind-logistik.de")
    for name in ("Nordwind Logistik Service", "Nordwind Spedition und Logistik"):
        submitted(birch, customer_name=name, customer_domain="", amount="150000")
    deal = submitted(
        cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="", amount="31000", customer_city="Kiel"
    )
    worker.pass_by()
    return deal


def test_a_key_settles_and_z_undoes_in_the_queue_and_on_a_page_of_its_own(open_as: Open, conflict: UUID, worker: Any):
    page = open_as(olivia, f"/console/queue/?view=conflicts&subject={conflict.hex}")
    expect(page.locator(".bench-row")).not_to_have_count(0)
    assert barriers(page) == []
    look(page, olivia, "workbench-queue-desk")

    page.keyboard.press("n")
    expect(page.locator("#toasts")).to_contain_text("noted")
    expect(page.locator(".bench-row.is-said")).to_have_count(1)
    assert barriers(page) == []
    look(page, olivia, "workbench-said-desk")
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    expect(page.locator(".bench-row.is-said")).to_have_count(0)

    page.goto(page.url.split("/console/")[0] + f"/console/deals/{conflict}/conflicts/")
    while page.locator(".bench-answers").count():
        said = page.locator(".bench-row.is-said").count()
        page.keyboard.press("n")
        expect(page.locator(".bench-row.is-said")).to_have_count(said + 1)
    look(page, olivia, "workbench-page-desk")
    with vendor():
        assert Verdict.objects.filter(status="pending").count() == page.locator(".bench-row").count()
        Delivery.objects.filter(state="pending").update(not_before=Now() - timedelta(seconds=1))
    worker.pass_by()
    assert str(the(conflict).status) == "approved"

    phone = open_as(olivia, "/console/customers/links/", size="phone")
    assert barriers(phone) == []
    look(phone, olivia, "links-phone")


def test_a_phone_holds_the_workbench_and_the_thresholds(open_as: Open, conflict: UUID):
    phone = open_as(olivia, f"/console/deals/{conflict}/conflicts/", size="phone", scheme="dark")
    assert barriers(phone) == [] and too_wide(phone) == 0
    look(phone, olivia, "workbench-phone-dark")
    phone.locator("a.bench-pick").nth(1).click()
    expect(phone.locator(".bench-row").nth(1)).to_have_class("bench-row is-current")
    phone.set_viewport_size({"width": 360, "height": 740})
    assert too_wide(phone) == 0 and small_targets(phone) == []

    page = open_as(olivia, "/console/setup/conflict-thresholds/")
    assert barriers(page) == []
    page.locator("#review").fill("0.6")
    expect(page.locator("#review-now")).to_contain_text("60")
    assert barriers(page) == []
    look(page, olivia, "thresholds-desk")
    page.set_viewport_size({"width": 360, "height": 740})
    assert too_wide(page) == 0 and small_targets(page) == []
    look(page, olivia, "thresholds-phone")
    dark = open_as(olivia, "/console/setup/conflict-thresholds/", scheme="dark")
    assert barriers(dark) == []
    look(dark, olivia, "thresholds-dark")
