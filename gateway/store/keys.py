"""API keys: only their SHA-256 is stored; the key itself is shown once, when it is made."""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid_transform import ulid_now

from gateway.caller import Scope
from gateway.store.tables import api_key

PREFIX = "vgm_"

#: Enough of a key to recognise it, too little to guess it.
_HINT = 8


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key. Instants are milliseconds since 1970."""

    id: str
    hint: str
    app: str
    schools: frozenset[str]
    scopes: frozenset[Scope]
    created_at: int
    expires_at: int | None
    revoked_at: int | None

    def valid(self, now: int) -> bool:
        """Whether it opens anything at this instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_secret() -> str:
    """A fresh key: ``vgm_`` and 43 characters that carry 256 bits of chance."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a key: hexadecimal SHA-256 of all of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def create_key(
    conn: AsyncConnection,
    secret: str,
    app: str,
    schools: Collection[str],
    scopes: Collection[Scope],
    now: int,
    expires_at: int | None,
) -> str:
    """Store a key made by ``new_secret``; returns its id (``key_`` and a ULID)."""
    key_id = f"key_{ulid_now()}"
    row = {
        "id": key_id,
        "sha256": digest(secret),
        "hint": secret[:_HINT],
        "app": app,
        "schools": json.dumps(sorted(schools)),
        "scopes": json.dumps(sorted(scopes)),
        "created_at": now,
        "expires_at": expires_at,
    }
    await conn.execute(insert(api_key).values(row))
    return key_id


async def find_key(conn: AsyncConnection, sha256: str) -> ApiKey | None:
    """The key of a digest, be it expired or revoked: ask ``valid``."""
    row = (await conn.execute(select(api_key).where(api_key.c.sha256 == sha256))).first()
    return _key(row) if row else None


async def list_keys(conn: AsyncConnection) -> Sequence[ApiKey]:
    """All keys, oldest first."""
    rows = (await conn.execute(select(api_key).order_by(api_key.c.created_at, api_key.c.id))).all()
    return [_key(row) for row in rows]


async def revoke_key(conn: AsyncConnection, key_id: str, now: int) -> bool:
    """Revoke a key for ever; says whether it exists. Revoking again keeps the first instant."""
    exists = (await conn.execute(select(api_key.c.id).where(api_key.c.id == key_id))).first() is not None
    unrevoked = (api_key.c.id == key_id) & api_key.c.revoked_at.is_(None)
    await conn.execute(update(api_key).where(unrevoked).values(revoked_at=now))
    return exists


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        hint=row.hint,
        app=row.app,
        schools=frozenset(json.loads(row.schools)),
        scopes=frozenset(Scope(scope) for scope in json.loads(row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
