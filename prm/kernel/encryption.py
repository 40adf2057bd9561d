"""Secrets of others that we must be able to read again: encrypted at rest, with a key that follows from the site's.

`purpose` parts the keys: what was encrypted for one use can't be read as another's.
"""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.crypto import salted_hmac


class Unreadable(ValueError):
    """The text was encrypted with another key, or not by us."""


def encrypt(text: str, purpose: str) -> str:
    return _cipher(settings.SECRET_KEY, purpose).encrypt(text.encode()).decode()


def decrypt(sealed: str, purpose: str) -> str:
    """The text again. Raises Unreadable."""
    try:
        return _cipher(settings.SECRET_KEY, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("It was encrypted with another key: enter it again.") from error


@cache
def _cipher(key: str, purpose: str) -> Fernet:
    digest = salted_hmac(purpose, "fernet", secret=key, algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(digest))
