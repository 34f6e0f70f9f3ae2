"""The figures by month and action: from the counters, and once more from the ledger and the receipts.

The first costs the number of months and actions, whatever the number of messages; the second reads every line.
A closed month is compared as it was when it was closed; what came later, with its régularisations.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch
from gateway.store.tables import tally


class Sums(NamedTuple):
    """Counters of a month and action of a school. ``amount`` is in millionths of a euro.

    ``of_month``: they regularise that closed month; empty: they are the month's own.
    """

    month: str
    action: str
    total: int
    delivered: int
    parts: int
    amount: int
    not_submitted: int
    of_month: str = ""


class Key(NamedTuple):
    """What a counter counts. ``month`` is empty for the messages of all régularisations of ``of_month``."""

    school: str
    month: str
    action: str
    mode: str
    account: str
    of_month: str = ""


class Figures(NamedTuple):
    """What the ledger must agree with the counters about."""

    total: int
    delivered: int
    parts: int
    amount: int

    def plus(self, other: "Figures") -> "Figures":
        """The sums of both."""
        return Figures(*(a + b for a, b in zip(self, other, strict=True)))


_NOTHING = Figures(0, 0, 0, 0)


async def sums(conn: AsyncConnection, school: str, months: Sequence[str]) -> Sequence[Sums]:
    """The counters of these months, by month then action, a month's own before its régularisations."""
    columns = tally.c
    figures = (columns.total, columns.delivered, columns.parts, columns.amount, columns.not_submitted)
    question = (
        select(columns.month, columns.action, *(func.sum(figure) for figure in figures), columns.of_month)
        .where(columns.school == school, columns.month.in_(months))
        .group_by(columns.month, columns.of_month, columns.action)
        .order_by(columns.month, columns.of_month, columns.action)
    )
    return [Sums._make(row) for row in (await conn.execute(question)).all()]


class AccountSums(NamedTuple):
    """Counters of a provider account in a month of a school."""

    account: str
    total: int
    delivered: int
    parts: int
    amount: int


async def by_account(conn: AsyncConnection, school: str, month: str) -> Sequence[AccountSums]:
    """What each account was used for in a month, régularisations included."""
    columns = tally.c
    figures = (columns.total, columns.delivered, columns.parts, columns.amount)
    question = (
        select(columns.account, *(func.sum(figure) for figure in figures))
        .where(columns.school == school, columns.month == month, columns.account != "")
        .group_by(columns.account)
        .order_by(columns.account)
    )
    return [AccountSums(*row) for row in (await conn.execute(question)).all()]


async def counted(conn: AsyncConnection) -> Mapping[Key, Figures]:
    """Every counter, but those that are all nought: what never left has no line."""
    found: dict[Key, Figures] = defaultdict(lambda: _NOTHING)
    for row in await fetch(conn, _COUNTED):
        _add(found, Key(*row[:6]), Figures(*row[6:]))
    return {key: figures for key, figures in found.items() if any(figures)}


def _add(found: dict[Key, Figures], key: Key, figures: Figures) -> None:
    """A counter; the messages of régularisations are added up over the months in which they came."""
    if key.of_month:
        found[key._replace(month="")] = found[key._replace(month="")].plus(figures._replace(parts=0, amount=0))
        figures = figures._replace(total=0, delivered=0)
    found[key] = found[key].plus(figures)


async def recomputed(conn: AsyncConnection) -> Mapping[Key, Figures]:
    """The same figures from the ledger and the receipts, without a look at the counters or at any state."""
    found: dict[Key, Figures] = defaultdict(lambda: _NOTHING)
    for row in await fetch(conn, _LINES):
        found[Key(*row[:6])] = Figures(0, 0, *row[6:])
    closed = {(row[0], row[1]) for row in await fetch(conn, "SELECT school, month FROM month_close")}
    now = {Key(*row[:5]): (row[5], row[6]) for row in await fetch(conn, OF_MESSAGES)}
    then = {Key(*row[:5]): (row[5], row[6]) for row in await fetch(conn, AS_CLOSED)} if closed else now
    for key in now.keys() | then.keys():
        (total, delivered), (total_then, delivered_then) = now.get(key, (0, 0)), then.get(key, (0, 0))
        found[key] = found[key]._replace(total=total_then, delivered=delivered_then)
        if key[:2] in closed:
            later = key._replace(month="", of_month=key.month)
            found[later] = found[later]._replace(total=total - total_then, delivered=delivered - delivered_then)
    return {key: figures for key, figures in found.items() if any(figures)}


_COUNTED = "SELECT school, month, action, mode, account, of_month, total, delivered, parts, amount FROM tally"

_LINES = """SELECT school, month, action, mode, account, of_month, SUM(parts), SUM(amount)
FROM ledger GROUP BY school, month, action, mode, account, of_month"""

# A message counts under the line that made it have one: the last line before which its lines came to nought; what an
# account does not bill after all is another matter. It is delivered when each of its parts has a receipt that says so,
# or one that is of all: they left in one piece. CROSS keeps SQLite to this order, in which each step is one look at
# an index.
_OF_MESSAGES = """WITH running AS (
  SELECT id, message,
    SUM(parts) OVER (PARTITION BY message ORDER BY id) - parts AS before,
    SUM(parts) OVER (PARTITION BY message) AS lines
  FROM ledger WHERE kind IN ('accepted', 'uncertain', 'reversal') {lines}),
first AS MATERIALIZED (SELECT MAX(id) AS id FROM running WHERE before = 0 AND lines > 0 GROUP BY message)
SELECT l.school, CASE l.of_month WHEN '' THEN l.month ELSE l.of_month END AS own, l.action, l.mode, l.account,
  COUNT(*), SUM(message.parts <= (
  SELECT COUNT(DISTINCT part) FROM receipt
  WHERE part BETWEEN l.message * 256 + 1 AND l.message * 256 + 255 AND status = 'delivered' {receipts}) OR EXISTS (
  SELECT 1 FROM receipt JOIN part ON part.id = receipt.part
  WHERE receipt.part BETWEEN l.message * 256 + 1 AND l.message * 256 + 255 AND receipt.status = 'delivered' AND joined
  {receipts}))
FROM first CROSS JOIN ledger AS l ON l.id = first.id CROSS JOIN message ON message.id = l.message
LEFT JOIN month_close AS c ON c.school = l.school AND c.month = l.month AND l.of_month = ''
GROUP BY l.school, own, l.action, l.mode, l.account"""

OF_MESSAGES = _OF_MESSAGES.format(lines="", receipts="")

#: As each closed month was when it was closed: only its own lines, and the receipts that had come.
AS_CLOSED = _OF_MESSAGES.format(
    lines="AND of_month = ''",
    receipts="AND (c.closed_at IS NULL OR (receipt.id <= c.last_receipt AND receipt.matched_at <= c.closed_at))",
)
