"""The one list on real rows: pages, filters, views, columns, bulk, export; and the wall around all of it."""

import csv
from io import BytesIO, StringIO
from itertools import pairwise
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_htmx.middleware import HtmxDetails

from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import current
from prm.kernel.ui import actions
from prm.kernel.ui.exports import files
from prm.kernel.ui.lists import BulkAction, Choice, Column, Empty, List, ListView, Period, Plan, Range, Search, View
from prm.kernel.ui.models import SavedView
from tests.cast import acme, birch, bo, cy, mia, olivia, partner, vendor, zenith

ran: list[list[str]] = []
ALONE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "list-people-probe"}  # htmx asks for the list without its page


def keep_in_mind(request, rows):
    ran.append([row.name for row in rows])


def not_the_unlimited(request, rows):
    return Plan(
        will=[row for row in rows if row.approval_limit is not None],
        skipped=[(row, "has no limit") for row in rows if row.approval_limit is None],
    )


class PeopleList(List):
    key = "people-probe"
    title = "People"
    noun = ("person", "people")
    default_sort = "name"
    page_size = 7
    columns = (
        Column("name", "Name", sort="name", link=lambda row: f"/people/{row.pk}"),
        Column("limit", "Limit", kind="money", value="approval_limit", sort="approval_limit"),
        Column("joined", "Joined", kind="when", value="joined_at", sort="joined_at"),
        Column("stand_in", "Stand-in", kind="person", value="delegate", sort="delegate__name", optional=True),
    )
    filters = (
        Search("name", "email"),
        Choice("title", "Title", options=[("Seller", "Seller"), ("Buyer", "Buyer")], many=True),
        Choice("mine", "Whose", options=[], field="pk"),
        Range("limit", "Limit", field="approval_limit"),
        Period("joined", "Joined", field="joined_at"),
    )
    views = (View("sellers", "Sellers", {"title": ["Seller"]}), View("me", "Me", {"mine": "me"}))
    bulk = (
        BulkAction("note", "Note", run=keep_in_mind, preview=not_the_unlimited),
        BulkAction("secret", "Secret", run=keep_in_mind, roles=frozenset({"admin"})),
    )
    empty = Empty("Nobody yet")

    def rows(self, request):
        return Membership.objects.select_related("delegate")


class PeopleListView(ListView):
    list = PeopleList


def crowd(count: int) -> None:
    """People with equal names, equal and missing limits, so that ties and nulls are met."""
    Membership.objects.bulk_create(
        Membership(
            name=f"Person {index % 5}",
            email=f"p{index}@acme.example",
            person_id=uuid4(),
            roles=["sales"],
            title=("Seller", "Buyer", "")[index % 3],
            approval_limit=(None, 10, 10, 20.5, None, 7)[index % 6],
            delegate_id=olivia.membership_id if index % 2 else None,
        )
        for index in range(count)
    )


def asked(query: str = "", who=olivia, method: str = "get", data=None, **headers):
    request = getattr(RequestFactory(), method)(f"/console/people?{query}", data or {}, **headers)
    if method == "get":
        request = RequestFactory().get(f"/console/people?{query}", **headers)
    request.htmx = HtmxDetails(request)
    request.session, request.user = {}, SimpleNamespace(is_authenticated=True, name=who.name, email=who.email)
    request._messages = FallbackStorage(request)
    request.membership = Membership.objects.get(pk=who.membership_id)
    request.actor, request.tenant, request.now = who.actor, None, current().now
    return request


def names(query: str = "", **options) -> list[str]:
    return [row.name for row in PeopleList(asked(query, **options)).slice.rows]


def all_pages(sort: str, direction: str = "after"):
    """Every row, page by page, the whole way there (or back)."""
    found, query = [], f"sort={sort}"
    while True:
        rows = PeopleList(asked(query)).slice
        found = [*found, *rows.rows] if direction == "after" else [*rows.rows, *found]
        cursor = rows.after if direction == "after" else rows.before
        if cursor is None:
            return found, query
        query = f"sort={sort}&{direction}={cursor}"


class TestPages:
    def test_goes_on_though_a_row_goes_while_the_page_is_read(self):
        gone = []

        def one_goes(execute, sql, *rest):
            found = execute(sql, *rest)
            if "LIMIT 8" in sql and not gone:
                gone.append(Membership.objects.filter(title="Seller").order_by("name", "pk").values("pk").first()["pk"])
                Membership.objects.filter(pk=gone[0]).update(title="Buyer")
            return found

        with vendor(acme):
            crowd(40)
            sellers = Membership.objects.filter(title="Seller").order_by("name", "pk")
            every = list(sellers)
            with connection.execute_wrapper(one_goes):
                page = PeopleList(asked("sort=name&title=Seller")).slice
            assert page.rows == every[1:7] and gone == [every[0].pk]
            assert PeopleList(asked(f"sort=name&title=Seller&after={page.after}")).slice.rows == every[7:14]

    @pytest.mark.parametrize("sort", ["name", "-name", "limit", "-limit", "joined", "-joined", "stand_in", "-stand_in"])
    def test_hold_every_row_once_in_order_there_and_back_with_ties_and_nulls(self, sort):
        with vendor(acme):
            crowd(40)
            path = {"limit": "approval_limit", "joined": "joined_at", "stand_in": "delegate__name"}.get(
                sort.lstrip("-"), "name"
            )
            down = sort.startswith("-")
            ends = (F(path).desc(nulls_last=True), "-pk") if down else (F(path).asc(nulls_last=True), "pk")
            expected = list(Membership.objects.order_by(*ends))

            there, last = all_pages(sort)
            assert there == expected
            back = PeopleList(asked(last)).slice
            rest = []
            while back.before:
                back = PeopleList(asked(f"sort={sort}&before={back.before}")).slice
                rest = [*back.rows, *rest]
            assert rest == expected[: len(rest)] and len(rest) + len(PeopleList(asked(last)).slice.rows) == len(
                expected
            )

    @pytest.mark.parametrize("cursor", ["x", "W10", "eyJhIjoxfQ", "WyJhIiwgIm5vdC1hbi1pZCJd", "A" * 3000, "%00"])
    def test_a_cursor_that_makes_no_sense_is_the_first_page(self, cursor):
        with vendor(acme):
            assert names(f"after={cursor}") == names()

    def test_ask_the_database_as_often_for_ten_times_the_rows(self):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked_for:
                response = PeopleListView.as_view()(asked("title=Seller&sort=-limit&cols=name,limit,stand_in", **ALONE))
                assert response.status_code == 200
            return len(asked_for)

        with vendor(acme):
            crowd(10)
            few = count()
            crowd(200)
            many = count()
        assert few == many <= 5


class TestFilters:
    def test_narrow_by_words_choice_range_and_view_together(self):
        with vendor(acme):
            crowd(30)
            found = PeopleList(asked("view=sellers&q=person+p1&limit_min=5")).filtered

            assert found.exists()
            assert all(row.title == "Seller" and row.approval_limit >= 5 and "p1" in row.email for row in found)

    def test_me_is_the_reader(self):
        with vendor(acme):
            assert names("view=me") == ["Olivia"]
            assert names("view=me", who=mia) == ["Mia"]
            assert names("title=me") == names("")

    @pytest.mark.parametrize(
        "query",
        [
            "title=Nonsense",
            "limit_min=NaN",
            "limit_max=1e999",
            "joined=ever",
            "joined_from=2026-99-01",
            "sort=person__password",
            "view=none",
            "q=%00",
        ],
    )
    def test_what_makes_no_sense_is_as_if_it_were_not_there(self, query):
        with vendor(acme):
            assert names(query) == names()

    def test_an_attempt_on_the_search_is_only_words(self):
        with vendor(acme):
            assert names("q='%3B+DROP+TABLE+identity_membership%3B--") == []
            assert names("q=%25") == [] and Membership.objects.exists()

    def test_periods_include_both_days_in_the_readers_zone(self):
        with vendor(acme):
            joined = Membership.objects.get(pk=olivia.membership_id).joined_at.date().isoformat()

            assert "Olivia" in names(f"joined_from={joined}&joined_to={joined}&q=olivia")
            assert names("joined_to=2001-01-01") == []


class TestViews:
    def test_counts_are_right_and_come_in_one_statement(self):
        with vendor(acme):
            crowd(30)
            with CaptureQueriesContext(connection) as asked_for:
                counts = PeopleList(asked()).counts
            assert counts["view_sellers"] == Membership.objects.filter(title="Seller").count()
            assert counts["everything"] == Membership.objects.count()
            assert len([query for query in asked_for if "COUNT" in query["sql"]]) == 1

    def test_a_saved_view_keeps_filters_order_and_columns_and_nothing_else(self):
        with vendor(acme):
            data = {"save_view": "1", "name": "Big sellers", "query": "title=Seller&sort=-limit&evil=1&after=x"}
            response = PeopleListView.as_view()(asked(method="post", data=data))

            saved = SavedView.objects.get()
            assert QueryDict(saved.query).dict() == {"title": "Seller", "sort": "-limit"}
            assert response.status_code == 302 and f"saved={saved.pk}" in response["Location"]

    def test_is_its_owners_alone(self):
        with vendor(acme):
            actions.save_view(
                owner_id=olivia.membership_id, partner_id=None, list_key=PeopleList.key, name="Mine", query=""
            )

            assert [view.name for view in PeopleList(asked()).saved] == ["Mine"]
            assert PeopleList(asked(who=mia)).saved == []

    def test_a_partner_keeps_views_of_its_own_and_sees_no_others(self):
        with vendor(acme):
            actions.save_view(owner_id=olivia.membership_id, partner_id=None, list_key="x", name="Vendor", query="")
        with partner(birch):
            actions.save_view(owner_id=bo.membership_id, partner_id=birch.id, list_key="x", name="Birch", query="")
            assert [view.name for view in SavedView.objects.all()] == ["Birch"]
        with partner(cy.partner):
            assert not SavedView.objects.exists()
        with vendor(zenith):
            assert not SavedView.objects.exists()

    def test_can_be_removed_by_its_owner_only(self):
        with vendor(acme):
            view = actions.save_view(
                owner_id=olivia.membership_id, partner_id=None, list_key=PeopleList.key, name="Mine", query=""
            )
            PeopleListView.as_view()(asked(method="post", data={"delete_view": str(view.pk)}, who=mia))
            assert SavedView.objects.exists()
            PeopleListView.as_view()(asked(method="post", data={"delete_view": str(view.pk)}))
            assert not SavedView.objects.exists()


class TestColumns:
    def test_the_address_chooses_them_and_the_first_stays(self):
        with vendor(acme):
            shown = [column.key for column in PeopleList(asked("cols=stand_in")).shown]
            assert shown == ["name", "stand_in"]
            assert [column.key for column in PeopleList(asked()).shown] == ["name", "limit", "joined"]


class TestBulk:
    def test_first_shows_what_would_happen_and_why_some_are_skipped_and_changes_nothing(self):
        ran.clear()
        with vendor(acme):
            crowd(6)
            ids = [str(row.pk) for row in Membership.objects.filter(email__startswith="p")]
            response = PeopleListView.as_view()(asked(method="post", data={"bulk": "note", "ids": ids}))

        page = response.content.decode()
        assert "<strong>4</strong> rows will be changed" in page and "has no limit" in page
        assert ran == []

    def test_confirmed_it_runs_on_those_that_are_not_skipped(self):
        ran.clear()
        with vendor(acme):
            crowd(6)
            ids = [str(row.pk) for row in Membership.objects.filter(email__startswith="p")]
            PeopleListView.as_view()(asked(method="post", data={"bulk": "note", "ids": ids, "confirmed": "1"}))
        assert len(ran) == 1 and len(ran[0]) == 4

    def test_all_means_all_that_the_filters_leave(self):
        ran.clear()
        with vendor(acme):
            crowd(60)
            PeopleListView.as_view()(
                asked("title=Buyer", method="post", data={"bulk": "note", "all": "1", "confirmed": "1"})
            )
            assert len(ran[0]) == Membership.objects.filter(title="Buyer", approval_limit__isnull=False).count() > 7

    def test_ids_from_elsewhere_and_nonsense_are_not_among_the_rows(self):
        ran.clear()
        with vendor(zenith):
            strangers = [str(pk) for pk in Membership.objects.values_list("pk", flat=True)]
        with vendor(acme):
            PeopleListView.as_view()(
                asked(method="post", data={"bulk": "note", "ids": [*strangers, "x"], "confirmed": "1"})
            )
        assert ran == []

    def test_an_action_of_another_role_is_refused(self):
        with vendor(acme), pytest.raises(PermissionDenied):
            PeopleListView.as_view()(asked(method="post", data={"bulk": "secret", "ids": []}))


class TestItsTable:
    """What an export writes; tests/ui/test_exports.py has the way that it goes."""

    def rows_of(self, query: str) -> list[list[str]]:
        out = BytesIO()
        files.write(PeopleList(asked(query)).table(), "csv", out, ZoneInfo("Europe/Berlin"), lambda done: None)
        return list(csv.reader(StringIO(out.getvalue().decode("utf-8-sig"))))

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_has_no_formula_in_any_cell(self, name):
        with vendor(acme):
            Membership.objects.create(name=name, email="evil@acme.example", roles=["sales"], person_id=uuid4())
            cells = self.rows_of("q=evil")[1]
        assert cells[0] == f"'{name}"

    def test_takes_the_filtered_rows_and_the_shown_columns_with_plain_figures(self):
        with vendor(acme):
            crowd(12)
            rows = self.rows_of("title=Seller&cols=name,limit&sort=-limit")
            assert rows[0] == ["Name", "Limit", "Limit (ISO 4217)"]
            assert len(rows) == 1 + Membership.objects.filter(title="Seller").count()
            assert all(
                later == "" or float(earlier or "inf") >= float(later)
                for earlier, later in pairwise(row[1] for row in rows[1:])
            )


class TestThePage:
    def test_htmx_gets_the_list_alone_and_a_browser_the_whole_page(self):
        with vendor(acme):
            whole = PeopleListView.as_view()(asked()).content.decode()
            part = PeopleListView.as_view()(asked(**ALONE)).content.decode()
        assert "<html" in whole and "<html" not in part
        assert part.strip().startswith('<section class="list"')

    def test_an_empty_list_teaches_and_a_narrowed_one_says_how_to_widen_it(self):
        class Nobody(PeopleList):
            def rows(self, request):
                return Membership.objects.none()

        class Page(ListView):
            list = Nobody

        with vendor(acme):
            assert "Nobody yet" in Page.as_view()(asked()).content.decode()
            assert "Nothing fits" in Page.as_view()(asked("q=x")).content.decode()

    def test_a_name_that_is_a_script_stays_text(self):
        with vendor(acme):
            Membership.objects.create(
                name="<script>alert(1)</script>", email="evil@acme.example", roles=["sales"], person_id=uuid4()
            )
            assert "<script>alert" not in PeopleListView.as_view()(asked("q=evil")).content.decode()
