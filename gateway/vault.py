"""Sealing secrets before they are stored: encrypted and signed by a key that only the configuration knows. Pure.

The key is derived from ``secrets.sealing_key``, whatever its form. What another key sealed, or what was changed
since, is not opened.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals and opens with one key."""

    def __init__(self, sealing_key: str) -> None:
        derived = HKDF(SHA256(), 32, None, b"vaguemestre accounts 1").derive(sealing_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, plain: bytes) -> bytes:
        """So that nothing of it shows, and no change goes unseen."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None when another key sealed it, or it was changed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None
