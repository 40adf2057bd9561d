"""The manager's page: who has what, what is late, what will be late today, and who is away."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prm.kernel.identity.access import require_roles
from workflows.queries import workload as queries
from workflows.views import DISPATCHERS, Asking


@require_GET
@require_roles(*DISPATCHERS, "auditor")
def workload(request: Asking) -> HttpResponse:
    return render(
        request,
        "workflows/workload.html",
        {"work": queries.workload(request.now), "may_move": request.actor.has(*DISPATCHERS)},
    )
