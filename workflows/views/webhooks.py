"""What workflows have sent to web addresses, and the secret that receivers check it by."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from prm.kernel.decisions import Decision
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.context import Shell
from prm.kernel.ui.lists import ListView
from workflows import actions
from workflows.engine import calling
from workflows.lists import WebhookCallList
from workflows.models import WebhookCall
from workflows.views import DISPATCHERS, Asking


class WebhookListView(RolesRequired, ListView):
    required_roles = frozenset({*DISPATCHERS, "auditor"})
    list = WebhookCallList
    template_name = "workflows/webhooks.html"
    crumbs = ((gettext_lazy("Webhooks"), ""),)

    def context(self, request: HttpRequest) -> dict[str, object]:
        if not Shell(request).roles >= {"admin"}:
            return {}
        return {"secret": calling.shown(calling.keys_in_use()[0])}


@require_POST
@require_roles("admin")
def renew(request: Asking) -> HttpResponse:
    """A new secret; the one before signs as well for a day."""
    actions.renew_webhook_key(actor=request.actor, now=request.now)
    messages.success(request, _("Renewed. Give the new secret to your receivers within a day."))
    return redirect("workflows:webhooks")


@require_POST
@require_roles(*DISPATCHERS)
def again(request: Asking, call_id: UUID) -> HttpResponse:
    """Deliver once more what was given up."""
    return _answered(request, call_id, actions.deliver_again, _("On its way again."))


@require_POST
@require_roles(*DISPATCHERS)
def give_up(request: Asking, call_id: UUID) -> HttpResponse:
    """Don't wait for the last try: the run goes on as after it."""
    return _answered(request, call_id, actions.give_up_call, _("Given up. The run goes on."))


def _answered(request: Asking, call_id: UUID, act: Callable[..., Decision], done: str) -> HttpResponse:
    call = get_object_or_404(WebhookCall.objects.only("run_id"), pk=call_id)
    decision = act(call_id=call_id, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(request, done)
    else:
        messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:run", run_id=call.run_id)
