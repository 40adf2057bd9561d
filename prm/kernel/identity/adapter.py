"""How allauth signs people in here: nobody registers by themselves, an invitation is the only way in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from prm.kernel.identity import letters, sign_in


class InvitationOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed, redirects stay on this host, and people land in their organisation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The one organisation's home, or the chooser for somebody who has several."""
        return sign_in.landing(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of our own: an absolute address, even of this host, is never followed."""
        return is_own_path(url)

    def format_email_subject(self, subject: str) -> str:
        return " ".join(str(subject).split())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in.note_failure(request, email=str(credentials.get("email", "")))

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        sign_in.remember_device(request, response, user.email)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the queue: a mail server that is slow or away holds up no page, nor tells who has an account."""
        shown = {"request": self.request, "email": email, "current_site": get_current_site(self.request), **context}
        letters.write(self.render_mail(template_prefix, email, shown))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:known" if sign_in.known_device(request, str(credentials.get("email", ""))) else key


def is_own_path(url: str | None) -> bool:
    """Whether `url` is a path on this host: one leading slash, no host, no control characters."""
    if not url or not url.startswith("/") or "\\" in url or any(ord(c) < 33 for c in url):
        return False
    return url_has_allowed_host_and_scheme(url, allowed_hosts=None)
