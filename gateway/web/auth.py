"""Who asks: ``Authorization: Bearer …``, a key of the configuration or of the store, known only by its SHA-256.

A stored key is read again when what is remembered of it is a second old, so a revocation works within two
seconds in every process. While one request reads it again, others of the same key go on for that time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from gateway.caller import Caller, Scope
from gateway.config import Settings
from gateway.parts import Parts
from gateway.problem import Problem
from gateway.store.keys import find_key

#: Seconds: read again after the first; never used unread after the second.
FRESH, STALE = 1.0, 2.0

#: A key is far shorter: nothing longer is worth hashing.
LONGEST = 512


@dataclass(slots=True)
class _Known:
    """What is remembered of a stored key. ``read_at`` is monotonic, ``expires_at`` an instant."""

    caller: Caller
    expires_at: int | None
    read_at: float
    reading: bool = False


class Keys:
    """Finds the caller behind a header."""

    def __init__(self, parts: Parts, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._monotonic = monotonic
        self._settings: Settings | None = None
        self._declared: dict[str, Caller] = {}
        self._stored: dict[str, _Known] = {}

    async def caller(self, header: str | None) -> Caller:
        """The caller of a request. Raises ``unauthorized``, StoreUnavailable."""
        digest = sha256(_token(header)).hexdigest()
        if self._parts.settings is not self._settings:
            self._declare(self._parts.settings)
        return self._declared.get(digest) or await self._from_store(digest)

    def _declare(self, settings: Settings) -> None:
        self._settings = settings
        self._declared = {
            app.key_sha256: Caller(app.name, "config", frozenset(app.schools), frozenset(app.scopes))
            for app in settings.apps
        }

    async def _from_store(self, digest: str) -> Caller:
        known = self._stored.get(digest)
        age = self._monotonic() - known.read_at if known else STALE
        if known is None or age >= STALE or (age >= FRESH and not known.reading):
            known = await self._read(digest, known)
        if known.expires_at is not None and known.expires_at <= self._parts.clock():
            raise _unauthorized("La clé a expiré : créez-en une autre par « vaguemestre apikey create ».")
        return known.caller

    async def _read(self, digest: str, known: _Known | None) -> _Known:
        began = self._monotonic()
        if known is not None:
            known.reading = True
        try:
            key = await self._parts.store.read(partial(find_key, sha256=digest))
        finally:
            if known is not None:
                known.reading = False
        if key is None or key.revoked_at is not None:
            self._stored.pop(digest, None)
            raise _unauthorized("La clé est inconnue ou révoquée : vérifiez l'en-tête Authorization.")
        caller = Caller(key.app, key.id, key.schools, key.scopes)
        self._stored[digest] = _Known(caller, key.expires_at, began)
        return self._stored[digest]


def _token(header: str | None) -> bytes:
    if header is None:
        raise _unauthorized("Ajoutez l'en-tête « Authorization: Bearer vgm_… ».")
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
        raise _unauthorized("L'en-tête Authorization doit être « Bearer » suivi de la clé.")
    return token.encode("utf-8", "surrogateescape")


def _unauthorized(detail: str) -> Problem:
    return Problem("unauthorized", detail)


def require(caller: Caller, scopes: frozenset[Scope]) -> None:
    """Raises ``forbidden_scope`` unless the caller has one of ``scopes``."""
    if caller.scopes.isdisjoint(scopes) and Scope.ADMIN not in caller.scopes:
        names = " ou ".join(f"« {scope} »" for scope in sorted(scopes))
        raise Problem("forbidden_scope", f"Il faut le droit {names} : demandez une clé qui l'a.")
