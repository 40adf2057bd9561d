"""What is tried against what: a draft against what is in force, for each workflow that it touches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.automation.models import RuleVersion
from prm.kernel.conditions import FactSchema, Ruling, compile_rules, schema_named
from workflows.definition import BrokenDefinition, program
from workflows.models import WorkflowVersion
from workflows.replay.path import Rulings
from workflows.replay.plan import Plan, plan_of

Judges = Mapping[str, Callable[[Mapping[str, Any]], Ruling]]


class NothingToReplay(ValueError):
    """There is nothing in force that the draft could be compared with, or nothing that it would change."""


@dataclass(frozen=True, slots=True)
class Side:
    """A program, or none, with the rule sets as they stand on this side."""

    plan: Plan | None
    rulings: Rulings
    version_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One workflow on both sides."""

    workflow_id: UUID
    name: str
    before: Side
    after: Side

    @property
    def events(self) -> tuple[str, ...]:
        """The events that either side starts on; none for what a schedule, a date or a person starts."""
        plans = [side.plan for side in (self.before, self.after) if side.plan]
        return tuple(sorted({plan.program.event for plan in plans if plan.program.start.kind == "event"}))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules whose recorded facts an action may want."""
        nodes = [node for side in (self.before, self.after) if side.plan for node in side.plan.known.values()]
        found = {node.spec.judge.rule for node in nodes if node.spec and node.spec.judge}
        return tuple(sorted(found - {""}))

    @property
    def schema(self) -> FactSchema:
        plan = self.after.plan or self.before.plan
        assert plan is not None
        return plan.program.schema

    @property
    def money_fact(self) -> str:
        """The amount that a replay adds up: the first of the schema."""
        return next((fact.key for fact in self.schema.facts if fact.type == "money"), "")


def trials_of_version(version: WorkflowVersion) -> list[Trial]:
    """A draft of a workflow against its version in force. Raises BrokenDefinition for a draft that can't be
    walked."""
    in_force = WorkflowVersion.objects.filter(workflow_id=version.workflow_id, status="published").first()
    rulings = Rulings(_published())
    before = Side(_plan_or_none(in_force), rulings, in_force.pk if in_force else None)
    after = Side(plan_of(program(version.tree, version.checksum)), rulings, version.pk)
    return [Trial(version.workflow_id, str(version), before, after)]


def trials_of_rules(version: RuleVersion) -> list[Trial]:
    """A draft of rules against the rules in force, in every workflow whose steps ask them.

    Raises NothingToReplay when no workflow in force does.
    """
    ruleset = version.ruleset
    judges = _published()
    in_force = RuleVersion.objects.filter(ruleset=ruleset, status="published").first()
    names = {ruleset.key: str(in_force) if in_force else ""}
    tried = {**judges, ruleset.key: judge_of(version.document, ruleset.schema)}
    before, after = Rulings(judges, names), Rulings(tried, {ruleset.key: ""})
    trials = []
    for published in WorkflowVersion.objects.filter(status="published").select_related("workflow"):
        plan = _plan_or_none(published)
        if plan is not None and asks(plan, ruleset.key):
            sides = (Side(plan, before, published.pk), Side(plan, after, published.pk))
            trials.append(Trial(published.workflow_id, str(published), *sides))
    if not trials:
        raise NothingToReplay(_("No workflow in force asks the rules “%(rules)s”.") % {"rules": ruleset.name})
    return trials


def rulings_in_force() -> Rulings:
    """The rule sets as they are published now."""
    return Rulings(_published())


def asks(plan: Plan, ruleset: str) -> bool:
    """Whether a step of the plan answers by these rules."""
    return any(node.spec and node.spec.judge and ruleset in node.spec.judge.rulesets for node in plan.known.values())


def judge_of(document: Any, schema: str) -> Callable[[Mapping[str, Any]], Ruling]:
    return compile_rules(document, schema_named(schema))


def _published() -> Judges:
    wanted = {name for spec in registry.actions.values() if spec.judge for name in spec.judge.rulesets}
    versions = RuleVersion.objects.filter(ruleset__key__in=wanted, status="published").select_related("ruleset")
    return {version.ruleset.key: judge_of(version.document, version.ruleset.schema) for version in versions}


def _plan_or_none(version: WorkflowVersion | None) -> Plan | None:
    try:
        return plan_of(program(version.tree, version.checksum)) if version else None
    except BrokenDefinition:
        return None
