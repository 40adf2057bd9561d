"""Keys for programs: made, listed and revoked by admins."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prm.kernel.identity import actions, roles
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.forms import TokenForm
from prm.kernel.identity.lists import name_here, organisation
from prm.kernel.identity.models import ApiToken
from prm.kernel.ui.answers import act_or_404, say


@require_http_methods(["GET", "HEAD", "POST"])
@require_roles("admin", "partner_admin")
def tokens(request: HttpRequest) -> HttpResponse:
    """The keys, and a form for a new one. Its secret is on this one answer and nowhere else."""
    actor = request.actor  # type: ignore[attr-defined]
    form, secret = TokenForm(request.POST or None, partner=actor.partner_id is not None), ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        issued = actions.issue_token(
            name=data["name"],
            roles=data["roles"],
            partner_id=actor.partner_id,
            days=data["days"] or None,
            actor=actor,
            now=request.now,  # type: ignore[attr-defined]
        )
        secret = issued.secret
        for reason in issued.decision.reasons:
            form.add_error(None, reason.text)
    rows = ApiToken.objects.filter(revoked_at=None).select_related("partner").order_by("-created_at")[:200]
    return render(
        request,
        "identity/tokens.html",
        {
            "form": TokenForm(partner=actor.partner_id is not None) if secret else form,
            "tokens": [(token, roles.labels(token.roles), organisation(token)) for token in rows],
            "secret": secret,
            "revoke": name_here(request, "revoke_token"),
        },
    )


@require_POST
@require_roles("admin", "partner_admin")
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    say(request, act_or_404(actions.revoke_token, request, token_id=token_id), _("The key is revoked."))
    return redirect(name_here(request, "tokens"))
