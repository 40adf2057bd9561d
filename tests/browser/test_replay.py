"""A draft of rules replayed by an admin in a browser, from the question to one event's two paths; and a proposal."""

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import world
from tests.browser.conftest import barriers, too_wide
from tests.cast import ada, vendor
from tests.workflows.past import past_deals, rules_draft
from tests.workflows.test_proposals import decided_things
from tests.workflows.test_replay_pages import no_free_mail
from workflows.models import ReplayChange, RuleProposal

pytestmark = pytest.mark.browser


def sound(page: Page, name: str) -> None:
    """No barrier, nothing wider than the window; a picture where somebody wants to look."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert barriers(page) == []
    assert not too_wide(page)


@pytest.mark.parametrize("size", ["desk", "phone"])
class TestReplayInABrowser:
    def test_is_begun_watched_and_read_down_to_one_event(self, open_as: Any, worker: Any, size: str):
        past_deals()
        version = rules_draft(no_free_mail)
        page = open_as(ada, f"/console/workflows/rules/{version.pk}/replay/", size=size)
        sound(page, f"replay-ask-{size}")
        page.get_by_role("button", name="Replay").click()
        expect(page.locator("#replay-progress")).to_be_visible()
        worker.pass_by()
        expect(page.get_by_text("Event by event")).to_be_visible(timeout=15_000)
        expect(page.locator("main")).to_contain_text("1 decision changes; 1 goes to other people")
        sound(page, f"replay-done-{size}")

        page.get_by_text("Event by event").click()
        expect(page.locator("main")).to_contain_text("Another decision")
        sound(page, f"replay-changes-{size}")
        with vendor():
            change = ReplayChange.objects.get(kind="decision")
        page.goto(page.url.split("/console/")[0] + f"/console/workflows/replays/changes/{change.pk}/")
        expect(page.locator("main")).to_contain_text("With the draft")
        sound(page, f"replay-change-{size}")

    def test_a_proposed_rule_is_read_and_taken_up(self, open_as: Any, size: str):
        with world.logged_in_as("worker"):
            decided_things()
        page = open_as(ada, "/console/workflows/proposals/", size=size)
        page.get_by_role("button", name="Look now").click()
        expect(page.locator("main")).to_contain_text("Price is at most 111.00")
        sound(page, f"proposals-{size}")
        with vendor():
            proposal = RuleProposal.objects.get()
        page.goto(page.url.split("/console/")[0] + f"/console/workflows/proposals/{proposal.pk}/")
        sound(page, f"proposal-{size}")
        page.get_by_role("button", name="Take it up").click()
        expect(page.get_by_role("heading", name="Replay Things, version 2")).to_be_visible()
