"""What the list's templates show: tabs, filters, heads, cells, pager. Only reads."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from prm.kernel.ui.lists import bulk
from prm.kernel.ui.lists.columns import Column
from prm.kernel.ui.lists.filters import Filter

if TYPE_CHECKING:
    from prm.kernel.ui.lists.base import List


class Page:
    """One page of a list, ready for its template."""

    def __init__(self, of: "List") -> None:
        self.list = of
        self.key, self.id = of.key, f"list-{of.key}"
        self.request, self.title, self.empty = of.request, of.title, of.empty

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """All, the list's own views, the reader's saved ones."""
        current = self.list.params.get("saved") or (self.list.view.key if self.list.view else "")
        path, counts = self.request.path, self.list.counts
        tabs: list[dict[str, Any]] = [
            {"label": None, "url": path, "count": counts["everything"], "current": not current}
        ]
        tabs += [
            {
                "label": v.label,
                "url": f"{path}?view={v.key}",
                "count": counts[f"view_{v.key}"],
                "current": current == v.key,
            }
            for v in self.list.views
        ]
        tabs += [
            {
                "label": s.name,
                "url": f"{path}?{s.query}{'&' if s.query else ''}saved={s.pk}",
                "saved": s,
                "count": counts[f"saved_{s.pk.hex}"],
                "current": current == str(s.pk),
            }
            for s in self.list.saved
        ]
        return tabs

    @property
    def current_saved(self) -> Any:
        return next((tab["saved"] for tab in self.tabs if tab["current"] and tab.get("saved")), None)

    @cached_property
    def filters(self) -> list[dict[str, Any]]:
        return [self._filter(one) for one in self.list.filters if one is not self.list.search]

    def _filter(self, one: Filter) -> dict[str, Any]:
        value = self.list.wanted.get(one.key)
        words = one.words(value, self.request) if value is not None else ""
        return {
            **one.control(value, self.request),
            "template": one.template,
            "words": words,
            "clear": self.list.url(**dict.fromkeys(one.names)),
        }

    @property
    def search(self) -> dict[str, Any] | None:
        one = self.list.search
        return one.control(self.list.wanted.get(one.key), self.request) if one else None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.list.wanted) or self.list.view is not None

    @property
    def has_filters(self) -> bool:
        return bool(self.list.wanted)

    @property
    def clear_url(self) -> str:
        names = [name for one in self.list.filters for name in one.names]
        return self.list.url(**dict.fromkeys([*names, "saved"]))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter form carries along besides its own fields."""
        own = {name for one in self.list.filters for name in one.names} | {"after", "before", "saved", "cols"}
        return [
            (name, value) for name, values in self.list.params.lists() if name not in own for value in values if value
        ]

    @cached_property
    def columns(self) -> list[dict[str, Any]]:
        return [self._head(column) for column in self.list.shown]

    def _head(self, column: Column) -> dict[str, Any]:
        sort = self.list.sort
        down = sort == f"-{column.key}"
        now = "descending" if down else "ascending" if sort == column.key else ""
        first_down = column.kind in ("money", "number", "percent", "date", "when")
        target = column.key if down or (not now and not first_down) else f"-{column.key}"
        return {
            "label": column.label,
            "at_end": column.at_end,
            "sort": now,
            "url": self.list.url(sort=target) if column.sort else "",
        }

    @cached_property
    def chooser(self) -> list[dict[str, Any]]:
        shown = {column.key for column in self.list.shown}
        return [{"key": c.key, "label": c.label, "on": c.key in shown} for c in self.list.columns[1:]]

    @property
    def first_column(self) -> str:
        return self.list.columns[0].key

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {"pk": row.pk, "name": str(row), "cells": [self._cell(column, row) for column in self.list.shown]}
            for row in self.list.slice.rows
        ]

    def _cell(self, column: Column, row: Any) -> dict[str, Any]:
        html = column.cell(row, self.request)
        return {
            "html": html,
            "label": column.label,
            "at_end": column.at_end,
            "code": column.kind == "code",
            "blank": "–</span>" in html[-10:],
        }

    @property
    def count(self) -> int:
        return self.list.counts["shown"]

    @property
    def noun(self) -> str:
        return self.list.noun_for(self.count)

    @property
    def actions(self) -> list[bulk.BulkAction]:
        return self.list.actions

    @property
    def can_take_all(self) -> bool:
        return len(self.rows) < self.count <= bulk.LIMIT

    @property
    def next_url(self) -> str | None:
        return self.list.url(after=self.list.slice.after) if self.list.slice.after else None

    @property
    def previous_url(self) -> str | None:
        return self.list.url(before=self.list.slice.before) if self.list.slice.before else None

    @property
    def export_url(self) -> str:
        """Where an export is asked for; nothing where nobody is a member, or the page is outside both audiences."""
        audience = self.list.shell.audience
        return reverse(f"ui:{audience}_exports") if self._is_member and audience in ("console", "portal") else ""

    @property
    def url(self) -> str:
        return self.list.url()

    @property
    def canonical(self) -> str:
        return self.list.canonical

    @property
    def can_save(self) -> bool:
        return self.list.can_save_views and self._is_member

    @property
    def _is_member(self) -> bool:
        return getattr(self.request, "membership", None) is not None
