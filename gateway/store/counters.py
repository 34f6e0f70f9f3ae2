"""Numbers handed out inside the transaction that uses them: without gaps, and never twice."""

from sqlalchemy.ext.asyncio import AsyncConnection

_RESERVE = (
    "INSERT INTO counter (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)


async def reserve(conn: AsyncConnection, name: str, count: int) -> int:
    """The first of ``count`` consecutive numbers, counted from 1, that nobody else gets."""
    value = (await conn.exec_driver_sql(_RESERVE, (name, count))).scalar_one()
    return int(value) - count + 1
