"""The addresses of identity: who am I, for which organisation, with which people and keys."""

from django.urls import URLPattern, path

from prm.kernel.identity.views import account, health, invitations, operator, organisations, people, tokens


def both_sides(route: str, view: object, name: str) -> list[URLPattern]:
    """A page that the vendor's and a partner's admins have alike, each behind their own audience."""
    return [
        path(f"console/setup/{route}", view, name=f"console_{name}"),  # type: ignore[call-overload]
        path(f"portal/company/{route}", view, name=f"portal_{name}"),  # type: ignore[call-overload]
    ]


app_name = "identity"
urlpatterns = [
    path("", organisations.root, name="root"),
    path("account/choose/", organisations.choose, name="choose"),
    path("account/choose/", organisations.choose, name="organisations"),
    path("account/logout/", account.SignOut.as_view(), name="sign_out"),
    path("account/second-factor/", account.second_factor, name="second_factor"),
    path("account/sessions/<int:session_id>/end/", account.end_session, name="end_session"),
    path("account/security/", account.security, name="security"),
    path("account/preferences/", account.preferences, name="preferences"),
    path("account/view-as/stop/", account.stop_impersonating, name="stop_impersonating"),
    path("account/invitation/", invitations.join, name="join"),
    path("account/invitation/<str:secret>/", invitations.accept, name="accept"),
    path("console/setup/people/<uuid:membership_id>/view-as/", people.view_as, name="view_as"),
    *both_sides("people/", people.PeopleView.as_view(), "people"),
    *both_sides("people/invite/", people.invite, "invite"),
    *both_sides("people/invitations/", people.InvitationsView.as_view(), "invitations"),
    *both_sides("people/invitations/<uuid:invitation_id>/revoke/", people.revoke_invitation, "revoke"),
    *both_sides("people/roles/<uuid:batch>/undo/", people.undo_roles, "roles_undo"),
    *both_sides("people/<uuid:membership_id>/", people.person, "person"),
    *both_sides("people/<uuid:membership_id>/roles/", people.change_roles, "roles"),
    *both_sides("people/<uuid:membership_id>/absence/", people.set_absence, "absence"),
    *both_sides("people/<uuid:membership_id>/end/", people.end_membership, "end"),
    *both_sides("keys/", tokens.tokens, "tokens"),
    *both_sides("keys/<uuid:token_id>/revoke/", tokens.revoke_token, "revoke_token"),
    path("operator/", operator.OperatorView.as_view(), name="operator"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
