"""People, keys, invitations and one's own pages in a real browser: no barrier, no fault, no sideways scrolling."""

import os
from typing import Any

import pytest

from prm.kernel.identity import actions
from tests.browser.conftest import Open, barriers, too_wide
from tests.cast import ada, bea, birch, bo, olivia, partner

pytestmark = pytest.mark.browser

PAGES = [
    (ada, "/console/setup/people/"),
    (ada, f"/console/setup/people/{bea.membership_id}/"),
    (olivia, "/console/setup/people/invite/"),
    (ada, "/console/setup/keys/"),
    (bo, "/portal/company/people/"),
    (bea, "/portal/company/people/"),
    (bo, "/account/choose/"),
    (bo, "/account/preferences/"),
    (bo, "/account/security/"),
    (bo, "/account/second-factor/"),
    (bo, "/portal/nothing/"),
    (None, "/account/invitation/"),
]


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
@pytest.mark.parametrize(("who", "path"), PAGES, ids=[path for _, path in PAGES])
def test_a_page_has_no_barrier(open_as: Open, who: Any, path: str, size: str, scheme: str) -> None:
    with partner(birch) as now:
        actions.invite_person(
            email="nora@birch.example", name="Nora", roles=["seller"], partner_id=birch.id, actor=bea.actor, now=now
        )
    page = open_as(who, path, size=size, scheme=scheme)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{size}{path.replace('/', '_')[:40]}{who.name if who else ''}.png")
    assert barriers(page) == []
    assert too_wide(page) == 0


def test_a_new_key_is_shown_once(open_as: Open) -> None:
    page = open_as(ada, "/console/setup/keys/")
    page.get_by_label("Name").fill("CRM")
    page.get_by_label("Operations manager").check()
    page.get_by_role("button", name="Make the key").click()
    assert page.locator("[data-secret]").inner_text().startswith("prm_")
    assert barriers(page) == []
    page.goto(page.url)
    assert page.locator("[data-secret]").count() == 0


def test_choosing_a_partner_changes_the_roles_that_can_be_given(open_as: Open) -> None:
    page = open_as(ada, "/console/setup/people/invite/")
    assert page.get_by_label("Auditor").count() == 1
    page.get_by_label("Organisation").select_option(label="Birch Systems")
    page.get_by_label("Seller").check()
    page.get_by_label("E-mail").fill("nora@birch.example")
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_text("on its way").wait_for()


def test_viewing_as_somebody_says_so_until_it_is_stopped(open_as: Open) -> None:
    page = open_as(olivia, f"/console/setup/people/{bo.membership_id}/")
    page.get_by_role("button", name="Look only").click()
    banner = page.get_by_text("You are looking as Bo; nothing can be changed.")
    banner.wait_for()
    page.goto(f"{page.url}deals/new/")
    assert not page.get_by_role("button", name="Hand it in").is_visible()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url("**/console/**")
    assert banner.count() == 0
