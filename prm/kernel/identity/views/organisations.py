"""Which organisation somebody works for just now."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from prm.kernel.identity import impersonation, operators, sign_in


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
        mine = sign_in.memberships_of(sign_in.person_id(request))
        membership = next((m for m in mine if str(m.pk) == request.POST.get("membership")), None)
        if membership is None:
            raise Http404
        impersonation.stop(request, request_id=request.id)  # type: ignore[attr-defined]
        request.session[sign_in.MEMBERSHIP_KEY] = str(membership.pk)
        return redirect(sign_in.home_of(membership.audience))
    person = sign_in.person_id(request)
    offered = {"organisations": sign_in.organisations_of(person), "operates": operators.is_operator(person)}
    return render(request, "account/choose.html", offered)
