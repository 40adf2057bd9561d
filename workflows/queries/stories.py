"""What workflows have done about a subject: for its own page, and for the queue's history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from prm.kernel import wording
from prm.kernel.automation.outcomes import outcome_word
from workflows.definition import BrokenDefinition, Program
from workflows.definition.outline import sentence_of
from workflows.engine.ending import BY_HAND
from workflows.engine.step import program_of
from workflows.models import HumanTask, Run, RunEvent, WorkflowVersion

_LOOKS = {
    "started": ("play", "neutral"),
    "ended": ("flag", "good"),
    "cancelled": ("ban", "neutral"),
    "incident": ("triangle-alert", "bad"),
    "incident_resolved": ("settings", "good"),
    "sla_warned": ("timer", "warn"),
    "sla_breached": ("timer", "bad"),
    "waiting": ("hourglass", "info"),
    "branch": ("git-branch", "neutral"),
    "vote": ("user-check", "info"),
    "migrated": ("arrow-right", "info"),
    "migrated_back": ("undo-2", "neutral"),
    "entered": ("columns-3", "neutral"),
    "arrived": ("git-merge", "neutral"),
    "cancelled_branch": ("ban", "neutral"),
    "judged_again": ("rotate-ccw", "info"),
    "escalated": ("arrow-up", "warn"),
    "reassigned": ("user-check", "info"),
}


@dataclass(frozen=True, slots=True)
class Story:
    """The runs of a subject, newest first, and the questions that people were asked."""

    runs: list[Run]
    tasks: list[HumanTask]


def story(subject_id: UUID) -> Story:
    """Steps (`run.events.all()`, prefetched) and tasks of one subject."""
    runs = (
        Run.objects.filter(subject_id=subject_id)
        .select_related("workflow", "version")
        .prefetch_related("events")
        .order_by("-started_at")
    )
    tasks = HumanTask.objects.filter(subject_id=subject_id).select_related("owner").order_by("-opened_at")
    return Story(list(runs), list(tasks))


def open_task_for(subject_id: UUID) -> HumanTask | None:
    """The question that is open about a subject, if any."""
    return (
        HumanTask.objects.filter(subject_id=subject_id, status__in=["open", "deciding"])
        .select_related("owner", "claimed_by")
        .annotate(machine=Now())
        .order_by("opened_at")
        .first()
    )


def timeline(subject_id: UUID) -> list[Mapping[str, Any]]:
    """The same as entries of a timeline, oldest first."""
    entries: list[Mapping[str, Any]] = []
    runs = Run.objects.filter(subject_id=subject_id).select_related("workflow", "version").prefetch_related("events")
    for run in runs.order_by("started_at"):
        entries += entries_of(run)
    return entries


def entries_of(run: Run) -> list[dict[str, Any]]:
    """One run's events in words."""
    try:
        program: Program | None = program_of(run.version_id, run.version.checksum)
    except BrokenDefinition:
        program = None
    told = sorted(run.events.all(), key=lambda one: one.pk)
    return [_entry(run, program, one) for one in told]


def _entry(run: Run, program: Program | None, told: RunEvent) -> dict[str, Any]:
    icon, tone = _LOOKS.get(told.kind, ("check", "neutral"))
    return {
        "id": told.pk,
        "at": told.at,
        "title": title_of(run, program, told),
        "text": text_of(told) or _no_case_held(program, told),
        "icon": icon,
        "tone": tone,
        "actor": told.actor_name,
        "url": _url(run) if told.kind == "started" else "",
    }


def _no_case_held(program: Program | None, told: RunEvent) -> str:
    """Why the default way of a branch was taken."""
    block = program.blocks.get(told.block) if program and (told.kind, told.value) == ("branch", "otherwise") else None
    return _("None of these held: %(cases)s") % {"cases": "; ".join(case.name for case in block.cases)} if block else ""


def title_of(run: Run, program: Program | None, told: RunEvent) -> str:
    """What happened, in a line."""
    if told.kind == "started":
        return _("%(workflow)s %(number)d began") % {"workflow": run.workflow.name, "number": run.version.number}
    if told.kind == "ended":
        return _("%(workflow)s ended: %(result)s") % {"workflow": run.workflow.name, "result": outcome_word(told.value)}
    plain = _PLAIN.get(told.kind)
    if plain is not None:
        return plain(told)
    block = program.blocks.get(told.block) if program else None
    name = sentence_of(block.data) if block else told.block
    if told.kind == "branch" and block:
        return next((case.name for case in block.cases if case.id == told.value), _("Otherwise"))
    if told.block_type == "approval" and told.kind == "step":
        return _("Decided: %(outcome)s") % {"outcome": outcome_word(told.value)}
    return name


_PLAIN = {
    "migrated": lambda told: _("Moved to version %(number)s") % {"number": told.value},
    "migrated_back": lambda told: _("Put back from version %(number)s") % {"number": told.value},
    "cancelled": lambda told: (
        _("Ended by hand") if told.value == BY_HAND else _("Ended early: %(why)s") % {"why": told.value}
    ),
    "incident": lambda told: _("It needs help"),
    "incident_resolved": lambda told: _("Incident resolved: %(how)s") % {"how": outcome_word(told.value)},
    "sla_warned": lambda told: _("%(percent)s %% of the promised time is used") % {"percent": told.value},
    "sla_breached": lambda told: _("The promised time is over"),
    "vote": lambda told: _("First of several votes: %(outcome)s") % {"outcome": outcome_word(told.value)},
    "entered": lambda told: _("%(count)d branches began") % {"count": len(told.detail.get("branches") or ())},
    "arrived": lambda told: _("Branch “%(branch)s” is done") % {"branch": told.value},
    "cancelled_branch": lambda told: _("Branch “%(branch)s” is no longer needed") % {"branch": told.value},
    "judged_again": lambda told: _("Judged again"),
    "escalated": lambda told: _("Escalated, level %(level)s") % {"level": told.value},
    "reassigned": lambda told: _("Handed over to %(who)s") % {"who": told.value},
}


def text_of(told: RunEvent) -> str:
    """What came out, or why."""
    if told.kind == "waiting" and told.block_type == "approval":
        rule = told.detail.get("rule")  # why it is asked the steps before it have told
        return _("By the assignment rule “%(rule)s”") % {"rule": rule} if rule else ""
    detail = told.detail
    reasons = [wording.told(reason) for reason in detail.get("reasons") or ()]
    if reasons:
        return " ".join(reasons)
    if detail.get("note"):
        return str(detail["note"])
    if detail.get("message"):
        return wording.shown(str(detail["message"]), detail.get("said"))
    return outcome_word(told.value) if told.kind == "step" and told.value not in ("done", "sent") else ""


def _url(run: Run) -> str:
    try:
        return reverse("workflows:run", args=[run.pk])
    except NoReverseMatch:
        return ""


def runs_elsewhere(version: WorkflowVersion) -> int:
    """How many live runs follow another version than this one, while this is the one in force."""
    if version.status != WorkflowVersion.Status.PUBLISHED:
        return 0
    return Run.objects.filter(workflow_id=version.workflow_id, status="running").exclude(version=version).count()
