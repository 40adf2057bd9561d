"""Rules that people follow by hand: the list of them, each with its cases, and the two answers to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.context import Shell
from prm.kernel.ui.lists import ListView
from workflows import actions
from workflows.lists import ProposalList
from workflows.models import HumanTask, RuleProposal
from workflows.queries.proposals import said
from workflows.views import DISPATCHERS, EVERYBODY, Asking


class ProposalListView(RolesRequired, ListView):
    required_roles = frozenset(EVERYBODY)
    list = ProposalList
    template_name = "workflows/proposals.html"

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_find": bool(Shell(request).roles & {"admin", "ops"})}


@require_GET
@require_roles(*EVERYBODY)
def proposal(request: Asking, proposal_id: UUID) -> HttpResponse:
    """One proposal: the rule in words, and the tasks that it covers."""
    found = get_object_or_404(RuleProposal.objects.select_related("workflow"), pk=proposal_id)
    tasks = HumanTask.objects.filter(pk__in=found.tasks[:20]).order_by("-decided_at")
    return render(
        request,
        "workflows/proposal.html",
        {
            "proposal": found,
            "sentence": said(found),
            "tasks": list(tasks),
            "may_take_up": request.actor.has("admin") and found.status == "open",
            "may_dismiss": request.actor.has(*DISPATCHERS) and found.status == "open",
        },
    )


@require_POST
@require_roles(*DISPATCHERS)
def find(request: Asking) -> HttpResponse:
    """Look now instead of within the hour."""
    count = actions.find_proposals(now=request.now)
    told = ngettext("%(count)d rule is proposed.", "%(count)d rules are proposed.", count)
    messages.success(request, told % {"count": count})
    return redirect("workflows:proposals")


@require_POST
@require_roles("admin")
def take_up(request: Asking, proposal_id: UUID) -> HttpResponse:
    """Put it into a draft and go to where the draft is replayed."""
    found = get_object_or_404(RuleProposal, pk=proposal_id)
    decision = actions.take_up_proposal(proposal_id=found.pk, actor=request.actor, now=request.now)
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
        return redirect("workflows:proposal", proposal_id=found.pk)
    messages.success(request, _("It stands in the draft %(name)s. Replay it; then a second person publishes it.") % {
        "name": decision.facts["became"]
    })  # fmt: skip
    page = "workflows:replay_rules" if decision.facts["kind"] == "rules" else "workflows:replay_version"
    return redirect(page, version_id=decision.facts["version"])


@require_POST
@require_roles(*DISPATCHERS)
def dismiss(request: Asking, proposal_id: UUID) -> HttpResponse:
    """Say no, and why."""
    found = get_object_or_404(RuleProposal, pk=proposal_id)
    decision = actions.dismiss_proposal(
        proposal_id=found.pk, reason=request.POST.get("reason", "")[:2000], actor=request.actor, now=request.now
    )
    if decision.allowed:
        messages.success(request, _("Dismissed. It is not proposed again."))
        return redirect("workflows:proposals")
    messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:proposal", proposal_id=found.pk)
