"""Tables as files: asked for on a page, written by a task within the asker's wall, fetched by a signed link."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from openpyxl import load_workbook

from dealreg.models import Deal
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.models import Membership
from prm.kernel.ui.exports import Head, Table, files, links, work
from prm.kernel.ui.exports.asking import PER_MINUTE
from prm.kernel.ui.models import Export
from tests.cast import ada, aud, bea, birch, bo, cam, cedar, client_of, mia, olivia, partner, vendor, zoe
from tests.dealreg.deals import approved, draft
from tests.exports import ask, exported, exported_xlsx, written
from tests.identity.test_tokens import call, key_of

DEALS = "/console/deals/"
OWN = "/portal/deals/"


def the_export() -> Export:
    with vendor():
        return Export.objects.latest("pk")


def actions() -> list[str]:
    with vendor():
        return list(
            AuditEntry.objects.filter(action__startswith="export.").order_by("id").values_list("action", flat=True)
        )


class TestAnExport:
    def test_holds_the_rows_and_columns_of_the_page_as_its_address_says_them(self):
        approved(customer_name="Nordwind Logistik GmbH", amount="12000.50")
        approved(cedar, customer_name="Alpen Molkerei AG", customer_domain="alpen-molkerei.at")

        rows = exported(client_of(olivia), f"{DEALS}?q=nordwind&cols=customer_name,status,amount")

        assert rows[0] == ["Customer", "Status", "Amount", "Amount (ISO 4217)"]
        assert rows[1:] == [["Nordwind Logistik GmbH", "Protected", "12000.50", "EUR"]]
        assert actions() == ["export.asked", "export.written", "export.fetched"]

    def test_of_a_partner_holds_its_own_deals_though_the_worker_could_read_all(self):
        approved(birch)
        approved(cedar, customer_name="Alpen Molkerei AG", customer_domain="alpen-molkerei.at")

        rows = exported(client_of(bo), OWN)

        assert [row[0] for row in rows[1:]] == ["Nordwind Logistik GmbH"]
        assert "Alpen" not in str(rows)

    def test_as_xlsx_has_numbers_as_numbers_days_as_days_and_no_formula(self):
        approved(customer_name="=HYPERLINK(1)", amount="12000.50")

        sheet = exported_xlsx(client_of(olivia), f"{DEALS}?cols=customer_name,amount,protected_until")

        name, amount, code, until = (cell for cell in sheet[2])
        assert (name.value, name.data_type) == ("'=HYPERLINK(1)", "s")
        assert (amount.value, amount.number_format, code.value) == (12000.5, "#,##0.00", "EUR")
        assert until.is_date and sheet.freeze_panes == "A2"

    def test_begins_with_what_the_asker_may_do_when_it_is_written(self):
        browser = client_of(cam)
        ask(browser, "/console/setup/people/")
        with vendor():
            Membership.objects.filter(pk=cam.membership_id).update(roles=["sales"])

        assert written() == 0
        assert (the_export().state, the_export().problem) == ("failed", "not_allowed")

    def test_of_somebody_who_has_left_is_not_written(self):
        ask(client_of(olivia), DEALS)
        with vendor() as now:
            Membership.objects.filter(pk=olivia.membership_id).update(ended_at=now)
        assert written() == 0 and the_export().state == "failed"

    @pytest.mark.parametrize(
        "address",
        ["", "/portal/deals/", "/console/", "/console/nowhere/", "//evil.example/console/deals/", "/admin/",
         "https://evil.example/console/deals/", "/api/v1/deals", "/console/exports/", "x" * 2001],
    )  # fmt: skip
    def test_of_what_is_no_table_of_ours_is_refused(self, address):
        browser = client_of(olivia)
        browser.post("/console/exports/", {"address": address, "format": "csv"})
        with vendor():
            assert not Export.objects.exists()

    def test_may_be_asked_for_by_an_auditor_who_may_change_nothing_else(self):
        approved()
        assert len(exported(client_of(aud), DEALS)) == 2

    def test_has_to_wait_when_many_were_asked_for(self):
        browser = client_of(mia)
        for _time in range(PER_MINUTE + 1):
            ask(browser, DEALS)
        with vendor():
            assert Export.objects.count() == PER_MINUTE

    def test_shows_how_far_it_is_and_is_written_once_by_two_workers(self):
        approved()
        browser = client_of(olivia)
        home = ask(browser, DEALS)
        waiting = browser.get(home).content.decode()
        assert "every 1s" in waiting and "0 of 1 rows" in waiting
        assert [written(), written()] == [1, 0]
        assert "every 1s" not in browser.get(home).content.decode()

    def test_that_killed_its_worker_is_taken_up_again_and_given_up_in_the_end(self):
        ask(client_of(olivia), DEALS)
        row = the_export()
        with vendor(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ui_export SET state='writing', tries=1, claimed_until=clock_timestamp()-interval '1 s'"
            )
        assert written() == 1
        with vendor(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ui_export SET state='writing', tries=3, claimed_until=clock_timestamp()-interval '1 s'"
            )
        assert written() == 0
        row = the_export()
        assert (row.state, row.problem) == ("failed", "broken")


class TestItsLink:
    @pytest.fixture
    def link(self) -> str:
        approved()
        browser = client_of(bo)
        home = ask(browser, OWN)
        written()
        return str(next(one["url"] for one in browser.get(home).context["rows"]))

    def test_is_for_the_asker_alone(self, link):
        assert client_of(bo).get(link).status_code == 200
        for other in (bea, olivia, zoe):
            assert client_of(other).get(link).status_code in (302, 404)
            assert client_of(other).get(link.replace("portal", "console")).status_code in (302, 404)

    def test_is_signed(self, link):
        path = urlsplit(link).path
        for key in ("", "x", link.partition("key=")[2][:-2] + "aa"):
            assert client_of(bo).get(f"{path}?key={key}").status_code == 404

    def test_runs_out(self, link, monkeypatch):
        monkeypatch.setattr(signing.time, "time", lambda: 4_000_000_000)
        assert not links.fits(the_export(), link.partition("key=")[2])

    def test_gives_an_attachment_that_no_browser_opens_in_our_name(self, link):
        answer = client_of(bo).get(link)
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]

    def test_leads_nowhere_once_the_file_is_removed_after_a_day(self, link):
        row = the_export()
        stored = row.stored_name
        assert default_storage.exists(stored) and str(row.pk) not in stored
        with vendor() as now:
            Export.objects.update(expires_at=now - timedelta(seconds=1))
        assert client_of(bo).get(link).status_code == 404

        written()

        assert not default_storage.exists(stored) and the_export().state == "expired"
        assert "Make it again" in client_of(bo).get("/portal/exports/").content.decode()
        assert actions()[-1] == "export.expired"


class TestAFile:
    def table(self, rows):
        return Table.of("t", "Figures", [Head("Text"), Head("Money", "money"), Head("Day", "date")], list(rows))

    def xlsx(self, *rows):
        out = BytesIO()
        files.write(self.table(rows), "xlsx", out, ZoneInfo("Europe/Berlin"), lambda done: None)
        return load_workbook(out).active

    @pytest.mark.pure
    @pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\0=x", "\x01\x02", "x" * 40_000, "🙂", "مرحبا"])
    def test_takes_any_text_and_runs_none(self, text):
        cell = self.xlsx([text, None, None])["A2"]
        assert cell.data_type in ("s", "n", "inlineStr") and not str(cell.value or "").startswith(("=", "+", "-", "@"))

    @pytest.mark.pure
    def test_loses_no_cent_of_a_number_that_a_spreadsheet_can_not_hold(self):
        sheet = self.xlsx(["a", Decimal("99999999999999.99"), date(2027, 2, 19)], ["b", Decimal("-12.30"), None])
        assert sheet["B2"].value == "99999999999999.99"
        assert sheet["B3"].value == -12.3

    @pytest.mark.pure
    def test_is_written_row_by_row(self, monkeypatch):
        alive: list[int] = []
        told: list[int] = []

        def rows():
            for number in range(1200):
                alive.append(number)
                yield [f"row {number}", Decimal(number), None]

        table = Table("t", "Figures", self.table([]).heads, lambda: 1200, rows)
        out = BytesIO()
        assert files.write(table, "csv", out, ZoneInfo("UTC"), told.append) == 1200
        assert told == [500, 1000]
        assert len(list(csv.reader(StringIO(out.getvalue().decode("utf-8-sig"))))) == 1201
        monkeypatch.setattr(files, "LIMIT", 100)
        with pytest.raises(files.TooMany):
            files.write(table, "csv", BytesIO(), ZoneInfo("UTC"), told.append)


class TestOverTheApi:
    def test_a_key_asks_sees_how_far_it_is_and_fetches(self):
        approved()
        draft()
        secret = key_of(ada, "ops")
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
        body = {"address": f"{DEALS}?cols=customer_name", "format": "csv"}
        asked = Client().post("/api/v1/exports", body, content_type="application/json", headers=headers)
        assert asked.status_code == 201 and asked.json()["state"] == "waiting"
        again = Client().post("/api/v1/exports", body, content_type="application/json", headers=headers)
        assert again.json()["id"] == asked.json()["id"]
        written()
        done = call(secret, f"/api/v1/exports/{asked.json()['id']}").json()
        assert (done["state"], done["rows"]) == ("ready", 1)
        file = call(secret, done["url"])
        assert b"".join(file.streaming_content).decode("utf-8-sig").splitlines() == [
            "Customer",
            "Nordwind Logistik GmbH",
        ]
        assert call(secret, done["url"][:-2]).status_code == 404

    def test_a_partners_key_gets_its_own_rows_and_no_console(self):
        approved(cedar, customer_name="Alpen Molkerei AG", customer_domain="alpen-molkerei.at")
        secret = key_of(bea, "seller")
        for address, status in ((OWN, 201), (DEALS, 422)):
            answer = Client().post(
                "/api/v1/exports",
                {"address": address, "format": "csv"},
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": address},
            )
            assert answer.status_code == status, answer.json()
        written()
        with partner(birch):
            assert Export.objects.get().rows == Deal.objects.count() == 0


def test_one_worker_at_most_writes_exports():
    with work.one_at_a_time() as first, work.one_at_a_time() as second:
        assert first and not second
