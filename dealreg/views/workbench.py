"""The conflict workbench: a deal beside what may be the same, settled with one key; and what verdicts have taught."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions, queries
from dealreg.lists import LearnedLinks
from dealreg.models import Deal, Saying, Verdict
from dealreg.queries.workbench import workbench_of
from dealreg.rules_verdicts import SETTLERS
from dealreg.views.common import deal_or_404
from dealreg.wording import told
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists import ListView
from prm.kernel.ui.toasts import conflict, toast


@require_GET
def workbench(request: Any, pk: UUID) -> HttpResponse:
    """The page, or over htmx the workbench alone; ?candidate= chooses what is compared."""
    return _shown(request, deal_or_404(pk), _uuid(request.GET.get("candidate", "")))


@require_POST
@require_roles(*SETTLERS)
def settle(request: Any, pk: UUID) -> HttpResponse:
    """Say what a candidate is, and go on to the next; for ten seconds it can be undone."""
    candidate, saying = _uuid(request.POST.get("candidate", "")), request.POST.get("saying", "")
    if candidate is None:
        raise Http404
    try:
        decision = actions.give_verdict(
            deal_id=pk, candidate=candidate, saying=saying, actor=request.actor, now=request.now
        )
    except Deal.DoesNotExist:
        raise Http404 from None
    if decision.refused:
        return _refused(request, decision.reasons[0].text, reverse("dealreg_console:workbench", args=[pk]))
    text = _("%(answer)s: noted.") % {"answer": Saying(saying).label}
    undo = reverse("dealreg_console:verdict_undo", args=[decision.facts["verdict"]])
    if not request.htmx:
        messages.success(request, text, extra_tags=f"undo={undo}")
        return redirect("dealreg_console:workbench", pk=pk)
    return toast(_shown(request, deal_or_404(pk), None), text, undo=undo)


@require_POST
@require_roles(*SETTLERS)
def undo(request: Any, verdict_id: UUID) -> HttpResponse:
    """Within ten seconds it was never said."""
    try:
        decision = actions.undo_verdict(verdict_id=verdict_id, actor=request.actor, now=request.now)
    except Verdict.DoesNotExist:
        raise Http404 from None
    if decision.refused:
        return conflict(request, decision.reasons[0].text)
    return toast(HttpResponse(status=204), _("Undone. The question is open again."))


class Links(ListView):
    list = LearnedLinks


@require_GET
def link(request: Any, verdict_id: UUID) -> HttpResponse:
    """One verdict: what was said, what it taught, its audit; and the way to take it back."""
    verdict = queries.learned().filter(pk=verdict_id).first()
    if verdict is None:
        raise Http404
    context = {
        "verdict": verdict,
        "sentence": told(verdict),
        "aliases": verdict.aliases.order_by("name"),
        "not_same": verdict.not_same.select_related("customer"),
        "audit": AuditEntry.objects.filter(target_id=verdict_id).order_by("-at", "-id"),
        "may_settle": request.actor.has(*SETTLERS),
    }
    return render(request, "dealreg/learned_link.html", context)


@require_POST
@require_roles(*SETTLERS)
def take_back(request: Any, verdict_id: UUID) -> HttpResponse:
    reason, back = request.POST.get("reason", ""), reverse("dealreg_console:link", args=[verdict_id])
    try:
        decision = actions.take_back(verdict_id=verdict_id, reason=reason, actor=request.actor, now=request.now)
    except Verdict.DoesNotExist:
        raise Http404 from None
    if decision.refused:
        return _refused(request, decision.reasons[0].text, back)
    messages.success(request, _("Taken back. The question will be asked again."))
    return redirect(back)


def _shown(request: Any, deal: Deal, candidate: UUID | None) -> HttpResponse:
    bench = workbench_of(queries.rivals_of(deal.pk, deal=deal), candidate)
    part = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    context = {"bench": bench, "deal": deal, "may_settle": request.actor.has(*SETTLERS)}
    return render(request, "dealreg/workbench.html" if part else "dealreg/workbench_page.html", context)


def _refused(request: Any, text: str, to: str) -> HttpResponse:
    """The page stays as it is and says why."""
    if request.htmx:
        return conflict(request, text)
    messages.warning(request, text)
    return redirect(to)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
