"""Readers of the assignment rules: what they may name, what they took, what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.conditions import schema_named
from prm.kernel.conditions.facts import UnknownFact
from prm.kernel.identity.actors import ANSWERING_ROLES, Actor
from prm.kernel.identity.models import Membership
from workflows import assignment
from workflows.engine.assigning import assignment_rows
from workflows.models import AssignmentRule, HumanTask
from workflows.queries.tasks import LABELS

MOST_RULES = 60
LOOK_BACK = timedelta(days=90)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Available:
    """What a rule may name, each with the word for it; `holders` counts who has a role."""

    subjects: dict[str, str]
    people: dict[str, str]
    holders: dict[str, int]


def available() -> Available:
    members = Membership.objects.filter(partner=None, ended_at=None).order_by("name")
    rows = list(members.values_list("pk", "name", "roles"))
    holders = {role: sum(role in held for _pk, _name, held in rows) for role in ANSWERING_ROLES}
    return Available(subjects(), {str(pk): name for pk, name, _roles in rows}, holders)


def subjects() -> dict[str, str]:
    """Everything that tasks can be about and that has facts, by the name of its schema."""
    found = {}
    for name in sorted({*registry.panels, *(trigger.schema for trigger in registry.triggers.values())}):
        try:
            schema = schema_named(name)
        except UnknownFact:
            continue
        if schema.facts:
            found[name] = str(schema.label)
    return found


def queues() -> dict[str, str]:
    """The queues that there are, each with its word."""
    used = HumanTask.objects.order_by().values_list("queue", flat=True).distinct()[:50]
    names = {*LABELS, *used, *(row["queue"] for row in assignment_rows() if row["queue"])}
    return {name: str(LABELS.get(name) or name.replace("-", " ").capitalize()) for name in sorted(names)}


def rule_facts(row: Row, known: Available, others: list[str], actor: Actor) -> dict[str, Any]:
    """What is asked before a rule may stand; `others` are the names of the rules beside it."""
    return {
        "row": dict(row),
        "problems": assignment.problems_of(row),
        "available": {
            "subjects": sorted(known.subjects),
            "people": sorted(known.people),
            "roles": sorted(known.holders),
            "names": sorted(others),
        },
        "rows": len(others),
        "most": MOST_RULES,
        "may_change": actor.has("admin") and actor.is_vendor,
    }


def taken_counts(now: datetime) -> dict[str, int]:
    """How many tasks of the last 90 days each rule gave out and nobody has passed on since, by its name."""
    tasks = HumanTask.objects.filter(opened_at__gte=now - LOOK_BACK, opened_at__lte=now).exclude(assigned_by="")
    return dict(tasks.order_by().values("assigned_by").annotate(n=Count("pk")).values_list("assigned_by", "n"))


def troubled(known: Available | None = None) -> list[tuple[Row, str]]:
    """Rules that can't do what they say as things are, each with why: for the page and for the lint."""
    known = known or available()
    rows = assignment_rows()
    never = {row["id"] for row in assignment.hidden(rows)}
    return [(row, why) for row in rows for why in _whys(row, known, never)]


def _whys(row: Row, known: Available, never: set[str]) -> list[str]:
    found = []
    if row["kind"] == "person" and row["person"] not in known.people:
        found.append(_("It names somebody who has left: its tasks go to operations. Choose another."))
    if row["kind"] in assignment.WITH_ROLE and not known.holders.get(row["role"]):
        found.append(_("Nobody holds its role: its tasks go to operations."))
    if row["about"] not in known.subjects:
        found.append(_("Nobody knows any more what its tasks are about."))
    found += [_("Its condition can't be judged: %(why)s") % {"why": one} for one in assignment.problems_of(row)]
    if row["id"] in never:
        found.append(_("It never decides: a rule above it takes every task that it asks for."))
    return found


def in_order() -> list[AssignmentRule]:
    return list(AssignmentRule.objects.select_related("person").order_by("position", "pk"))
