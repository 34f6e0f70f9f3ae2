"""The daily counters behind the recap: how many messages and parts of each kind left on each day, at what cost.

Rules: what is counted for a day is counted for its month and its year too, so that years are summed in an instant. A
message with a ledger line not reversed counts once, on the day of the school on which it was first handed
over, under its action, mode, account, user, workstation and present state. The counters move in the transaction that
moves the message, from the first submission on: accepting costs nothing. A counter that came back to nought stays.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from gateway.store.bulk import fetch, insert_rows
from gateway.store.direct import Conn
from gateway.store.tables import daily

if TYPE_CHECKING:
    from gateway.store.desk import Head

#: The day of an instant in the zone of a school.
Day = Callable[[str, int], date]

#: The name in ``counter`` that says that the counters of an older database are still to be made.
UNFILLED = "daily:unfilled"


class Cell(NamedTuple):
    """What a counter counts. ``period`` is a day, ``2026-11-23``, its month, ``2026-11``, or its year, ``2026``.

    User and workstation are empty when nobody said them.
    """

    school: str
    period: str
    action: str
    mode: str
    account: str
    user: str
    workstation: str
    status: str


#: A message's counter of its day, its parts, and what was billed for it; None before it was submitted.
Place = tuple[Cell, int, int] | None
#: What a counter says: messages, parts, millionths of a euro.
Sums = dict[Cell, list[int]]
Counts = Mapping[Cell, tuple[int, int, int]]

_FIGURES = ("messages", "parts", "amount")
_COLUMNS = (*Cell._fields, *_FIGURES)


def _sums() -> Sums:
    return defaultdict(lambda: [0] * len(_FIGURES))


def place(head: "Head", day: Day) -> Place:
    """Where a message counts, as it is now."""
    if head.lines <= 0 or head.sent_at is None:
        return None
    on = day(head.school, head.sent_at).isoformat()
    whose = (head.account or "", head.user or "", head.workstation or "")
    return Cell(head.school, on, head.action, head.mode, *whose, head.status), head.parts, head.billed


async def move(conn: Conn, places: Sequence[tuple[Place, Place]]) -> None:
    """Move the counters by the difference of each (before, after)."""
    moved = _sums()
    for before, after in places:
        if before == after:
            continue
        for one, sign in ((before, -1), (after, 1)):
            if one is not None:
                sums = moved[one[0]]
                sums[0] += sign
                sums[1] += sign * one[1]
                sums[2] += sign * one[2]
    rows = [(*cell, *sums) for cell, sums in _with_months_and_years(moved).items() if any(sums)]
    if rows:
        marks = ",".join(["(?,?,?,?,?,?,?,?,?,?,?)"] * len(rows))
        await fetch(conn, _UPSERT.format(marks), [value for row in rows for value in row])


def _with_months_and_years(days: Sums) -> Sums:
    """The counters of days, and what they add to those of months and years."""
    found = _sums()
    for (school, day, *kind), figures in days.items():
        for period in (day, day[:7], day[:4]):
            _add(found[Cell(school, period, *kind)], figures)
    return found


def _add(sums: list[int], figures: Sequence[int]) -> None:
    for place, figure in enumerate(figures):
        sums[place] += figure


_KEY = 'school, period, action, mode, account, "user", workstation, status'
_UPSERT = f"""INSERT INTO daily ({_KEY}, messages, parts, amount) VALUES {{}}
ON CONFLICT ({_KEY}) DO UPDATE SET
  messages = daily.messages + excluded.messages, parts = daily.parts + excluded.parts,
  amount = daily.amount + excluded.amount"""


# ---- made again ----


async def schools(conn: Conn) -> Sequence[str]:
    """Every school that has messages or counters."""
    return [row[0] for row in await fetch(conn, "SELECT school FROM message UNION SELECT school FROM daily ORDER BY 1")]


async def counted(conn: Conn, school: str) -> Counts:
    """Every counter of a school, but those at nought."""
    sql = (
        f"SELECT {_KEY}, messages, parts, amount FROM daily WHERE school = ? AND (messages, parts, amount) <> (0, 0, 0)"
    )
    return {Cell(*row[:8]): (row[8], row[9], row[10]) for row in await fetch(conn, sql, (school,))}


async def recomputed(conn: Conn, school: str, day: Day) -> Counts:
    """The same from the messages themselves, a day and a half at a time, so that little is held of many messages."""
    found = _sums()
    next_at = await _sent(conn, school, 0)
    while next_at is not None:
        after = next_at - next_at % _QUARTER + _SPAN
        for quarter, *kind, messages, parts, amount in await fetch(conn, _MESSAGES, (school, next_at, after)):
            on = day(school, quarter * _QUARTER).isoformat()
            _add(found[Cell(school, on, *kind)], (messages, parts, amount))
        next_at = await _sent(conn, school, after)
    return {cell: (sums[0], sums[1], sums[2]) for cell, sums in _with_months_and_years(found).items()}


async def _sent(conn: Conn, school: str, since: int) -> int | None:
    """When the first message from then on was sent."""
    sql = "SELECT MIN(sent_at) FROM message WHERE school = ? AND sent_at >= ?"
    first: int | None = (await fetch(conn, sql, (school, since)))[0][0]
    return first


#: No zone changes its day within a quarter of an hour.
_QUARTER = 900_000
_SPAN = 144 * _QUARTER
_MESSAGES = f"""SELECT sent_at / {_QUARTER} AS quarter, action, mode, COALESCE(account, ''), COALESCE("user", ''),
  COALESCE(workstation, ''), status, COUNT(*), SUM(parts), SUM(billed)
FROM message WHERE school = ? AND sent_at >= ? AND sent_at < ? AND lines > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7"""


async def fill(conn: Conn, day: Day) -> None:
    """Make every counter anew."""
    await fetch(conn, "DELETE FROM daily")
    for school in await schools(conn):
        rows = [(*cell, *sums) for cell, sums in (await recomputed(conn, school, day)).items()]
        await insert_rows(conn, daily, _COLUMNS, rows)
    await fetch(conn, "DELETE FROM counter WHERE name = ?", (UNFILLED,))


async def to_fill(conn: Conn) -> bool:
    """Whether the database is older than its counters."""
    return bool(await fetch(conn, "SELECT 1 FROM counter WHERE name = ?", (UNFILLED,)))


async def fill_once(conn: Conn, day: Day) -> bool:
    """Make the counters of an older database, unless another process just did; whether it was done."""
    if not await to_fill(conn):
        return False
    await fill(conn, day)
    return True
