"""What was done to many deals at once: how it went for each, and the way back for ten seconds."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dealreg import actions
from dealreg.actions.batches import SELLERS
from dealreg.models import DealBatch
from dealreg.queries.batches import batch_for
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.toasts import conflict

DESK = ("admin", "ops", "approver", "cam")


@require_GET
def batch(request: Any, pk: UUID) -> HttpResponse:
    """The vendor's or, under /portal/, the reader's own."""
    found = batch_for(request.actor, pk)
    if found is None:
        raise Http404
    left = [result for result in found.results if not result["done"]]
    done = [result for result in found.results if result["done"]]
    page = "dealreg/batch.html" if request.actor.is_vendor else "dealreg/portal_batch.html"
    return render(request, page, {"batch": found, "left": left, "done": done})


@require_POST
@require_roles(*DESK, *SELLERS)
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
