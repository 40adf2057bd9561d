"""Comments and files: who reads them, and which files are taken."""

import io
import zipfile

import pytest

from dealreg import actions, queries
from dealreg.models import DealComment, DealFile
from tests.cast import birch, bo, cam, cedar, partner, vendor
from tests.dealreg.deals import submitted

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def office(folder: str, *more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("[Content_Types].xml", f"{folder}document.xml", *more):
            packed.writestr(name, "<x/>")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<x/>")
        packed.writestr("word/document.xml", b"\0" * (201 * 1024 * 1024))
    return out.getvalue()


def attach(deal, name, content, who=bo, audience="partner"):
    with vendor() as now:
        return actions.attach_file(
            deal_id=deal, name=name, content=content, audience=audience, actor=who.actor, now=now
        )


class TestComments:
    def test_among_the_vendors_people_are_not_there_for_the_partner(self):
        deal = submitted()
        with vendor() as now:
            actions.add_comment(deal_id=deal, body="Smells odd", audience="vendor", actor=cam.actor, now=now)
            actions.add_comment(deal_id=deal, body="How many seats?", audience="partner", actor=cam.actor, now=now)

        with partner(birch):
            assert [row.body for row in DealComment.objects.all()] == ["How many seats?"]
        with partner(cedar):
            assert not DealComment.objects.exists()

    def test_of_a_partner_are_always_for_both_sides(self):
        deal = submitted()

        with partner(birch) as now:
            assert actions.add_comment(deal_id=deal, body="Forty", audience="vendor", actor=bo.actor, now=now).allowed
            assert DealComment.objects.get().audience == "partner"

    def test_empty_or_endless_ones_are_refused(self):
        deal = submitted()

        with partner(birch) as now:
            for body, key in (("  \n ", "body.missing"), ("x" * 5000, "body.too_long")):
                decision = actions.add_comment(deal_id=deal, body=body, audience="partner", actor=bo.actor, now=now)
                assert decision.reason_keys == (key,)


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "content", "kind"),
        [
            ("offer.pdf", b"%PDF-1.7 ...", "application/pdf"),
            ("site.PNG", PNG, "image/png"),
            ("list.csv", "Müller;5\n".encode(), "text/csv"),
            ("offer.docx", office("word/"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ],
    )
    def test_of_the_right_kind_are_kept_under_another_name(self, name, content, kind):
        deal = submitted()

        assert attach(deal, f"C:\\secret\\{name}", content).allowed
        with partner(birch):
            row = DealFile.objects.get()
            assert (row.name, row.content_type) == (name, kind)
            assert name not in row.stored_name
            assert queries.read_file(deal_id=deal, file_id=row.pk)[1] == content

    @pytest.mark.parametrize(
        ("name", "content", "key"),
        [
            ("offer.pdf", b"MZ\x90\0", "file.wrong_kind"),
            ("run.exe", b"MZ\x90\0", "file.wrong_kind"),
            ("page.svg", b"<svg onload=alert(1)>", "file.wrong_kind"),
            ("notes.txt", b"<html><script>alert(1)</script>", "file.wrong_kind"),
            ("offer.docx", b"PK\x03\x04broken", "file.wrong_kind"),
            ("offer.docx", office("word/", "word/vbaProject.bin"), "file.wrong_kind"),
            ("sheet.xlsx", office("word/"), "file.wrong_kind"),
            ("offer.pdf", b"", "file.empty"),
            ("noname", b"%PDF-", "file.wrong_kind"),
        ],
    )
    def test_of_the_wrong_kind_are_refused_with_a_sentence(self, name, content, key):
        deal = submitted()

        decision = attach(deal, name, content)

        assert decision.reason_keys == (key,)
        assert decision.reasons[0].text

    def test_that_unpack_to_too_much_are_refused(self):
        assert attach(submitted(), "offer.docx", bomb()).reason_keys == ("file.wrong_kind",)

    def test_too_big_are_refused_before_anything_is_written(self, settings):
        settings.FILE_UPLOAD_MAX_SIZE = 10
        deal = submitted()

        assert attach(deal, "offer.pdf", b"%PDF-1.7 long").reason_keys == ("file.too_big",)

    def test_of_the_vendor_are_not_there_for_the_partner(self):
        deal = submitted()
        attach(deal, "inside.pdf", b"%PDF-1", who=cam, audience="vendor")
        with vendor():
            file_id = DealFile.objects.get().pk

        with partner(birch), pytest.raises(DealFile.DoesNotExist):
            queries.read_file(deal_id=deal, file_id=file_id)
