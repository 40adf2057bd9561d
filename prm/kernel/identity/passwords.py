"""Choosing a password: typed once, as on the page of an invitation. Who mistypes it asks for a new link."""

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """After a link by e-mail."""

    password2 = None


class OtherPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """In place of the one that is known."""

    password2 = None
