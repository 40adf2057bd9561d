"""What people read when they are turned away."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from prm.kernel.identity import roles
from prm.kernel.identity.access import Denied


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say who may, instead of only that this one may not. In the API, in the API's words."""
    needed = exception.needed if isinstance(exception, Denied) else frozenset()
    if request.path.startswith("/api/"):
        return JsonResponse({"type": "forbidden", "title": str(exception) or "This is not yours to do."}, status=403)
    words = [str(label) for role, (label, _) in roles.ROLES.items() if role in needed and _same_side(request, role)]
    looks_only = isinstance(exception, Denied) and not needed
    return render(request, "403.html", {"needed": words, "looks_only": looks_only}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say to a program what its call has too much of; a page says no more than that it is a bad request."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return JsonResponse({"type": "too_large", "title": "This is larger than anything we take."}, status=413)
    return JsonResponse({"type": "invalid", "title": "This request is not one that we can read."}, status=400)


def _same_side(request: HttpRequest, role: str) -> bool:
    actor = getattr(request, "actor", None)
    return actor is None or role in roles.roles_for(partner=actor.partner_id is not None)
