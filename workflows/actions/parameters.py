"""Setting a workflow's parameters: a new draft in which only their values differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.actions.definitions import problems_of, write_draft
from workflows.definition.parameters import parameters_of, with_values, without_values, wrong
from workflows.models import WorkflowVersion


def set_parameters(
    *, version_id: UUID, values: Mapping[str, Any], actor: Actor, now: datetime, note: str = ""
) -> Decision:
    """Keep other values of a version's parameters as a draft; the Decision's facts name the `version`.

    A draft that differs in more than values stays as it is: that one is published or changed first.
    """
    base = WorkflowVersion.objects.select_for_update(of=("self",)).select_related("workflow").get(pk=version_id)
    known = {parameter.key: parameter for parameter in parameters_of(base.tree)}
    tree = with_values(base.tree, {key: value for key, value in values.items() if key in known})
    before = {key: parameter.value for key, parameter in known.items()}
    after = {parameter.key: parameter.value for parameter in parameters_of(tree)}
    changed = sorted(key for key in known if before[key] != after[key])
    decision = rules.set_parameters(
        rules.ParameterFacts(
            roles=tuple(sorted(actor.roles)),
            changed=tuple(changed),
            unknown=tuple(sorted(set(values) - set(known))),
            problems=tuple(_problems(known, after, changed)),
            other_draft=_other_draft(base),
        )
    )
    version = None
    if decision.allowed:
        version = write_draft(tree, note or ", ".join(known[key].label for key in changed), actor)
    audit.record(
        "workflow.parameters_set" if decision.allowed else "workflow.parameters_refused",
        target=version or base,
        actor=actor,
        at=now,
        decision=decision,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )
    if version is None:
        return decision
    found = {"version": str(version.pk), "problems": len(problems_of(version))}
    return Decision(decision.rule, decision.outcome, True, facts={**decision.facts, **found}, checks=decision.checks)


def _problems(known: Mapping[str, Any], after: Mapping[str, Any], changed: list[str]) -> list[str]:
    told = [(known[key].label, wrong(known[key].type, after[key])) for key in changed]
    return [f"{label}: {problem}" for label, problem in told if problem]


def _other_draft(base: WorkflowVersion) -> bool:
    """Whether a draft waits that is more than this tree with other values."""
    draft = base.workflow.versions.filter(status="draft").exclude(pk=base.pk).first()
    return draft is not None and without_values(draft.tree) != without_values(base.tree)
