"""The assignment rules of queues, purely: whom a task falls to, what a rule can't be, and which never decide.

A rule is a plain mapping: `position`, `name`, `queue` (empty: every queue), `about` (a schema of facts), `when` (a
condition over those facts and what is asked), `kind`, `role`, `person` (a membership's id), `person_name`. The
first rule that fits decides; a rule that can't be judged fits nothing and says so.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy

from prm.kernel.conditions import ConditionError, Fact, FactSchema, compile_python, explain, schema_named, validate
from prm.kernel.conditions.facts import UnknownFact, register_schemas
from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.identity import roles
from prm.kernel.wording import said as _

Facts = Mapping[str, Any]
Row = Mapping[str, Any]

FAMILY = "assignment"
WITH_ROLE = ("role", "round_robin", "least_loaded")
TASK = (
    Fact("task.title", gettext_lazy("Task: the question"), "text"),
    Fact("task.why", gettext_lazy("Task: why it is asked"), "text"),
    Fact("task.reasons", gettext_lazy("Task: keys of the reasons"), "list"),
)
_BROKEN = (ConditionError, LookupError, TypeError, ValueError, ArithmeticError)


def schema_for(about: str) -> FactSchema:
    """The facts of a subject, and of the question that is asked about it. Raises UnknownFact."""
    return schema_named(f"{FAMILY}:{about}")


@lru_cache(maxsize=100)
def _made(about: str) -> FactSchema:
    if ":" in about:
        raise UnknownFact(about)
    base = schema_named(about)
    return FactSchema(f"{FAMILY}:{about}", base.label, (*base.facts, *TASK), base.model)


register_schemas(FAMILY, _made)


def covers(row: Row, queue: str, about: str) -> bool:
    """Whether a rule is asked at all for tasks of this queue about such a subject."""
    return row["queue"] in ("", queue) and row["about"] == about


def decide_assignment(facts: Facts) -> Decision:
    """Whom a task falls to: the kind of the first rule that fits, or "unmatched".

    `known` are the facts of the subject and of the question, `rules` those that cover it, from the top; `had` names
    those that have given the task out before.
    """
    checks: list[Check] = []
    for row in facts["rules"]:
        fits, told = _tried(row, facts)
        checks += told
        if fits:
            text = _("The rule “%(rule)s” fits: %(who)s.") % {"rule": row["name"], "who": who_words(row)}
            reason = Reason("task.assigned_by_rule", text, "vendor")
            return Decision(
                "task-assignment/1", row["kind"], True, (reason,), {**facts, "rule": dict(row)}, tuple(checks)
            )
    reason = Reason("task.no_assignment_rule", _("No assignment rule fits: the role gets it."), "vendor")
    return Decision("task-assignment/1", "unmatched", True, (reason,), {**facts, "rule": None}, tuple(checks))


def _tried(row: Row, facts: Facts) -> tuple[bool, list[Check]]:
    """Whether a rule fits, and how each part of its condition came out."""
    label = _("Rule %(number)s: %(name)s") % {"number": row["position"], "name": row["name"]}
    if row["name"] in facts.get("had", ()):
        return False, [Check(label, False, _("It has had its turn."))]
    try:
        schema = schema_for(row["about"])
        fits = compile_python(row["when"], schema)(facts["known"])
        return fits, [Check(label, fits), *explain(row["when"], schema, facts["known"])]
    except _BROKEN as error:
        return False, [Check(label, False, _("This can't be judged: %(why)s") % {"why": error})]


def who_words(row: Row) -> str:
    """Who gets it, in words."""
    if row["kind"] == "person":
        return str(row["person_name"]) or _("Somebody who has left")
    if row["kind"] == "cam":
        return _("The partner's channel manager")
    role = {"role": roles.label(row["role"])}
    if row["kind"] == "round_robin":
        return _("the role “%(role)s” in turn") % role
    if row["kind"] == "least_loaded":
        return _("whoever of the role “%(role)s” has least to do") % role
    return _("the role “%(role)s”") % role


def decide_rule(facts: Facts) -> Decision:
    """May this rule stand? `available` holds the subjects, roles, people and names that there are."""
    row, available = facts["row"], facts["available"]
    problems = [Reason("when.wrong", one) for one in facts["problems"]]
    reasons = [*_of_names(row, available), *problems, *_of_takers(row, available)]
    if facts["rows"] >= facts["most"]:
        told = _("There are %(most)s assignment rules; that is all.") % {"most": facts["most"]}
        reasons.append(Reason("assignment.full", told))
    reasons += _of_rights(facts)
    return Decision(
        "assignment-rule/1",
        "refused" if reasons else "kept",
        not reasons,
        tuple(reasons),
        facts,
        (
            Check(_("it has a name of its own"), not _of_names(row, available)),
            Check(_("its condition can be judged"), not problems),
            Check(_("somebody can get the task"), not _of_takers(row, available)),
        ),
    )


def decide_change(facts: Facts) -> Decision:
    """May somebody move a rule, or take it out?"""
    reasons = _of_rights(facts)
    return Decision("assignment-change/1", "refused" if reasons else "changed", not reasons, tuple(reasons), facts)


def _of_rights(facts: Facts) -> list[Reason]:
    told = _("Only an admin changes the assignment rules.")
    return [] if facts["may_change"] else [Reason("assignment.not_yours", told)]


def _of_names(row: Row, available: Facts) -> list[Reason]:
    found = []
    if not row["name"]:
        found.append(Reason("name.missing", _("Give the rule a name: it is shown on the task.")))
    if row["name"] in available["names"]:
        found.append(Reason("name.taken", _("Another rule has this name.")))
    if row["about"] not in available["subjects"]:
        found.append(Reason("about.unknown", _("Say what the tasks are about.")))
    return found


def _of_takers(row: Row, available: Facts) -> list[Reason]:
    if row["kind"] not in (*WITH_ROLE, "person", "cam"):
        return [Reason("kind.unknown", _("Say who gets it."))]
    if row["kind"] in WITH_ROLE and row["role"] not in available["roles"]:
        return [Reason("role.missing", _("Choose the role that gets it."))]
    if row["kind"] == "person" and row["person"] not in available["people"]:
        return [Reason("person.missing", _("Choose one of your people who is still here."))]
    return []


def problems_of(row: Row) -> list[str]:
    """What is wrong with a rule's condition."""
    try:
        schema = schema_for(row["about"])
    except UnknownFact:
        return []  # that there is no such subject is told of the subject
    return [str(problem.message) for problem in validate(row["when"], schema)]


def hidden(rows: Sequence[Row]) -> list[Row]:
    """The rules that never decide: one before them takes every task that they ask for."""
    return [
        row
        for place, row in enumerate(rows)
        if any(
            _takes_all(one) and one["about"] == row["about"] and one["queue"] in ("", row["queue"])
            for one in rows[:place]
        )
    ]


def _takes_all(row: Row) -> bool:
    when = row["when"] or {}
    return not when.get("field") and not when.get("rules") and not when.get("not")


RULES = {
    "task-assignment/1": decide_assignment,
    "assignment-rule/1": decide_rule,
    "assignment-change/1": decide_change,
}
