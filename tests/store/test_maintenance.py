"""A copy made while messages come in is whole, and takes its name only when it is on the disk."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.caller import Claim
from gateway.requests import MessageIn
from gateway.store import moves
from gateway.store.bulk import fetch
from gateway.store.database import StoreUnavailable
from gateway.store.engine import database_path
from gateway.store.maintenance import backup, empty_log, migrate
from tests.heart import METZ, Heart, everybody, opened


async def test_a_copy_of_a_running_database_is_consistent(heart: Heart, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    await heart.accept_many(300)
    _, size, _ = await asyncio.gather(heart.accept_many(300), backup(heart.store.url, target), heart.send(room=50))
    assert size == target.stat().st_size
    assert not (tmp_path / "copy.db.partial").exists()
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        messages, parts = (copy.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in ("message", "part"))
        billed, counted = (
            copy.execute(f"SELECT COALESCE(SUM(parts), 0) FROM {name}").fetchone()[0] for name in ("ledger", "tally")
        )
    assert messages == parts in (300, 600)
    assert billed == counted in (0, 50)


async def test_a_copy_can_be_opened_as_a_store(heart: Heart, tmp_path: Path) -> None:
    id_ = await heart.accept()
    folder = tmp_path / "restored"
    folder.mkdir()
    await backup(heart.store.url, folder / "gateway.db")
    async with opened(folder) as restored:
        assert [part.id >> 8 for part in await restored.claim()] == [id_]


async def test_a_copy_that_cannot_be_made(heart: Heart, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no copy could be made"):
        await backup(heart.store.url, tmp_path / "missing" / "copy.db")


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    assert await migrate(url) == await migrate(url)
    with pytest.raises(StoreUnavailable):
        await migrate(f"sqlite:///{tmp_path}/missing/gateway.db")


async def test_a_copy_is_for_its_owner_alone(heart: Heart, tmp_path: Path) -> None:
    await backup(heart.store.url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


async def test_an_emptied_log_keeps_nothing_of_what_was_wiped(heart: Heart) -> None:
    async def put(conn: AsyncConnection) -> None:
        await fetch(conn, "INSERT INTO counter (name, value) VALUES (?, 1)", ("secret-4711",))

    async def wipe(conn: AsyncConnection) -> None:
        await fetch(conn, "DELETE FROM counter WHERE name = ?", ("secret-4711",))

    await heart.store.write(put)
    await heart.store.write(wipe)
    file = database_path(heart.store.url)
    log = file.with_name(f"{file.name}-wal")
    assert b"secret-4711" in log.read_bytes()
    assert await empty_log(heart.store.url)
    assert log.read_bytes() == b""
    assert b"secret-4711" not in file.read_bytes()


async def test_a_log_that_is_read_is_left_for_later(heart: Heart) -> None:
    await heart.accept()
    with closing(sqlite3.connect(database_path(heart.store.url), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM message").fetchone()
        await heart.accept()
        assert not await empty_log(heart.store.url)
    assert await empty_log(heart.store.url)


@pytest.mark.unsealed
async def test_a_sensitive_value_is_nowhere_once_its_message_has_ended(heart: Heart, tmp_path: Path) -> None:
    secret = b"4711-quatre"

    def octets() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.iterdir())

    body: dict[str, Any] = {
        "to": "06 12 34 56 78",
        "action": "INFO",
        "text": f"{'Votre code : ' * 20}#CODE",
        "school": METZ,
    }
    body |= {"variables": {"CODE": secret.decode()}, "sensitive": ["CODE"], "encoding": "auto"}
    claim = Claim("a", "k", "x")
    await heart.intake.message(MessageIn.model_validate(body), everybody(heart.settings), claim)
    more: dict[str, Any] = {"variables": {"CODE": secret.decode()}, "sensitive": ["CODE"]}
    held = await heart.accept(text="Code #CODE", action="ABSENCE", **more)
    assert secret in octets()
    for part in await heart.send():
        await heart.receipt(part, raw=b"blanked")
    await heart.act(moves.cancel, held)
    assert await empty_log(heart.store.url)
    assert secret not in octets()
