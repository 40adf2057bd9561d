"""From every figure of the analytics page to the runs behind it: what the link lists is what the figure counts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prm.kernel.automation.registry import Outcome
from tests.cast import client_of, olivia
from tests.workflows.test_analytics import TREE, Boom, History, address, span, worker
from tests.workflows.things import behaving, find, publish, settle

__all__ = ["worker"]  # the fixture
CELL = re.compile(r'<td class="end[^"]*">(.*?)</td>', re.S)


def listed(url: str) -> int:
    return int(client_of(olivia).get(url).context["list"].count)


def broken() -> Outcome:
    raise Boom("no scales")


class TestTheAnalyticsPage:
    @pytest.fixture
    def shown(self, forward: Callable[..., None], worker: Any) -> Iterator[Any]:
        with worker():
            publish(*TREE)
            history = History(12, forward)
            history.live(60)
            with behaving(weigh=broken):
                find()
                for _try in range(5):
                    history.work()
            with behaving(weigh=lambda: Outcome("light")):
                find(price="5000.00")
                settle()
        first, last = span()
        yield client_of(olivia).get(address(since=first, until=last))

    def test_leads_from_every_figure_to_the_runs_behind_it(self, shown: Any):
        page, text = shown.context["page"], shown.content.decode()
        cells = [cell for cell in CELL.findall(text) if re.search(r"\d", re.sub(r"<[^>]+>", "", cell))]
        nothing = [cell for cell in cells if "<a " not in cell and not re.search(r">0<|\d\s?%|\d%", cell)]
        assert nothing == []
        # per block: who went through, who stands there, what went wrong
        standing = [row for row in page.heat if row.standing]
        troubled = [row for row in page.heat if row.incidents]
        assert standing
        assert troubled
        for row in standing:
            assert listed(row.here) == row.standing, row.line.block
        for row in page.heat:
            if row.line.block and row.visits:
                assert listed(row.url) == row.visits, row.line.block  # nothing is passed twice in this tree
        for row in troubled:
            assert 1 <= listed(row.troubled) <= row.incidents
        # by role, by age, by result, by week
        for name, spread, url in page.by_role:
            assert listed(url) == spread.count, name
        for _label, count, _tone, url in page.ages:
            assert listed(url) == count
        for result, count, _tone, url in page.results:
            assert listed(url) == count, result
        weeks = [(week.started, began, week.completed, done) for week, began, done, _touchless in page.weeks]
        assert sum(listed(began) for _n, began, _m, _done in weeks) == page.figures.started
        assert sum(listed(done) for _n, _began, _m, done in weeks) == page.figures.completed

    def test_draws_the_tree_with_its_heat(self, shown: Any):
        text = shown.content.decode()
        assert "is-heat-5" in text
        assert set(re.findall(r"is-heat-(\d)", text)) <= set("012345")

    @pytest.mark.parametrize(
        "query",
        ["passed=here:", "passed=asked:", "passed=asked:@", "passed=incident:x", "passed_from=x&passed=a",
         "passed=a&passed_from=0001-01-01", "result=%00x", "figure=age9", "figure=age4"],
    )  # fmt: skip
    def test_asked_for_with_nonsense_lists_something_and_breaks_nothing(self, query: str):
        assert client_of(olivia).get(f"/console/workflows/runs/?{query}").status_code == 200
