"""The approval matrix and price books travel with a program's text files, and are judged as what is typed."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dealreg import actions
from dealreg.models import ApprovalRule, DealPolicy, StageProbability
from prm.kernel.audit.models import AuditEntry
from prm.kernel.reference.models import PriceBook, PriceEntry, Product, Program
from tests.cast import ada, mia, vendor
from tests.workflows.test_program_files import IMPORTER, SECOND, brought, changed, exported, nobody, problems
from workflows.definition.files import text_of

__all__ = ["nobody"]
MATRIX, BOOK = "approval-matrix/matrix.json", "price-books/uk.json"


def terms() -> None:
    with vendor() as now:
        book = PriceBook.objects.create(
            code="uk", name="UK “list” ✓", currency="GBP", program=Program.objects.get(), territories=["uk-ireland"],
            valid_from=now.date(), shown_to_partners=True,
        )  # fmt: skip
        for sku, price in (("SEC-STD", "95.05"), ("PLT-STD", "240")):
            PriceEntry.objects.create(book=book, product=Product.objects.get(sku=sku), list_price=Decimal(price))
        PriceBook.objects.create(code="empty", name="Empty", currency="JPY", valid_from=now.date())
        StageProbability.objects.create(stage="proposal", probability=Decimal("0.4"))
        DealPolicy.objects.create(file_quota_mb=77, same_deal_days=5)
        fields = {"amount_above": Decimal(5), "discount_up_to": Decimal("12.5"), "territories": ["dach"],
                  "product_lines": ["platform"], "decider": "role", "role": "finance", "people": 2}  # fmt: skip
        assert actions.keep_approval_rule(fields=fields, actor=ada.actor, now=now).allowed


def row(files: dict[str, str], place: int, **parts: Any) -> dict[str, str]:
    rows = json.loads(files[MATRIX])["rows"]
    rows[place] |= parts
    return changed(files, MATRIX, rows=rows)


class TestTermsAsText:
    def test_give_identical_bytes_from_an_empty_vendor(self, nobody: UUID) -> None:
        terms()
        files = exported()
        assert {MATRIX, BOOK, "price-books/empty.json", "stage-probabilities/proposal.json"} <= set(files)
        assert [one["product"] for one in json.loads(files[BOOK])["prices"]] == ["PLT-STD", "SEC-STD"]

        report = brought(files, nobody, publisher=SECOND)

        assert set(report.counts) == {"added", "published"}
        assert exported(nobody) == files
        assert brought(files, nobody, publisher=SECOND).changed == ()

    def test_change_what_the_file_says_and_audit_it(self) -> None:
        terms()
        files = row(exported(), 0, amount_above="150000.00")
        files = row(files, 2, decider="person", role="", people=1, person=mia.email)
        files = changed(files, BOOK, prices=[{"product": "PLT-ENT", "list_price": "1.00"}])

        told = {line.file: {change.text for change in line.changes} for line in brought(files).changed}

        assert set(told) == {MATRIX, BOOK} and "+ prices.PLT-ENT" in told[BOOK]
        assert exported() == files
        with vendor():
            assert ApprovalRule.objects.order_by("position").last().person_id == mia.membership_id  # type: ignore[union-attr]
            assert AuditEntry.objects.filter(action="approval_matrix.row_changed", actor_id=IMPORTER.id).count() == 2
            assert PriceEntry.objects.get().product.sku == "PLT-ENT"

    def test_let_rows_of_the_matrix_go_and_come(self) -> None:
        terms()
        files = exported()
        fewer = changed(files, MATRIX, rows=json.loads(files[MATRIX])["rows"][:1])
        for one in (fewer, files):
            brought(one)
            assert exported() == one

    @pytest.mark.parametrize(
        ("place", "parts", "told"),
        [
            (0, {"amount_above": "many"}, "rows.0.amount_above: This is a number as text"),
            (0, {"amount_above": "1e99"}, "rows.0.amount_above: This is a number as text"),
            (0, {"amount_above": "NaN"}, "rows.0.amount_above: This is a number as text"),
            (1, {"people": True}, "rows.1.people: This is a whole number"),
            (1, {"more": 1}, "rows.1.more: Nobody knows"),
            (1, {"decider": "person", "person": "nobody@acme.example"}, "rows.1.person: There is nobody"),
            (1, {"territories": ["atlantis"]}, "rows.1: "),
            (0, {"role": "king"}, "rows.0: Choose the role"),
        ],
    )
    def test_are_refused_in_words_and_nothing_is_taken(self, place: int, parts: Any, told: str) -> None:
        files = exported()
        found = problems(row(files, place, **parts))
        assert [one for one in found if one.startswith(f"{MATRIX}: {told}")], found
        assert exported() == files

    @pytest.mark.parametrize(
        ("parts", "told"),
        [
            ({"currency": "ZZZ"}, "currency: ZZZ is no ISO"),
            ({"territories": ["atlantis"]}, "territories: There is no “atlantis”"),
            ({"program": "none"}, "program: There is no “none”"),
            ({"valid_until": "2001-01-01"}, "valid_until: The last day"),
            ({"prices": [{"product": "NOPE", "list_price": "1.00"}]}, "prices.0.product: There is no “NOPE”"),
            ({"prices": [{"product": "PLT-STD", "list_price": "-1"}]}, "prices.0.list_price: "),
            ({"prices": [{"product": "PLT-STD", "list_price": 1.5}]}, "prices.0.list_price: This has the wrong type"),
            ({"prices": [{"product": "PLT-STD", "list_price": "1"}] * 2}, "prices.1: “PLT-STD” is in this list twice"),
        ],
    )
    def test_tell_what_is_wrong_with_a_price_book(self, parts: Any, told: str) -> None:
        terms()
        files = exported()
        assert problems({**files, BOOK: text_of({**json.loads(files[BOOK]), **parts})})[0].startswith(f"{BOOK}: {told}")
