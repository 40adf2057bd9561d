"""The exception queue in a browser: one key decides, Z takes back, and who comes second is told so."""

import re
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from dealreg.models import Deal
from prm.kernel.messages.models import Message
from tests.browser.conftest import barriers, too_wide
from tests.cast import birch, bo, mia, olivia, vendor
from tests.dealreg.deals import submitted
from workflows.models import HumanTask

pytestmark = pytest.mark.browser
CUSTOMERS = ("Kessler Maschinenbau AG", "Nordwind Logistik GmbH", "Zweigert Optik KG")


@pytest.fixture
def deals(worker: Any, sink: Any) -> list[UUID]:
    """Three deals before the desk, within Olivia's limit; Bo has been told that they arrived."""
    found = [
        submitted(
            birch,
            amount=str(30000 - 1000 * number),
            customer_name=name,
            customer_domain="",
            contact_email="someone@gmail.com",
        )
        for number, name in enumerate(CUSTOMERS)
    ]
    worker.pass_by()
    sink.mails.clear()
    return found


def standing() -> dict[str, Any]:
    """Everything that a decision would change."""
    with vendor():
        return {
            "deals": list(Deal.objects.order_by("pk").values_list("pk", "status", "protected_until", "decided_at")),
            "tasks": list(
                HumanTask.objects.order_by("pk").values_list("pk", "status", "outcome", "owner", "claimed_by")
            ),
            "messages": Message.objects.count(),
        }


def heading(page: Page) -> Any:
    return page.locator(".queue-title h2")


def status_of(title: str) -> str:
    number = title.split(" · ")[0]
    with vendor():
        return str(Deal.objects.get(number=number).status)


class TestOneKeyDecides:
    def test_z_puts_everything_back_and_nobody_gets_a_mail(self, open_as, deals, worker, sink):
        before = standing()
        page = open_as(olivia, "/console/queue/")
        first = heading(page).inner_text()

        with worker.at_work():
            page.keyboard.press("1")
            expect(heading(page)).not_to_have_text(first)
            expect(page.locator("#toasts")).to_contain_text("Approved")
            page.keyboard.press("z")
            expect(page.locator("#toasts")).to_contain_text("Taken back")
            expect(heading(page)).to_have_text(first)
            page.wait_for_timeout(11_000)

        assert standing() == before
        assert sink.mails == []
        expect(page.locator(".queue-row")).to_have_count(3)

    def test_after_eleven_seconds_the_submitter_has_exactly_one_mail(self, open_as, deals, worker, sink):
        page = open_as(olivia, "/console/queue/")
        first = heading(page).inner_text()

        with worker.at_work():
            page.keyboard.press("1")
            expect(page.locator(".queue-row")).to_have_count(2)
            assert status_of(first) == "submitted"
            page.wait_for_timeout(11_000)

        assert status_of(first) == "approved"
        assert len(sink.mails) == 1
        assert len(sink.to(bo.email)) == 1
        assert first.split(" · ")[1] in sink.mails[0].get_body(("plain",)).get_content()
        with worker.at_work():
            page.wait_for_timeout(1_000)
        assert len(sink.mails) == 1

    def test_declining_asks_for_a_reason_and_goes_on(self, open_as, deals, worker):
        page = open_as(olivia, "/console/queue/")
        first = heading(page).inner_text()

        page.keyboard.press("3")
        expect(page.locator("dialog[open] textarea")).to_be_focused()
        assert barriers(page) == []
        page.keyboard.type("Direct sales has it.")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.locator("#toasts")).to_contain_text("Declined")
        expect(heading(page)).not_to_have_text(first)
        expect(page.locator(".queue-row")).to_have_count(2)


class TestTwoPeople:
    def test_who_comes_second_gets_a_409_that_names_the_first(self, open_as, deals):
        hers = open_as(mia, "/console/queue/")
        page = open_as(olivia, "/console/queue/")
        first = heading(page).inner_text()
        expect(heading(hers)).to_have_text(first)
        page.keyboard.press("1")
        expect(heading(page)).not_to_have_text(first)

        with hers.expect_response(lambda answer: "/decide/" in answer.url) as answered:
            hers.keyboard.press("1")

        assert answered.value.status == 409
        expect(hers.locator("#toasts")).to_contain_text("Olivia has already decided this.")
        expect(heading(hers)).to_have_text(first)


class TestKeys:
    def test_j_and_k_walk_through_the_rows(self, open_as, deals):
        page = open_as(olivia, "/console/queue/")
        rows = page.locator(".queue-row strong").all_inner_texts()

        page.keyboard.press("j")
        expect(heading(page)).to_have_text(rows[1])
        page.keyboard.press("j")
        expect(heading(page)).to_have_text(rows[2])
        page.keyboard.press("j")
        expect(heading(page)).to_have_text(rows[2])
        page.keyboard.press("k")
        expect(heading(page)).to_have_text(rows[1])
        assert re.search(r"/console/queue/[0-9a-f-]{36}/$", page.url)

    def test_pressed_faster_than_answers_come_none_is_lost_and_none_decides_unseen(self, open_as, deals):
        before, held = standing(), []
        page = open_as(olivia, "/console/queue/")
        rows = page.locator(".queue-row strong").all_inner_texts()
        page.route(re.compile(r"/console/queue/[0-9a-f-]{36}/$"), lambda route: held.append(route))

        for key in "jjjk1":
            page.keyboard.press(key)

        expect(page.locator(".queue-row.is-current strong")).to_have_text(rows[1])
        expect(heading(page)).to_have_text(rows[0])
        for answer in held:  # that of the third row comes last, when nobody waits for it any more
            answer.continue_()
            expect(heading(page)).to_have_text(rows[1])
        expect(page.locator("html.htmx-busy")).to_have_count(0)
        expect(page.locator(".queue-row.is-current strong")).to_have_text(rows[1])
        expect(heading(page)).to_have_text(rows[1])
        assert len(held) == 2 and standing() == before

    def test_a_question_mark_lists_them(self, open_as, deals):
        page = open_as(olivia, "/console/queue/")

        page.keyboard.press("?")

        help_text = page.locator("#keys-help[open]")
        expect(help_text).to_contain_text("Approve")
        expect(help_text).to_contain_text("Next")
        assert barriers(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("#keys-help[open]")).to_have_count(0)

    def test_turned_off_they_decide_nothing(self, open_as, deals):
        before = standing()
        page = open_as(olivia, "/console/queue/")
        page.locator("summary:has(.avatar)").first.click()
        page.get_by_role("button", name="Turn keyboard shortcuts off").click()
        expect(page.locator("html")).to_have_attribute("data-keys", "off")

        page.keyboard.press("1")
        page.keyboard.press("j")
        page.keyboard.press("?")
        page.wait_for_timeout(500)

        assert standing() == before
        expect(page.locator("#keys-help[open]")).to_have_count(0)


class TestForEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_and_a_phone_holds_it(self, open_as, deals, scheme):
        page = open_as(olivia, "/console/queue/", scheme=scheme)
        assert barriers(page) == []
        page.keyboard.press("j")
        expect(heading(page)).to_have_text(page.locator(".queue-row strong").nth(1).inner_text())
        assert barriers(page) == []

        phone = open_as(olivia, "/console/queue/", size="phone", scheme=scheme)
        assert barriers(phone) == []
        phone.locator(".queue-link").first.click()
        expect(heading(phone)).to_be_visible()
        assert barriers(phone) == []
        phone.set_viewport_size({"width": 360, "height": 740})
        assert too_wide(phone) == 0
