"""The exception queue by keyboard, with two people in two browsers, and what the console's pages look like."""

from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from prm.kernel.messages.models import Message
from tests import world
from tests.browser.conftest import Open, barriers, too_wide
from tests.cast import ada, birch, mia, olivia, vendor
from tests.dealreg import deals
from tests.workflows.things import settle
from workflows.models import HumanTask, Intent, Run, WorkflowVersion

pytestmark = pytest.mark.browser


def work() -> None:
    """A worker passes by."""
    with world.logged_in_as("worker"):
        settle()


@pytest.fixture
def waiting(the_world: None) -> list[UUID]:
    """Two deals wait for an approver; the first is small enough for everybody."""
    found = [
        deals.submitted(birch, customer_name=name, customer_domain=f"{city.lower()}.example", customer_city=city,
                        amount="64000.00")
        for name, city in (("Alpenrose Hotels AG", "Wien"), ("Kruse Puppenmanufaktur GmbH", "Erfurt"))
    ]  # fmt: skip
    work()
    return found


def ten_seconds() -> None:
    """The ten seconds go by, and a worker comes."""
    with vendor():
        for intent in Intent.objects.filter(status="pending"):
            intent.executes_at -= timedelta(seconds=11)
            intent.save(update_fields=["executes_at"])
    work()


def answers(deal: UUID) -> int:
    with vendor():
        return Message.objects.filter(subject_id=deal, channel="email", template="deal.approved").count()


def headline(page: Page) -> str:
    return page.locator(".queue-title h2").inner_text()


class TestOneKeyForADecision:
    def test_1_decides_and_goes_on_and_z_makes_everything_as_before_without_a_mail(
        self, waiting: list[UUID], open_as: Open
    ) -> None:
        page = open_as(mia, "/console/queue/")
        first = headline(page)
        page.keyboard.press("1")
        expect(page.locator(".toast-card")).to_contain_text("Approved")
        expect(page.locator(".queue-row")).to_have_count(1)
        assert headline(page) != first
        page.keyboard.press("z")
        expect(page.locator(".queue-row")).to_have_count(2)
        expect(page.locator(".queue-title h2")).to_have_text(first)
        ten_seconds()
        assert [answers(deal) for deal in waiting] == [0, 0]
        with vendor():
            assert {task.status for task in HumanTask.objects.all()} == {"open"}

    def test_1_and_eleven_seconds_send_one_mail(self, waiting: list[UUID], open_as: Open) -> None:
        page = open_as(mia, "/console/queue/")
        page.keyboard.press("1")
        expect(page.locator(".queue-row")).to_have_count(1)
        ten_seconds()
        assert sum(answers(deal) for deal in waiting) == 1

    def test_j_and_k_move_and_x_selects_for_many_at_once(self, waiting: list[UUID], open_as: Open) -> None:
        page = open_as(mia, "/console/queue/")
        first = headline(page)
        page.keyboard.press("j")
        expect(page.locator(".queue-title h2")).not_to_have_text(first)
        page.keyboard.press("k")
        expect(page.locator(".queue-title h2")).to_have_text(first)
        page.keyboard.press("x")
        page.keyboard.press("j")
        expect(page.locator(".queue-title h2")).not_to_have_text(first)
        expect(page.locator("[data-bulk-count]")).to_have_text("1")
        page.keyboard.press("x")
        page.locator(".queue-link").first.click()
        expect(page.locator(".queue-title h2")).to_have_text(first)
        expect(page.locator("[data-bulk-count]")).to_have_text("2")
        page.locator("[data-bulk-bar] button[value=approve]").click()
        expect(page.locator("#bulk-preview")).to_contain_text("2 will be decided this way")
        assert barriers(page) == []
        page.locator("#bulk-preview .btn-primary").click()
        expect(page.locator(".queue-row")).to_have_count(0)
        expect(page.locator("#bulk-preview")).to_have_count(0)
        page.keyboard.press("z")
        expect(page.locator(".queue-row")).to_have_count(2)

    def test_3_asks_for_the_reason_that_the_partner_reads(self, waiting: list[UUID], open_as: Open) -> None:
        page = open_as(mia, "/console/queue/")
        page.keyboard.press("3")
        dialog = page.locator("#answer-reject")
        expect(dialog).to_be_visible()
        page.keyboard.type("We sell there ourselves.")
        dialog.locator(".btn-primary").click()
        expect(page.locator(".queue-row")).to_have_count(1)
        with vendor():
            assert Intent.objects.get().note == "We sell there ourselves."

    @pytest.mark.parametrize("key", ["2", "3", "4", "h", "o", "?"])
    def test_every_dialog_opens_by_its_key_and_has_no_barriers(
        self, waiting: list[UUID], open_as: Open, key: str
    ) -> None:
        page = open_as(olivia, "/console/queue/")
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(1)
        assert barriers(page) == []


class TestTwoPeople:
    def test_the_second_gets_a_409_that_names_the_first(self, waiting: list[UUID], open_as: Open) -> None:
        one = open_as(mia, "/console/queue/")
        other = open_as(ada, "/console/queue/")
        assert headline(one) == headline(other)
        one.keyboard.press("1")
        expect(one.locator(".toast-card")).to_contain_text("Approved")
        with other.expect_response(lambda answer: "/decide/" in answer.url) as got:
            other.keyboard.press("1")
        assert got.value.status == 409
        expect(other.locator(".toast-card")).to_contain_text("Mia has already decided this.")


class TestHowItLooks:
    @pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
    def test_no_page_has_barriers_or_is_wider_than_the_screen(
        self, waiting: list[UUID], open_as: Open, size: str, scheme: str
    ) -> None:
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="deal-registration", status="published").pk
            run = Run.objects.first()
            task = HumanTask.objects.first()
        assert run is not None and task is not None
        for path in (
            "/console/", "/console/queue/", f"/console/queue/{task.pk}/", "/console/workflows/",
            f"/console/workflows/versions/{version}/", "/console/workflows/upload/",
            f"/console/workflows/runs/{run.pk}/", "/console/workflows/runs/", "/console/workflows/incidents/",
        ):  # fmt: skip
            page = open_as(ada, path, size=size, scheme=scheme)
            assert (path, too_wide(page), barriers(page)) == (path, 0, [])
