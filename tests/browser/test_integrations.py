"""Connections as people see them: every page of theirs is read by axe, wide and narrow."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests import world
from tests.browser.conftest import Open, barriers, small_targets, too_wide
from tests.cast import ada, cedar
from tests.dealreg.deals import submitted
from tests.integrations import salesforce_server as sf
from tests.integrations.conftest import authority, org  # noqa: F401  (fixtures)
from tests.integrations.lines import go, jobs, salesforce
from tests.integrations.salesforce_server import SalesforceServer

pytestmark = pytest.mark.browser
HOME = "/console/integrations/"
SHOTS = os.environ.get("PRM_SHOTS", "")


def test_every_page_of_a_connection_opens_fits_and_has_no_barrier(open_as: Open, org: SalesforceServer):  # noqa: F811
    made = salesforce(org)
    deal = submitted()
    org.faults = [sf.DUPLICATE]
    with world.logged_in_as("worker"):
        go()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        go()
        org.secret = "changed"
        org.tokens = set()
        submitted(cedar, customer_name="Zweigert Optik KG", customer_domain="zweigert.example")
        go()
    page = open_as(ada, HOME)
    site = page.url.removesuffix(HOME)
    paths = (HOME, f"{HOME}{made}/", f"{HOME}{made}/mapping/", f"{HOME}changes/", f"{HOME}changes/{jobs()[0].pk}/",
             f"{HOME}deals/{deal}/", f"{HOME}new/", f"{HOME}new/salesforce/", f"/console/deals/{deal}/")  # fmt: skip
    faults = [fault for path in paths for fault in _faults(page, site, path)]
    assert faults == []

    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(site + f"{HOME}{made}/mapping/")
    page.fill("[name=rows-4-remote_field]", "Description")
    page.select_option("[name=rows-4-fact]", "deal.reason")
    page.click("button[name=preview]")
    page.locator("th code", has_text="Description").wait_for()
    page.click("button[name=save]")
    page.wait_for_url(f"**{HOME}{made}/")
    assert page.get_by_text("Description", exact=True).count() == 1


def _faults(page: Any, site: str, path: str) -> list[str]:
    found = []
    for name, size in (("desk", {"width": 1366, "height": 768}), ("phone", {"width": 360, "height": 740})):
        page.set_viewport_size(size)
        answer = page.goto(site + path)
        assert answer.status == 200, path
        found += [f"{path} {name}: {one}" for one in (barriers(page) if name == "desk" else small_targets(page))]
        if wider := too_wide(page):
            found.append(f"{path} is {wider} pixels too wide: {name}")
        if SHOTS:
            file = f"{path.strip('/').replace('/', '-')[:40]}-{name}.png"
            page.screenshot(path=str(Path(SHOTS) / file), full_page=True)
    return found
