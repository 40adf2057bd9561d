"""Second factors: their secrets rest encrypted, so that a copy of the database opens no account."""

from allauth.mfa.adapter import DefaultMFAAdapter

from prm.kernel.encryption import decrypt, encrypt

PURPOSE = "prm.kernel.identity.factors"


class EncryptedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts what allauth stores."""

    def encrypt(self, text: str) -> str:
        return encrypt(text, PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, PURPOSE)
