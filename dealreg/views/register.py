"""Registering a deal: a draft saved as it is typed, a hint from one's own deals, an answer at once."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dealreg import actions, queries
from dealreg.forms import DealForm, posted
from dealreg.intake.rules import first_of
from dealreg.items import items_of
from dealreg.models import Deal, DealStatus
from dealreg.views.common import deal_or_404
from dealreg.views.prices import price_rows
from prm.kernel.clock import local_date
from prm.kernel.decisions import Decision
from prm.kernel.identity.access import require_roles
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.ui.answers import add_reasons

SELLERS = ("seller", "partner_admin")
TERMS = ("deal_type", "program", "reseller")


@require_http_methods(["GET", "POST"])
@require_roles(*SELLERS)
def register(request: Any) -> HttpResponse:
    """An empty form; posting it hands the deal in."""
    if request.method == "POST":
        try:
            deal = _draft_of(request)
        except ValueError:  # pressed twice
            return redirect("dealreg_portal:deal", pk=_handed_in(request).pk)
        return _hand_in(request, deal)
    return _page(request, _form(request, initial={"currency": request.tenant.currency}), None)


@require_http_methods(["GET", "POST"])
@require_roles(*SELLERS)
def edit(request: Any, pk: UUID) -> HttpResponse:
    """A draft again, as it was typed."""
    deal = deal_or_404(pk)
    if deal.status != DealStatus.DRAFT:
        return redirect("dealreg_portal:deal", pk=pk)
    if request.method == "POST":
        return _hand_in(request, deal)
    return _page(request, _form(request, initial=DealForm.typed_in(deal)), deal)


@require_POST
@require_roles(*SELLERS)
def save_draft(request: Any) -> HttpResponse:
    """Keep what is typed so far; answers with the draft's id and the hint from one's own deals."""
    try:
        deal = _draft_of(request)
    except ValueError:  # handed in meanwhile
        return HttpResponse(status=204)
    matches = queries.own_duplicates(
        customer_name=request.POST.get("customer_name", ""),
        customer_domain=request.POST.get("customer_domain", ""),
        customer_country=request.POST.get("customer_country", ""),
    )
    sums = [item.amount for item in items_of(deal)]
    total = sum(sums, Decimal(0)) if None not in sums else None
    context = {"deal": deal, "total": total, "matches": [match for match in matches if match.deal_id != deal.pk][:3]}
    response = render(request, "dealreg/draft_saved.html", context)
    response["HX-Replace-Url"] = reverse("dealreg_portal:edit", args=[deal.pk])  # so that a reload finds it again
    return response


@require_POST
@require_roles(*SELLERS)
def known(request: Any) -> HttpResponse:
    """What the partner's own deals say of the customer at a domain, for the fields that are still empty."""
    typed = {name: request.POST.get(name, "").strip() for name in ("customer_name", "customer_country")}
    found = queries.own_customer(request.POST.get("customer_domain", "")[:255].replace("\x00", ""))
    fill_name = found is not None and not typed["customer_name"]
    fill_country = found is not None and not typed["customer_country"]
    initial = {"customer_name": found.name, "customer_country": found.country} if found else {}
    form = _form(request, initial=initial)
    form.fields["customer_name"].widget.attrs.pop("autofocus", None)  # whoever types is further on
    context = {"form": form, "known": found, "fill_name": fill_name, "fill_country": fill_country}
    return render(request, "dealreg/known.html", context)


@require_http_methods(["GET", "POST"])
@require_roles(*SELLERS)
def answer(request: Any, pk: UUID) -> HttpResponse:
    """Answer a returned deal: only the fields that were asked for are open."""
    deal = deal_or_404(pk)
    if deal.status != DealStatus.ACTION_REQUIRED:
        return redirect("dealreg_portal:deal", pk=pk)
    only = deal.returned_fields
    if request.method == "GET":
        form = _form(request, initial=DealForm.typed_in(deal), only=only)
        return render(request, "dealreg/answer.html", {"deal": deal, "form": form})
    fields = {name: value for name, value in posted(request.POST).items() if name in deal.returned_fields}
    decision = actions.resubmit_deal(deal_id=pk, fields=fields, actor=request.actor, now=request.now).for_partner()
    if decision.allowed:
        messages.success(request, _("Thank you. The deal is with us again."))
        return redirect("dealreg_portal:deal", pk=pk)
    form = with_reasons(_form(request, request.POST, only=only), decision)
    return render(request, "dealreg/answer.html", {"deal": deal, "form": form}, status=422)


@require_GET
@require_roles(*SELLERS)
def terms(request: Any) -> HttpResponse:
    """What the short form leaves out: products at list prices, the deal's type, program and reseller."""
    given = request.GET.get("deal", "")
    deal = _deal_named(given) if given else None
    form = _form(request, initial=DealForm.typed_in(deal) if deal else {})
    return render(request, "dealreg/terms.html", _terms_of(request, form, deal))


@require_POST
@require_roles(*SELLERS)
def discard(request: Any, pk: UUID) -> HttpResponse:
    deal_or_404(pk)
    decision = actions.discard_draft(deal_id=pk, actor=request.actor, now=request.now)
    if decision.refused:
        messages.error(request, decision.reasons[0].text)
        return redirect("dealreg_portal:deal", pk=pk)
    messages.success(request, _("The draft is gone."))
    return redirect("dealreg_portal:list")


def _draft_of(request: Any) -> Deal:
    """The draft that the form belongs to, with what is typed now; made at the first save, once for each form.

    Raises ValueError when the form has been handed in before.
    """
    given = request.POST.get("deal", "")
    deal_id = _deal_named(given).pk if given else None
    return actions.save_draft(
        partner_id=request.membership.partner_id,
        fields=posted(request.POST),
        deal_id=deal_id,
        import_key=_form_key(request),
        actor=request.actor,
        now=request.now,
    )


def _form_key(request: Any) -> str:
    """What tells this form from every other: saving while handing in must not make two deals."""
    try:
        return f"form:{UUID(request.POST.get('form', '')).hex}"
    except ValueError:
        return ""


def _handed_in(request: Any) -> Deal:
    given = request.POST.get("deal", "")
    return _deal_named(given) if given else get_object_or_404(Deal, import_key=_form_key(request))


def _deal_named(given: str) -> Deal:
    try:
        return deal_or_404(UUID(given))
    except ValueError:
        raise Http404 from None


def _hand_in(request: Any, deal: Deal) -> HttpResponse:
    judged = actions.submit_deal(deal_id=deal.pk, fields=posted(request.POST), actor=request.actor, now=request.now)
    decision = judged.for_partner()
    if judged.outcome == "already_registered":
        messages.info(request, decision.reasons[0].text)
        return redirect("dealreg_portal:deal", pk=first_of(judged)["id"])
    if decision.allowed:
        return redirect("dealreg_portal:deal", pk=deal.pk)
    form = with_reasons(_form(request, request.POST), decision)
    return _page(request, form, deal, status=422)


def _form(request: Any, *args: Any, **options: Any) -> DealForm:
    """The form as this partner may fill it in."""
    today, partner_id = local_date(request.now), request.membership.partner_id
    return DealForm(*args, today=today, partner_id=partner_id, **options)


def with_reasons(form: DealForm, decision: Decision) -> DealForm:
    """The decision's reasons beside the fields that they name."""
    form.is_valid()
    form.errors.clear()
    add_reasons(form, decision)
    return form


def _terms_of(request: Any, form: DealForm, deal: Deal | None) -> dict[str, Any]:
    """The optional part; it stands open where something of it was filled in."""
    shown = [form[name] for name in TERMS if name in form.fields]
    prices = price_rows(request, deal)
    chosen = any(form.errors.get(one.name) or str(one.value() or "") not in _usual(one) for one in shown)
    return {
        "terms": shown,
        "prices": prices,
        "amount_is_typed": any(row["price"] is None for row in prices),
        "open_terms": chosen or any(row["quantity"] for row in prices),
    }


def _usual(field: Any) -> tuple[str, str]:
    """What a term says where nobody has chosen: nothing, or the first that is offered."""
    return "", str(field.field.choices[0][0])


def _page(request: HttpRequest, form: DealForm, deal: Deal | None, status: int = 200) -> HttpResponse:
    context = {"form": form, "deal": deal, "form_key": request.POST.get("form") or uuid7(), "open_terms": False}
    if deal is not None or request.method == "POST":
        context |= _terms_of(request, form, deal)
    return render(request, "dealreg/register.html", context, status=status)
