"""Who may change, publish, start and set workflows: facts in, Decision out."""

from dataclasses import dataclass

from prm.kernel.decisions import Decision
from prm.kernel.wording import said as _
from workflows.judging import judge as _judge

DISPATCHERS = frozenset({"ops", "admin"})
PUBLISHERS = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """Somebody wants to save, publish or retire a version."""

    verb: str
    roles: tuple[str, ...]
    status: str = "draft"
    author: str = ""
    actor: str = ""
    problems: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()


def change_version(facts: VersionFacts) -> Decision:
    """Nobody publishes what they wrote in, and nothing with a problem is published."""
    needed = "published" if facts.verb == "retired" else "draft"
    publishing = facts.verb == "published"
    return _judge(
        "workflow-version/1",
        facts.verb,
        facts,
        [
            (
                "workflow.not_yours_to_change",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin changes workflows."),
            ),
            (
                "workflow.wrong_state",
                facts.status == needed,
                lambda: _("This version is %(status)s, not %(needed)s.") % {"status": facts.status, "needed": needed},
            ),
            (
                "workflow.maker_is_not_checker",
                not publishing or facts.actor not in (facts.author, *facts.editors),
                lambda: _("You wrote in this version; a second person publishes it."),
            ),
            (
                "workflow.has_problems",
                not publishing or not facts.problems,
                lambda: (
                    facts.problems[0]
                    if len(facts.problems) == 1
                    else _("%(first)s (and %(count)d more problems)")
                    % {"first": facts.problems[0], "count": len(facts.problems) - 1}
                ),
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """Somebody wants a draft of a shipped template."""

    roles: tuple[str, ...]
    draft_waits: bool = False
    in_force: bool = False


def use_template(facts: TemplateFacts) -> Decision:
    """Admins take templates up, but never over a draft that waits, nor twice the same."""
    return _judge(
        "workflow-template/1",
        "drafted",
        facts,
        [
            (
                "workflow.not_yours_to_change",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin changes workflows."),
            ),
            (
                "workflow.draft_waits",
                not facts.draft_waits,
                lambda: _("A draft of this workflow waits. Publish it first, or change it."),
            ),
            ("template.in_force", not facts.in_force, lambda: _("It is in force here already, as it is shipped.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class StartFacts:
    """Somebody wants to start a workflow about a subject of their choice."""

    roles: tuple[str, ...]
    published: bool = True
    manual: bool = True
    subject_found: bool = True


def start_workflow(facts: StartFacts) -> Decision:
    """Operations and admins start what says that people start it, about what is there."""
    return _judge(
        "workflow-start/1",
        "started",
        facts,
        [
            (
                "workflow.not_yours_to_start",
                bool(DISPATCHERS.intersection(facts.roles)),
                lambda: _("Only operations and admins start workflows."),
            ),
            ("workflow.not_published", facts.published, lambda: _("No version of this workflow is in force.")),
            (
                "workflow.not_manual",
                facts.manual or not facts.published,
                lambda: _("This workflow is started by something else, not by people."),
            ),
            ("subject.missing", facts.subject_found, lambda: _("There is nothing of this id. Choose from the list.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class EndFacts:
    """Somebody wants to end a run before its time."""

    roles: tuple[str, ...]
    status: str
    reason_given: bool = False


def end_run(facts: EndFacts) -> Decision:
    """Operations and admins end what is still on its way, and say why."""
    return _judge(
        "run-ending/1",
        "ended",
        facts,
        [
            (
                "run.not_yours_to_end",
                bool(DISPATCHERS.intersection(facts.roles)),
                lambda: _("Only operations and admins end runs."),
            ),
            ("run.over", facts.status == "running", lambda: _("This run is over already.")),
            ("reason.missing", facts.reason_given, lambda: _("Say why: its story and the audit keep it.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class ParameterFacts:
    """Somebody sets a workflow's parameters. `other_draft`: one waits that differs in more than values."""

    roles: tuple[str, ...]
    changed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    other_draft: bool = False


def set_parameters(facts: ParameterFacts) -> Decision:
    """Admins set what the workflow offers, to values that fit, and never over somebody's unfinished draft."""
    return _judge(
        "workflow-parameters/1",
        "saved",
        facts,
        [
            (
                "workflow.not_yours_to_change",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin changes workflows."),
            ),
            (
                "parameter.unknown",
                not facts.unknown,
                lambda: _("There is no parameter “%(key)s”.") % {"key": facts.unknown[0][:40]},
            ),
            ("parameter.wrong", not facts.problems, lambda: facts.problems[0]),
            ("parameter.unchanged", bool(facts.changed), lambda: _("Nothing differs from this version.")),
            (
                "workflow.draft_waits",
                not facts.other_draft,
                lambda: _("A draft with other changes waits. Publish it first, or set the values in it."),
            ),
        ],
    )
