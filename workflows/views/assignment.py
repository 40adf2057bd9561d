"""The assignment rules as a page: in their order, what each gave out, what is wrong; an admin changes them here."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.kernel.conditions import ConditionError, sentence
from prm.kernel.conditions.facts import UnknownFact
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.answers import act_or_404, add_reasons, say
from workflows import actions
from workflows.assignment import schema_for, who_words
from workflows.assignment_form import AssignmentRuleForm
from workflows.engine.assigning import assignment_rows
from workflows.models import AssignmentRule
from workflows.queries.assignment import Available, available, queues, taken_counts, troubled

HERE = "workflows:assignment"
FIRST = "deal"  # what most tasks are about


@require_GET
def rules(request: Any) -> HttpResponse:
    """Every rule with the tasks that it gave out in the last 90 days, and what is wrong with it."""
    known, counts, words = available(), taken_counts(request.now), queues()
    wrong: dict[str, list[str]] = {}
    for row, why in troubled(known):
        wrong.setdefault(row["id"], []).append(why)
    context = {
        "rules": [_shown(row, known, words, counts, wrong.get(row["id"], [])) for row in assignment_rows()],
        "may_change": request.actor.has("admin"),
    }
    return render(request, "workflows/assignment.html", context)


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def add(request: Any) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def change(request: Any, rule_id: UUID) -> HttpResponse:
    rule = AssignmentRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise Http404
    return _edit(request, rule)


@require_POST
@require_roles("admin")
def move(request: Any, rule_id: UUID) -> HttpResponse:
    up = request.POST.get("way") == "up"
    say(request, act_or_404(actions.move_assignment_rule, request, rule_id=rule_id, up=up), _("Moved."))
    return redirect(HERE)


@require_POST
@require_roles("admin")
def remove(request: Any, rule_id: UUID) -> HttpResponse:
    say(request, act_or_404(actions.remove_assignment_rule, request, rule_id=rule_id), _("The rule is gone."))
    return redirect(HERE)


def _edit(request: Any, rule: AssignmentRule | None) -> HttpResponse:
    known = available()
    about = rule.about if rule else request.GET.get("about", FIRST if FIRST in known.subjects else "")
    if about not in known.subjects:
        raise Http404
    held = AssignmentRuleForm.held(rule) if rule else None
    form = AssignmentRuleForm(request.POST or None, initial=held, about=about, known=known)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            kept = {"rule_id": rule.pk if rule else None, "fields": form.rule()}
            decision = act_or_404(actions.keep_assignment_rule, request, **kept)
            if decision.allowed:
                messages.success(request, _("Saved. Tasks that come now are given out by it."))
                return redirect(HERE)
            add_reasons(form, decision)
        status = 422
    context = {"form": form, "rule": rule, "about": about, "subjects": known.subjects.items()}
    return render(request, "workflows/assignment_rule.html", context, status=status)


def _shown(
    row: Mapping[str, Any], known: Available, words: Mapping[str, str], counts: Mapping[str, int], wrong: list[str]
) -> dict[str, Any]:
    return {
        "id": UUID(row["id"]),
        "position": row["position"],
        "name": row["name"],
        "queue": words.get(row["queue"], row["queue"]),
        "about": known.subjects.get(row["about"], row["about"]),
        "when": _condition(row),
        "who": who_words(row),
        "count": counts.get(row["name"], 0),
        "wrong": wrong,
    }


def _condition(row: Mapping[str, Any]) -> str:
    """The condition in words; nothing for one that every task meets."""
    try:
        return sentence(row["when"], schema_for(row["about"])) if (row["when"] or {}).get("rules") else ""
    except (ConditionError, UnknownFact) as broken:
        return _("This can't be judged: {why}").format(why=broken)
