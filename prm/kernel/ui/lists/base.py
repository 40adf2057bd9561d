"""A list is declared once, as a class; an instance is that list for one request, its state read from the address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from prm.kernel.ui.context import Shell
from prm.kernel.ui.exports.tables import Head, Table
from prm.kernel.ui.lists import paging
from prm.kernel.ui.lists.bulk import BulkAction
from prm.kernel.ui.lists.columns import Column
from prm.kernel.ui.lists.filters import Filter, Search
from prm.kernel.ui.models import SavedView

Text = str | Promise
PAGING = ("after", "before")
AT_ONCE = 1_000  # rows that an export reads at a time


@dataclass(frozen=True, slots=True)
class View:
    """A named narrowing that comes with the list; `when` are filter values as in the address."""

    key: str
    label: Text
    when: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: what will be here and how to begin."""

    title: Text
    text: Text = ""
    action: Text = ""
    url_name: str = ""
    icon: str = "inbox"

    @property
    def url(self) -> str:
        try:
            return reverse(self.url_name) if self.url_name else ""
        except NoReverseMatch:
            return ""


class List:
    """Subclass and declare; `rows()` is the one query, already within the reader's wall."""

    key = ""
    title: Text = ""
    noun: tuple[Text, Text] = ("", "")
    columns: Sequence[Column] = ()
    filters: Sequence[Filter] = ()
    views: Sequence[View] = ()
    bulk: Sequence[BulkAction] = ()
    empty = Empty("")
    default_sort = "-pk"
    page_size = 30
    can_save_views = True
    most: int | None = None  # rows are counted so far; None counts them all

    def __init__(self, request: HttpRequest, params: QueryDict | None = None) -> None:
        self.request = request
        self.params = request.GET if params is None else params

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        """Every row that this reader may see, with what the columns need selected."""
        raise NotImplementedError

    # --- state, from the address ---------------------------------------------------------------

    @cached_property
    def wanted(self) -> dict[str, Any]:
        """The filters that are set, by key."""
        return self._read(dict(self.params.lists()))

    def _read(self, params: Mapping[str, list[str]]) -> dict[str, Any]:
        found = ((one.key, one.read(params, self.request)) for one in self.filters)
        return {key: value for key, value in found if value is not None}

    @cached_property
    def view(self) -> View | None:
        key = self.params.get("view")
        return next((view for view in self.views if view.key == key), None)

    @cached_property
    def sort(self) -> str:
        asked = self.params.get("sort", "")
        return asked if asked.removeprefix("-") in self._sortable else self._as_key(self.default_sort)

    @cached_property
    def _sortable(self) -> dict[str, str]:
        return {column.key: column.sort for column in self.columns if column.sort}

    def _as_key(self, sort: str) -> str:
        """The default order names a path; the address names the column."""
        sign, path = ("-" if sort.startswith("-") else ""), sort.removeprefix("-")
        return sign + next((key for key, orm in self._sortable.items() if orm == path), path)

    @cached_property
    def order(self) -> paging.Order:
        sign, key = ("-" if self.sort.startswith("-") else ""), self.sort.removeprefix("-")
        return paging.Order.of(self._base, sign + self._sortable.get(key, key))

    @cached_property
    def shown(self) -> list[Column]:
        """The columns on view: those chosen in the address, else all but the optional ones; the first always."""
        chosen = self.params.get("cols", "").split(",")
        picked = [column for column in self.columns if column.key in chosen]
        if not picked:
            return [column for column in self.columns if not column.optional]
        return picked if self.columns[0] in picked else [self.columns[0], *picked]

    # --- rows -----------------------------------------------------------------------------------

    @cached_property
    def _base(self) -> "QuerySet[Any]":
        return self.rows(self.request)

    @property
    def filtered(self) -> "QuerySet[Any]":
        """Every row that the view and the filters leave."""
        return self._base.filter(self._q(self.view, self.wanted))

    def without(self, *keys: str) -> "QuerySet[Any]":
        """The rows that are left when these filters are not set."""
        return self._base.filter(self._q(self.view, {k: value for k, value in self.wanted.items() if k not in keys}))

    def _q(self, view: View | None, wanted: Mapping[str, Any]) -> Q:
        both = Q()
        for values in (self._read(_lists(view.when)) if view else {}, wanted):
            for one in self.filters:
                if one.key in values:
                    both &= one.q(values[one.key], self.request)
        return both

    @cached_property
    def slice(self) -> paging.Slice:
        return paging.slice_of(
            self.filtered,
            self.order,
            self.page_size,
            after=self.params.get("after", ""),
            before=self.params.get("before", ""),
        )

    @cached_property
    def saved(self) -> list[SavedView]:
        """The reader's own views of this list."""
        membership = getattr(self.request, "membership", None)
        if membership is None or not self.can_save_views:
            return []
        return list(SavedView.objects.filter(owner_id=membership.pk, list_key=self.key).order_by("name")[:20])

    @cached_property
    def counts(self) -> dict[str, int]:
        """One statement counts what is shown, all there is, and every view."""
        asked = {"shown": self._q(self.view, self.wanted), "everything": Q()}
        asked |= {f"view_{view.key}": self._q(view, {}) for view in self.views}
        asked |= {f"saved_{view.pk.hex}": self._saved_q(view) for view in self.saved}
        counted = {name: Count("pk", filter=q) if q else Count("pk") for name, q in asked.items()}
        found: dict[str, int] = self._base.order_by().aggregate(**counted)
        return found

    def _saved_q(self, saved: SavedView) -> Q:
        params = QueryDict(saved.query)
        view = next((view for view in self.views if view.key == params.get("view")), None)
        return self._q(view, self._read(dict(params.lists())))

    # --- the whole of it, for an export ---------------------------------------------------------------

    def table(self) -> Table:
        """Every row that is filtered with the columns that are shown; money brings its currency along."""
        heads = []
        for column in self.shown:
            kind = column.kind if column.kind != "sla" else "when"
            heads.append(Head(str(column.label), kind))
            if column.kind == "money":
                heads.append(Head(f"{column.label} (ISO 4217)"))
        return Table(self.key, str(self.title), heads, lambda: self.filtered.count(), self._cells)

    def _cells(self) -> Iterator[list[Any]]:
        for row in self.filtered.order_by(*self.order.by(backwards=False)).iterator(chunk_size=AT_ONCE):
            cells = []
            for column in self.shown:
                cells.append(column.typed(row))
                if column.kind == "money":
                    cells.append(column.currency_of(row))
            yield cells

    # --- what the templates show ------------------------------------------------------------------

    @cached_property
    def shell(self) -> Shell:
        return Shell(self.request)

    @property
    def actions(self) -> list[BulkAction]:
        return [action for action in self.bulk if action.offered_to(self.shell.roles)]

    @property
    def canonical(self) -> str:
        """The state as a query string, without the place in it."""
        return self._with()

    def url(self, **changes: Any) -> str:
        query = self._with(**changes)
        return f"{self.request.path}?{query}" if query else self.request.path

    def query(self, **changes: Any) -> str:
        """The state as a query string with changes: what another page of the same filters is asked for with."""
        return self._with(**changes)

    def _with(self, **changes: Any) -> str:
        kept = {name: values for name, values in self.params.lists() if name not in PAGING and any(values)}
        for name, value in changes.items():
            kept.pop(name, None)
            if value not in (None, "", []):
                kept[name] = value if isinstance(value, list) else [value]
        return urlencode(kept, doseq=True)

    def page(self) -> Any:
        """Everything that ui/list/list.html shows."""
        from prm.kernel.ui.lists.page import Page

        return Page(self)

    def noun_for(self, count: int) -> str:
        one, many = self.noun
        return str(one if count == 1 else many) or _("rows")

    @property
    def search(self) -> Search | None:
        return next((one for one in self.filters if isinstance(one, Search)), None)


def _lists(values: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        key: [str(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
        for key, value in values.items()
    }
