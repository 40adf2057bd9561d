"""The approval matrix as a page: its rows, what each takes, what none takes; an admin changes it here."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dealreg import actions, matrix
from dealreg.approval_form import ApprovalRuleForm
from dealreg.models import ApprovalRule
from dealreg.queries.approvals import Known, approval_rows, fitting_counts, known_for_approvals
from prm.kernel.identity import roles
from prm.kernel.identity.access import require_roles
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui.answers import act_or_404, add_reasons, say

TOLD = 5  # gaps and crossings that are named
HERE = "dealreg_console:approvals"
Row = Mapping[str, Any]


@require_GET
def approvals(request: Any) -> HttpResponse:
    """Every row with the deals that it took in the last 90 days, and what is wrong with the whole."""
    rows, known, currency = approval_rows(), known_for_approvals(), vendor_currency()
    counts = fitting_counts(rows, request.now)
    whole = matrix.everything(known.territories, known.lines)
    open_pieces, names = matrix.gaps(rows, whole), {**known.lines, **known.territories}
    context = {
        "rows": [_shown(row, known, currency, counts.get(place, 0)) for place, row in enumerate(rows)],
        "missed": counts.get(None, 0),
        "gaps": [matrix.piece_words(piece, whole, currency, names) for piece in open_pieces[:TOLD]],
        "more_gaps": max(0, len(open_pieces) - TOLD),
        "hidden": [row["position"] for row in matrix.hidden(rows, whole)],
        "crossings": [
            (first["position"], second["position"], matrix.piece_words(shared, whole, currency, names))
            for first, second, shared in matrix.crossings(rows, whole)[:TOLD]
        ],
        "short": [row["position"] for row in rows if _too_few(row, known)],
        "may_change": request.actor.has("admin"),
    }
    return render(request, "dealreg/approvals.html", context)


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def add(request: Any) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def change(request: Any, pk: UUID) -> HttpResponse:
    rule = ApprovalRule.objects.filter(pk=pk).first()
    if rule is None:
        raise Http404
    return _edit(request, rule)


@require_POST
@require_roles("admin")
def move(request: Any, pk: UUID) -> HttpResponse:
    up = request.POST.get("way") == "up"
    say(request, act_or_404(actions.move_approval_rule, request, rule_id=pk, up=up), _("Moved."))
    return redirect(HERE)


@require_POST
@require_roles("admin")
def remove(request: Any, pk: UUID) -> HttpResponse:
    say(request, act_or_404(actions.remove_approval_rule, request, rule_id=pk), _("The row is gone."))
    return redirect(HERE)


def _edit(request: Any, rule: ApprovalRule | None) -> HttpResponse:
    known = known_for_approvals()
    held = ApprovalRuleForm.held(rule) if rule else None
    form = ApprovalRuleForm(request.POST or None, initial=held, known=known)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            kept = {"rule_id": rule.pk if rule else None, "fields": form.row()}
            decision = act_or_404(actions.keep_approval_rule, request, **kept)
            if decision.allowed:
                messages.success(request, _("Saved. Deals that come now are decided by it."))
                return redirect(HERE)
            add_reasons(form, decision)
        status = 422
    return render(request, "dealreg/approval_row.html", {"form": form, "rule": rule}, status=status)


def _shown(row: Row, known: Known, currency: str, count: int) -> dict[str, Any]:
    return {
        "id": UUID(row["id"]),
        "position": row["position"],
        "amount": matrix.amount_words(row["amount_above"], row["amount_up_to"], currency),
        "territories": ", ".join(known.territories.get(code, code) for code in row["territories"]),
        "lines": ", ".join(known.lines.get(code, code) for code in row["product_lines"]),
        "discount": matrix.percent_words(row["discount_above"], row["discount_up_to"]),
        "deals": matrix.sentence(row, currency, {**known.lines, **known.territories}),
        "who": _who_decides(row, known),
        "people": row["people"],
        "count": count,
    }


def _who_decides(row: Row, known: Known) -> str:
    if row["decider"] == "role":
        return roles.label(row["role"])
    if row["decider"] == "person":
        return known.people.get(row["person"]) or _("Somebody who has left")
    return str(ApprovalRule.Decider(row["decider"]).label)


def _too_few(row: Row, known: Known) -> bool:
    """Whether nobody, or too few, could answer as the row asks."""
    if row["decider"] == "person":
        return row["person"] not in known.people
    return row["decider"] == "role" and known.roles.get(row["role"], 0) < int(row["people"])
