"""The approval matrix as pure rules: which row fits, what a row can't be, what a matrix leaves open."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg import matrix

pytestmark = pytest.mark.pure
PLACES, LINES = ("dach", "nordics"), ("platform", "security")
WHOLE = matrix.everything(PLACES, LINES)
KNOWN = {"territories": list(PLACES), "product_lines": list(LINES), "people": ["mia"], "roles": ["approver", "finance"]}


def row(position: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "position": position, "amount_above": None, "amount_up_to": None, "discount_above": None,
        "discount_up_to": None, "territories": [], "product_lines": [], "decider": "checks", "role": "",
        "person": "", "people": 1, **changes,
    }  # fmt: skip


def deal(amount: str = "1000", **changes: Any) -> dict[str, Any]:
    return {
        "amount": amount, "currency": "EUR", "territory": "dach", "product_lines": ["platform"], "discount": "0",
        "route": "cam", **changes,
    }  # fmt: skip


SHIPPED = [row(1, amount_above="200000", decider="role", role="approver", people=2), row(2)]


class TestTheFirstRowThatFits:
    @pytest.mark.parametrize(
        ("facts", "outcome", "position"),
        [
            (deal("200000"), "cam", 2),
            (deal("200000.01"), "several", 1),
            (deal(route="ops"), "ops", 2),
            (deal(route="approver"), "approver", 2),
        ],
    )
    def test_decides_as_shipped(self, facts: dict[str, Any], outcome: str, position: int) -> None:
        decision = matrix.decide_approvers({**facts, "rows": SHIPPED})

        assert (decision.outcome, decision.facts["row"]["position"]) == (outcome, position)

    def test_tells_why_others_did_not_and_what_would_turn_it(self) -> None:
        decision = matrix.decide_approvers({**deal("250000"), "rows": SHIPPED})
        assert decision.nearest == "Up to €200,000.00 row 2 would decide."

        decision = matrix.decide_approvers({**deal(), "rows": SHIPPED})
        assert [(check.passed, check.actual) for check in decision.checks] == [(False, "€1,000.00"), (True, "")]

    def test_asks_for_region_product_and_discount_together(self) -> None:
        narrow = row(territories=["nordics"], product_lines=["security"], discount_above="20", decider="cam")
        matching = deal(territory="nordics", product_lines=["platform", "security"], discount="20.01")
        assert matrix.fits(narrow, matching)
        for other in ({"territory": "dach"}, {"product_lines": ["platform"]}, {"discount": "20"}):
            assert not matrix.fits(narrow, {**matching, **other})

    def test_without_one_an_approver_decides_and_the_vendor_reads_why(self) -> None:
        decision = matrix.decide_approvers({**deal(), "rows": [row(amount_above="5000")]})

        assert decision.outcome == "unmatched"
        assert [(r.key, r.audience) for r in decision.reasons] == [("deal.no_approval_row", "vendor")]


class TestARow:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"amount_above": "500", "amount_up_to": "500"}, "amount_up_to.not_above"),
            ({"amount_above": "-1"}, "amount_above.out_of_range"),
            ({"discount_up_to": "101"}, "discount_up_to.out_of_range"),
            ({"territories": ["atlantis"]}, "territories.unknown"),
            ({"product_lines": ["cars"]}, "product_lines.unknown"),
            ({"decider": "role"}, "role.missing"),
            ({"decider": "person", "person": "somebody who left"}, "person.missing"),
            ({"decider": "cam", "people": 2}, "people.needs_role"),
            ({"people": 0}, "people.out_of_range"),
            ({"decider": "dice"}, "decider.unknown"),
        ],
    )
    def test_is_refused_with_a_reason_beside_the_field(self, changes: dict[str, Any], reason: str) -> None:
        facts = {"row": row(**changes), "known": KNOWN, "rows": 0, "most": 60, "may_change": True}
        assert matrix.decide_row(facts).reason_keys == (reason,)

    def test_is_an_admins_to_change_and_there_are_not_endlessly_many(self) -> None:
        facts = {"row": row(), "known": KNOWN, "rows": 60, "most": 60, "may_change": False}
        assert matrix.decide_row(facts).reason_keys == ("matrix.full", "matrix.not_yours")


class TestWhatAMatrixLeavesOpen:
    def test_is_told_in_words(self) -> None:
        rows = [row(amount_up_to="50000"), row(2, amount_above="50000", territories=["nordics"])]
        told = [matrix.piece_words(piece, WHOLE, "EUR") for piece in matrix.gaps(rows, WHOLE)]
        assert told == ["above €50,000.00 · no territory, dach"]

    def test_rows_that_never_decide_and_rows_whose_order_matters(self) -> None:
        rows = [
            row(1, amount_above="1000", decider="cam"),
            row(2, territories=["dach"], decider="role", role="finance"),
            row(3, amount_above="5000", discount_above="10"),
            row(4),
        ]
        assert [one["position"] for one in matrix.hidden(rows, WHOLE)] == [3]
        crossing = [(a["position"], b["position"]) for a, b, _shared in matrix.crossings(rows, WHOLE)]
        assert (1, 2) in crossing and (1, 4) not in crossing

    def test_nothing_where_the_last_row_takes_the_rest(self) -> None:
        assert matrix.gaps(SHIPPED, WHOLE) == [] == matrix.hidden(SHIPPED, WHOLE) == matrix.crossings(SHIPPED, WHOLE)


amounts = st.sampled_from([None, "0", "100", "5000", "5000.01", "90000"])
discounts = st.sampled_from([None, "0", "10", "40", "100"])


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    def ordered(values: st.SearchStrategy[Any]) -> tuple[Any, Any]:
        low, high = draw(values), draw(values)
        return (high, low) if low and high and Decimal(low) > Decimal(high) else (low, high)

    (above, up_to), (least, most) = ordered(amounts), ordered(discounts)
    return row(
        amount_above=above, amount_up_to=up_to, discount_above=least, discount_up_to=most,
        territories=draw(st.lists(st.sampled_from(PLACES), unique=True)),
        product_lines=draw(st.lists(st.sampled_from(LINES), unique=True)),
    )  # fmt: skip


class TestEveryDeal:
    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(rows(), max_size=6),
        st.sampled_from(["0.01", "100", "100.01", "5000", "5000.01", "90001"]),
        st.sampled_from(["0", "10", "10.01", "100"]),
        st.sampled_from(["", *PLACES]),
        st.sampled_from(LINES),
    )
    def test_fits_a_row_or_lies_in_exactly_one_gap(
        self, many: list[dict[str, Any]], amount: str, discount: str, place: str, line: str
    ) -> None:
        facts = deal(amount, discount=discount, territory=place, product_lines=[line])
        inside = [
            piece
            for piece in matrix.gaps(many, WHOLE)
            if piece.amount[0] < Decimal(amount) <= piece.amount[1]
            and piece.discount[0] < Decimal(discount) <= piece.discount[1]
            and place in piece.territories
            and line in piece.lines
        ]
        assert len(inside) == (0 if any(matrix.fits(one, facts) for one in many) else 1)
