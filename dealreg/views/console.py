"""The vendor's view of deals: the list, and one deal with its whole story."""

from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions, queries
from dealreg.bulk import possible_moves, staff_options
from dealreg.forms import ReassignForm, SplitForm, StaffCommentForm, StaffFileForm
from dealreg.items import items_of
from dealreg.lists import VendorDeals
from dealreg.models import Deal, DealStatus
from dealreg.rules_of_moves import MOVABLE
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
from dealreg.views.moves import MOVERS, other_partners
from dealreg.whole_story import KINDS, tabs, whole_story
from partners.queries import reseller_name
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.access import require_roles
from prm.kernel.ui import slots
from prm.kernel.ui.lists import ListView

STAFF = ("admin", "ops", "approver", "cam", "sales", "legal")


class Deals(ListView):
    list = VendorDeals


@require_GET
def deal(request: Any, pk: UUID) -> HttpResponse:
    """Everything about one deal: evidence, decisions, workflow steps, messages, comments, audit."""
    found = deal_or_404(pk)
    prefetch_related_objects([found], "comments")  # the story tells them, too
    disputes = list(found.disputes.order_by("-raised_at", "-pk"))
    kind = request.GET.get("story", "")
    context = {
        "deal": found,
        "next": next_step(found, now=request.now),
        "lines": found.lines.select_related("product_line"),
        "items": items_of(found),
        "reseller_name": reseller_name(found.partner_id, found.reseller_id),
        "evidence": queries.rivals_of(found.pk, deal=found),
        "slots": slots.filled("deal", request, found.pk),
        "story": whole_story(found, disputes, kind if kind in KINDS else ""),
        "story_tabs": tabs(found, kind if kind in KINDS else ""),
        "audit": AuditEntry.objects.filter(target_id=pk).order_by("-at", "-id"),
        "comments": comments_of(found),
        "files": files_of(found, "dealreg_console:file"),
        "comment_form": StaffCommentForm(),
        "file_form": StaffFileForm(),
        "staff": staff_options(request),
        "may_act": request.actor.has(*STAFF),
        "may_decide": request.actor.roles != {"auditor"},
        "may_audit": request.actor.has("admin", "ops", "auditor"),
        "disputes": disputes,
        "beside": queries.parts_of(found),
        "registered_before": queries.registered_before(found),
        "possible_moves": possible_moves(found, request),
        **_moves(request, found),
    }
    return render(request, "dealreg/console_deal.html", context)


def _moves(request: Any, deal: Deal) -> dict[str, Any]:
    """The dialogs for an open deal, where the reader may use them; only a protected one can be shared."""
    if deal.shown_status not in MOVABLE or deal.share_percent is not None or not request.actor.has(*MOVERS):
        return {"may_move": False}
    partners = other_partners(deal)
    return {
        "may_move": True,
        "may_share": deal.shown_status == DealStatus.APPROVED,
        "reassign_form": ReassignForm(partners=partners, prefix=None),
        "split_form": SplitForm(partners=partners, auto_id="split_%s"),
    }


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
