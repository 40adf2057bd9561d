"""The way in: the link in an invitation's mail."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from prm.kernel.identity import queries, sign_in
from prm.kernel.identity.actions import accept_invitation
from prm.kernel.identity.forms import JoinForm
from prm.kernel.identity.models import Invitation, Membership, Person

KEY = "invitation"


@require_safe
@never_cache
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address at once, so that it goes into no log, history or referrer."""
    request.session[KEY] = secret
    return redirect("identity:join")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest) -> HttpResponse:
    """Accept: as the person one is already, or as somebody new with a name and a password."""
    secret = request.session.get(KEY, "")
    invitation = queries.open_invitation(secret) if secret else None
    if invitation is None:
        return render(request, "account/invitation_closed.html", status=410)
    person = Person.objects.filter(email=invitation.email).first()
    if person is None and not request.user.is_authenticated:
        return _join_as_new(request, invitation, secret)
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("identity:join"))
    if request.user.pk != (person and person.pk):
        return render(request, "account/invitation_other.html", {"invitation": invitation}, status=409)
    if request.method == "POST":
        return _joined(request, accept_invitation(secret=secret, person=person))
    return render(request, "account/invitation.html", {"invitation": invitation})


def _join_as_new(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        membership = accept_invitation(secret=secret, person=None, name=data["name"], password=data["password"])
        if membership and membership.person:
            request.session[sign_in.MEMBERSHIP_KEY] = str(membership.pk)
            perform_login(request, membership.person, email_verification="none")
        return _joined(request, membership)
    return render(request, "account/invitation.html", {"invitation": invitation, "form": form})


def _joined(request: HttpRequest, membership: Membership | None) -> HttpResponse:
    if membership is None:
        return render(request, "account/invitation_closed.html", status=410)
    request.session.pop(KEY, None)
    request.session[sign_in.MEMBERSHIP_KEY] = str(membership.pk)
    messages.success(request, _("Welcome."))
    return redirect(sign_in.home_of(membership.audience))
