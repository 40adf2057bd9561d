"""How long a session lives, and how it ends."""

import time
from collections.abc import Callable
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from prm.kernel.identity.models import Membership

STARTED, SEEN = "started_at", "seen_at"
NOTE_EVERY = 60  # seconds between two notes of activity, so that reading costs no write


class SessionLimits:
    """Ends a session after SESSION_COOKIE_AGE seconds in any case, or SESSION_IDLE_SECONDS without a request.

    Django renews a session's expiry whenever it is saved; so the start is kept in the session itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._keep_time(request, int(time.time()))
        return self.get_response(request)

    def _keep_time(self, request: HttpRequest, now: int) -> None:
        started, seen = request.session.get(STARTED), request.session.get(SEEN)
        if started is None or seen is None:
            request.session[STARTED] = request.session[SEEN] = now
        elif now - started > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
            logout(request)
        elif now - seen > NOTE_EVERY:
            request.session[SEEN] = now
            UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=Now())


def end_all(person_id: UUID) -> None:
    """Sign a person out everywhere."""
    for session in UserSession.objects.filter(user_id=person_id):
        session.end()


def end_if_homeless(person_id: UUID | None) -> None:
    """Sign out somebody who belongs to no organisation any more. Runs on the identity plane."""
    if person_id and not Membership.objects.filter(person_id=person_id, ended_at=None).exists():
        end_all(person_id)
