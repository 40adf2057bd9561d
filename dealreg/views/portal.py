"""The portal's home, its deals, and one deal with its answer and its story."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions, queries
from dealreg.forms import CommentForm, DisputeForm, FileForm, LostForm, ReasonForm, StageForm, WonForm
from dealreg.items import items_of
from dealreg.lists import DealsThroughDistributor, PartnerDeals
from dealreg.models import Deal, DealStatus
from dealreg.stories import behind_the_wall, coming, next_step, partner_story
from dealreg.views.common import (
    answered,
    attached,
    comments_of,
    deal_or_404,
    files_of,
    form_refused,
    serve_file,
)
from dealreg.views.home import partner_home
from partners.queries import reseller_name
from prm.kernel.clock import local_date
from prm.kernel.identity.access import looks_only, require_roles
from prm.kernel.ui import formats
from prm.kernel.ui.lists import ListView

SELLERS = ("seller", "partner_admin")


@require_GET
def home(request: Any) -> HttpResponse:
    """What needs me, what is protected, and what the tier brings."""
    return render(request, "dealreg/portal_home.html", partner_home(request))


class Deals(ListView):
    list = PartnerDeals
    template_name = "dealreg/portal_list.html"

    def context(self, request: Any) -> dict[str, Any]:
        return {"former": queries.former_deals(), "may_register": not looks_only(request)}


class ThroughDistributor(ListView):
    list = DealsThroughDistributor


@require_GET
def deal(request: Any, pk: UUID) -> HttpResponse:
    """One deal; or, of a deal that was theirs, what the partner keeps of it."""
    if (kept := queries.former_deal(pk)) is not None:
        context = {"former": kept, "story": partner_story(kept.deal_id, kept.partner_id)}
        return render(request, "dealreg/former_deal.html", context)
    found = deal_or_404(pk)
    today = local_date(request.now)
    story, extension_days = behind_the_wall(found)
    about, lines = _dispute_of(found), list(found.lines.select_related("product_line"))
    context = {
        "deal": found,
        "next": next_step(found, now=request.now),
        "story": story,
        "coming": coming(found, about["dispute"]),
        "comments": comments_of(found),
        "files": files_of(found, "dealreg_portal:file"),
        "lines": lines,
        "items": items_of(found),
        "reseller_name": reseller_name(found.partner_id, found.reseller_id),
        "may_act": request.actor.has(*SELLERS) and not looks_only(request),
        "comment_form": CommentForm(),
        "file_form": FileForm(),
        "reason_form": ReasonForm(prefix=None),
        "stage_form": StageForm(initial={"stage": found.pipeline_stage}),
        "won_form": WonForm(initial={"amount": found.amount, "closed_on": today}, lines=lines),
        "lost_form": LostForm(initial={"closed_on": today}),
        "extension_days": extension_days,
        **about,
    }
    return render(request, "dealreg/portal_deal.html", context)


def _dispute_of(deal: Deal) -> dict[str, Any]:
    """The latest dispute about the answer, and whether it can be contested now."""
    contestable = deal.status in (DealStatus.REJECTED, DealStatus.EXPIRED)
    dispute = queries.dispute_of(deal) if deal.decided_at else None
    files = [file for file in files_of(deal, "dealreg_portal:file", dispute=dispute)] if dispute else []
    return {
        "dispute": dispute,
        "dispute_files": files,
        "may_contest": contestable and queries.may_contest(deal, dispute),
        "dispute_form": DisputeForm(),
    }


@require_POST
@require_roles(*SELLERS)
def withdraw(request: Any, pk: UUID) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.withdraw_deal(
        deal_id=deal_or_404(pk).pk, reason=form.cleaned_data["reason"], actor=request.actor, now=request.now
    )
    return answered(request, decision, _("Withdrawn. Nothing is protected any more."), _url(pk))


@require_POST
@require_roles(*SELLERS)
def extend(request: Any, pk: UUID) -> HttpResponse:
    decision = actions.extend_protection(deal_id=deal_or_404(pk).pk, actor=request.actor, now=request.now)
    until = deal_or_404(pk).protected_until
    told = _("Extended: you are protected until %(day)s.") % {"day": formats.day(until) if until else ""}
    return answered(request, decision, told, _url(pk))


@require_POST
@require_roles(*SELLERS)
def stage(request: Any, pk: UUID) -> HttpResponse:
    form = StageForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.change_stage(
        deal_id=deal_or_404(pk).pk, stage=form.cleaned_data["stage"], actor=request.actor, now=request.now
    )
    return answered(request, decision, _("The stage is saved."), _url(pk))


@require_POST
@require_roles(*SELLERS)
def won(request: Any, pk: UUID) -> HttpResponse:
    form = WonForm(request.POST, lines=deal_or_404(pk).lines.select_related("product_line"))
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.mark_won(deal_id=deal_or_404(pk).pk, actor=request.actor, now=request.now, **form.cleaned_data)
    return answered(request, decision, _("Congratulations! The deal is won."), _url(pk))


@require_POST
@require_roles(*SELLERS)
def lost(request: Any, pk: UUID) -> HttpResponse:
    form = LostForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.mark_lost(deal_id=deal_or_404(pk).pk, actor=request.actor, now=request.now, **form.cleaned_data)
    return answered(request, decision, _("Closed as lost. Thank you for telling us why."), _url(pk))


@require_POST
def comment(request: Any, pk: UUID) -> HttpResponse:
    form = CommentForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = actions.add_comment(
        deal_id=deal_or_404(pk).pk,
        body=form.cleaned_data["body"],
        audience="partner",
        actor=request.actor,
        now=request.now,
    )
    return answered(request, decision, _("Sent to the deal desk."), _url(pk))


@require_POST
@require_roles(*SELLERS)
def attach(request: Any, pk: UUID) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    return attached(request, form, pk, audience="partner", to=_url(pk))


@require_GET
def file(request: Any, pk: UUID, file_id: UUID) -> HttpResponse:
    return serve_file(pk, file_id)


def _url(pk: UUID) -> str:
    return reverse("dealreg_portal:deal", args=[pk])
