"""A dispute from both sides: the partner contests, adds evidence or takes it back; the desk reads and decides."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions, queries
from dealreg.forms import DisputeForm, FileForm
from dealreg.lists import Disputes
from dealreg.models import Dispute
from dealreg.views.common import answered, deal_or_404, form_refused
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.automation.registry import story_of
from prm.kernel.decisions import Decision
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists import ListView

SELLERS = ("seller", "partner_admin")


class DisputesView(ListView):
    list = Disputes


def _dispute(pk: UUID) -> Dispute:
    found = Dispute.objects.select_related("deal__partner", "raised_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_GET
def dispute(request: Any, pk: UUID) -> HttpResponse:
    """One dispute with its evidence, its story and what was decided. It is decided in the queue."""
    found = _dispute(pk)
    context = {
        **queries.dispute_evidence(pk),
        "dispute": found,
        "deal": found.deal,
        "decisions": DecisionRecord.objects.filter(subject_id=pk).order_by("-at", "-id"),
        "may_decide": request.actor.roles != {"auditor"},
        "story": list(reversed(story_of("dispute", pk))),
        "audit": AuditEntry.objects.filter(target_id=pk).order_by("-at", "-id"),
        "may_audit": request.actor.has("admin", "ops", "auditor"),
    }
    return render(request, "dealreg/console_dispute.html", context)


@require_GET
def mine(request: Any, pk: UUID) -> HttpResponse:
    """The way from a message to the deal that is disputed."""
    return redirect(_portal(_dispute(pk).deal_id))


@require_POST
@require_roles(*SELLERS)
def contest(request: Any, pk: UUID) -> HttpResponse:
    """Contest the answer to a deal, with a first piece of evidence where there is one."""
    deal, form = deal_or_404(pk), DisputeForm(request.POST, request.FILES)
    if not form.is_valid():
        return form_refused(request, form, _portal(pk))
    decision = actions.raise_dispute(
        deal_id=deal.pk, statement=form.cleaned_data["statement"], actor=request.actor, now=request.now
    )
    if decision.allowed and form.cleaned_data["file"]:
        filed = _file(request, deal.pk, form.cleaned_data["file"])
        decision = filed if filed.refused else decision
    return answered(request, decision, _("Sent. Somebody of the deal desk looks at it again."), _portal(pk))


@require_POST
@require_roles(*SELLERS)
def evidence(request: Any, pk: UUID) -> HttpResponse:
    """One more file in the dispute that is open."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return form_refused(request, form, _portal(pk))
    decision = _file(request, deal_or_404(pk).pk, form.cleaned_data["file"])
    return answered(request, decision, _("The file is added."), _portal(pk))


@require_POST
@require_roles(*SELLERS)
def withdraw(request: Any, pk: UUID) -> HttpResponse:
    found = _dispute(pk)
    decision = actions.withdraw_dispute(dispute_id=found.pk, actor=request.actor, now=request.now)
    return answered(request, decision, _("Taken back; the answer stands."), _portal(found.deal_id))


def _file(request: Any, deal_id: UUID, upload: Any) -> Decision:
    return actions.attach_file(
        deal_id=deal_id,
        name=upload.name,
        content=upload.read(),
        audience="partner",
        as_evidence=True,
        actor=request.actor,
        now=request.now,
    )


def _portal(deal_id: UUID) -> str:
    return reverse("dealreg_portal:deal", args=[deal_id])
