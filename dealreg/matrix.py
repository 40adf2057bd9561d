"""The approval matrix, purely: which row a deal falls into, what rows can't be, and what a matrix leaves open.

A row is a plain mapping: `position`, `amount_above`, `amount_up_to`, `discount_above`, `discount_up_to` (decimal
text or None: no bound), `territories`, `product_lines` (codes; empty: all), `decider`, `role`, `person`, `people`.
A range holds what is above its lower and not above its upper bound, so that neighbours neither gap nor overlap.
The first row that fits decides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from prm.kernel import wording
from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _

Facts = Mapping[str, Any]
Row = Mapping[str, Any]

NOWHERE = ""  # the code of a country that lies in no territory
ENDLESS = Decimal("Infinity")
MOST_PEOPLE = 5
MOST_PIECES = 2_000  # of a matrix that are looked at for gaps


def decide_approvers(facts: Facts) -> Decision:
    """Who approves a deal that needs a person: "several", "cam", "ops", "approver", "named" or "unmatched".

    `route` is whom the checks would ask ("cam", "ops", "approver"); a row may leave it to them.
    """
    checks = []
    for row in facts["rows"]:
        fits = all(holds for _what, holds in _tried(row, facts))
        checks.append(Check(_numbered(row, facts["currency"]), fits, _missed(row, facts)))
        if fits:
            outcome = outcome_of(row, facts["route"])
            nearest = _nearest(row, facts)
            return Decision("deal-approvers/1", outcome, True, (), {**facts, "row": row}, tuple(checks), nearest)
    reason = Reason(
        "deal.no_approval_row",
        _("No row of the approval matrix fits this deal, so an approver decides. Add one under Deals, Approvals."),
        "vendor",
    )
    return Decision("deal-approvers/1", "unmatched", True, (reason,), {**facts, "row": None}, tuple(checks))


def outcome_of(row: Row, route: str) -> str:
    """What the workflow branches on."""
    if int(row["people"]) > 1:
        return "several"
    if row["decider"] == "checks":
        return route if route in ("cam", "ops") else "approver"
    return "cam" if row["decider"] == "cam" else "named"


def fits(row: Row, facts: Facts) -> bool:
    return all(holds for _what, holds in _tried(row, facts))


def _tried(row: Row, facts: Facts) -> list[tuple[str, bool]]:
    """Each side of a row, by what of the deal it asks, and whether the deal lies within."""
    return [
        ("amount", _within(facts["amount"], row["amount_above"], row["amount_up_to"])),
        ("territory", not row["territories"] or facts["territory"] in row["territories"]),
        ("product_lines", not row["product_lines"] or bool({*row["product_lines"]} & {*facts["product_lines"]})),
        ("discount", _within(facts["discount"], row["discount_above"], row["discount_up_to"])),
    ]


def _within(value: str, above: str | None, up_to: str | None) -> bool:
    number = Decimal(value)
    return (above is None or number > Decimal(above)) and (up_to is None or number <= Decimal(up_to))


def _missed(row: Row, facts: Facts) -> str:
    """What of the deal lies outside the row; empty where it fits."""
    missed = [what for what, holds in _tried(row, facts) if not holds]
    said: dict[str, Callable[[], str]] = {
        "amount": lambda: _money(facts["amount"], facts["currency"]),
        "territory": lambda: facts["territory"] or _("no territory"),
        "product_lines": lambda: ", ".join(facts["product_lines"]) or "–",
        "discount": lambda: f"{_short(facts['discount'])} %",
    }
    return ", ".join(said[what]() for what in missed)


def _nearest(row: Row, facts: Facts) -> str | None:
    """The nearest bound of the row that decided, where another row would decide beyond it."""
    if row["amount_above"] is None:
        return None
    other = next((one for one in facts["rows"] if fits(one, {**facts, "amount": row["amount_above"]})), None)
    if other is None:
        return None
    return _("Up to %(amount)s row %(row)s would decide.") % {
        "amount": _money(row["amount_above"], facts["currency"]),
        "row": other["position"],
    }


# --- words ----------------------------------------------------------------------------------------


def _numbered(row: Row, currency: str) -> str:
    return _("Row %(number)s: %(row)s") % {"number": row["position"], "row": sentence(row, currency)}


def sentence(row: Row, currency: str, names: Mapping[str, str] | None = None) -> str:
    """The deals of a row in words; `names` gives the words for codes."""
    known = names or {}
    parts = [
        amount_words(row["amount_above"], row["amount_up_to"], currency),
        ", ".join(known.get(code, code) for code in row["territories"]),
        ", ".join(known.get(code, code) for code in row["product_lines"]),
        discount_words(row["discount_above"], row["discount_up_to"]),
    ]
    return " · ".join(part for part in parts if part) or _("every deal")


def amount_words(above: str | None, up_to: str | None, currency: str) -> str:
    return _range(above, up_to, lambda value: _money(value, currency))


def percent_words(above: str | None, up_to: str | None) -> str:
    return _range(above, up_to, lambda value: f"{_short(value)} %")


def discount_words(above: str | None, up_to: str | None) -> str:
    told = percent_words(above, up_to)
    return _("discount %(range)s") % {"range": told} if told else ""


def _range(above: str | None, up_to: str | None, write: Callable[[str], str]) -> str:
    if above is not None and up_to is not None:
        return _("above %(low)s up to %(high)s") % {"low": write(above), "high": write(up_to)}
    if above is not None:
        return _("above %(low)s") % {"low": write(above)}
    return _("up to %(high)s") % {"high": write(up_to)} if up_to is not None else ""


def _money(amount: str, currency: str) -> str:
    return wording.amount(amount, currency) if currency else str(amount)


def _short(number: str) -> str:
    return f"{Decimal(number).normalize():f}"


# --- what a row can't be ----------------------------------------------------------------------


def decide_row(facts: Facts) -> Decision:
    """May this row stand in the matrix? `known` holds the codes and people that there are."""
    row, known = facts["row"], facts["known"]
    reasons = [*_of_ranges(row), *_of_codes(row, known), *_of_deciders(row, known)]
    if facts["rows"] >= facts["most"]:
        reasons.append(Reason("matrix.full", _("The matrix has %(most)s rows; that is all.") % {"most": facts["most"]}))
    if not facts["may_change"]:
        reasons.append(Reason("matrix.not_yours", _("Only an admin changes the approval matrix.")))
    return Decision(
        "approval-row/1",
        "refused" if reasons else "kept",
        not reasons,
        tuple(reasons),
        facts,
        (
            Check(_("ranges run upwards"), not _of_ranges(row)),
            Check(_("territories and products exist"), not _of_codes(row, known)),
            Check(_("somebody can decide"), not _of_deciders(row, known)),
        ),
    )


def _of_ranges(row: Row) -> list[Reason]:
    found = []
    for name, most in (("amount", None), ("discount", Decimal(100))):
        above, up_to = row[f"{name}_above"], row[f"{name}_up_to"]
        for side, value in ((f"{name}_above", above), (f"{name}_up_to", up_to)):
            if value is not None and (Decimal(value) < 0 or (most is not None and Decimal(value) > most)):
                text = _("Not below zero.") if most is None else _("Between 0 and 100 percent.")
                found.append(Reason(f"{side}.out_of_range", text))
        if above is not None and up_to is not None and Decimal(up_to) <= Decimal(above):
            found.append(Reason(f"{name}_up_to.not_above", _("The upper bound lies above the lower one.")))
    return found


def _of_codes(row: Row, known: Facts) -> list[Reason]:
    return [
        Reason(f"{name}.unknown", _("There is no “%(code)s”.") % {"code": code[:40]})
        for name in ("territories", "product_lines")
        for code in row[name]
        if code not in known[name]
    ]


def _of_deciders(row: Row, known: Facts) -> list[Reason]:
    found, people = [], row["people"]
    if row["decider"] not in ("role", "person", "cam", "checks"):
        found.append(Reason("decider.unknown", _("Say who decides.")))
    if row["decider"] == "role" and row["role"] not in known["roles"]:
        found.append(Reason("role.missing", _("Choose the role that decides.")))
    if row["decider"] == "person" and row["person"] not in known["people"]:
        found.append(Reason("person.missing", _("Choose one of your people who is still here.")))
    if not 1 <= int(people) <= MOST_PEOPLE:
        found.append(Reason("people.out_of_range", _("One to %(most)s people.") % {"most": MOST_PEOPLE}))
    elif int(people) > 1 and row["decider"] != "role":
        found.append(Reason("people.needs_role", _("Several people can only be asked by a role that they share.")))
    return found


# --- what a matrix leaves open --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """Deals with an amount, a discount, a territory and a product line of these."""

    amount: tuple[Decimal, Decimal]
    discount: tuple[Decimal, Decimal]
    territories: frozenset[str]
    lines: frozenset[str]

    @property
    def is_empty(self) -> bool:
        return (
            self.amount[0] >= self.amount[1]
            or self.discount[0] >= self.discount[1]
            or not self.territories
            or not self.lines
        )


def everything(territories: Iterable[str], lines: Iterable[str]) -> Piece:
    """All deals that there can be."""
    return Piece(
        (Decimal(0), ENDLESS), (Decimal(-1), Decimal(100)), frozenset({*territories, NOWHERE}), frozenset(lines)
    )


def gaps(rows: Sequence[Row], whole: Piece) -> list[Piece]:
    """The deals that no row fits, in pieces that don't overlap."""
    return _without([whole], [_piece(row, whole) for row in rows])


def hidden(rows: Sequence[Row], whole: Piece) -> list[Row]:
    """The rows that never decide: those before them take every deal."""
    pieces = [_piece(row, whole) for row in rows]
    return [row for place, row in enumerate(rows) if not _without([pieces[place]], pieces[:place])]


def crossings(rows: Sequence[Row], whole: Piece) -> list[tuple[Row, Row, Piece]]:
    """Pairs of rows that share deals though neither holds all of the other's: there their order decides."""
    pieces, never = [_piece(row, whole) for row in rows], [row["position"] for row in hidden(rows, whole)]
    return [
        (rows[first], rows[second], shared)
        for second in range(len(rows))
        for first in range(second)
        if rows[second]["position"] not in never
        and not (shared := _shared(pieces[first], pieces[second])).is_empty
        and shared not in (pieces[first], pieces[second])
        and _who(rows[first]) != _who(rows[second])
    ]


def piece_words(piece: Piece, whole: Piece, currency: str, names: Mapping[str, str] | None = None) -> str:
    """Such deals in words: "above €50,000 · DACH · discount up to 10 %"; `names` gives the words for codes."""
    low, high = piece.amount
    parts = [
        amount_words(str(low) if low > 0 else None, None if high == ENDLESS else str(high), currency),
        "" if piece.territories == whole.territories else _listed(piece.territories, names or {}),
        "" if piece.lines == whole.lines else _listed(piece.lines, names or {}),
        discount_words(
            str(piece.discount[0]) if piece.discount[0] >= 0 else None,
            None if piece.discount[1] == 100 else str(piece.discount[1]),
        ),
    ]
    return " · ".join(part for part in parts if part) or _("any kind")


def _listed(codes: Iterable[str], names: Mapping[str, str]) -> str:
    told = [names.get(code, code) or _("no territory") for code in sorted(codes)]
    return ", ".join(told[:4]) + (" …" if len(told) > 4 else "")


def _who(row: Row) -> tuple[Any, ...]:
    return (row["decider"], row["role"], row["person"], row["people"])


def _piece(row: Row, whole: Piece) -> Piece:
    return Piece(
        _bounds(row["amount_above"], row["amount_up_to"], whole.amount),
        _bounds(row["discount_above"], row["discount_up_to"], whole.discount),
        frozenset(row["territories"]) & whole.territories if row["territories"] else whole.territories,
        frozenset(row["product_lines"]) & whole.lines if row["product_lines"] else whole.lines,
    )


def _bounds(above: str | None, up_to: str | None, most: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    low, high = most
    return (low if above is None else max(low, Decimal(above)), high if up_to is None else min(high, Decimal(up_to)))


def _shared(one: Piece, other: Piece) -> Piece:
    return Piece(
        (max(one.amount[0], other.amount[0]), min(one.amount[1], other.amount[1])),
        (max(one.discount[0], other.discount[0]), min(one.discount[1], other.discount[1])),
        one.territories & other.territories,
        one.lines & other.lines,
    )


def _without(left: list[Piece], taken: Iterable[Piece]) -> list[Piece]:
    """What is left of these pieces when those are taken out; a huge matrix is looked at in part."""
    for piece in taken:
        left = [rest for one in left[:MOST_PIECES] for rest in _cut(one, piece)]
    return left


def _cut(one: Piece, out: Piece) -> list[Piece]:
    """`one` without what it shares with `out`, side by side."""
    shared = _shared(one, out)
    if shared.is_empty:
        return [] if one.is_empty else [one]
    rest = [
        replace(one, amount=(one.amount[0], shared.amount[0])),
        replace(one, amount=(shared.amount[1], one.amount[1])),
    ]
    core = replace(one, amount=shared.amount)
    rest += [replace(core, territories=core.territories - shared.territories)]
    core = replace(core, territories=shared.territories)
    rest += [replace(core, lines=core.lines - shared.lines)]
    core = replace(core, lines=shared.lines)
    rest += [
        replace(core, discount=(core.discount[0], shared.discount[0])),
        replace(core, discount=(shared.discount[1], core.discount[1])),
    ]
    return [piece for piece in rest if not piece.is_empty]
