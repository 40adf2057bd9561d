"""What the desk does with a protected deal beside its course: another partner gets it, or a part of it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dealreg import actions
from dealreg.forms import ReassignForm, SplitForm
from dealreg.models import Deal
from dealreg.views.common import answered, deal_or_404, form_refused
from partners.models import Enrolment, Partner
from prm.kernel.identity.access import require_roles

MOVERS = ("admin", "ops", "approver")


def other_partners(deal: Deal) -> list[tuple[str, str]]:
    """Who could have the deal instead: active partners that are enrolled in its program."""
    enrolled = Enrolment.objects.filter(program=deal.program_id, status="active", partner__status="active")
    rows = enrolled.exclude(partner=deal.partner_id).order_by("partner__name").values_list("partner", "partner__name")
    return [(str(pk), name) for pk, name in rows]


@require_POST
@require_roles(*MOVERS)
def reassign(request: Any, pk: UUID) -> HttpResponse:
    deal = deal_or_404(pk)
    form = ReassignForm(request.POST, partners=other_partners(deal))
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    decision = _called(actions.reassign_deal, request, deal, form, reason=form.cleaned_data["reason"])
    return answered(request, decision, _("The deal has gone over, with all that it protects."), _url(pk))


@require_POST
@require_roles(*MOVERS)
def split(request: Any, pk: UUID) -> HttpResponse:
    deal = deal_or_404(pk)
    form = SplitForm(request.POST, partners=other_partners(deal))
    if not form.is_valid():
        return form_refused(request, form, _url(pk))
    given = {name: form.cleaned_data[name] for name in ("percent", "names_told")}
    decision = _called(actions.split_deal, request, deal, form, **given)
    return answered(request, decision, _("The deal is shared; the other partner has a deal of its own."), _url(pk))


def _called(action: Any, request: Any, deal: Deal, form: Any, **given: Any) -> Any:
    partner_id = UUID(form.cleaned_data["partner"])
    try:
        return action(deal_id=deal.pk, partner_id=partner_id, actor=request.actor, now=request.now, **given)
    except Partner.DoesNotExist:
        raise Http404 from None


def _url(pk: UUID) -> str:
    return reverse("dealreg_console:deal", args=[pk])
