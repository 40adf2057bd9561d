"""A person's own pages, on the identity plane: no tenant is open here."""

from allauth.account.views import LogoutView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.kernel.decisions import Decision
from prm.kernel.identity import impersonation, operators, sign_in
from prm.kernel.identity.actions import set_absence
from prm.kernel.identity.forms import PreferencesForm
from prm.kernel.identity.middleware import actor_of
from prm.kernel.identity.models import Membership, SecurityEvent
from prm.kernel.tenancy.context import acting
from prm.kernel.ui.answers import add_reasons


class SignOut(LogoutView):  # type: ignore[misc]
    """Signing out also empties what the browser kept of our pages."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why these pages stay shut until a second factor is set up."""
    operates = operators.lacks_second_factor(sign_in.person_id(request))
    return render(request, "account/second_factor.html", {"operates": operates})


@require_safe
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """The person's own security history."""
    history = SecurityEvent.objects.filter(person_id=sign_in.person_id(request)).order_by("-recorded_at")[:50]
    return render(request, "account/security.html", {"history": [sign_in.described(event) for event in history]})


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one device of one's own, such as a lost phone; this one signs out by the menu."""
    found = get_object_or_404(UserSession, pk=session_id, user_id=sign_in.person_id(request))
    if not found.is_current():
        found.end()
        sign_in.note(request, "session.ended", found.user, address=found.ip)
        messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Language, time zone and absence, for the organisation chosen just now."""
    membership = sign_in.remembered(request) or sign_in.only_membership(sign_in.person_id(request))
    if membership is None:
        return redirect("identity:choose")
    form = PreferencesForm(request.POST or None, instance=membership)
    if request.method == "POST" and form.is_valid():
        decision = _keep_absence(request, membership, form) if set(form.changed_data) & ABSENCE else None
        if decision is None or decision.allowed:
            membership.save(update_fields=["title", "language", "time_zone"])
            messages.success(request, _("Saved."))
            return redirect("identity:preferences")
        add_reasons(form, decision)
    home = sign_in.home_of(membership.audience)
    return render(request, "account/preferences.html", {"form": form, "membership": membership, "home": home})


ABSENCE = {"away_from", "away_until", "delegate"}


def _keep_absence(request: HttpRequest, membership: Membership, form: PreferencesForm) -> Decision:
    """An absence is the organisation's matter: it is judged and audited in it."""
    data = form.cleaned_data
    partners = [membership.partner_id] if membership.partner_id else []
    with acting(tenant=membership.tenant_id, audience=membership.audience, partners=partners) as now:
        return set_absence(
            membership_id=membership.pk,
            away_from=data["away_from"],
            away_until=data["away_until"],
            delegate_id=data["delegate"].pk if data["delegate"] else None,
            actor=actor_of(membership, request),
            now=now,
        )


@require_POST
@login_required
def stop_impersonating(request: HttpRequest) -> HttpResponse:
    """Back to one's own eyes."""
    impersonation.stop(request, request_id=request.id)  # type: ignore[attr-defined]
    return redirect(sign_in.home_of("vendor"))
