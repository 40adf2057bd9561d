"""Contesting, handing over and many deals at once in a real browser: no barriers, one key to take a batch back."""

import os

import pytest

from dealreg import actions
from dealreg.models import DealBatch, Dispute
from tests.browser.conftest import barriers, small_targets, too_wide
from tests.cast import birch, bo, cedar, cy, mia, olivia, vendor
from tests.dealreg.deals import approved
from tests.dealreg.test_disputes import refused
from tests.dealreg.test_many_deals import several

pytestmark = pytest.mark.browser


def look(page, name):
    """Keeps a picture when somebody wants to look: LOOK=folder."""
    if folder := os.environ.get("LOOK"):
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def is_sound(page):
    assert barriers(page) == [] and too_wide(page) == 0


class TestADispute:
    def test_from_the_phone_to_the_desks_answer(self, open_as, worker):
        approved(birch)
        deal = refused(cedar)
        page = open_as(cy, f"/portal/deals/{deal}/", size="phone")
        page.get_by_role("button", name="Contest this").click()
        page.locator("dialog[open]").get_by_label("What speaks for you?").fill("We were there in March.")
        look(page, "contest-phone")
        assert barriers(page) == []
        page.locator("dialog[open]").get_by_role("button", name="Send it").click()
        page.get_by_text("You contest this answer").wait_for()
        look(page, "contested-phone")
        assert small_targets(page) == [] and too_wide(page) == 0
        worker.pass_by()

        with vendor():
            dispute = Dispute.objects.get().pk
        desk = open_as(mia, "/console/disputes/")
        look(desk, "disputes")
        is_sound(desk)
        desk.get_by_role("link", name="Nordwind Logistik GmbH").first.click()
        desk.get_by_role("link", name="Decide in the queue").wait_for()
        look(desk, "dispute")
        is_sound(desk)
        desk.goto(desk.url.split("/console/")[0] + f"/console/queue/?subject={dispute.hex}")
        desk.keyboard.press("2")
        dialog = desk.locator("dialog[open]")
        dialog.get_by_label("Share of Cedar Networks in percent").fill("40")
        dialog.get_by_label("Reason for the partner").fill("Both have done their part.")
        look(desk, "dispute-share")
        assert barriers(desk) == []
        dialog.get_by_role("button", name="Share").click()
        desk.get_by_role("button", name="Undo").wait_for()
        desk.wait_for_load_state("networkidle")


class TestADealsPage:
    def test_shows_the_moves_and_both_stories(self, open_as):
        deal = approved(birch)
        page = open_as(olivia, f"/console/deals/{deal}/")
        look(page, "deal")
        is_sound(page)
        page.get_by_role("button", name="Reassign").click()
        look(page, "reassign")
        assert barriers(page) == []
        page.locator("dialog[open]").get_by_label("Partner", exact=True).select_option(label="Cedar Networks")
        page.locator("dialog[open]").get_by_label("Reason for the partner").fill("Nearer to the site.")
        page.locator("dialog[open]").get_by_role("button", name="Give it over").click()
        page.get_by_text("The deal has gone over, with all that it protects.").wait_for()

        old = open_as(bo, f"/portal/deals/{deal}/", size="phone")
        old.get_by_text("This deal is no longer yours").wait_for()
        look(old, "former-phone")
        is_sound(old)
        new = open_as(cy, f"/portal/deals/{deal}/")
        new.get_by_text("What comes next").wait_for()
        look(new, "portal-deal")
        is_sound(new)


class TestManyAtOnce:
    def test_are_previewed_done_and_taken_back_with_one_key(self, open_as):
        deals = several(3)
        with vendor() as now:
            actions.withdraw_deal(deal_id=deals[2], reason="", actor=mia.actor, now=now)
        page = open_as(olivia, "/console/deals/")
        page.get_by_label("Select every row of this page").check()
        look(page, "many")
        page.get_by_role("button", name="Mark as lost").click()
        dialog = page.locator("dialog[open]")
        dialog.get_by_text("Which ones").click()
        look(page, "many-preview")
        assert barriers(page) == []
        dialog.get_by_label("Why were they lost?").select_option(label="Price")
        dialog.get_by_role("button", name="Mark as lost (2)").click()
        page.get_by_text("2 deals in ten seconds.").wait_for()
        look(page, "many-undo")
        page.keyboard.press("z")
        page.get_by_text("Everything is as it was.").wait_for()
        page.wait_for_load_state("networkidle")

        with vendor():
            assert DealBatch.objects.get().status == "undone"
