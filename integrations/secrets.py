"""Secrets of connections rest encrypted, with a key that follows from the site's own."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from functools import cache
from secrets import token_bytes

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.crypto import salted_hmac

PREFIX = "whsec_"


class Unreadable(ValueError):
    """Encrypted under another site's key: the secret must be entered again."""


def sealed(text: str) -> str:
    return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()


def opened(cipher: str) -> str:
    try:
        return _cipher(settings.SECRET_KEY).decrypt(cipher.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def new_signing_secret() -> str:
    """A webhook's secret as Standard Webhooks writes it: 256 random bits."""
    return PREFIX + b64encode(token_bytes(32)).decode()


def signing_key(secret: str) -> bytes:
    """The bytes behind such a secret."""
    return b64decode(secret.removeprefix(PREFIX))


@cache
def _cipher(key: str) -> Fernet:
    digest = salted_hmac("integrations.secrets", "fernet", secret=key, algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(digest))
