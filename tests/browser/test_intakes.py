"""The ways in beside the portal's form, in a browser: a link by keyboard on a phone, a known website, the pages."""

import os
import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from dealreg import actions
from dealreg.models import Deal
from tests.browser.conftest import barriers, too_wide
from tests.browser.test_register_a_deal import fill, hand_in
from tests.cast import ada, bea, birch, bo, olivia, vendor
from tests.dealreg.deals import approved
from tests.dealreg.mails import FULL, letter, mailbox, read_all, rows, served
from tests.dealreg.test_intake_link import made, question_in

pytestmark = pytest.mark.browser


def sound(page: Page, name: str) -> None:
    """No barrier, nothing too wide; a picture when somebody wants to look: LOOK=folder."""
    if folder := os.environ.get("LOOK"):
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert barriers(page) == []
    assert too_wide(page) == 0


class TestALink:
    def test_takes_a_deal_from_a_phone_by_keyboard_and_a_yes(self, open_as, worker):
        page = open_as(None, f"/hand-in/{made().secret}/", size="phone")
        asked = page.locator("#deal-form [name]:not([type=hidden])").evaluate_all(
            "fields => [...new Set(fields.map(field => field.name))]"
        )
        assert len(asked) <= 8, asked
        sound(page, "link-form")
        fill(page)
        page.keyboard.type("They want to start in spring.")
        hand_in(page)
        expect(page.locator("h1")).to_have_text("One more step: your e-mail")
        sound(page, "link-sent")

        worker.pass_by()
        page.goto(page.url.split("/hand-in/")[0] + question_in(mail.outbox[-1]))
        sound(page, "link-confirm")
        page.get_by_role("button", name="Yes, hand it in").press("Enter")
        expect(page.locator("h1")).to_have_text("Thank you")
        sound(page, "link-done")
        with vendor():
            assert Deal.objects.get().status == "submitted"

        page.reload()
        page.goto(page.url)
        expect(page.locator("h1")).to_have_text("This link works no more")
        sound(page, "link-closed")


class TestAKnownWebsite:
    def test_fills_in_the_rest_without_taking_the_keyboard_away(self, open_as):
        approved()
        page = open_as(bo, "/portal/deals/new/")
        page.keyboard.press("Tab")
        page.keyboard.type("nordwind-logistik.de")
        page.keyboard.press("Tab")

        expect(page.locator("#id_customer_name")).to_have_value("Nordwind Logistik GmbH")
        expect(page.locator("#id_customer_country")).to_have_value("DE")
        expect(page.locator("[name=customer_city]")).to_have_value("Hamburg")
        expect(page.locator("#id_customer_country")).to_be_focused()
        expect(page.locator("#known-city")).to_contain_text("filled in from your own earlier deal")
        sound(page, "known-website")


class TestThePages:
    def test_show_mailboxes_mails_links_and_files(self, open_as):
        mailbox()
        made()
        with served() as server:
            server.deliver(letter(FULL, sender="who@nowhere.example").as_bytes())
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            server.deliver(letter("Customer: x", sender=bo.email).as_bytes())
            read_all()
        with vendor() as now:
            actions.make_link(
                partner_id=birch.id, name="Noor", email="n@x.example", days=3, most_deals=1, actor=ada.actor, now=now
            )
        unknown = next(row for row in rows() if row.state == "unmatched").pk
        for size in ("desk", "phone"):
            page = open_as(olivia, "/console/intakes/", size=size)
            for name, path in (
                ("intakes", "/console/intakes/"),
                ("intake-links", "/console/intakes/links"),
                ("intake-mail", f"/console/intakes/mails/{unknown}/"),
            ):
                page.goto(re.sub(r"/console/.*", path, page.url))
                sound(page, f"{name}-{size}")
            page = open_as(bea, "/portal/deals/links/", size=size)
            sound(page, f"own-links-{size}")
            page.goto(page.url.replace("/links/", "/files/"))
            sound(page, f"own-files-{size}")
