"""Provider accounts that were put through the API, each sealed as a whole: the store cannot read them."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import provider_account as table


async def read_all(conn: AsyncConnection) -> Sequence[tuple[str, bytes]]:
    """Every stored account, by name, as it was sealed."""
    rows = await conn.execute(select(table.c.name, table.c.sealed).order_by(table.c.name))
    return [(row.name, row.sealed) for row in rows]


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
