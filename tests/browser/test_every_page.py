"""Every page of the navigation, as each kind of person sees it: it opens, fits a small phone, keeps its own rules."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page

from dealreg import actions
from tests.browser.conftest import Open, barriers, small_targets, too_wide
from tests.cast import Somebody, ada, bea, birch, bo, cam, cedar, mia, partner, vendor
from tests.dealreg.deals import approved, draft, returned, submitted

pytestmark = pytest.mark.browser
NARROW = {"width": 360, "height": 740}
SHOTS = os.environ.get("PRM_SHOTS", "")  # a folder for pictures, for whoever wants to look at them


@pytest.fixture
def story(worker: Any) -> dict[str, UUID]:
    """A few deals in different states, so that no page is empty."""
    deals = {
        "approved": approved(birch),
        "returned": returned(birch, customer_name="Kessler Maschinenbau AG", customer_domain="kessler.de"),
        "draft": draft(birch, customer_name="Zweigert Optik KG", customer_domain=""),
        "rejected": submitted(cedar, customer_name="Nordwind-Logistik GmbH & Co."),
        "waiting": submitted(
            cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="", amount="90000", customer_city=""
        ),
        "large": submitted(
            birch, customer_name="مجموعة النخيل للتجارة", customer_domain="nakheel.example", amount="150000"
        ),
    }
    with partner(birch) as now:
        body = "The customer asks when we will know."
        actions.add_comment(deal_id=deals["large"], body=body, audience="partner", actor=bo.actor, now=now)
    with vendor() as now:
        body = "Looks fine; the amount is above the limit."
        actions.add_comment(deal_id=deals["large"], body=body, audience="vendor", actor=cam.actor, now=now)
    worker.pass_by()
    return deals


def pages_of(page: Page) -> list[str]:
    """The addresses in the navigation and in the menu of the account, each once."""
    links = page.evaluate(
        '[...document.querySelectorAll(\'nav a[href^="/"], header a[href^="/"], .topbar a[href^="/"]\')]'
        ".map(link => link.getAttribute('href'))"
    )
    own = [link for link in dict.fromkeys(links) if "logout" not in link and not link.startswith("/i18n")]
    assert len(own) >= 5, own
    return own


def look(page: Page, who: Somebody, name: str) -> None:
    if SHOTS:
        file = name.strip("/").replace("/", "-").replace("?", "-") or "home"
        page.screenshot(path=str(Path(SHOTS) / f"{who.name.lower()}-{file[:60]}.png"), full_page=True)


# What changes with the width glides there, if only for a hundredth of a millisecond: in this frame it has the old size.
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def faults_of(page: Page, site: str, path: str, who: Somebody, scheme: str) -> list[str]:
    """What is wrong with one page, wide and, in light colours, narrow: there only the arrangement is another."""
    page.set_viewport_size({"width": 1366, "height": 768})
    answer = page.goto(site + path, wait_until="load")
    assert answer is not None
    found = [] if answer.status == 200 else [f"{path} answers {answer.status}"]
    found += [f"{path}: {barrier}" for barrier in barriers(page)]
    look(page, who, f"{path}-{scheme}-desk")
    if scheme == "dark":
        return found
    page.set_viewport_size(NARROW)
    page.evaluate(TWO_FRAMES)
    if wider := too_wide(page):
        found.append(f"{path} is {wider} pixels too wide at 360")
    found += [f"{path} at 360: {target}" for target in small_targets(page)]
    look(page, who, f"{path}-{scheme}-phone")
    return found


LOOKS = [(bo, "light"), (bo, "dark"), (bea, "light"), (ada, "light"), (ada, "dark")]


class TestEveryPageOfTheNavigation:
    @pytest.mark.parametrize(("who", "scheme"), LOOKS, ids=[f"{who.name}-{scheme}" for who, scheme in LOOKS])
    def test_opens_and_fits(self, open_as: Open, site: str, story: dict[str, UUID], who: Somebody, scheme: str):
        page = open_as(who, "/portal/" if who.partner else "/console/", scheme=scheme)
        paths = [path for path in pages_of(page) if who is bo or not path.startswith("/account/")]

        assert [fault for path in paths for fault in faults_of(page, site, path, who, scheme)] == []


class TestRecords:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_deal_in_each_state_opens_and_fits_for_its_partner(self, open_as: Open, site: str, story, scheme: str):
        page = open_as(bo, "/portal/", scheme=scheme)
        paths = [f"/portal/deals/{story[name]}/" for name in ("approved", "returned", "large")]
        paths += [
            f"/portal/deals/{story['returned']}/answer/",
            f"/portal/deals/{story['draft']}/edit/",
            "/portal/deals/new/",
        ]

        assert [fault for path in paths for fault in faults_of(page, site, path, bo, scheme)] == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_deal_in_each_state_opens_and_fits_for_the_vendor(self, open_as: Open, site: str, story, scheme: str):
        page = open_as(mia, "/console/", scheme=scheme)
        paths = [f"/console/deals/{deal}/" for name, deal in story.items() if name != "draft"]
        paths += [f"/console/queue/?subject={story['waiting'].hex}", f"/console/partners/{birch.id}/"]

        assert [fault for path in paths for fault in faults_of(page, site, path, mia, scheme)] == []
