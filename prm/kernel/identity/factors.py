"""Second factors: their secrets rest encrypted, so that a copy of the database opens no account."""

from base64 import urlsafe_b64encode
from functools import cache

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class EncryptedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts what allauth stores, with a key that follows from the site's own."""

    def encrypt(self, text: str) -> str:
        return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()


@cache
def _cipher(key: str) -> Fernet:
    digest = salted_hmac("prm.kernel.identity.factors", "fernet", secret=key, algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(digest))
