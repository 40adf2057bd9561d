"""Partners and people out of a file: each row on its own, and never twice."""

import json
from dataclasses import replace

import pytest

from partners import actions
from partners.imports import PARTNERS, PEOPLE
from partners.models import Enrolment, ImportBatch, Partner
from partners.tasks import bring_in, one_chunk
from prm.kernel.automation.imports import importers, run_rows
from prm.kernel.automation.tables import Unreadable
from prm.kernel.identity.models import Invitation, Membership
from tests.cast import acme, birch, bo, cam, olivia, vendor, zenith

FILE = """Company;CRM ID;Tier;Territories;Land;Channel manager
Alder GmbH;A-1;Gold;DACH;Deutschland;cam@acme.example
Beech AG;A-2;silver;DACH, Benelux;CH;
Chestnut;A-3;;;FR;
"""


def opened(text=FILE, kind="partners", name="partners.csv", now=None, encoding="utf-8"):
    return actions.open_batch(kind=kind, file_name=name, data=text.encode(encoding), actor=olivia.actor, now=now)


def brought_in(text=FILE, kind="partners", *, now):
    batch = opened(text, kind, now=now)
    actions.start_check(batch_id=batch.pk, actor=olivia.actor, now=now)
    return actions.start_run(batch_id=batch.pk, actor=olivia.actor, now=now)


class TestGuessing:
    def test_headings_are_known_by_their_names_in_both_languages(self):
        guess = PARTNERS.guess(["Firma", "Your reference", "Stufe", "Land", "E-Mail Domain", "Whatever"])
        assert guess == {"name": 0, "external_id": 1, "tier": 2, "country": 3, "domain": 4}

    def test_a_heading_is_used_once(self):
        assert sorted(PEOPLE.guess(["email", "company", "email 2"]).values()) == [0, 1]


class TestPartners:
    def test_come_in_enrolled_and_looked_after(self):
        with vendor() as now:
            done = brought_in(now=now)

            assert (done.state, done.counts) == ("done", {"created": 3})
            alder = Partner.objects.get(external_id="A-1")
            assert (alder.status, alder.country, alder.cam_id) == ("active", "DE", cam.membership_id)
            assert Enrolment.objects.get(partner=alder).tier.code == "gold"
            assert Partner.objects.get(external_id="A-3").status == "prospect"

    def test_the_same_file_twice_changes_nothing(self):
        with vendor() as now:
            brought_in(now=now)
            again = brought_in(now=now)

            assert again.counts == {"unchanged": 3}
            assert Partner.objects.filter(external_id__startswith="A-").count() == 3

    def test_a_check_writes_nothing_and_counts_what_a_run_would_do(self):
        with vendor() as now:
            before = Partner.objects.count()
            batch = opened(now=now)
            checked = actions.start_check(batch_id=batch.pk, actor=olivia.actor, now=now)

            assert (checked.state, checked.counts) == ("checked", {"created": 3})
            assert Partner.objects.count() == before

    def test_a_known_partner_is_brought_up_to_date_by_its_reference(self):
        with vendor() as now:
            brought_in(now=now)
            done = brought_in("name;your reference;city\nAlder Group;A-1;Bonn\n", now=now)

            assert done.counts == {"updated": 1}
            alder = Partner.objects.get(external_id="A-1")
            assert (alder.name, alder.city, alder.country) == ("Alder Group", "Bonn", "DE")

    def test_two_references_are_two_partners_however_alike(self):
        with vendor() as now:
            done = brought_in("name;id\nOak;1\nOak;2\n", now=now)
            assert done.counts == {"created": 2}

    def test_bad_rows_are_told_with_line_column_and_reason_and_good_ones_go_in(self):
        with vendor() as now:
            done = brought_in(
                "name;tier;country;kind;website\n"
                ";Gold;DE;;\nGood One;Gold;DE;;\nElm;Platinum;Atlantis;;\nFir;;DE;bank;not a site\n",
                now=now,
            )

            assert done.counts == {"failed": 3, "created": 1}
            assert [[line, column] for line, column, _reason in done.errors] == [
                [2, "Name"],
                [4, "Country"],
                [5, "Kind"],
            ]
            assert [line for line, _cells in done.rows] == [2, 4, 5]
            assert not Partner.objects.filter(name="Elm").exists()

    def test_a_row_that_fails_half_way_leaves_nothing(self):
        with vendor() as now:
            done = brought_in("name;tier\nElm;Platinum\n", now=now)
            ((line, column, told),) = done.errors
            assert (line, column) == (2, "Tier")
            assert told.startswith("“Platinum” is no tier of Partner program. Choose from: ") and "Silver" in told
            assert not Partner.objects.filter(name="Elm").exists()

    def test_hostile_text_comes_in_as_text(self):
        names = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "😀 Ltd", "شركة", "Robert'); DROP TABLE--"]
        with vendor() as now:
            done = brought_in("name\n" + "\n".join(f'"{name}"' for name in names) + "\n", now=now)
            assert done.counts == {"created": 5}
            assert set(names) <= set(Partner.objects.values_list("name", flat=True))

    def test_a_name_of_ten_thousand_characters_is_one_bad_row(self):
        with vendor() as now:
            done = brought_in(f"name\n{'x' * 10_000}\nFine\n", now=now)
            assert done.counts == {"failed": 1, "created": 1}
            assert "longer than" in done.errors[0][2]

    def test_a_reference_at_another_vendor_is_not_seen(self):
        with vendor() as now:
            brought_in(now=now)
        with vendor(zenith) as now:
            tally = run_rows(PARTNERS, {"name": 0, "external_id": 1}, [(2, ["Alder", "A-1"])], olivia.actor, now)
            assert tally.counts == {"created": 1}


class TestPeople:
    def test_are_invited_once(self):
        file = "email,partner,name,role\nnew@birch.example,Birch Systems,Nora,seller; marketing\n"
        with vendor() as now:
            first, again = brought_in(file, "people", now=now), brought_in(file, "people", now=now)

            assert (first.counts, again.counts) == ({"created": 1}, {"unchanged": 1})
            invitation = Invitation.objects.get(email="new@birch.example")
            assert (invitation.partner_id, sorted(invitation.roles)) == (birch.id, ["marketing", "seller"])

    def test_who_is_there_gets_the_roles_of_the_file(self):
        with vendor() as now:
            done = brought_in(f"email,partner,roles\n{bo.email},Birch Systems,partner admin\n", "people", now=now)
            assert done.counts == {"updated": 1}
            assert Membership.objects.get(pk=bo.membership_id).roles == ["partner_admin"]

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            ("nobody,Birch Systems,seller", "E-mail"),
            ("a@b.example,Nowhere Ltd,seller", "Partner"),
            ("a@b.example,Birch Systems,king", "Roles"),
        ],
    )
    def test_bad_rows_name_their_column(self, row, column):
        with vendor() as now:
            done = brought_in(f"email,partner,roles\n{row}\n", "people", now=now)
            assert [error[1] for error in done.errors] == [column]


class TestLargerFiles:
    FILE = "name;id\n" + "".join(f"Partner {n};L-{n}\n" for n in range(45))

    @pytest.fixture(autouse=True)
    def small_chunks(self, monkeypatch):
        monkeypatch.setattr("partners.actions.imports.AT_ONCE", 20)
        monkeypatch.setitem(importers, "partners", replace(importers["partners"], chunk=20))

    def test_are_worked_off_in_chunks_by_a_worker(self, as_worker):
        with vendor() as now:
            batch = opened(self.FILE, now=now)
            assert actions.start_check(batch_id=batch.pk, actor=olivia.actor, now=now).state == "checking"
        assert bring_in() == 3
        with vendor() as now:
            assert ImportBatch.objects.get(pk=batch.pk).counts == {"created": 45}
            actions.start_run(batch_id=batch.pk, actor=olivia.actor, now=now)
        bring_in()
        with vendor():
            done = ImportBatch.objects.get(pk=batch.pk)
            assert (done.state, done.counts, done.rows) == ("done", {"created": 45}, [])
            assert Partner.objects.filter(external_id__startswith="L-").count() == 45

    def test_a_killed_worker_loses_a_chunk_at_most_and_no_row_comes_twice(self, as_worker):
        with vendor() as now:
            batch = opened(self.FILE, now=now)
            actions.start_check(batch_id=batch.pk, actor=olivia.actor, now=now)
        bring_in()
        with vendor() as now:
            actions.start_run(batch_id=batch.pk, actor=olivia.actor, now=now)
        one_chunk(acme.id, batch.pk)
        with vendor() as now:  # as if the position had been lost with the worker
            ImportBatch.objects.filter(pk=batch.pk).update(position=10)
        bring_in()
        with vendor():
            done = ImportBatch.objects.get(pk=batch.pk)
            assert done.counts == {"created": 45, "unchanged": 10}
            assert Partner.objects.filter(external_id__startswith="L-").count() == 45

    def test_a_fault_stops_the_batch_where_its_owner_sees_it(self, as_worker):
        with vendor() as now:
            batch = opened(self.FILE, now=now)
            actions.start_check(batch_id=batch.pk, actor=olivia.actor, now=now)
            ImportBatch.objects.filter(pk=batch.pk).update(actor={})
        bring_in()
        with vendor():
            stopped = ImportBatch.objects.get(pk=batch.pk)
            assert (stopped.state, stopped.errors[-1][2]) == ("failed", "KeyError")


class TestBatches:
    def test_a_file_that_is_no_table_makes_no_batch(self):
        with vendor() as now, pytest.raises(Unreadable):
            actions.open_batch(kind="partners", file_name="x.csv", data=b"PK\x03\x04", actor=olivia.actor, now=now)
        with vendor():
            assert not ImportBatch.objects.exists()

    def test_nothing_runs_before_it_was_checked(self):
        with vendor() as now:
            batch = opened(now=now)
            assert actions.start_run(batch_id=batch.pk, actor=olivia.actor, now=now).state == "uploaded"

    def test_every_importer_says_what_its_columns_are(self):
        for importer in importers.values():
            assert any(column.required for column in importer.columns), importer.key
            json.dumps([str(column.label) for column in importer.columns])
