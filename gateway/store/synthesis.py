"""The figures by month and action: from the counters, and once more from the ledger and the receipts.

The first costs the number of months and actions, whatever the number of messages; the second reads every line.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch
from gateway.store.tables import tally


class Sums(NamedTuple):
    """Counters of a month and action of a school. ``amount`` is in millionths of a euro."""

    month: str
    action: str
    total: int
    delivered: int
    parts: int
    amount: int
    not_submitted: int


class Key(NamedTuple):
    """What a counter counts."""

    school: str
    month: str
    action: str
    mode: str
    account: str


class Figures(NamedTuple):
    """What the ledger must agree with the counters about."""

    total: int
    delivered: int
    parts: int
    amount: int


async def sums(conn: AsyncConnection, school: str, months: Sequence[str]) -> Sequence[Sums]:
    """The counters of these months, by month then action."""
    columns = tally.c
    figures = (columns.total, columns.delivered, columns.parts, columns.amount, columns.not_submitted)
    question = (
        select(columns.month, columns.action, *(func.sum(figure) for figure in figures))
        .where(columns.school == school, columns.month.in_(months))
        .group_by(columns.month, columns.action)
        .order_by(columns.month, columns.action)
    )
    return [Sums(*row) for row in (await conn.execute(question)).all()]


async def counted(conn: AsyncConnection) -> Mapping[Key, Figures]:
    """Every counter, but those that are all nought: what never left has no line."""
    found = {Key(*row[:5]): Figures(*row[5:]) for row in await fetch(conn, _COUNTED)}
    return {key: figures for key, figures in found.items() if any(figures)}


async def recomputed(conn: AsyncConnection) -> Mapping[Key, Figures]:
    """The same figures from the ledger and the receipts, without a look at the counters or at any state."""
    found: dict[Key, Figures] = {}
    for row in await fetch(conn, _LINES):
        found[Key(*row[:5])] = Figures(0, 0, *row[5:])
    for row in await fetch(conn, OF_MESSAGES):
        key = Key(*row[:5])
        found[key] = found.get(key, Figures(0, 0, 0, 0))._replace(total=row[5], delivered=row[6])
    return {key: figures for key, figures in found.items() if any(figures)}


_COUNTED = "SELECT school, month, action, mode, account, total, delivered, parts, amount FROM tally"

_LINES = """SELECT school, month, action, mode, account, SUM(parts), SUM(amount)
FROM ledger GROUP BY school, month, action, mode, account"""

# A message counts under the line that made it have one: the last line before which its lines came to nought.
# It is delivered when each of its parts has a receipt that says so, or one that is of all: they left in one piece.
# CROSS keeps SQLite to this order, in which each step is one look at an index.
OF_MESSAGES = """WITH running AS (
  SELECT id, message,
    SUM(parts) OVER (PARTITION BY message ORDER BY id) - parts AS before,
    SUM(parts) OVER (PARTITION BY message) AS lines
  FROM ledger),
first AS MATERIALIZED (SELECT MAX(id) AS id FROM running WHERE before = 0 AND lines > 0 GROUP BY message)
SELECT l.school, l.month, l.action, l.mode, l.account, COUNT(*), SUM(message.parts <= (
  SELECT COUNT(DISTINCT part) FROM receipt
  WHERE part BETWEEN l.message * 256 + 1 AND l.message * 256 + 255 AND status = 'delivered') OR EXISTS (
  SELECT 1 FROM receipt JOIN part ON part.id = receipt.part
  WHERE receipt.part BETWEEN l.message * 256 + 1 AND l.message * 256 + 255 AND receipt.status = 'delivered' AND joined))
FROM first CROSS JOIN ledger AS l ON l.id = first.id CROSS JOIN message ON message.id = l.message
GROUP BY l.school, l.month, l.action, l.mode, l.account"""
