"""A whole group of hot verbs in one hand-over to the database's thread.

A statement sent through aiosqlite is handed to its thread and back: some 130 µs under load, times twenty for a
group, more than the statements themselves. Verbs that speak only through ``bulk.fetch`` therefore run in that
thread, on a ``Direct`` in the place of the connection. Their coroutines never wait there: one that did would be
an error of ours, and is refused.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Direct:
    """The driver's connection, in its own thread, inside a transaction."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement. Raises DBAPIError."""
        with translated():
            return self._raw.execute(sql, values).fetchall()


#: What a verb speaks to.
Conn = AsyncConnection | Direct


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors as SQLAlchemy's, without the statement and its values: those hold people's data."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(None, None, error) from error
    except sqlite3.Error as error:
        raise OperationalError(None, None, error) from error


async def in_thread(conn: AsyncConnection, work: Callable[[Direct], Coroutine[Any, Any, T]]) -> T:
    """Run ``work`` in a transaction of its own, in the thread of the connection's driver. Raises DBAPIError."""
    driver: Any = conn.info.get("driver") or (await conn.get_raw_connection()).driver_connection
    conn.info["driver"] = driver
    result: T = await driver._execute(_transaction, driver._conn, work)
    return result


def _transaction(raw: sqlite3.Connection, work: Callable[[Direct], Coroutine[Any, Any, T]]) -> T:
    direct = Direct(raw)
    direct.rows("BEGIN IMMEDIATE")
    try:
        result = _drive(work(direct))
        direct.rows("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.rollback()
        raise
    return result


def _drive(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("a hot verb may only speak through bulk.fetch")
