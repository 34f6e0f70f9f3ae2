"""A whole group of hot verbs without handing every statement over to the database's thread.

A statement sent through aiosqlite is handed to its thread and back, some 130 µs under load, and twenty times a
group: more than the statements themselves. Hot verbs speak only through ``bulk.fetch``, on a ``Direct`` in the place
of the connection; their coroutines never wait there, and one that did would be an error of ours.

A small group is carried out where the loop runs, for its statements take microseconds each and two threads that
want Python in turns take milliseconds; only its commit, which waits for the disk, is handed over. A large one, and
one that finds the database locked by another process, runs in the database's thread as a whole.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from gateway.sealing import Sealer

#: Milliseconds that a write waits for another process's transaction, in the database's thread.
BUSY_MS = 10_000

T = TypeVar("T")


class Direct:
    """The driver's connection, in its own thread, inside a transaction."""

    def __init__(self, raw: sqlite3.Connection, sealer: "Sealer | None" = None) -> None:
        self._raw = raw
        self.sealer = sealer

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


async def in_one_go(conn: AsyncConnection, work: Callable[[Direct], Coroutine[Any, Any, T]], *, small: bool) -> T:
    """Run ``work`` in a transaction of its own. Raises DBAPIError."""
    driver: Any = conn.info.get("driver") or (await conn.get_raw_connection()).driver_connection
    conn.info["driver"] = driver
    raw: sqlite3.Connection = driver._conn
    sealer: Sealer | None = conn.info.get("sealer")
    result: T
    if small and _begins_now(raw):
        with _undone(raw):
            result = _drive(work(Direct(raw, sealer)))
            await driver._execute(_commit, raw)
    else:
        result = await driver._execute(_transaction, Direct(raw, sealer), raw, work)
    return result


def _begins_now(raw: sqlite3.Connection) -> bool:
    """Begin without waiting; False when another process is writing."""
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            return False
        raise OperationalError(None, None, error) from error
    finally:
        raw.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return True


@contextmanager
def _undone(raw: sqlite3.Connection) -> Iterator[None]:
    """Roll back if anything is raised."""
    try:
        yield
    except BaseException:
        if raw.in_transaction:
            raw.rollback()
        raise


def _commit(raw: sqlite3.Connection) -> None:
    Direct(raw).rows("COMMIT")


def _transaction(direct: Direct, raw: sqlite3.Connection, work: Callable[[Direct], Coroutine[Any, Any, T]]) -> T:
    direct.rows("BEGIN IMMEDIATE")
    with _undone(raw):
        result = _drive(work(direct))
        _commit(raw)
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
