"""API keys in a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.caller import Scope
from gateway.store import keys
from gateway.store.database import Store, open_store


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/gateway.db") as store:
        yield store


async def make(store: Store, secret: str, expires_at: int | None = None, app: str = "vie-scolaire") -> str:
    async def verb(conn: AsyncConnection) -> str:
        return await keys.create_key(conn, secret, app, ["0570051W"], [Scope.SEND, Scope.READ], 1000, expires_at)

    return await store.write(verb)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_secret_is_long_and_never_the_same() -> None:
    one, two = keys.new_secret(), keys.new_secret()
    assert one != two
    assert one.startswith("vgm_")
    assert len(one) == len("vgm_") + 43


async def test_a_key_is_found_by_its_digest_alone(store: Store, tmp_path: Path) -> None:
    secret = keys.new_secret()
    key_id = await make(store, secret)
    found = await store.read(lambda conn: keys.find_key(conn, keys.digest(secret)))
    assert found is not None
    assert (found.id, found.app, found.hint) == (key_id, "vie-scolaire", secret[:8])
    assert found.schools == {"0570051W"}
    assert found.scopes == {Scope.SEND, Scope.READ}
    assert await store.read(lambda conn: keys.find_key(conn, keys.digest(secret + "x"))) is None
    assert secret.encode() not in everything(tmp_path)


async def test_a_key_expires_at_its_instant(store: Store) -> None:
    secret = keys.new_secret()
    await make(store, secret, expires_at=5000)
    found = await store.read(lambda conn: keys.find_key(conn, keys.digest(secret)))
    assert found is not None
    assert found.valid(4999)
    assert not found.valid(5000)


async def test_revoking_is_for_ever_and_repeatable(store: Store) -> None:
    secret = keys.new_secret()
    key_id = await make(store, secret)
    assert await store.write(lambda conn: keys.revoke_key(conn, key_id, 2000))
    assert await store.write(lambda conn: keys.revoke_key(conn, key_id, 3000))
    assert not await store.write(lambda conn: keys.revoke_key(conn, "key_unknown", 3000))
    found = await store.read(lambda conn: keys.find_key(conn, keys.digest(secret)))
    assert found is not None
    assert found.revoked_at == 2000
    assert not found.valid(2001)


async def test_keys_are_listed_oldest_first(store: Store) -> None:
    ids = [await make(store, keys.new_secret()), await make(store, keys.new_secret())]
    assert sorted(key.id for key in await store.read(keys.list_keys)) == sorted(ids)
