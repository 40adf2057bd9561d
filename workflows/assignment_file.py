"""The assignment rules as one text file: from the top, people by their e-mail address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation.parts import Document, PartRefused, Taken, Taking, Trouble
from prm.kernel.identity.models import Membership
from workflows import actions
from workflows.models import AssignmentRule
from workflows.queries.assignment import in_order

TEXTS = ("name", "queue", "about", "kind", "role", "person")
FIELDS = frozenset({*TEXTS, "when"})


@dataclass(frozen=True, slots=True)
class AssignmentPart:
    """One document, `rules`; each rule is judged as one that is typed on the page."""

    folder: str = "assignment-rules"
    order: int = 95

    def documents(self, *, drafts: bool = False) -> Mapping[str, Document]:
        found = [_document(rule) for rule in in_order()]
        return {"rules": {"rules": found}} if found else {}

    def name_of(self, document: Document) -> str:
        return "rules"

    def troubles(self, document: Document) -> Iterator[Trouble]:
        rows = document.get("rules")
        if set(document) != {"rules"} or not isinstance(rows, list):
            yield "rules", _("This is a list.")
            return
        for place, row in enumerate(rows):
            yield from ((f"rules.{place}{name}", why) for name, why in _shape(row))
        names = [row.get("name") for row in rows if isinstance(row, Mapping)]
        if any(names.count(name) > 1 for name in names):
            yield "rules", _("Two rules have the same name.")

    def take(self, document: Document, taking: Taking) -> Taken:
        if troubles := list(self.troubles(document)):
            raise PartRefused(*troubles)
        held = self.documents().get("rules")
        if held == document or not (held or document["rules"]):
            return Taken("unchanged", held)
        for rule in in_order():
            if _document(rule) not in document["rules"]:
                actions.remove_assignment_rule(rule_id=rule.pk, actor=taking.actor, now=taking.now)
        for place, row in enumerate(document["rules"]):
            self._put(place, row, taking)
        return Taken("changed" if held else "added", held)

    def _put(self, place: int, row: Mapping[str, Any], taking: Taking) -> None:
        """The rule at its place, as the file has it."""
        here = f"rules.{place}"
        rule = next((one for one in in_order() if _document(one) == row), None)
        if rule is None:
            decision = actions.keep_assignment_rule(fields=_fields(row, here), actor=taking.actor, now=taking.now)
            if decision.refused:
                raise PartRefused(*((here, reason.text) for reason in decision.reasons))
            rule = in_order()[-1]
        for _step in range(rule.position - 1 - place):
            actions.move_assignment_rule(rule_id=rule.pk, up=True, actor=taking.actor, now=taking.now)


def _document(rule: AssignmentRule) -> dict[str, Any]:
    return {
        **{name: str(getattr(rule, name)) for name in TEXTS if name != "person"},
        "person": rule.person.email if rule.person else "",
        "when": rule.when,
    }


def _fields(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {**{name: row[name] for name in FIELDS if name != "person"}, "person_id": _person(row["person"], path)}


def _person(email: str, path: str) -> Any:
    if not email:
        return None
    found = Membership.objects.filter(partner=None, ended_at=None, email__iexact=email).first()
    if found is None:
        told = _("There is nobody with the address %(email)s here.") % {"email": email[:100]}
        raise PartRefused((f"{path}.person", told))
    return found.pk


def _shape(row: Any) -> Iterator[Trouble]:
    if not isinstance(row, Mapping):
        yield "", _("This must be a JSON object.")
        return
    for name in sorted(FIELDS - set(row)):
        yield f".{name}", _("This is missing.")
    for name in sorted(set(row) - FIELDS):
        yield f".{name}", _("Nobody knows what this means here.")
    for name in TEXTS:
        if name in row and not isinstance(row[name], str):
            yield f".{name}", _("This must be a text.")
    if "when" in row and not isinstance(row["when"], Mapping):
        yield ".when", _("This must be a JSON object.")
