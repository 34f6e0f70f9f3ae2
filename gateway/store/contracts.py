"""Provider accounts that were put through the API, each sealed as a whole: the store cannot read them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.database import StoreUnavailable
from gateway.store.tables import provider_account as table


async def read_all(conn: AsyncConnection) -> Sequence[tuple[str, bytes]]:
    """Every stored account, by name, as it was sealed."""
    rows = await conn.execute(select(table.c.name, table.c.sealed).order_by(table.c.name))
    return [(row.name, row.sealed) for row in rows]


def glance(path: Path) -> Sequence[tuple[str, bytes]]:
    """The same of a database that is neither made, migrated nor written to; none where there is none.

    Raises StoreUnavailable.
    """
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as conn:
            if not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table.name,)).fetchall():
                return []
            return conn.execute(f"SELECT name, sealed FROM {table.name} ORDER BY name").fetchall()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} cannot be read: {getattr(error, 'sqlite_errorname', error)}") from error


async def put(conn: AsyncConnection, name: str, sealed: bytes, now: int) -> bool:
    """Store an account; says whether it is new."""
    new = (await conn.execute(select(table.c.name).where(table.c.name == name))).first() is None
    latest = (await conn.execute(select(func.max(table.c.updated_at)))).scalar()
    # Strictly growing, so that two changes in one millisecond do not share a stamp.
    row = {"name": name, "sealed": sealed, "updated_at": max(now, (latest or 0) + 1)}
    await conn.execute(insert(table).values(row).on_conflict_do_update(index_elements=["name"], set_=row))
    return new


async def remove(conn: AsyncConnection, name: str) -> bool:
    """Forget a stored account; says whether there was one."""
    return (await conn.execute(delete(table).where(table.c.name == name))).rowcount > 0
