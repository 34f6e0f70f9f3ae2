"""``Idempotency-Key`` on every POST: the same demand is done once, and answered as the first time.

Two demands are the same when method, address and parsed body are, and the schools of their keys: JSON is compared
with its keys sorted, a form by its fields. Only answers 2xx are kept: a refused demand changed nothing and may be
tried again. Keys looked up in the same turn share one question to the store.
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from hashlib import sha256

import orjson

from gateway.caller import Claim
from gateway.problem import FieldError, Problem
from gateway.store.database import Store
from gateway.store.idempotency import Remembered, find_many, keep
from gateway.web.media import FORM, JSON, media_type, read_form
from gateway.web.problems import malformed_json

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"

_MOST = 255


def check_key(key: str) -> str:
    """The key itself. Raises ``invalid_idempotency_key``."""
    if 1 <= len(key) <= _MOST and key.isascii() and key.isprintable() and " " not in key:
        return key
    detail = f"{HEADER} doit avoir de 1 à {_MOST} caractères ASCII visibles, un UUID par exemple."
    raise Problem("invalid_idempotency_key", detail, [FieldError("", "invalid_idempotency_key", detail)])


def in_progress() -> Problem:
    """The same demand is being answered, here or in another process."""
    return Problem("idempotency_in_progress", "La première n'est pas finie : renvoyez dans une seconde.", (), 1)


def fingerprint(method: str, target: str, content_type: str, raw: bytes, schools: Iterable[str] = ()) -> str:
    """SHA-256 of what a demand means, from a key of these schools. Raises ``malformed_json``, ``malformed_body``."""
    digest = sha256(f"{method} {target}\n{','.join(sorted(schools))}\n".encode())
    media = media_type(content_type)
    if media == FORM:
        for name, value in sorted(read_form(content_type, raw).items()):
            digest.update(orjson.dumps([name, len(value)]) + value)
    elif media == JSON or not raw:
        digest.update(canonical(raw))
    else:
        digest.update(raw)
    return digest.hexdigest()


def canonical(raw: bytes) -> bytes:
    """The JSON document with its keys sorted and without spaces; nothing stays nothing. Raises ``malformed_json``."""
    if not raw.strip():
        return b""
    try:
        return orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError as error:
        raise malformed_json(str(error)) from error


class Answers:
    """The demands that are running here, and the answers that the store remembers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[tuple[str, str]] = set()
        self._asked: dict[tuple[str, str], asyncio.Future[Remembered | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def begin(self, claim: Claim) -> Remembered | None:
        """The first answer if there is one; else the demand is running until ``end``.

        Raises ``idempotency_in_progress``, ``idempotency_key_reused``, StoreUnavailable.
        """
        pair = (claim.app, claim.key)
        if pair in self._running:
            raise in_progress()
        self._running.add(pair)
        try:
            found = await self._find(pair)
            if found is not None and found.body_sha256 != claim.body_sha256:
                detail = f"La première demande avait un autre corps : prenez une autre valeur de {HEADER}."
                raise Problem("idempotency_key_reused", detail)
        except BaseException:
            self._running.discard(pair)
            raise
        if found is not None:
            self._running.discard(pair)
        return found

    def end(self, claim: Claim) -> None:
        """The demand was answered."""
        self._running.discard((claim.app, claim.key))

    async def keep(self, claim: Claim, status: int, answer: bytes, now: int) -> None:
        """Remember an answer, after what it answers was done. Raises StoreUnavailable."""
        await self._store.write(partial(keep, claim=claim, status=status, answer=answer, now=now))

    async def _find(self, pair: tuple[str, str]) -> Remembered | None:
        future: asyncio.Future[Remembered | None] = asyncio.get_running_loop().create_future()
        self._asked[pair] = future
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="idempotency keys")
        return await future

    async def _ask(self) -> None:
        """Ask for all the keys that wait, until none does."""
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._store.read(partial(find_many, pairs=list(asked)))
            except Exception as error:
                _settle(asked, error)
            else:
                for pair, future in asked.items():
                    if not future.done():
                        future.set_result(found.get(pair))
        self._asking = None


def _settle(asked: dict[tuple[str, str], "asyncio.Future[Remembered | None]"], error: Exception) -> None:
    for future in asked.values():
        if not future.done():
            future.set_exception(error)
