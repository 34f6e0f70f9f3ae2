"""Numbers handed out inside the transaction that uses them: without gaps, and never twice."""

from gateway.store.bulk import fetch
from gateway.store.direct import Conn

_RESERVE = (
    "INSERT INTO counter (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)


async def reserve(conn: Conn, name: str, count: int) -> int:
    """The first of ``count`` consecutive numbers, counted from 1, that nobody else gets."""
    value: int = (await fetch(conn, _RESERVE, (name, count)))[0][0]
    return value - count + 1
