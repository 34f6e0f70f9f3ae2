"""Sealing what was stored before there was a key, or by an older one: every table once, lot by lot.

Rules: a lot is one short transaction, so that the gateway may run meanwhile; what is sealed by the present key is
passed over, so that it may be stopped and begun again. Once all is done the older keys are forgotten: whoever still
writes by one must have been restarted with the present key first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.store.bulk import fetch
from gateway.store.direct import Conn
from gateway.store.sealed import BARE, SEALED, sealer_of, way_of

if TYPE_CHECKING:
    from gateway.sealing import Sealer
    from gateway.store.database import Store

#: Rows sealed in one transaction.
LOT = 200


@dataclass(frozen=True, slots=True)
class Walk:
    """A table to be gone through along its key."""

    table: str
    ways: tuple[tuple[str, str], ...]  # column, way
    key: tuple[str, ...] = ("rowid",)
    only: str = "TRUE"


def walks() -> Iterator[Walk]:
    """Every table with something to seal."""
    for table, ways in SEALED.items():
        key = ("school", "event") if table == "answered" else ("rowid",)
        yield Walk(table, tuple(ways.items()), key)
    # Only what a person gave as a reason is about somebody; see messages.add.
    yield Walk("event", (("detail", "text"),), only="kind = 'override'")


@dataclass(frozen=True, slots=True)
class Lot:
    """Where a walk goes on: after which key."""

    walk: Walk
    after: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many rows were sealed, and the key of the last; None: the walk is over."""

    rows: int
    last: tuple[Any, ...] | None


async def seal_all(store: "Store") -> dict[str, int]:
    """Seal everything; the rows sealed of each table. Raises StoreUnavailable."""
    counts: dict[str, int] = {}
    for walk in walks():
        done = Sealed(0, None)
        while True:
            done = await store.join(lot, Lot(walk, done.last), weight=LOT)
            counts[walk.table] = counts.get(walk.table, 0) + done.rows
            if done.last is None:
                break
    await store.join(_forget_older, None)
    return counts


async def lot(conn: Conn, items: Sequence[Lot]) -> Sequence[Sealed]:
    """Seal one lot of each walk."""
    return [await _lot(conn, item.walk, item.after) for item in items]


async def _lot(conn: Conn, walk: Walk, after: tuple[Any, ...] | None) -> Sealed:
    sealer = sealer_of(conn)
    assert sealer is not None
    size = len(walk.key)
    rows = await fetch(conn, _question(walk, sealer, begun=after is not None), (*(after or ()), LOT))
    for row in rows:
        sets = ", ".join(f'"{column}" = ?' for column, _ in walk.ways)
        where = " AND ".join(f"{name} = ?" for name in walk.key)
        values = [_sealed(sealer, way, value) for (_, way), value in zip(walk.ways, row[size:], strict=True)]
        await fetch(conn, f"UPDATE {walk.table} SET {sets} WHERE {where}", (*values, *row[:size]))
    return Sealed(len(rows), tuple(rows[-1][:size]) if len(rows) == LOT else None)


def _sealed(sealer: "Sealer", way: str, value: Any) -> Any:
    """As it is stored from now on; octets where text should be could not be opened, and are left."""
    wrong = isinstance(value, bytes) and way != "octets"
    return value if wrong or value in BARE else way_of(sealer, way)(value)


def _question(walk: Walk, sealer: "Sealer", *, begun: bool) -> str:
    key = ", ".join(walk.key)
    columns = ", ".join(f'"{column}"' for column, _ in walk.ways)
    open_ = " OR ".join(_is_open(f'"{column}"', way, sealer.mark.hex()) for column, way in walk.ways)
    further = f"({key}) > ({', '.join('?' * len(walk.key))}) AND " if begun else ""
    return f"SELECT {key}, {columns} FROM {walk.table} WHERE {further}{walk.only} AND ({open_}) ORDER BY {key} LIMIT ?"


def _is_open(column: str, way: str, mark: str) -> str:
    """Whether a column holds what the present key has not sealed."""
    if way == "octets":
        return f"({column} <> x'' AND substr({column}, 2, 6) <> x'{mark}')"
    text = f"(typeof({column}) = 'text' AND {column} NOT IN ('', '[]', '{{}}'))"
    return f"({text} OR (typeof({column}) = 'blob' AND substr({column}, 2, 6) <> x'{mark}'))"


async def _forget_older(conn: Conn, items: Sequence[None]) -> Sequence[None]:
    """Nothing is sealed by any other key any more."""
    sealer = sealer_of(conn)
    assert sealer is not None
    await fetch(conn, "DELETE FROM seal_key WHERE mark <> ?", (sealer.mark.hex(),))
    return [None] * len(items)
