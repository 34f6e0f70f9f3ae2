"""What is done to the database as a whole: migrate it, copy it while the gateway runs, empty its log."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from gateway.store.database import StoreUnavailable
from gateway.store.engine import database_path, upgrade
from gateway.store.sealed import KeyMissing

if TYPE_CHECKING:
    from gateway.sealing import Sealer

#: Seconds that emptying the log waits for readers, during which writers wait too.
LOG_BUSY = 0.2


async def migrate(url: str, sealer: "Sealer | None" = None) -> str:
    """Bring the schema to this version's; the revision it is at then. Raises StoreUnavailable."""
    try:
        await asyncio.to_thread(upgrade, url, sealer)
    except KeyMissing as error:
        raise StoreUnavailable(str(error)) from error
    except DBAPIError as error:
        raise StoreUnavailable(f"{database_path(url)} cannot be opened or written") from error
    return await asyncio.to_thread(_revision, database_path(url))


def _revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as conn:
        return str(conn.execute("SELECT version_num FROM alembic_version").fetchone()[0])


async def backup(url: str, target: Path) -> int:
    """Write a consistent copy of the running database to ``target``; its size in bytes.

    The copy is complete and on the disk before it takes its name. Raises StoreUnavailable.
    """
    try:
        return await asyncio.to_thread(_backup, database_path(url), target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"no copy could be made: {error}") from error


def _backup(path: Path, target: Path) -> int:
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL, 0o600))  # it holds numbers and names: for its owner alone
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(partial),))
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    partial.replace(target)
    return target.stat().st_size


async def empty_log(url: str) -> bool:
    """Move the write-ahead log into the database and empty it; false when somebody reads or writes just now.

    Until then the log keeps what was wiped from the database: sensitive values of messages that are final.
    """
    try:
        return await asyncio.to_thread(_empty_log, database_path(url))
    except sqlite3.Error as error:
        raise StoreUnavailable("the write-ahead log cannot be emptied") from error


def _empty_log(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=LOG_BUSY)) as conn:
        return bool(conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
