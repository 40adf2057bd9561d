"""Protections about to end: how many within each distance, and what they come to."""

from typing import Any

from dealreg.queries.worth import summed
from dealreg.reports.filters import distances, lapsing_within
from dealreg.reports.lists import LapsingDeals


def lapsing_sums(rows: LapsingDeals) -> list[dict[str, Any]]:
    """For each distance: how many protections end within it, and what they come to."""
    found = []
    for days in distances():
        sums = summed(rows.without("lapsing").filter(lapsing_within(days, rows.request)))
        url = rows.url(lapsing=str(days))
        found.append({"days": days, "url": url, "all": sums["deals"] + sums["unknown"], **sums})
    return found
