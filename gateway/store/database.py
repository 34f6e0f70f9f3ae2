"""The database: one writing connection with group commit, a few reading ones.

Work queued together commits together. Two ways in:

* ``write(verb)``: one piece of work, ``verb(conn)``;
* ``join(verb, item)``: many alike: every item of a group is handed to ``verb(conn, items)`` at once, so that a
  group is a few multi-row statements, run in one hand-over (see ``direct``): such a verb speaks only through
  ``bulk.fetch``. It returns one result an item, in order.

A verb may run twice (a failing group is tried again one by one), so it must only speak to the connection.
The caller is resumed after the commit that made its work durable, never before.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.store.bulk import fetch
from gateway.store.direct import Conn, Direct, in_one_go
from gateway.store.engine import make_engine, upgrade
from gateway.store.sealed import KeyMissing
from gateway.store.trouble import is_of_the_store, reason

if TYPE_CHECKING:
    from gateway.sealing import Sealer

log = logging.getLogger(__name__)

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

Verb = Callable[[AsyncConnection], Awaitable[T]]
ManyVerb = Callable[[Conn, Sequence[I]], Awaitable[Sequence[R]]]

#: Reading connections; a list or a recap never waits behind the writer.
READERS = 4

#: A group of no more messages and parts than this is carried out where the loop runs: some ten milliseconds.
SMALL = 128

#: A group takes no more than this many pieces of work, so that its commit stays short.
GROUP = 512


class StoreUnavailable(Exception):
    """The store cannot be written or read now: full disk, read-only, locked, gone. Nothing was kept."""


class StoreMetrics(Protocol):
    """Where the time of commits is counted."""

    def commit(self, seconds: float) -> None:
        """One commit took so long, begin to end."""


@dataclass(slots=True)
class _Work:
    """A piece of work waiting for its group; ``many`` verbs share one call."""

    verb: Callable[..., Awaitable[Any]]
    item: Any
    many: bool
    future: "asyncio.Future[Any]"
    weight: int = 1  # messages or parts in it, about
    before: Callable[[], None] | None = None  # is told that its group begins
    after: Callable[[Any], None] | None = None  # is told the result, or None, whoever still waits
    last: bool = False  # comes after all others of its group

    def begins(self) -> bool:
        """Its group begins; False, and nothing, if its caller gave up."""
        if self.future.cancelled():
            if self.after is not None:
                self.after(None)
            return False
        if self.before is not None:
            self.before()
        return True

    def succeed(self, result: Any) -> None:
        """Its commit is on the disk."""
        if self.after is not None:
            try:
                self.after(result)
            except Exception:  # the writer goes on, whatever its callers do
                log.exception("a piece of work failed after its commit")
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        """Nothing of it was kept."""
        if self.after is not None:
            self.after(None)
        if not self.future.done():
            self.future.set_exception(error)


class Store:
    """An open database. Made by ``open_store``."""

    def __init__(self, url: str, engine: AsyncEngine, reader: AsyncEngine, metrics: StoreMetrics | None) -> None:
        self.url = url
        self._engine = engine
        self._reader = reader
        self._metrics = metrics
        self._conn: AsyncConnection | None = None
        self._queue: deque[_Work] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._groups = self._seen = 0
        self.why = ""  #: why it cannot be written, in English; empty while it can

    @property
    def writable(self) -> bool:
        """Whether the last group could be committed."""
        return not self.why

    @property
    def waiting(self) -> int:
        """Pieces of work waiting for a group."""
        return len(self._queue)

    async def read(self, question: Verb[T]) -> T:
        """Ask on a reading connection. Raises StoreUnavailable."""
        try:
            async with self._reader.connect() as conn:
                return await question(conn)
        except DBAPIError as error:
            raise StoreUnavailable(reason(error)) from error

    async def write(self, verb: Verb[T]) -> T:
        """Run ``verb`` in the next group; returns after its commit. Raises StoreUnavailable, or what it raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._enqueue(_Work(verb, None, False, future))
        return await future

    async def join(
        self,
        verb: ManyVerb[I, R],
        item: I,
        after: Callable[[R | None], None] | None = None,
        weight: int = 1,
        *,
        before: Callable[[], None] | None = None,
        last: bool = False,
    ) -> R:
        """Hand ``item`` to ``verb`` with its neighbours of the next group; returns its result after the commit.

        ``after`` is called once in any case: with the result in the turn of the commit, even if the caller was
        cancelled meanwhile; with None when nothing was kept. ``weight``: how many messages or parts it holds.
        ``before`` is called at most once, when its group begins, on the loop. ``last``: after all others of its group.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._enqueue(_Work(verb, item, True, future, weight, before, after, last))
        return await future

    def _enqueue(self, work: _Work) -> None:
        if self._closing:
            work.fail(StoreUnavailable("the store is closing"))
            return
        self._queue.append(work)
        self._wake.set()

    def turns(self) -> bool:
        """Whether the writer took work since the last call, or had none: false only when it hangs."""
        before, self._seen = self._seen, self._groups
        return not self._queue or before != self._groups

    async def probe(self) -> bool:
        """Try an empty write, so that a store that could not be written is seen to be well again."""
        with suppress(StoreUnavailable):
            await self.write(_touch)
        return self.writable

    # ---- the writer ----

    async def _run(self) -> None:
        """Commit group after group until closed and empty."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(GROUP, len(self._queue)))]
                hot = sorted((work for work in group if work.many), key=attrgetter("last"))
                await self._commit([work for work in hot if work.begins()])
                await self._commit([work for work in group if not work.many and work.begins()])
            if self._closing:
                return

    async def _commit(self, group: list[_Work]) -> None:
        """Commit a group; where one piece of work fails, its neighbours are tried again one by one."""
        if not group:
            return
        self._groups += 1
        try:
            results = await self._transaction(group)
        except Exception as error:
            if len(group) > 1 and not is_of_the_store(error):
                for work in group:
                    await self._commit([work])
                return
            self._fail(group, error)
        else:
            if self.why:
                await self._look_again()
            for work, result in zip(group, results, strict=True):
                work.succeed(result)

    async def _look_again(self) -> None:
        """It is well again once something was really written: a group that changed nothing proves nothing."""
        try:
            await self._transaction([_Work(_touch, None, False, asyncio.get_running_loop().create_future())])
        except DBAPIError as error:
            self._note(reason(error))
        else:
            self._note("")

    def _note(self, why: str) -> None:
        """Remember and log whether it can be written: once a change, whoever asks meanwhile."""
        if why and not self.why:
            log.error("the store cannot be written", extra={"why": why})
        elif self.why and not why:
            log.warning("the store can be written again")
        self.why = why

    def _fail(self, group: list[_Work], error: Exception) -> None:
        if is_of_the_store(error):
            self._note(reason(error))
            error = StoreUnavailable(self.why)
        for work in group:
            work.fail(error)

    async def _transaction(self, group: list[_Work]) -> list[Any]:
        began = time.perf_counter()
        conn = self._conn
        if conn is None or conn.closed or conn.invalidated:
            conn = self._conn = await self._engine.connect()
        if group[0].many:
            small = sum(work.weight for work in group) <= SMALL
            results = await in_one_go(conn, lambda direct: _run_hot(direct, group), small=small)
        else:
            results = await _run_cold(conn, group)
        if self._metrics is not None:
            self._metrics.commit(time.perf_counter() - began)
        return results

    @asynccontextmanager
    async def _running(self) -> AsyncIterator["Store"]:
        task = asyncio.create_task(self._run(), name="store writer")
        try:
            yield self
        finally:
            self._closing = True
            self._wake.set()
            await task
            if self._conn is not None:
                await self._conn.close()


async def _run_hot(direct: Direct, group: list[_Work]) -> list[Any]:
    """Every item of the same verb at once, at its first one's turn; the results in the order of the group."""
    results: list[Any] = [None] * len(group)
    alike: dict[Callable[..., Awaitable[Any]], list[int]] = {}
    for place, work in enumerate(group):
        alike.setdefault(work.verb, []).append(place)
    for verb, places in alike.items():
        answers = await verb(direct, [group[place].item for place in places])
        for place, answer in zip(places, answers, strict=True):
            results[place] = answer
    return results


async def _run_cold(conn: AsyncConnection, group: list[_Work]) -> list[Any]:
    """One verb after the other, in one transaction."""
    try:
        await conn.begin()
        results = [await work.verb(conn) for work in group]
        await conn.commit()
    except BaseException:
        with suppress(SQLAlchemyError):
            await conn.rollback()
        raise
    return results


async def _touch(conn: AsyncConnection) -> None:
    """Write what counts for nothing. Another value each time: SQLite writes no page that stays the same."""
    sql = "INSERT INTO counter VALUES ('probe', 0) ON CONFLICT (name) DO UPDATE SET value = 1 - counter.value"
    await fetch(conn, sql)


@asynccontextmanager
async def open_store(
    url: str, metrics: StoreMetrics | None = None, *, sealer: "Sealer | None" = None
) -> AsyncIterator[Store]:
    """Open the database of ``url`` (``sqlite:////absolute/path``), migrated to this version's schema.

    Raises StoreUnavailable when it cannot be opened, or a key that sealed something in it is not there.
    """
    async with AsyncExitStack() as stack:
        try:
            await asyncio.to_thread(upgrade, url, sealer)
            engine = make_engine(url, pool=1, sealer=sealer)
            reader = make_engine(url, pool=READERS, readonly=True, sealer=sealer)
            stack.push_async_callback(engine.dispose)
            stack.push_async_callback(reader.dispose)
        except KeyMissing as error:
            raise StoreUnavailable(str(error)) from error
        except DBAPIError as error:
            raise StoreUnavailable(reason(error)) from error
        store = await stack.enter_async_context(Store(url, engine, reader, metrics)._running())
        await store.probe()
        yield store
