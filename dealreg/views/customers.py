"""The vendor's end customers, with the names they are known by and the deals on them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dealreg import actions, queries
from dealreg.forms import AliasForm, CustomerForm
from dealreg.lists import Customers
from dealreg.models import Customer
from dealreg.views.common import form_refused
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists import ListView
from prm.kernel.ui.toasts import conflict

EDITORS = ("admin", "ops", "sales")


class CustomersView(ListView):
    list = Customers
    template_name = "dealreg/customers.html"


@require_POST
@require_roles(*EDITORS)
def undo_marking(request: Any, batch: UUID) -> HttpResponse:
    """One undo for all that were marked with one stroke."""
    back = actions.unmark_customers(batch=batch, actor=request.actor, now=request.now)
    if not back:
        return conflict(request, _("It is too late to take this back. Change it again instead."))
    messages.success(request, _("Taken back. Everything is as it was."))
    return HttpResponse(status=204)


def _customer(pk: UUID) -> Customer:
    found = Customer.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_GET
def customer(request: Any, pk: UUID) -> HttpResponse:
    found = _customer(pk)
    context = {
        **queries.customer_story(found.pk),
        "audit": AuditEntry.objects.filter(target_id=pk).order_by("-at", "-id"),
        "alias_form": AliasForm(),
        "may_edit": request.actor.has(*EDITORS),
    }
    return render(request, "dealreg/customer.html", context)


@require_http_methods(["GET", "POST"])
@require_roles(*EDITORS)
def create(request: Any) -> HttpResponse:
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_customer(actor=request.actor, now=request.now, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The customer is saved; new deals are compared with it from now on."))
            return redirect("dealreg_console:customer", pk=made.pk)
    return render(request, "dealreg/customer_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@require_roles(*EDITORS)
def edit(request: Any, pk: UUID) -> HttpResponse:
    found = _customer(pk)
    form = CustomerForm(request.POST or None, initial={name: getattr(found, name) for name in CustomerForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_customer(customer_id=pk, changes=form.cleaned_data, actor=request.actor, now=request.now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("dealreg_console:customer", pk=pk)
    context = {"form": form, "customer": found}
    return render(request, "dealreg/customer_form.html", context, status=422 if form.errors else 200)


@require_POST
@require_roles(*EDITORS)
def alias(request: Any, pk: UUID) -> HttpResponse:
    form = AliasForm(request.POST)
    if not form.is_valid():
        return form_refused(request, form, request.path.removesuffix("aliases"))
    actions.add_alias(customer_id=_customer(pk).pk, actor=request.actor, now=request.now, **form.cleaned_data)
    messages.success(request, _("The name is saved; deals under it are recognised from now on."))
    return redirect("dealreg_console:customer", pk=pk)
