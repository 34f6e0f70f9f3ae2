"""Sealing what identifies a person, or says something to one, before it is stored; opening it when it is read.

Two ways, by what a value is for. What is looked for by equality (numbers) is sealed by AES-SIV without a nonce: a
number gives the same octets each time, so that an index finds it, and only equality shows. Everything else is sealed by
AES-GCM with a nonce of its own: the same text twice is not to be seen. Both notice a change. A sealed value is octets:
one for the way, six that say which key, then the rest. It is stored as a BLOB where text is expected, so that nothing
that somebody writes can look like one.

Keys are 32 octets in base64. The first seals; the others open what they sealed before.
"""

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_MARK = 6
_NONCE = 12
_ALIKE, _TEXT, _OCTETS = 1, 2, 3
_HEAD = 1 + _MARK

#: Nonces drawn at once: asking the system for each costs as much as sealing.
_DRAWN = 256


class _Key:
    """One key: its mark, and what is derived from it for each way."""

    def __init__(self, secret: bytes) -> None:
        derived = HKDF(SHA256(), 64 + 32 + _MARK, None, b"vaguemestre store 1").derive(secret)
        self.mark = derived[96:]
        self.alike, self.other = AESSIV(derived[:64]), AESGCM(derived[64:96])


class Sealer:
    """Seals with the first of its keys, opens with all. Made of ``read_keys``."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [_Key(secret) for secret in secrets]
        self._by_mark = {key.mark: key for key in self._keys}
        first = self._keys[0]
        self._alike, self._other = first.alike.encrypt, first.other.encrypt
        self._heads = {way: bytes([way]) + first.mark for way in (_ALIKE, _TEXT, _OCTETS)}
        self._nonces: list[bytes] = []

    @property
    def mark(self) -> bytes:
        """Which key seals: it tells nothing of the key itself."""
        return self._keys[0].mark

    @property
    def marks(self) -> frozenset[bytes]:
        """Which keys there are."""
        return frozenset(self._by_mark)

    def alike(self, value: str) -> bytes:
        """Sealed so that equals stay equal."""
        return self._heads[_ALIKE] + self._alike(value.encode(), None)

    def text(self, value: str) -> bytes:
        """Sealed so that nothing shows."""
        return self._seal(_TEXT, value.encode())

    def octets(self, value: bytes) -> bytes:
        """As ``text``, of octets."""
        return self._seal(_OCTETS, value)

    def forms(self, value: str) -> list[str | bytes]:
        """Every way in which a value that is looked for may be stored: sealed by any key, or as it was before."""
        data = value.encode()
        sealed = (bytes([_ALIKE]) + key.mark + key.alike.encrypt(data, None) for key in self._keys)
        return [*sealed, value]

    def opened(self, value: bytes) -> str | bytes:
        """What was sealed; octets that were never sealed, or not by these keys, as they are."""
        key = self._by_mark.get(value[1:_HEAD])
        if key is None:
            return value
        try:
            if value[0] == _ALIKE:
                return key.alike.decrypt(value[_HEAD:], None).decode()
            plain = key.other.decrypt(value[_HEAD : _HEAD + _NONCE], value[_HEAD + _NONCE :], value[:_HEAD])
        except (InvalidTag, ValueError):
            return value
        return plain.decode() if value[0] == _TEXT else plain

    def _seal(self, way: int, data: bytes) -> bytes:
        head, nonce = self._heads[way], self._nonce()
        return head + nonce + self._other(nonce, data, head)

    def _nonce(self) -> bytes:
        try:
            return self._nonces.pop()
        except IndexError:
            drawn = os.urandom(_NONCE * _DRAWN)
            self._nonces.extend(drawn[at : at + _NONCE] for at in range(_NONCE, len(drawn), _NONCE))
            return drawn[:_NONCE]


def read_keys(text: str) -> list[bytes]:
    """The keys of a setting: one or more in base64, separated by white space or commas. Raises ValueError."""
    keys = []
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word, validate=True)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ValueError("expected 32 octets in base64, as `openssl rand -base64 32` prints them")
        keys.append(key)
    if not keys or len(set(keys)) != len(keys):
        raise ValueError("expected one key, or several that differ: the first seals, the others open")
    return keys
