"""API tokens: `Authorization: Bearer prm_…`. The secret is shown once; only its hash is kept."""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken

SCHEME = "Bearer"
_MINUTE = timedelta(minutes=1)
PREFIX = "prm_"


def new_secret() -> str:
    """A secret with 256 random bits; its prefix lets scanners find one that leaked."""
    return PREFIX + token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Plain SHA-256: the secret is random, so a slow hash would add nothing."""
    return sha256(secret.encode()).hexdigest()


def secret_in(request: HttpRequest) -> str | None:
    """The secret that the request carries, if it carries one of ours."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == SCHEME.lower() and secret.strip().startswith(PREFIX) else None


def find_token(secret: str) -> ApiToken | None:
    """The live token of a secret; None if unknown, revoked, expired or of a suspended tenant.

    Runs on the identity plane, before the tenant is known. Notes the use, at most once a minute.
    """
    token = (
        ApiToken.objects.filter(secret_hash=hash_of(secret), revoked_at=None, tenant__status="active")
        .filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
        .select_related("tenant")
        .first()
    )
    if token is not None:
        ApiToken.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=Now() - _MINUTE), pk=token.pk
        ).update(last_used_at=Now())
    return token


def actor_of(token: ApiToken) -> Actor:
    return Actor(
        kind="token",
        id=str(token.pk),
        name=token.name,
        roles=frozenset(token.roles),
        partner_id=token.partner_id,
        membership_id=token.membership_id,
    )


@dataclass(frozen=True)
class ApiUser:
    """What Django REST framework calls the user: the actor behind the token."""

    actor: Actor
    is_authenticated: bool = field(default=True)

    @property
    def pk(self) -> str:
        return self.actor.id


class TokenAuthentication(BaseAuthentication):
    """Hands over what the Acting middleware found; asks the database nothing."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "token", None)
        actor: Actor | None = getattr(request._request, "actor", None)
        return (ApiUser(actor), token) if token is not None and actor is not None else None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def scope_of(token: ApiToken) -> tuple[str, list[UUID]]:
    """The audience and partners to enter `acting()` with."""
    return ("partner", [token.partner_id]) if token.partner_id else ("vendor", [])
