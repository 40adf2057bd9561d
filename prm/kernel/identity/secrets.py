"""Secrets that are handed out once: only their hash is kept."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.utils.crypto import salted_hmac

TOKEN_PREFIX = "prm_"  # noqa: S105  what every token begins with, so that scanners find one that leaked


def new_token() -> str:
    """A key for programs, with 256 random bits."""
    return TOKEN_PREFIX + token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Plain SHA-256: the secrets are random, so a slow hash would add nothing."""
    return sha256(secret.encode()).hexdigest()


def invitation_secret(invitation_id: UUID) -> str:
    """The secret in an invitation's link, derived from the site's key so that no table or event holds it."""
    digest = salted_hmac("prm.kernel.identity.invitation", invitation_id.hex, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
