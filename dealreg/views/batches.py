"""What was done to many deals at once: how it went for each, and the way back for ten seconds."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions
from dealreg.models import DealBatch
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.toasts import conflict

DESK = ("admin", "ops", "approver", "cam")


@require_GET
def batch(request: Any, pk: UUID) -> HttpResponse:
    found = DealBatch.objects.select_related("owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    left = [result for result in found.results if not result["done"]]
    done = [result for result in found.results if result["done"]]
    return render(request, "dealreg/batch.html", {"batch": found, "left": left, "done": done})


@require_POST
@require_roles(*DESK)
def undo(request: Any, pk: UUID) -> HttpResponse:
    """One undo for all of them."""
    try:
        decision = actions.undo_batch(batch_id=pk, actor=request.actor, now=request.now)
    except DealBatch.DoesNotExist:
        raise Http404 from None
    if decision.refused:
        return conflict(request, decision.reasons[0].text)
    messages.success(request, _("Taken back. Everything is as it was."))  # the list loads itself anew and shows it
    return HttpResponse(status=204)
