"""The page on which an operator retries or gives up what a handler could not take."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.kernel.events import actions
from prm.kernel.events.lists import Deliveries
from prm.kernel.events.models import Delivery
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.lists import ListView


class DeliveriesView(RolesRequired, ListView):
    required_roles = frozenset({"admin", "ops", "auditor"})
    list = Deliveries


def _found(pk: UUID) -> Delivery:
    found = Delivery.objects.select_related("event").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_GET
@require_roles("admin", "ops", "auditor")
def delivery(request: Any, pk: UUID) -> HttpResponse:
    found = _found(pk)
    behind = Delivery.objects.filter(
        handler=found.handler, subject_id=found.subject_id, position__gt=found.position, state="pending"
    ).count()
    may_settle = found.state == Delivery.State.PARKED and request.actor.has("admin", "ops")
    return render(request, "events/delivery.html", {"delivery": found, "behind": behind, "may_settle": may_settle})


@require_POST
@require_roles("admin", "ops")
def settle(request: Any, pk: UUID, what: str) -> HttpResponse:
    found = _found(pk)
    act = actions.retry_delivery if what == "retry" else actions.skip_delivery
    decision = act(delivery_id=found.pk, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(
            request, _("It is tried again now.") if what == "retry" else _("Given up; later events go on.")
        )
    else:
        messages.error(request, decision.reasons[0].text)
    return redirect("events:deliveries")
