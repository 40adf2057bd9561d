"""Which organisation somebody works for just now."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from prm.kernel.identity import sign_in
from prm.kernel.identity.models import Membership


@require_safe
@login_required
def root(request: HttpRequest) -> HttpResponse:
    """`/` leads home."""
    return redirect(sign_in.landing(request))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Show the person's organisations, and go to the one they pick."""
    if request.method == "POST":
        mine = Membership.objects.filter(person_id=sign_in.person_id(request), ended_at=None, tenant__status="active")
        membership = get_object_or_404(mine, pk=request.POST.get("membership"))
        request.session[sign_in.MEMBERSHIP_KEY] = str(membership.pk)
        return redirect(sign_in.home_of(membership.audience))
    return render(
        request, "account/choose.html", {"organisations": sign_in.organisations_of(sign_in.person_id(request))}
    )
