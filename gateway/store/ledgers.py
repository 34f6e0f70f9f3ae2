"""The ledger of a month, read a thousand lines at a time."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch

if TYPE_CHECKING:
    from gateway.store.database import Store

_CHUNK = 1_000


class Line(NamedTuple):
    """A line. ``at`` in milliseconds, ``amount`` in millionths of a euro; ``part`` is 1-based."""

    id: int
    at: int
    serial: int
    part: int
    action: str
    mode: str
    account: str
    kind: str
    parts: int
    amount: int
    of_month: str
    number: str
    provider_id: str | None


_LINES = """SELECT l.id, l.at, m.serial, l.part & 255, l.action, l.mode, l.account, l.kind, l.parts, l.amount,
  l.of_month, m.number, p.provider_id
FROM ledger AS l JOIN message AS m ON m.id = l.message JOIN part AS p ON p.id = l.part
WHERE l.school = ? AND l.month = ? AND l.id > ? ORDER BY l.id LIMIT ?"""


async def lines(store: "Store", school: str, month: str) -> AsyncIterator[list[Line]]:
    """The lines of a month, oldest first."""
    last = 0

    async def question(conn: AsyncConnection) -> list[Line]:
        return [Line(*row) for row in await fetch(conn, _LINES, (school, month, last, _CHUNK))]

    while found := await store.read(question):
        yield found
        last = found[-1].id
