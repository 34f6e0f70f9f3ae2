"""What has been kept long enough is erased, a lot at a time, in the order in which it came.

Rules: each table is walked once, along its key, up to a mark that is kept, so that a round that finds nothing reads one
row a table. A lot is one short transaction. What had not ended when the walk came by is noted and erased when it has.
What was erased is counted in the transaction that erases it, until the journal tells it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import audit, erasing
from gateway.store.audit import Entry
from gateway.store.bulk import fetch
from gateway.store.desk import part_ids
from gateway.store.erasing import What

#: Rows looked at in one transaction: some milliseconds.
LOT = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """One thing that is erased: ``name`` is what the journal and the command call it."""

    name: str
    table: str
    at: str  # the column that says how old a row is
    what: What
    erase: Callable[[AsyncConnection, Sequence[int], int], Awaitable[int]]
    kept: str  # the condition on a row that has something to erase

    @property
    def ending(self) -> str:
        """The column that is NULL once a row has ended."""
        return "deadline_at" if self.table == "message" else "NULL"


_TEXT_KEPT, _PEOPLE_KEPT = "text_erased_at IS NULL", "people_erased_at IS NULL"
SWEEPS = (
    Sweep("message_texts", "message", "created_at", What.TEXT, erasing.message_texts, _TEXT_KEPT),
    Sweep("message_people", "message", "created_at", What.PEOPLE, erasing.message_people, _PEOPLE_KEPT),
    Sweep("receipt_texts", "receipt", "received_at", What.TEXT, erasing.receipt_texts, "raw <> x''"),
    Sweep("receipt_numbers", "receipt", "received_at", What.PEOPLE, erasing.receipt_numbers, "number <> ''"),
    Sweep("inbound_texts", "inbound", "received_at", What.TEXT, erasing.inbound_texts, _TEXT_KEPT),
    Sweep("inbound_numbers", "inbound", "received_at", What.PEOPLE, erasing.inbound_numbers, _PEOPLE_KEPT),
    Sweep("inbound_part_texts", "inbound_part", "received_at", What.TEXT, erasing.inbound_part_texts, "raw <> x''"),
    Sweep(
        *("inbound_part_numbers", "inbound_part", "received_at", What.PEOPLE, erasing.inbound_part_numbers),
        kept="number <> ''",
    ),
)

#: What is older than these instants (milliseconds) is erased; nothing of a kind that is not there.
Limits = Mapping[What, int]


async def lot(conn: AsyncConnection, limits: Limits, now: int) -> int:
    """Erase one lot of each kind; how many rows were looked at, 0 once nothing is left."""
    looked = await _put_off_before(conn, now)
    for sweep in SWEEPS:
        if (before := limits.get(sweep.what)) is not None:
            looked += await _sweep(conn, sweep, before, now)
    return looked


async def _sweep(conn: AsyncConnection, sweep: Sweep, before: int, now: int) -> int:
    mark = await _value(conn, f"retention:{sweep.name}")
    sql = f"SELECT id, {sweep.at}, {sweep.ending} FROM {sweep.table} WHERE id > ? ORDER BY id LIMIT ?"
    rows = list(takewhile(lambda row: row[1] < before, await fetch(conn, sql, (mark, LOT))))
    if not rows:
        return 0
    await erasing.put_off(conn, [row[0] for row in rows if row[2] is not None], sweep.what)
    await _count(conn, sweep.name, await sweep.erase(conn, [row[0] for row in rows if row[2] is None], now))
    await _set(conn, f"retention:{sweep.name}", rows[-1][0])
    return len(rows)


async def _put_off_before(conn: AsyncConnection, now: int) -> int:
    """Messages that have ended since it was their turn."""
    found = await erasing.ended(conn, LOT)
    texts = [id_ for id_, _, what in found if What.TEXT in what]
    people = [id_ for id_, _, what in found if What.PEOPLE in what]
    parts = [part for id_, count, what in found if What.RECEIPTS in what for part in part_ids(id_, count)]
    await _count(conn, "receipt_texts", await erasing.receipts_of(conn, parts, now))
    await _count(conn, "message_texts", await erasing.message_texts(conn, texts, now))
    await _count(conn, "message_people", await erasing.message_people(conn, people, now))
    await erasing.done(conn, [id_ for id_, _, _ in found])
    return len(found)


async def is_due(conn: AsyncConnection, limits: Limits) -> bool:
    """Whether there is anything to erase, or to tell; reads a row a table."""
    if await erasing.ended(conn, 1) or any((await _counts(conn)).values()):
        return True
    for sweep in SWEEPS:
        before = limits.get(sweep.what)
        sql = f"SELECT {sweep.at} FROM {sweep.table} WHERE id > ? ORDER BY id LIMIT 1"
        rows = await fetch(conn, sql, (await _value(conn, f"retention:{sweep.name}"),)) if before is not None else ()
        if any(row[0] < before for row in rows):
            return True
    return False


async def waiting(conn: AsyncConnection, limits: Limits) -> Mapping[str, int]:
    """How many rows of each kind would be erased now; reads all of them."""
    found = dict.fromkeys((sweep.name for sweep in SWEEPS), 0)
    for sweep in SWEEPS:
        if (before := limits.get(sweep.what)) is not None:
            sql = f"""SELECT COUNT(*) FROM {sweep.table}
              WHERE id > ? AND {sweep.at} < ? AND {sweep.ending} IS NULL AND {sweep.kept}"""
            mark = await _value(conn, f"retention:{sweep.name}")
            found[sweep.name] = (await fetch(conn, sql, (mark, before)))[0][0]
    for _, _, what in await erasing.ended(conn, -1):
        found["message_texts"] += What.TEXT in what
        found["message_people"] += What.PEOPLE in what
    return found


# ---- what the journal is told ----


async def tell(conn: AsyncConnection, entry: Entry) -> Mapping[str, int]:
    """Write in the journal how much was erased since the last time, if anything was; the counts."""
    counts = {name: count for name, count in (await _counts(conn)).items() if count}
    if counts:
        detail = ", ".join(f"{name} {count}" for name, count in counts.items())
        await audit.note(conn, Entry(entry.at, entry.actor, entry.act, entry.subject, detail))
        await fetch(conn, "DELETE FROM counter WHERE name LIKE 'erased:%'")
    return counts


async def _counts(conn: AsyncConnection) -> dict[str, int]:
    rows = await fetch(conn, "SELECT substr(name, 8), value FROM counter WHERE name LIKE 'erased:%'")
    return dict(rows)


async def _count(conn: AsyncConnection, name: str, erased: int) -> None:
    if erased:
        await _set(conn, f"erased:{name}", await _value(conn, f"erased:{name}") + erased)


async def _value(conn: AsyncConnection, name: str) -> int:
    rows = await fetch(conn, "SELECT value FROM counter WHERE name = ?", (name,))
    return int(rows[0][0]) if rows else 0


async def _set(conn: AsyncConnection, name: str, value: int) -> None:
    sql = "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    await fetch(conn, sql, (name, value))
