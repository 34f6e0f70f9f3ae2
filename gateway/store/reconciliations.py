"""Providers' invoices beside the ledger: what we sent by an account, what was found, and what was signed."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.piles import Pile, Sent
from gateway.store.audit import Entry, noted
from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.tables import invoice_columns, message, reconciliation, reconciliation_line

if TYPE_CHECKING:
    from gateway.store.database import Store

#: Rows read or written at a time, so that nobody waits long for the database.
_CHUNK = 5_000

#: Rows written in one transaction: messages that come in meanwhile wait for it.
_WRITTEN = 1_800

#: Milliseconds after which one that is not whole was left by a process that died.
_ABANDONED = 3_600_000


class Line(NamedTuple):
    """A row, in the order of the table's columns after ``reconciliation`` and ``place``."""

    pile: str
    why: str
    lines: str
    provider_id: str
    number: str
    their_at: int | None
    their_parts: int | None
    their_amount: int | None
    message: int | None
    school: str | None
    our_at: int | None
    our_parts: int | None
    our_amount: int | None
    month: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is reconciled, by whom, when (milliseconds)."""

    ulid: str
    account: str
    month: str
    schools: Sequence[str]
    format: str
    sha256: str
    at: int
    actor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reconciliations: of these schools alone; each filter may be left open."""

    schools: Collection[str]
    account: str | None = None
    month: str | None = None


# ---- what we sent ----

_SENT = """SELECT l.id, l.message, l.school, m.number, l.at, l.part, l.parts, l.amount, l.of_month,
  CASE WHEN p.account = l.account THEN p.provider_id END
FROM ledger AS l JOIN message AS m ON m.id = l.message JOIN part AS p ON p.id = l.part
WHERE l.school = ? AND l.month = ? AND l.id > ? AND l.account = ? ORDER BY l.id LIMIT ?"""


async def sent(store: "Store", account: str, months: Collection[str]) -> list[Sent]:
    """Every message that the ledger of these months has for this account, of every school."""
    found: list[Sent] = []
    for month in sorted(months):
        for school in await store.read(lambda conn, month=month: _schools(conn, month)):  # type: ignore[misc]
            rows = await _rows(store, school, month, account)
            found += await asyncio.to_thread(_messages, rows, school, month)
    return found


async def _schools(conn: AsyncConnection, month: str) -> list[str]:
    return [row[0] for row in await fetch(conn, "SELECT DISTINCT school FROM tally WHERE month = ?", (month,))]


async def _rows(store: "Store", school: str, month: str, account: str) -> list[Any]:
    rows: list[Any] = []

    async def question(conn: AsyncConnection) -> list[Any]:
        last = rows[-1][0] if rows else 0
        return await fetch(conn, _SENT, (school, month, last, account, _CHUNK))

    while found := await store.read(question):
        rows += found
    return rows


def _messages(rows: list[Any], school: str, month: str) -> list[Sent]:
    """Ledger lines as messages: what they come to, and the ids of their parts."""
    found = list[Sent]()
    rows.sort(key=lambda row: (row[1], row[8], row[5], row[0]))
    for (one, of_month), group in groupby(rows, key=lambda row: (row[1], row[8])):
        lines = list(group)
        ids = tuple({row[5]: row[9] or "" for row in lines}.values())
        at, parts, amount = min(row[4] for row in lines), sum(row[6] for row in lines), sum(row[7] for row in lines)
        found.append(Sent(one, school, month, lines[0][3], at, ids, parts, amount, of_month))
    return found


# ---- what other invoices billed ----


class Elsewhere(NamedTuple):
    """The other month whose invoice bills a message, and whether that was signed."""

    month: str
    signed: bool


_ELSEWHERE = """SELECT l.message, r.month, r.signed_at IS NOT NULL FROM reconciliation_line AS l
JOIN reconciliation AS r ON r.id = l.reconciliation
WHERE r.id IN (SELECT MAX(id) FROM reconciliation WHERE account = ? AND month <> ? AND summary IS NOT NULL
  GROUP BY month, schools) AND l.their_parts IS NOT NULL AND l.pile <> 'only_theirs' AND l.message IN (#)
ORDER BY r.id"""


async def billed_elsewhere(store: "Store", account: str, month: str, messages: Sequence[int]) -> dict[int, Elsewhere]:
    """Of these messages, those that the last reconciliation of another month says billed."""

    async def question(conn: AsyncConnection) -> dict[int, Elsewhere]:
        rows = await select_in(conn, _ELSEWHERE, messages, account, month)
        return {row[0]: Elsewhere(row[1], bool(row[2])) for row in rows}

    return await store.read(question)


# ---- what was found ----

_COLUMNS = ("reconciliation", "place", *Line._fields)


async def keep(store: "Store", head: Head, lines: Sequence[Line], summary: Mapping[str, Any], entry: Entry) -> None:
    """Keep a reconciliation: its rows a few thousand at a time, then, in one transaction, that it is whole."""
    id_ = await store.write(lambda conn: _begin(conn, head))
    for start in range(0, len(lines), _WRITTEN):
        rows = [(id_, place, *line) for place, line in enumerate(lines[start : start + _WRITTEN], start + 1)]
        await store.write(lambda conn, rows=rows: insert_rows(conn, reconciliation_line, _COLUMNS, rows))  # type: ignore[misc]

    async def whole(conn: AsyncConnection) -> None:
        values = {"summary": orjson.dumps(summary).decode()}
        await conn.execute(update(reconciliation).where(reconciliation.c.id == id_).values(values))

    await store.write(noted(whole, entry))


async def _begin(conn: AsyncConnection, head: Head) -> int:
    table = reconciliation.c
    left = (
        await conn.execute(select(table.id).where(table.summary.is_(None), table.created_at < head.at - _ABANDONED))
    ).all()
    for row in left:
        await conn.execute(delete(reconciliation_line).where(reconciliation_line.c.reconciliation == row.id))
        await conn.execute(delete(reconciliation).where(table.id == row.id))
    values = {"ulid": head.ulid, "account": head.account, "month": head.month, "format": head.format}
    values |= {"schools": orjson.dumps(sorted(head.schools)).decode(), "sha256": head.sha256}
    statement = insert(reconciliation).values({**values, "created_at": head.at, "actor": head.actor})
    id_: int = (await conn.execute(statement.returning(table.id))).scalar_one()
    return id_


async def find(conn: AsyncConnection, ulid: str) -> Row[Any] | None:
    """A whole one by its ULID."""
    table = reconciliation.c
    return (await conn.execute(select(reconciliation).where(table.ulid == ulid, table.summary.is_not(None)))).first()


async def newest(conn: AsyncConnection, wanted: Wanted, older_than: int | None, limit: int) -> Sequence[Row[Any]]:
    """Those whose schools are all among the wanted ones, newest first, from the one before ``older_than`` on."""
    table = reconciliation.c
    schools = func.json_each(table.schools).table_valued("value", name="uai")
    others = select(schools.c.value).where(schools.c.value.not_in(wanted.schools)).exists()
    question = select(reconciliation).where(table.summary.is_not(None), ~others)
    for column, value in ((table.account, wanted.account), (table.month, wanted.month)):
        if value is not None:
            question = question.where(column == value)
    if older_than is not None:
        question = question.where(table.id < older_than)
    rows: Sequence[Row[Any]] = (await conn.execute(question.order_by(table.id.desc()).limit(limit))).all()
    return rows


async def lines(conn: AsyncConnection, id_: int, pile: Pile | None, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows in the order of the file, then of our messages; each with the ULID and the serial of the message."""
    table = reconciliation_line.c
    question = (
        select(reconciliation_line, message.c.ulid, message.c.serial)
        .outerjoin_from(reconciliation_line, message, message.c.id == table.message)
        .where(table.reconciliation == id_, table.place > after)
    )
    if pile is not None:
        question = question.where(table.pile == pile)
    rows: Sequence[Row[Any]] = (await conn.execute(question.order_by(table.place).limit(limit))).all()
    return rows


async def sign(conn: AsyncConnection, id_: int, actor: str, note: str | None, now: int) -> bool:
    """Sign it: it never changes again. False, and nothing, if it was signed."""
    table = reconciliation.c
    statement = update(reconciliation).where(table.id == id_, table.signed_at.is_(None))
    done = await conn.execute(statement.values(signed_at=now, signed_by=actor, note=note))
    return done.rowcount > 0


# ---- columns ----


async def columns(conn: AsyncConnection, account: str) -> Row[Any] | None:
    """What the columns of an account's invoices were told to be."""
    return (await conn.execute(select(invoice_columns).where(invoice_columns.c.account == account))).first()


async def put_columns(conn: AsyncConnection, account: str, said: Mapping[str, Any], actor: str, now: int) -> None:
    """Keep what they are."""
    row = {"columns": orjson.dumps(said).decode(), "updated_at": now, "actor": actor}
    statement = insert(invoice_columns).values({"account": account, **row})
    await conn.execute(statement.on_conflict_do_update(index_elements=["account"], set_=row))
