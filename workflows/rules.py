"""Who may decide, publish and resolve: facts in, Decision out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prm.kernel.decisions import Decision
from prm.kernel.wording import amount
from prm.kernel.wording import said as _
from workflows import assignment
from workflows.definition.rules import (
    DISPATCHERS,
    PUBLISHERS,
    EndFacts,
    ParameterFacts,
    StartFacts,
    TemplateFacts,
    VersionFacts,
    change_version,
    end_run,
    set_parameters,
    start_workflow,
    use_template,
)
from workflows.designer.rules import DesignFacts, MigrationFacts, migrate_runs, save_design
from workflows.judging import judge as _judge
from workflows.replay.rules import ProposalFacts, ReplayFacts, answer_proposal, ask_for_replay

__all__ = [
    "DISPATCHERS",
    "PUBLISHERS",
    "EndFacts",
    "ParameterFacts",
    "StartFacts",
    "TemplateFacts",
    "VersionFacts",
    "change_version",
    "end_run",
    "set_parameters",
    "start_workflow",
    "use_template",
]

DECIDERS = frozenset({"ops", "approver", "admin"})
APPROVING = frozenset({"approve"})  # what an amount limit binds


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """Somebody wants to decide a task. `claimed_by` and `decided_by` name others, never the actor."""

    status: str
    outcome: str
    outcomes: tuple[str, ...]
    roles: tuple[str, ...]
    task_role: str = ""
    is_owner: bool = False
    claimed_by: str = ""
    decided_by: str = ""
    has_voted: bool = False
    note_given: bool = False
    note_required: bool = False
    value: Decimal | None = None
    limit: Decimal | None = None
    limit_unknown: str = ""
    currency: str = ""
    is_member: bool = True


def decide_task(facts: TaskFacts) -> Decision:
    """Judge a decision on a task, when it is made and again when it is carried out."""
    already = _("%(who)s has already decided this.") % {"who": facts.decided_by or _("Somebody")}
    return _judge(
        "task-decision/1",
        facts.outcome,
        facts,
        [
            ("task.already_decided", facts.status == "open", lambda: already),
            (
                "task.claimed_by_another",
                not facts.claimed_by,
                lambda: _("%(who)s is working on this.") % {"who": facts.claimed_by},
            ),
            (
                "task.unknown_outcome",
                facts.outcome in facts.outcomes,
                lambda: _("“%(outcome)s” is no answer to this question.") % {"outcome": facts.outcome[:40]},
            ),
            (
                "task.not_yours_to_decide",
                facts.is_member and may_decide(facts.roles, facts.task_role, facts.is_owner),
                lambda: _("Your roles don't let you decide this."),
            ),
            (
                "task.note_missing",
                facts.note_given or not facts.note_required,
                lambda: _("Say why: the partner reads it."),
            ),
            (
                "task.already_voted",
                not facts.has_voted,
                lambda: _("You have already voted; a second person is needed."),
            ),
            (
                "task.above_limit",
                _within_limit(facts),
                lambda: _above_limit(facts),
            ),
        ],
    )


def may_decide(roles: tuple[str, ...], task_role: str, is_owner: bool) -> bool:
    """Deciders may decide any task; others those that are theirs or their role's. An auditor only reads."""
    if not set(roles) - {"auditor"}:
        return False
    return bool(DECIDERS.intersection(roles)) or is_owner or task_role in roles


def _above_limit(facts: TaskFacts) -> str:
    if facts.limit_unknown or facts.value is None or facts.limit is None:
        return facts.limit_unknown
    value, limit = (amount(number, facts.currency or "EUR") for number in (facts.value, facts.limit))
    return _("%(value)s is above your limit of %(limit)s.") % {"value": value, "limit": limit}


def _within_limit(facts: TaskFacts) -> bool:
    if facts.outcome not in APPROVING or facts.limit is None or facts.value is None:
        return True
    return not facts.limit_unknown and Decimal(facts.value) <= Decimal(facts.limit)


@dataclass(frozen=True, slots=True)
class HandlingFacts:
    """Somebody wants to claim, release, snooze or hand over a task."""

    verb: str
    status: str
    roles: tuple[str, ...]
    task_role: str = ""
    is_owner: bool = False
    claimed_by: str = ""
    to_somebody_here: bool = True
    in_future: bool = True
    already_theirs: bool = False


def handle_task(facts: HandlingFacts) -> Decision:
    """Judge what is done with a task before it is decided."""
    return _judge(
        "task-handling/1",
        facts.verb,
        facts,
        [
            ("task.not_open", facts.status == "open", lambda: _("This task is no longer open.")),
            ("task.not_yours", _may_handle(facts), lambda: _("Your roles don't let you do this.")),
            (
                "task.claimed_by_another",
                not facts.claimed_by or facts.verb == "assigned",
                lambda: _("%(who)s is working on this.") % {"who": facts.claimed_by},
            ),
            ("task.nobody", facts.to_somebody_here, lambda: _("Choose somebody who is still here and may decide.")),
            ("task.theirs_already", not facts.already_theirs, lambda: _("It is theirs already.")),
            ("task.past", facts.in_future, lambda: _("Choose a time that lies ahead.")),
        ],
    )


def _may_handle(facts: HandlingFacts) -> bool:
    if facts.verb == "assigned":
        return bool(DISPATCHERS.intersection(facts.roles))
    return may_decide(facts.roles, facts.task_role, facts.is_owner)


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """Somebody wants a decision back."""

    pending: bool
    is_own: bool


def undo_decision(facts: UndoFacts) -> Decision:
    """Only one's own, and only until it is carried out."""
    return _judge(
        "task-undo/1",
        "undone",
        facts,
        [
            (
                "decision.carried_out",
                facts.pending,
                lambda: _("Too late: it has been carried out. Only a new, visible correction changes it now."),
            ),
            ("decision.not_yours", facts.is_own, lambda: _("Only whoever decided can take it back.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Somebody, or a workflow in its own name, wants a call that was given up to be made again."""

    roles: tuple[str, ...]
    kind: str
    state: str


def deliver_again(facts: CallFacts) -> Decision:
    """Only what was given up is called again."""
    return _judge(
        "webhook-delivery/1",
        "on_its_way",
        facts,
        [
            (
                "webhook.not_yours",
                facts.kind == "workflow" or bool(DISPATCHERS.intersection(facts.roles)),
                lambda: _("Only operations and admins deliver again."),
            ),
            ("webhook.not_given_up", facts.state == "failed", lambda: _("This call has not been given up.")),
        ],
    )


def give_up_call(facts: CallFacts) -> Decision:
    """What is still on its way can be given up before its last try."""
    return _judge(
        "webhook-giving-up/1",
        "given_up",
        facts,
        [
            (
                "webhook.not_yours",
                facts.kind == "workflow" or bool(DISPATCHERS.intersection(facts.roles)),
                lambda: _("Only operations and admins give a call up."),
            ),
            ("webhook.not_on_its_way", facts.state == "waiting", lambda: _("This call is over already.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Somebody wants a new signing secret."""

    roles: tuple[str, ...]


def renew_key(facts: KeyFacts) -> Decision:
    """Receivers must learn of it, so an admin says when."""
    return _judge(
        "webhook-key/1",
        "renewed",
        facts,
        [
            (
                "webhook.not_yours",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin renews the signing secret."),
            )
        ],
    )


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """Somebody says what happens to an incident. `still` is why another try fails again."""

    verb: str
    status: str
    roles: tuple[str, ...]
    still: str = ""


def resolve_incident(facts: IncidentFacts) -> Decision:
    """Operations and admins resolve incidents that are open."""
    return _judge(
        "incident-resolution/1",
        facts.verb,
        facts,
        [
            ("incident.not_open", facts.status == "open", lambda: _("This incident has been resolved already.")),
            (
                "incident.not_yours",
                bool(DISPATCHERS.intersection(facts.roles)),
                lambda: _("Only operations and admins resolve incidents."),
            ),
            ("incident.still_fails", not facts.still, lambda: facts.still),
        ],
    )


RULES: Mapping[str, Callable[[Mapping[str, Any]], Decision]] = {
    **assignment.RULES,
    "task-decision/1": lambda facts: decide_task(TaskFacts(**facts)),
    "task-handling/1": lambda facts: handle_task(HandlingFacts(**facts)),
    "task-undo/1": lambda facts: undo_decision(UndoFacts(**facts)),
    "workflow-template/1": lambda facts: use_template(TemplateFacts(**facts)),
    "workflow-parameters/1": lambda facts: set_parameters(ParameterFacts(**facts)),
    "workflow-version/1": lambda facts: change_version(VersionFacts(**facts)),
    "workflow-design/1": lambda facts: save_design(DesignFacts(**facts)),
    "workflow-migration/1": lambda facts: migrate_runs(MigrationFacts(**facts)),
    "webhook-delivery/1": lambda facts: deliver_again(CallFacts(**facts)),
    "webhook-giving-up/1": lambda facts: give_up_call(CallFacts(**facts)),
    "webhook-key/1": lambda facts: renew_key(KeyFacts(**facts)),
    "workflow-start/1": lambda facts: start_workflow(StartFacts(**facts)),
    "run-ending/1": lambda facts: end_run(EndFacts(**facts)),
    "incident-resolution/1": lambda facts: resolve_incident(IncidentFacts(**facts)),
    "rule-proposal/1": lambda facts: answer_proposal(ProposalFacts(**facts)),
    "replay-request/1": lambda facts: ask_for_replay(ReplayFacts(**facts)),
}
"""Every rule by its name and version, so that a stored decision can be judged again from its facts."""
