"""Replays in the console: ask for one, watch it, read what would have been different, event by event."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from partners.models import Partner
from prm.kernel.automation.models import RuleVersion
from prm.kernel.decisions import Decision
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui import formats
from prm.kernel.ui.lists import ListView
from workflows import actions
from workflows.definition import BrokenDefinition, Program, checksum
from workflows.engine.step import program_of
from workflows.lists import ChangeList
from workflows.models import Replay, ReplayChange, Run, WorkflowVersion
from workflows.queries.tasks import LABELS
from workflows.replay import words
from workflows.views import DISPATCHERS, EVERYBODY, Asking

MONTHS = (1, 3, 6, 12, 24)


@require_GET
@require_roles(*EVERYBODY)
def of_version(request: Asking, version_id: UUID) -> HttpResponse:
    """The replays of a workflow's version, and the way to ask for one."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    return _asking_page(
        request,
        name=words.version(found.workflow.name, found.number),
        title=found.workflow.name,
        back=reverse("workflows:version", args=[found.pk]),
        ask=reverse("workflows:replay_ask_version", args=[found.pk]),
        replays=list(found.replays.all()),
        now=found.checksum,
    )


@require_GET
@require_roles(*EVERYBODY)
def of_rules(request: Asking, version_id: UUID) -> HttpResponse:
    """The same for a version of rules."""
    found = get_object_or_404(RuleVersion.objects.select_related("ruleset"), pk=version_id)
    return _asking_page(
        request,
        name=words.version(found.ruleset.name, found.number),
        title=found.ruleset.name,
        back=reverse("admin:automation_ruleset_change", args=[found.ruleset_id]) if request.actor.has("admin") else "",
        ask=reverse("workflows:replay_ask_rules", args=[found.pk]),
        replays=list(Replay.objects.filter(rule_version_id=found.pk)),
        now=checksum(found.document),
    )


@require_POST
@require_roles(*DISPATCHERS)
def ask_version(request: Asking, version_id: UUID) -> HttpResponse:
    get_object_or_404(WorkflowVersion, pk=version_id)
    return _ask(request, version_id, actions.replay_version, "workflows:replay_version")


@require_POST
@require_roles(*DISPATCHERS)
def ask_rules(request: Asking, version_id: UUID) -> HttpResponse:
    get_object_or_404(RuleVersion, pk=version_id)
    return _ask(request, version_id, actions.replay_rules, "workflows:replay_rules")


def _ask(request: Asking, version_id: UUID, act: Callable[..., Decision], page: str) -> HttpResponse:
    decision = act(
        version_id=version_id, months=_months(request.POST.get("months", "")), actor=request.actor, now=request.now
    )
    if decision.allowed:
        return redirect("workflows:replay", replay_id=decision.facts["replay"])
    messages.warning(request, decision.reasons[0].text)
    return redirect(page, version_id=version_id)


def _months(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _asking_page(request: Asking, *, now: str, **context: Any) -> HttpResponse:
    return render(
        request,
        "workflows/replays.html",
        {
            **context,
            "months": [(months, months == 6) for months in MONTHS],
            "may_ask": request.actor.has(*DISPATCHERS),
            "rows": [(one, one.checksum != now, _short(one)) for one in context["replays"]],
        },
    )


def _short(replay: Replay) -> str:
    return words.summary(replay.result) if replay.result else replay.error


@require_GET
@require_roles(*EVERYBODY)
def replay(request: Asking, replay_id: UUID) -> HttpResponse:
    """What a replay came to; while it runs, how far it is. Over htmx the moving part alone."""
    found = get_object_or_404(Replay.objects.select_related("version__workflow"), pk=replay_id)
    going = found.state in (Replay.State.QUEUED, Replay.State.RUNNING)
    context = {"replay": found, "name": _named(found), "going": going, **(_shown(found) if found.result else {})}
    if request.htmx and not request.htmx.boosted:
        answer = render(request, "workflows/replay_progress.html", context)
        if not going:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "workflows/replay.html", context)


def _named(replay: Replay) -> str:
    """The version in words; its key where a draft of rules has been thrown away."""
    if replay.version is not None:
        return words.version(replay.version.workflow.name, replay.version.number)
    rules = RuleVersion.objects.select_related("ruleset").filter(pk=replay.rule_version_id).first()
    return words.version(rules.ruleset.name, rules.number) if rules else replay.name


def _shown(replay: Replay) -> dict[str, Any]:
    """The figures as the page draws them."""
    result = replay.result
    names = dict(
        Partner.objects.filter(pk__in=[row["id"] for row in result["partners"] if row["id"]]).values_list("pk", "name")
    )
    amount = sum((Decimal(row["amount"]) for row in result["moves"]), Decimal(0))
    return {
        "summary": words.summary(result),
        "currency": vendor_currency(),
        "amount": amount,
        "affected": len(result["partners"]),
        "moves": [
            (words.decision(row["from"]), _becomes(row), row["count"], Decimal(row["amount"]))
            for row in result["moves"]
        ],
        "partners": [
            (names.get(UUID(row["id"]), "") if row["id"] else "", row["count"], Decimal(row["amount"]))
            for row in result["partners"][:20]
        ],
        "decisions": _both(result["decisions"]),
        "promises": _promises(result["promises"]),
        "queues": [(str(LABELS.get(name, name)), weeks, _loads(weeks)) for name, weeks in result["queues"].items()],
        "assumptions": [words.assumption(key, count) for key, count in result["assumed"].items()],
        "unknowns": list(result["unknown"].items()),
        "touchless": result["touchless"],
        "unfaithful": result["runs"] - result["faithful"],
    }


def _becomes(row: dict[str, Any]) -> str:
    """The decision with the draft; where it is the same, it comes from others."""
    if row["from"] != row["to"]:
        return words.decision(row["to"])
    return _("%(decision)s, with others asked or nobody") % {"decision": words.decision(row["to"])}


def _both(sides: list[dict[str, int]]) -> list[tuple[str, int, int]]:
    before, after = sides
    return [(words.decision(key), before.get(key, 0), after.get(key, 0)) for key in sorted({*before, *after})]


def _promises(sides: list[dict[str, int]]) -> list[tuple[str, int, int]]:
    labels = (("in_time", _("In time")), ("late", _("Late")), ("running", _("Still counting")))
    return [(label, sides[0].get(key, 0), sides[1].get(key, 0)) for key, label in labels]


def _loads(weeks: list[list[Any]]) -> list[tuple[str, int, str]]:
    """Two bars for each of the last weeks: now, and with the draft."""
    bars = []
    for monday, before, after in weeks[-13:]:
        week = formats.day(date.fromisoformat(monday))
        bars += [(_("%(week)s now") % {"week": week}, before, "neutral")]
        bars += [(_("%(week)s with the draft") % {"week": week}, after, "")]
    return bars


class ChangeListView(RolesRequired, ListView):
    """Every event that would come to something else; also as CSV."""

    required_roles = frozenset(EVERYBODY)
    list = ChangeList

    def make(self, request: HttpRequest) -> ChangeList:
        return ChangeList(request, replay=get_object_or_404(Replay, pk=self.kwargs["replay_id"]))

    def context(self, request: HttpRequest) -> dict[str, Any]:
        found = get_object_or_404(Replay, pk=self.kwargs["replay_id"])
        self.crumbs = ((_("Replay"), reverse("workflows:replay", args=[found.pk])), (_("Changes"), ""))
        return {}


@require_GET
@require_roles(*EVERYBODY)
def change(request: Asking, change_id: UUID) -> HttpResponse:
    """One event with both paths, block by block."""
    found = get_object_or_404(ReplayChange.objects.select_related("replay__version"), pk=change_id)
    run = Run.objects.filter(pk=found.run_id).first() if found.run_id else None
    before, after = _programs(found.replay, run)
    return render(
        request,
        "workflows/replay_change.html",
        {
            "change": found,
            "replay": found.replay,
            "run": run,
            "currency": vendor_currency(),
            "sides": [
                (
                    _("Now"),
                    words.stops(found.before_path, before, other=found.after_path),
                    words.ending(found.before_path),
                ),
                (
                    _("With the draft"),
                    words.stops(found.after_path, after, other=found.before_path),
                    words.ending(found.after_path),
                ),
            ],
        },
    )


def _programs(replay: Replay, run: Run | None) -> tuple[Program | None, Program | None]:
    """The programs whose blocks the paths name: in force and tried."""
    workflow = replay.version.workflow_id if replay.version else run.workflow_id if run else None
    published = WorkflowVersion.objects.filter(workflow_id=workflow, status="published").first()
    before = _program(published)
    return before, _program(replay.version) if replay.version else before


def _program(version: WorkflowVersion | None) -> Program | None:
    try:
        return program_of(version.pk, version.checksum) if version else None
    except BrokenDefinition:
        return None
