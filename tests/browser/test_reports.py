"""The pipeline, the reports and an export in a real browser: barriers, width, print, and the way to a file."""

import pytest

from tests.browser.conftest import barriers, too_wide
from tests.cast import bo, olivia
from tests.dealreg.past import live
from tests.exports import written

pytestmark = pytest.mark.browser
PAGES = (
    "/console/deals/pipeline/",
    "/console/deals/pipeline/board/",
    "/console/deals/pipeline/deals/",
    "/console/reports/deals/",
    "/console/reports/deals/ageing/",
    "/console/reports/deals/lapsing/",
)


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_pages_have_no_barrier_and_fit(open_as, size, scheme):
    live(60)
    for who, path in (*((olivia, path) for path in PAGES), (bo, "/portal/pipeline/")):
        page = open_as(who, path, size=size, scheme=scheme)
        assert barriers(page) == [], path
        assert too_wide(page) == 0, path


def test_a_figure_leads_to_its_deals_and_those_to_a_file(open_as):
    live(60)
    page = open_as(olivia, "/console/deals/pipeline/?by=region&figure=deals")
    figure = page.locator(".forecast-table tbody .figure").first
    told = figure.inner_text()
    figure.click()
    page.wait_for_url("**/pipeline/deals/**")
    assert page.locator("#sums").inner_text().startswith(f"{told} deal")

    page.get_by_label("Export").first.click()
    page.get_by_role("button", name="Excel (XLSX)").click()
    page.wait_for_url("**/console/exports/")
    assert barriers(page) == []
    assert written() == 1
    page.get_by_role("link", name="Download").wait_for()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download").click()
    assert taken.value.suggested_filename.endswith(".xlsx")
    assert barriers(page) == []
