"""Every figure of the page as rows of a table: for a spreadsheet, with plain seconds and shares."""

from collections.abc import Iterator
from typing import Any

from workflows.analytics.figures import Figures, Spread
from workflows.analytics.page import Page

HEADER = ("version", "section", "figure", "of", "value")
Row = tuple[str, str, str, str, Any]


def rows(page: Page) -> Iterator[Row]:
    """All versions together, or the one asked for, and then each version by itself."""
    yield from _of(page, "all" if page.is_all else str(page.one.number) if page.one else "", page.figures)
    if page.is_all:
        for version, figures in page.compared:
            yield from _of(page, str(version.number), figures)
    for label, count, *_link in page.ages:
        yield "", "open now", "runs", label, count
    for row in page.heat:
        if row.line.block:
            yield "", "standing now", "runs", row.line.block, row.standing


def _of(page: Page, version: str, figures: Figures) -> Iterator[Row]:
    for name in ("started", "completed", "cancelled", "touchless", "exceptions", "incidents", "retries"):
        yield version, "runs", name, "", getattr(figures, name)
    for name in ("touchless_rate", "exception_rate", "attainment", "waiting_share"):
        yield version, "rates", name, "", _share(getattr(figures, name))
    yield version, "promises", "in_time", "", figures.in_time
    yield version, "promises", "late", "", figures.late
    yield version, "saved", "minutes", "", figures.minutes_saved
    for name in ("cycle", "waiting", "working", "resolving"):
        yield from _spread(version, "seconds", name, getattr(figures, name))
    for result, count in figures.results:
        yield version, "results", "runs", result, count
    for role, spread in figures.by_role(lambda block, role: role or block):
        yield from _spread(version, "seconds by role", role, spread)
    for block, count in sorted(figures.visits.items()):
        yield version, "blocks", "visits", block, count
    for block, spread in sorted(figures.dwelling.items()):
        yield from _spread(version, "seconds by block", block, spread)
    for block, outcomes in sorted(figures.outcomes.items()):
        for outcome, count in sorted(outcomes.items()):
            yield version, "outcomes", outcome, block, count
    for branch in sorted({fact.block for fact in figures.facts if fact.measure in ("branch", "arrived")}):
        for way, count in sorted(figures.ways(branch).items()):
            yield version, "ways", way, branch, count
    for week in figures.weeks:
        for name in ("started", "completed", "touchless"):
            yield version, "weeks", name, week.begins.isoformat(), getattr(week, name)
        yield version, "weeks", "cycle p50", week.begins.isoformat(), week.p50


def _spread(version: str, section: str, of: str, spread: Spread) -> Iterator[Row]:
    for name in ("count", "p50", "p95", "mean"):
        yield version, section, name, of, getattr(spread, name)


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"
