"""A link without a login: a form, a mail, a yes. Every request acts as the link's own partner and as nobody else.

The secret leaves the address at once, as an invitation's does. What is unknown, expired, taken back or used up
gives one and the same answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.core.internal.httpkit import get_client_ip  # knows how many proxies are ours
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dealreg import actions
from dealreg.forms import DealForm, posted
from dealreg.models import Deal, IntakeLink
from dealreg.queries.intake import open_confirmation, open_link, uses_of
from dealreg.views.register import with_reasons
from prm.kernel.clock import local_date
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import NoTenant, acting
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.models import Tenant

LINK, QUESTION = "intake_link", "intake_question"
TRIES_PER_MINUTE = 30  # of one address, for secrets
FORMS_PER_HOUR = 30  # of one link


@require_safe
@never_cache
def open_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address."""
    request.session[LINK] = secret
    return redirect("dealreg_intake:form")


@require_safe
@never_cache
def open_question(request: HttpRequest, secret: str) -> HttpResponse:
    request.session[QUESTION] = secret
    return redirect("dealreg_intake:confirm")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def form(request: HttpRequest) -> HttpResponse:
    """The portal's own form. What is sent is kept as a draft until the contact has said yes by e-mail."""
    if not _may_try(request):
        return _closed(request, 429)
    link = open_link(request.session.get(LINK, ""))
    if link is None:
        return _closed(request)
    try:
        with _as_contact(request, link) as actor:
            if request.method == "POST":
                return _sent(request, link, actor)
            if uses_of(link.pk) >= link.most_deals:
                return _closed(request)
            today = local_date(request.now)  # type: ignore[attr-defined]
            empty = DealForm(initial={"currency": link.tenant.currency}, today=today)
            return _form_page(request, link, empty)
    except NoTenant:
        return _closed(request)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """What would be handed in, and the button that does it: programs that follow links in mails press none."""
    if not _may_try(request):
        return _closed(request, 429)
    question = open_confirmation(request.session.get(QUESTION, ""))
    if question is None:
        return _closed(request)
    try:
        with _as_contact(request, question.link) as actor:
            deal = Deal.objects.get(pk=question.deal_id)
            context: dict[str, Any] = {"deal": deal, "link": question.link, "lines": _lines_of(deal)}
            if request.method != "POST":
                return render(request, "dealreg/link_confirm.html", context)
            decision, stands_for = actions.confirm_deal(
                confirmation_id=question.pk,
                actor=actor,
                now=request.now,  # type: ignore[attr-defined]
            )
            if decision.refused and decision.outcome != "already_registered":
                context["reasons"] = decision.for_partner().reasons
                return render(request, "dealreg/link_confirm.html", context, status=422)
            request.session.pop(QUESTION, None)
            context |= {"deal": Deal.objects.get(pk=stands_for), "again": decision.refused}
            return render(request, "dealreg/link_done.html", context)
    except NoTenant:
        return _closed(request)


@contextmanager
def _as_contact(request: Any, link: IntakeLink) -> Iterator[Actor]:
    """The wall for one request: the link's partner of the link's vendor; whoever is signed in plays no part."""
    with acting(tenant=link.tenant_id, audience="partner", partners=[link.partner_id]) as now:
        request.now, request.tenant = now, Tenant.objects.get()
        request.actor = actions.contact_of(link)
        with timezone.override(ZoneInfo(request.tenant.time_zone)):
            yield request.actor


def _sent(request: Any, link: IntakeLink, actor: Actor) -> HttpResponse:
    fields = {name: value for name, value in posted(request.POST).items() if name in DealForm.base_fields}
    decision = (
        actions.ask_to_confirm(
            link_id=link.pk, fields=fields, form_key=_form_key(request), actor=actor, now=request.now
        )
        if _may_send(link)
        else None
    )
    if decision is None:
        return _closed(request, 429)
    if decision.allowed:
        return render(request, "dealreg/link_sent.html", {"link": link, "address": masked(link.contact_email)})
    if "link.closed" in decision.reason_keys:
        return _closed(request)
    today = local_date(request.now)
    return _form_page(request, link, with_reasons(DealForm(request.POST, today=today), decision.for_partner()), 422)


def _form_page(request: HttpRequest, link: IntakeLink, filled: DealForm, status: int = 200) -> HttpResponse:
    context = {"form": filled, "link": link, "form_key": request.POST.get("form") or uuid7()}
    return render(request, "dealreg/link_form.html", context, status=status)


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else learns: b…@birch.example."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _lines_of(deal: Deal) -> list[str]:
    return list(deal.lines.order_by("product_line__name").values_list("product_line__name", flat=True))


def _form_key(request: HttpRequest) -> str:
    try:
        return UUID(request.POST.get("form", "")).hex
    except ValueError:
        return uuid7().hex


def _closed(request: Any, status: int = 410) -> HttpResponse:
    """One answer for every link that opens nothing, and nothing of a vendor in it."""
    request.tenant = request.actor = request.now = None
    return render(request, "dealreg/link_closed.html", status=status)


def _may_try(request: HttpRequest) -> bool:
    return _within(f"intake:tries:{get_client_ip(request)}", TRIES_PER_MINUTE, 60)


def _may_send(link: IntakeLink) -> bool:
    return _within(f"{link.tenant_id}:intake:forms:{link.pk}", FORMS_PER_HOUR, 3600)


def _within(key: str, most: int, seconds: int) -> bool:
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key)) <= most
    except ValueError:  # it ran out between the two
        return True
