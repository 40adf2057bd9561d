"""From a request to a context: who is asking, of which organisation, for which audience.

`Acting` runs inside the session and authentication middleware, which read the identity plane as
prm_web; then it opens `acting()` around the view and its rendering. Paths of no audience stay in the
identity plane, where a tenant's tables are shut.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from prm.kernel import audit, idempotency
from prm.kernel.identity import access, impersonation, security, sign_in
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken, Membership
from prm.kernel.tenancy.context import NoTenant, acting
from prm.kernel.tenancy.models import Tenant

Response = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Gives each request an id, which its answer, log lines and audit rows carry."""

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class SizeLimit:
    """Refuses a request that says it is larger than any file we take, before a byte of it is read."""

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = str(request.META.get("CONTENT_LENGTH") or "0")
        if not told.isdecimal() or len(told) > 12 or int(told) > settings.LARGEST_REQUEST:
            title = "This is larger than anything we take."
            if request.path_info.startswith("/api/"):
                return JsonResponse({"type": "too_large", "title": title}, status=413)
            return HttpResponse(title, status=413, content_type="text/plain")
        return self.get_response(request)


class PlainQuery:
    """Takes NUL out of the query: no text holds it, and PostgreSQL refuses it. A program is told so instead."""

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = str(request.META.get("QUERY_STRING") or "")
        if "%00" in query or "\x00" in query:
            if request.path_info.startswith("/api/"):
                title = "The query holds a NUL character, which no text has."
                return JsonResponse({"type": "invalid", "title": title}, status=400)
            while "%00" in query or "\x00" in query:  # what is taken out may leave another
                query = query.replace("\x00", "").replace("%00", "")
            request.META["QUERY_STRING"] = query
        return self.get_response(request)


class Acting:
    """Opens the caller's context around the view, and rolls it back on any exception."""

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = request.membership = request.token = request.tenant = None  # type: ignore[attr-defined]
        audience = audience_of(request.path_info)  # what the URL map reads, whatever SCRIPT_NAME claims
        if audience is None:
            with timezone.override(_zone_at_home(request)):
                return self.get_response(request)
        return self._with_token(request) if audience == "token" else self._with_session(request, audience)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Run the view in a savepoint: a refusal undoes it, and the page that explains can still read."""
        if request.actor is None:  # type: ignore[attr-defined]
            return None
        calls = request.token is not None  # type: ignore[attr-defined]
        if calls and _has_no(request.method, view):
            return None  # it says so, whoever asks
        access.check_method(request)
        try:
            with transaction.atomic():
                if request.method == "POST" and calls:
                    return idempotency.once(
                        request,
                        f"token:{request.token.pk}",  # type: ignore[attr-defined]
                        lambda: view(request, *args, **kwargs),
                    )
                return view(request, *args, **kwargs)
        except PermissionDenied as error:
            request.denied = error  # type: ignore[attr-defined]
            raise

    def _with_session(self, request: HttpRequest, audience: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        view = impersonation.of(request) if audience == "partner" else None
        membership = view.membership if view else membership_of(request, audience)
        if membership is None:
            return redirect("identity:choose")
        if security.lacks_second_factor(view.by if view else membership):
            return redirect("identity:second_factor")
        partners = (membership.partner_id,) if membership.partner_id else ()
        request.membership, request.view_as = membership, view  # type: ignore[attr-defined]
        request.actor = actor_of(membership, request, view)  # type: ignore[attr-defined]
        return self._act(request, membership.tenant, audience, partners)

    def _with_token(self, request: HttpRequest) -> HttpResponse:
        token = token_of(request)
        if token is None:
            return JsonResponse(
                {"type": "unauthenticated", "title": "Send a valid API token: Authorization: Bearer prm_…"},
                status=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        audience = "partner" if token.partner_id else "vendor"
        request.token = token  # type: ignore[attr-defined]
        request.actor = Actor(  # type: ignore[attr-defined]
            kind="token",
            id=str(token.id),
            name=token.name,
            roles=frozenset(token.roles),
            partner_id=token.partner_id,
            membership_id=token.membership_id,
            request_id=request.id,  # type: ignore[attr-defined]
        )
        return self._act(request, token.tenant, audience, (token.partner_id,) if token.partner_id else ())

    def _act(self, request: HttpRequest, tenant: Tenant, audience: str, partners: tuple[UUID, ...]) -> HttpResponse:
        try:
            with acting(tenant=tenant.pk, audience=audience, partners=partners) as now:
                request.now = now  # type: ignore[attr-defined]
                request.tenant = tenant  # type: ignore[attr-defined]
                with reader(request):
                    response = self.get_response(request)
                    response.headers["Content-Language"] = translation.get_language() or "en"
                if response.status_code >= 500:
                    transaction.set_rollback(True)
        except NoTenant:
            return redirect("identity:choose")
        if response.status_code == 403 and getattr(request, "denied", None):
            record_denial(request, tenant.pk)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def _zone_at_home(request: HttpRequest) -> ZoneInfo | None:
    """The zone of a person's own pages: that of the organisation they work for just now. None where nobody reads."""
    if not request.path_info.startswith("/account/") or not request.user.is_authenticated:
        return None
    membership = sign_in.remembered(request) or sign_in.only_membership(sign_in.person_id(request))
    return ZoneInfo(membership.time_zone or membership.tenant.time_zone) if membership else None


def _has_no(method: str | None, view: Any) -> bool:
    """Whether an address of the API names its methods, and this isn't among them."""
    actions = getattr(view, "actions", None)
    return actions is not None and str(method).lower() not in {*actions, "head", "options"}


def audience_of(path: str) -> str | None:
    """The audience that a path is for; None for the identity plane."""
    audiences: dict[str, str] = settings.AUDIENCES
    return next((audience for prefix, audience in audiences.items() if path.startswith(prefix)), None)


def membership_of(request: HttpRequest, audience: str) -> Membership | None:
    """The chosen membership if it fits the audience, else the only one that does; re-read on every request,
    so that an ended membership or a lost role takes effect at once."""
    mine = Membership.objects.select_related("tenant").filter(
        person_id=cast(UUID, request.user.pk),
        ended_at=None,
        partner__isnull=audience == "vendor",
        tenant__status="active",
    )
    chosen = request.session.get("membership_id")
    if chosen and (found := mine.filter(pk=chosen).first()):
        return found
    candidates = list(mine[:2])
    return candidates[0] if len(candidates) == 1 else None


def actor_of(membership: Membership, request: HttpRequest, view: impersonation.View | None = None) -> Actor:
    return Actor(
        kind="person",
        id=str(membership.person_id),
        name=str(membership),
        roles=frozenset(membership.roles),
        membership_id=membership.pk,
        partner_id=membership.partner_id,
        impersonator=str(view.by) if view else None,
        impersonator_id=view.by.pk if view else None,
        request_id=request.id,  # type: ignore[attr-defined]
    )


def token_of(request: HttpRequest) -> ApiToken | None:
    from prm.kernel.identity.tokens import find_token

    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return find_token(secret.strip()) if scheme.lower() == "bearer" and secret else None


class reader:
    """The reader's zone and language for the time of one request."""

    def __init__(self, request: HttpRequest) -> None:
        person, tenant = request.membership, request.tenant  # type: ignore[attr-defined]
        self.zone = ZoneInfo((person and person.time_zone) or tenant.time_zone)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or (person and person.language)
        self.language = chosen if chosen in dict(settings.LANGUAGES) else tenant.language

    def __enter__(self) -> None:
        self.override = translation.override(self.language)
        self.override.__enter__()
        timezone.activate(self.zone)

    def __exit__(self, *error: object) -> None:
        timezone.deactivate()
        self.override.__exit__(*error)  # type: ignore[arg-type]


def record_denial(request: HttpRequest, tenant: UUID) -> None:
    """Write a refused access to the audit, after the rollback, in a transaction of its own."""
    with acting(tenant=tenant, audience="vendor") as now:
        audit.record(
            "access.denied",
            target=Tenant.objects.get(pk=tenant),
            at=now,
            actor=request.actor,  # type: ignore[attr-defined]
            after={"path": request.path, "method": request.method},
        )
