"""Answers kept for repeated requests: one row for each ``Idempotency-Key`` used by an application.

A row is written in the transaction of what it protects. Two processes may run the same key at the same time:
the second's insert fails on the unique (app, key), and its work with it (``KeyTaken``); nothing is done twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, delete, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.caller import Claim
from gateway.store.bulk import insert_rows
from gateway.store.direct import Conn
from gateway.store.sealed import sealer_of
from gateway.store.tables import idempotency

#: How long an answer is kept, in milliseconds: seven days.
KEPT_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer to a key. ``answer`` is its JSON body."""

    body_sha256: str
    status: int
    answer: bytes


class KeyTaken(Exception):
    """Another process has answered the same key in the meantime: nothing was kept, ask again."""


_FIND = text(
    "SELECT i.app, i.key, i.body_sha256, i.status, i.answer FROM json_each(:pairs) AS p"
    " JOIN idempotency AS i ON i.app = p.value ->> 0 AND i.key = p.value ->> 1"
    " WHERE i.status IS NOT NULL"
)
_COLUMNS = ("app", "key", "body_sha256", "created_at", "status", "answer")
_KEEP = insert(idempotency).prefix_with("OR IGNORE")
_FORGET = delete(idempotency).where(idempotency.c.created_at < bindparam("before"))


async def find_many(conn: AsyncConnection, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Remembered]:
    """What is remembered of these (app, key), in one statement."""
    rows = await conn.execute(_FIND, {"pairs": orjson.dumps(pairs).decode()})
    return {(row.app, row.key): Remembered(row.body_sha256, row.status, row.answer.encode()) for row in rows}


async def find(conn: AsyncConnection, app: str, key: str) -> Remembered | None:
    """What is remembered of one key."""
    return (await find_many(conn, [(app, key)])).get((app, key))


async def remember(conn: Conn, rows: Sequence[tuple[Claim, int, bytes, int]]) -> None:
    """Keep answers: (claim, status, JSON answer, now). Raises KeyTaken."""
    if not rows:
        return
    try:
        await insert_rows(conn, idempotency, _COLUMNS, [tuple(_values(*row).values()) for row in rows])
    except IntegrityError as error:
        raise KeyTaken from error


def _values(claim: Claim, status: int, answer: bytes, now: int) -> dict[str, object]:
    return {
        "app": claim.app,
        "key": claim.key,
        "body_sha256": claim.body_sha256,
        "created_at": now,
        "status": status,
        "answer": answer.decode(),
    }


async def keep(conn: AsyncConnection, claim: Claim, status: int, answer: bytes, now: int) -> None:
    """Keep the answer to something already done; one that is kept already stays."""
    row = _values(claim, status, answer, now)
    if (sealer := sealer_of(conn)) is not None:
        row["answer"] = sealer.text(answer.decode())
    await conn.execute(_KEEP, row)


async def forget(conn: AsyncConnection, before: int) -> int:
    """Delete the answers older than ``before`` (milliseconds); returns how many."""
    return (await conn.execute(_FORGET, {"before": before})).rowcount
