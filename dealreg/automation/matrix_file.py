"""The approval matrix as one text file: its rows from the top, people by their e-mail address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from dealreg import actions
from dealreg.models import ApprovalRule
from dealreg.queries.approvals import row_of
from prm.kernel.automation.parts import Document, PartRefused, Taken, Taking, Trouble
from prm.kernel.identity.models import Membership

BOUNDS = ("amount_above", "amount_up_to", "discount_above", "discount_up_to")
LISTS = ("territories", "product_lines")
TEXTS = ("decider", "role")
FIELDS = frozenset({*BOUNDS, *LISTS, *TEXTS, "person", "people"})


@dataclass(frozen=True, slots=True)
class MatrixPart:
    """One document, `matrix`; each row is judged as one that is typed on the page."""

    folder: str = "approval-matrix"
    order: int = 60

    def documents(self, *, drafts: bool = False) -> Mapping[str, Document]:
        rows = ApprovalRule.objects.select_related("person").order_by("position", "pk")
        found = [_row(rule) for rule in rows]
        return {"matrix": {"rows": found}} if found else {}

    def name_of(self, document: Document) -> str:
        return "matrix"

    def troubles(self, document: Document) -> Iterator[Trouble]:
        rows = document.get("rows")
        if set(document) != {"rows"} or not isinstance(rows, list):
            yield "rows", _("This is a list.")
            return
        for place, row in enumerate(rows):
            yield from ((f"rows.{place}{name}", why) for name, why in _shape(row))

    def take(self, document: Document, taking: Taking) -> Taken:
        if troubles := list(self.troubles(document)):
            raise PartRefused(*troubles)
        held = self.documents().get("matrix")
        if held == document or not (held or document["rows"]):
            return Taken("unchanged", held)
        rules = list(ApprovalRule.objects.order_by("position", "pk"))
        wanted = document["rows"]
        for rule in rules[len(wanted) :]:
            actions.remove_approval_rule(rule_id=rule.pk, actor=taking.actor, now=taking.now)
        for place, row in enumerate(wanted):
            if place < len(rules) and _row(rules[place]) == row:
                continue
            known = {"rule_id": rules[place].pk} if place < len(rules) else {}
            fields = _fields(row, f"rows.{place}.person")
            decision = actions.keep_approval_rule(fields=fields, actor=taking.actor, now=taking.now, **known)
            if decision.refused:
                raise PartRefused(*((f"rows.{place}", reason.text) for reason in decision.reasons))
        return Taken("changed" if held else "added", held)


def _row(rule: ApprovalRule) -> dict[str, Any]:
    told = row_of(rule)
    return {
        **{name: told[name] for name in (*BOUNDS, *LISTS, *TEXTS, "people")},
        "person": rule.person.email if rule.person else "",
    }


def _fields(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    bounds = {name: None if row[name] is None else Decimal(row[name]) for name in BOUNDS}
    others = {name: row[name] for name in (*LISTS, *TEXTS, "people")}
    return bounds | others | {"person_id": _person(row["person"], path)}


def _person(email: str, path: str) -> Any:
    if not email:
        return None
    found = Membership.objects.filter(partner=None, ended_at=None, email__iexact=email).first()
    if found is None:
        raise PartRefused((path, _("There is nobody with the address %(email)s here.") % {"email": email[:100]}))
    return found.pk


def _shape(row: Any) -> Iterator[Trouble]:
    if not isinstance(row, Mapping):
        yield "", _("This is a JSON object.")
        return
    for name in sorted(FIELDS - set(row)):
        yield f".{name}", _("This is missing.")
    for name in sorted(set(row) - FIELDS):
        yield f".{name}", _("Nobody knows what this means here.")
    for name in BOUNDS:
        if name in row and not _is_bound(row[name]):
            yield f".{name}", _("This is a number as text, or null.")
    for name in LISTS:
        if name in row and not (isinstance(row[name], list) and all(isinstance(one, str) for one in row[name])):
            yield f".{name}", _("This is a list of codes.")
    for name in (*TEXTS, "person"):
        if name in row and not isinstance(row[name], str):
            yield f".{name}", _("This is a text.")
    if "people" in row and (isinstance(row["people"], bool) or not isinstance(row["people"], int)):
        yield ".people", _("This is a whole number.")


def _is_bound(value: Any) -> bool:
    """Null, or at most two places, as the columns keep it."""
    if value is None:
        return True
    try:
        told = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return False
    return told is not None and told.is_finite() and abs(told) < 10**14 and told == round(told, 2)
