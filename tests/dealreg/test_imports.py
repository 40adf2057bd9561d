"""Files: good rows once, bad rows told, customers in bulk."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dealreg import actions
from dealreg.imports import CustomerRow
from dealreg.models import Customer, Deal, MatchKey
from prm.kernel.identity.actors import Actor
from tests.cast import acme, birch, vendor, zenith

IMPORTER = Actor.system("import")


@pytest.fixture
def a_close() -> str:
    with vendor() as now:
        return (now + timedelta(days=40)).date().isoformat()


def file(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "deals.csv"
    path.write_text("\n".join(("Customer;Country;Amount;Currency;Close date;Products;Industry", *lines)))
    return path


def bring_in(path: Path, partner: str = "Birch Systems") -> str:
    out = StringIO()
    call_command("deals", "import", str(path), "--partner", partner, "--tenant", "acme", stdout=out)
    return out.getvalue()


class TestDealsFromAFile:
    def test_good_rows_go_in_and_bad_ones_are_told_with_line_and_column(self, tmp_path, a_close):
        path = file(
            tmp_path,
            f"Elm AG;DE;12000;EUR;{a_close};platform;retail",
            f"Fir AG;DE;lots;EUR;{a_close};platform;",
            f"Oak AG;Atlantis;1000;EUR;{a_close};nothing;",
            f"=1+1 GmbH;AT;3.000,50;EUR;{a_close};Platform, security;",
        )

        told = bring_in(path)

        assert "1 submitted" in told and "3 refused" in told
        errors = (tmp_path / "deals.csv.errors.csv").read_text()
        assert "3,Amount" in errors and "4,Country" in errors
        assert "“nothing” is none of the product lines offered. Choose from: Platform, Security" in errors
        with vendor():
            assert list(Deal.objects.values_list("customer_name", "status")) == [("Elm AG", "submitted")]

    def test_twice_changes_nothing(self, tmp_path, a_close):
        path = file(tmp_path, *(f"Elm {n} AG;DE;12000;EUR;{a_close};platform;" for n in range(4)))
        bring_in(path)

        assert "0 submitted, 4 were in already" in bring_in(path)
        with vendor():
            assert Deal.objects.count() == 4

    def test_killed_half_way_it_goes_on_behind_the_last_row(self, tmp_path, a_close, monkeypatch):
        path = file(tmp_path, *(f"Elm {n} AG;DE;12000;EUR;{a_close};platform;" for n in range(5)))
        real, seen = actions.import_deal, []

        def dies_at_the_third(**row):
            if len(seen) == 2:
                raise KeyboardInterrupt
            seen.append(row)
            return real(**row)

        monkeypatch.setattr(actions, "import_deal", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            bring_in(path)
        monkeypatch.undo()

        assert "3 submitted, 2 were in already" in bring_in(path)
        with vendor():
            assert Deal.objects.count() == 5

    def test_an_unknown_partner_and_a_file_without_the_columns_are_told(self, tmp_path):
        with pytest.raises(CommandError, match="no partner"):
            bring_in(file(tmp_path, "x;y;z"), partner="Nobody Ltd")
        lacking = tmp_path / "odd.csv"
        lacking.write_text("Firma,Betrag\nElm,5\n")
        with pytest.raises(CommandError, match="lacks the column"):
            bring_in(lacking)


class TestCustomersFromAFile:
    def rows(self, count):
        return [CustomerRow(f"Customer {n} GmbH", f"customer{n}.example", "DE", "Köln") for n in range(count)]

    def test_come_in_once_and_can_be_found(self):
        for _twice in range(2):
            with vendor() as now:
                summary = actions.import_customers(records=self.rows(30), actor=IMPORTER, now=now)

        assert (summary.created, summary.unchanged) == (0, 30)
        with vendor():
            assert Customer.objects.count() == 30
            assert MatchKey.objects.values("record_id").distinct().count() == 30

    def test_of_a_known_id_are_brought_up_to_date(self):
        with vendor() as now:
            actions.import_customers(records=[CustomerRow("Old Name AG", external_id="A1")], actor=IMPORTER, now=now)
            summary = actions.import_customers(
                records=[CustomerRow("New Name AG", external_id="A1"), CustomerRow("")], actor=IMPORTER, now=now
            )

            assert (summary.updated, summary.refused) == (1, 1)
            assert Customer.objects.get().name == "New Name AG"

    def test_are_the_vendors_own(self):
        with vendor() as now:
            actions.import_customers(records=self.rows(3), actor=IMPORTER, now=now)

        with vendor(zenith):
            assert not Customer.objects.exists() and not MatchKey.objects.exists()

    def test_from_the_command_line(self, tmp_path):
        path = tmp_path / "accounts.csv"
        path.write_text(
            'name,domain,country,city\n"Valion Bio, Inc.",,US,San Antonio\nObsEva SA,obseva.com,CH,Geneva\n'
        )
        out = StringIO()

        call_command("customers", "import", str(path), "--tenant", acme.slug, stdout=out)

        assert "2 new" in out.getvalue()


def test_the_partner_can_be_named_by_its_id(tmp_path, a_close):
    path = file(tmp_path, f"Elm AG;DE;12000;EUR;{a_close};platform;")

    assert "1 submitted" in bring_in(path, str(birch.id))
