"""Analytics and the record as it stood, on a desk and on a phone: barriers, width, and the way to the runs."""

import pytest

from tests import world
from tests.browser.conftest import barriers, too_wide
from tests.cast import acme, ada, aud
from tests.dealreg.deals import approved
from tests.workflows.conftest import forward
from tests.workflows.test_analytics import TREE, History, address, span
from tests.workflows.things import publish
from workflows.analytics import rollup

pytestmark = pytest.mark.browser
__all__ = ["forward"]


@pytest.fixture
def history(forward):
    with world.logged_in_as("worker"):
        publish(*TREE)
        History(3, forward).live(25)
        rollup.roll_up_vendor(acme.id)
    first, last = span()
    return address(since=first, until=last)


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
class TestThePages:
    def test_of_analytics_have_no_barrier_and_fit(self, open_as, history, size, scheme):
        for path in (history, f"{history}&heat=time", "/console/workflows/analytics/"):
            page = open_as(ada, path, size=size, scheme=scheme)
            assert barriers(page) == []
            assert too_wide(page) == 0

    def test_of_a_record_as_it_stood_have_no_barrier_and_fit(self, open_as, size, scheme):
        page = open_as(aud, f"/console/audit/records/dealreg.deal/{approved()}/", size=size, scheme=scheme)
        assert barriers(page) == []
        assert too_wide(page) == 0


class TestAFigure:
    def test_leads_to_its_runs(self, open_as, history):
        page = open_as(ada, history)
        told = page.locator("a.stat", has_text="Completed").locator(".stat-value").inner_text()
        page.locator("a.stat", has_text="Completed").click()
        page.wait_for_url("**/workflows/runs/**")
        assert page.locator(".list-foot").inner_text().startswith(f"{told} run")
