"""The vendor's view of deals: the list, and one deal with its whole story."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions, queries
from dealreg.forms import StaffCommentForm, StaffFileForm
from dealreg.lists import VendorDeals, staff_options
from dealreg.stories import next_step
from dealreg.views.common import (
    answered,
    attached,
    comments_of,
    deal_or_404,
    files_of,
    form_refused,
    serve_file,
)
from partners.queries import reseller_name
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.automation.registry import story_of
from prm.kernel.identity.access import require_roles
from prm.kernel.messages.models import Message
from prm.kernel.ui.lists import ListView

STAFF = ("admin", "ops", "approver", "cam", "sales", "legal")


class Deals(ListView):
    list = VendorDeals


@require_GET
def deal(request: Any, pk: UUID) -> HttpResponse:
    """Everything about one deal: evidence, decisions, workflow steps, messages, comments, audit."""
    found = deal_or_404(pk)
    context = {
        "deal": found,
        "next": next_step(found, now=request.now),
        "lines": found.lines.select_related("product_line"),
        "items": found.items.select_related("product"),
        "reseller_name": reseller_name(found.partner_id, found.reseller_id),
        "evidence": queries.rivals_of(found.pk, deal=found),
        "decisions": DecisionRecord.objects.filter(subject_id=pk).order_by("-at", "-id"),
        "story": list(reversed(story_of("deal", found.pk))),
        "mails": Message.objects.filter(subject_id=pk).select_related("recipient").order_by("-at"),
        "audit": AuditEntry.objects.filter(target_id=pk).order_by("-at", "-id"),
        "comments": comments_of(found),
        "files": files_of(found, "dealreg_console:file"),
        "comment_form": StaffCommentForm(),
        "file_form": StaffFileForm(),
        "staff": staff_options(request),
        "may_act": request.actor.has(*STAFF),
        "may_audit": request.actor.has("admin", "ops", "auditor"),
    }
    return render(request, "dealreg/console_deal.html", context)


@require_POST
@require_roles("admin", "ops", "cam")
def assign_cam(request: Any, pk: UUID) -> HttpResponse:
    given = request.POST.get("cam", "")
    known = {value for value, _name in staff_options(request)}
    membership = UUID(given) if given in known else None
    decision = actions.assign_cam(
        deal_id=deal_or_404(pk).pk, membership_id=membership, actor=request.actor, now=request.now
    )
    return answered(request, decision, _("The channel manager is assigned."), _url(pk))


@require_POST
@require_roles(*STAFF)
def comment(request: Any, pk: UUID) -> HttpResponse:
    form = StaffCommentForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.add_comment(
        deal_id=deal_or_404(pk).pk, actor=request.actor, now=request.now, **form.cleaned_data
    )
    return answered(request, decision, _("The comment is saved."), _url(pk))


@require_POST
@require_roles(*STAFF)
def attach(request: Any, pk: UUID) -> HttpResponse:
    form = StaffFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    return attached(request, form, pk, audience=form.cleaned_data["audience"], to=_url(pk))


@require_GET
def file(request: Any, pk: UUID, file_id: UUID) -> HttpResponse:
    return serve_file(pk, file_id)


def _url(pk: UUID) -> str:
    return reverse("dealreg_console:deal", args=[pk])
