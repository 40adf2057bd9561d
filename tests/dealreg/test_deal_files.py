"""A partner's own file in the portal, and a vendor's for any partner: good rows once, bad rows told."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dealreg import actions
from dealreg.imports import Row
from dealreg.models import Deal, DealPolicy
from partners import tasks
from partners.actions import imports
from partners.models import ImportBatch, Partner
from partners.tasks import one_chunk
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import Program
from tests import world
from tests.cast import acme, birch, bo, cedar, client_of, cy, olivia, partner, vendor
from tests.dealreg.mails import at_work

HEAD = "Customer;Country;Amount;Currency;Close date;Products"


@pytest.fixture
def a_close() -> str:
    with vendor() as now:
        return (now + timedelta(days=40)).date().isoformat()


def rows(a_close: str, count: int, *, broken: int = 0) -> list[str]:
    """Lines of a file; `broken` is the line in it (the first line holds the headings)."""
    lines = [f"Elm {n} AG;DE;12000;EUR;{a_close};platform" for n in range(count)]
    if broken:
        lines[broken - 2] = f"Fir AG;Atlantis;lots;EUR;{a_close};platform"
    return lines


def upload(lines: list[str], *, who=bo, name: str = "deals.csv"):
    file = SimpleUploadedFile(name, "\n".join([HEAD, *lines]).encode())
    return client_of(who).post("/portal/deals/files/", {"file": file, "upload": "1"})


def the_batch() -> ImportBatch:
    with vendor():
        return ImportBatch.objects.order_by("-id")[0]


class TestAPartnersOwnFile:
    def test_lands_once_but_for_the_broken_line_which_is_told(self, a_close):
        lines = rows(a_close, 50, broken=40)
        for _twice in range(2):
            assert upload(lines).status_code == 302
            at_work(tasks.bring_in)

        batch = the_batch()
        assert batch.state == "done" and batch.counts == {"unchanged": 49, "failed": 1}
        assert [(line, column) for line, column, _why in batch.errors] == [(40, "Country"), (40, "Amount")]
        with vendor():
            assert Deal.objects.filter(status="submitted", way="file", partner_id=birch.id).count() == 49
        page = client_of(bo).get(f"/portal/deals/files/{batch.pk}/").content.decode()
        assert "Atlantis" in page
        problems = client_of(bo).get(f"/portal/deals/files/{batch.pk}/problems").content.decode("utf-8-sig")
        assert "Fir AG" in problems and "Elm" not in problems

    def test_of_five_thousand_lines_is_only_read_by_the_page_and_line_4000_is_told_as_such(self, a_close):
        assert upload(rows(a_close, 4_999, broken=4_000)).status_code == 302
        batch = the_batch()
        assert (batch.state, batch.position, batch.total) == ("running", 0, 4_999)
        with vendor():
            assert not Deal.objects.exists()
            ImportBatch.objects.filter(pk=batch.pk).update(position=3_995)

        with world.logged_in_as("worker"):
            assert one_chunk(acme.id, batch.pk)

        batch = the_batch()
        assert [(line, column) for line, column, _why in batch.errors] == [(4_000, "Country"), (4_000, "Amount")]
        with vendor():
            assert Deal.objects.filter(status="submitted").count() == batch.position - 3_995 - 1
        told = client_of(bo).get(f"/portal/deals/files/{batch.pk}/progress").content.decode()
        assert f"{batch.position} of 4999 rows" in told and '<td class="num">4000</td>' in told
        assert f">{batch.counts['created']}<" in told  # what came of it so far

    def test_killed_half_way_nothing_doubles(self, a_close, monkeypatch):
        upload(rows(a_close, 50))
        batch = the_batch().pk
        one_chunk(acme.id, batch)
        real, seen = imports.run_rows, []

        def dies(*given):
            seen.append(real(*given))
            raise KeyboardInterrupt

        monkeypatch.setattr(imports, "run_rows", dies)
        with pytest.raises(KeyboardInterrupt):
            one_chunk(acme.id, batch)
        monkeypatch.undo()
        at_work(tasks.bring_in)

        assert the_batch().counts == {"created": 50}
        with vendor():
            assert Deal.objects.count() == 50

    def test_waits_for_the_next_hour_beyond_the_hourly_number(self, a_close, superuser):
        with vendor():
            DealPolicy.objects.create(submissions_per_hour=5)
        upload(rows(a_close, 8))
        at_work(tasks.bring_in)
        assert (the_batch().state, the_batch().position) == ("running", 5)
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE dealreg_deal SET submitted_at = submitted_at - interval '2 hours'")
            cursor.execute("UPDATE audit_auditentry SET at = at WHERE false")
        at_work(tasks.bring_in)
        assert (the_batch().state, the_batch().counts) == ("done", {"created": 8})

    def test_without_a_column_is_refused_in_a_sentence_and_leaves_nothing(self):
        file = SimpleUploadedFile("deals.csv", b"Firma;Betrag\nElm;5\n")
        answer = client_of(bo).post("/portal/deals/files/", {"file": file, "upload": "1"})
        assert answer.status_code == 422 and "lacks the column" in answer.content.decode()
        with vendor():
            assert not ImportBatch.objects.exists()

    def test_is_out_of_another_partners_sight(self, a_close):
        upload(rows(a_close, 1))
        for end in ("", "progress", "problems"):
            assert client_of(cy).get(f"/portal/deals/files/{the_batch().pk}/{end}").status_code == 404
        with partner(cedar):
            assert not ImportBatch.objects.exists()

    def test_says_type_program_and_reseller_as_the_form_does(self, a_close):
        with vendor():
            Partner.objects.filter(pk=birch.id).update(kind="distributor")
            Partner.objects.filter(pk=cedar.id).update(parent_id=birch.id)
            program = Program.objects.get()
        head = f"{HEAD};Deal type;Program;Reseller"
        end = f"DE;12000;EUR;{a_close};platform"
        lines = [f"Elm AG;{end};renewal;{program.code};Cedar Networks", f"Fir AG;{end};renewal;{program.code};Zinc Ltd"]
        file = SimpleUploadedFile("deals.csv", "\n".join([head, *lines]).encode())
        client_of(bo).post("/portal/deals/files/", {"file": file, "upload": "1"})
        at_work(tasks.bring_in)

        assert [(line, column) for line, column, _why in the_batch().errors] == [(3, "Reseller")]
        with vendor():
            deal = Deal.objects.get(status="submitted")
            assert (deal.deal_type.code, deal.program_id, deal.reseller_id) == ("renewal", program.pk, cedar.id)


class TestAVendorsFile:
    def test_names_the_partner_of_each_row(self, a_close):
        data = (
            f"Partner;{HEAD}\nBirch Systems;Elm AG;DE;1200;EUR;{a_close};platform\nNobody;Fir AG;DE;1;EUR;{a_close};x\n"
        )
        with vendor() as now:
            batch = imports.open_batch(kind="deals", file_name="d.csv", data=data.encode(), actor=olivia.actor, now=now)
            imports.start_check(batch_id=batch.pk, actor=olivia.actor, now=now)
            done = imports.start_run(batch_id=batch.pk, actor=olivia.actor, now=now)

        assert done.counts == {"created": 1, "failed": 1}
        assert done.errors[0][:2] == [3, "Partner"]
        with vendor():
            assert Deal.objects.get(status="submitted").partner_id == birch.id

    def test_and_the_command_line_know_the_same_row(self, a_close):
        upload(rows(a_close, 1))
        at_work(tasks.bring_in)
        cells = dict(
            zip(
                ("customer_name", "customer_country", "amount", "currency", "expected_close_on", "product_lines"),
                rows(a_close, 1)[0].split(";"),
                strict=True,
            )
        )
        with vendor() as now:
            row = Row(2, cells | {"notes": ""})
            done = actions.import_deal(partner_id=birch.id, row=row, actor=Actor.system("x"), now=now)
        assert done.outcome == "unchanged"
