"""What operators do to the database: migrate it, copy it while the gateway runs."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gateway.store.database import StoreUnavailable
from gateway.store.engine import database_path, upgrade


async def migrate(url: str) -> str:
    """Bring the schema to this version's; the revision it is at then. Raises StoreUnavailable."""
    try:
        await asyncio.to_thread(upgrade, url)
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
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(partial),))
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    partial.replace(target)
    return target.stat().st_size
