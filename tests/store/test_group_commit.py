"""Work queued together commits together, is answered after its commit, and suffers from no neighbour."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch
from gateway.store.database import Store, StoreUnavailable, open_store
from gateway.store.direct import Conn
from gateway.store.engine import database_path


class Commits:
    """Counts commits."""

    def __init__(self) -> None:
        self.count = 0

    def commit(self, seconds: float) -> None:
        assert seconds > 0
        self.count += 1


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
async def store(tmp_path: Path, commits: Commits) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/gateway.db", commits) as one:
        yield one


def seen(store: Store) -> set[str]:
    """What another process sees."""
    with closing(sqlite3.connect(database_path(store.url))) as conn:
        return {row[0] for row in conn.execute("SELECT name FROM counter WHERE name <> 'probe'")}


async def put(conn: Conn, names: Sequence[str]) -> Sequence[str]:
    """A hot verb; fails on the second use of a name."""
    for name in names:
        await fetch(conn, "INSERT INTO counter (name, value) VALUES (?, 1)", (name,))
    return names


async def _touch(conn: AsyncConnection) -> int:
    await fetch(conn, "UPDATE counter SET value = value + 1 WHERE name = 'cold'")
    return 1


async def test_concurrent_work_shares_a_commit(store: Store, commits: Commits) -> None:
    names = [f"n{place}" for place in range(100)]
    assert await asyncio.gather(*(store.join(put, name) for name in names)) == names
    assert commits.count <= 2
    assert seen(store) == set(names)


async def test_its_group_begins_before_the_verb_and_the_last_come_last(store: Store) -> None:
    said: list[str] = []

    def verb(name: str) -> Callable[[Conn, Sequence[str]], Awaitable[Sequence[str]]]:
        async def run(conn: Conn, items: Sequence[str]) -> Sequence[str]:
            said.append(name)
            return await put(conn, items)

        return run

    last = store.join(verb("last"), "a", lambda _: said.append("last is kept"), last=True)
    first = store.join(verb("first"), "b", lambda _: said.append("first is kept"), before=lambda: said.append("begins"))
    await asyncio.gather(last, first)
    assert said == ["begins", "first", "last", "first is kept", "last is kept"]


async def test_each_is_answered_after_its_commit_and_not_before(store: Store) -> None:
    before: list[set[str]] = []

    async def spy(conn: Conn, items: Sequence[str]) -> Sequence[str]:
        done = await put(conn, items)
        before.append(seen(store))  # inside the transaction, another connection looks
        return done

    await store.join(spy, "one")
    assert before == [set()]
    assert seen(store) == {"one"}


async def test_one_bad_piece_of_work_harms_no_neighbour(store: Store) -> None:
    await store.join(put, "taken")

    async def bad(_conn: Conn, _items: Sequence[None]) -> Sequence[None]:
        raise LookupError("mine alone")

    async def worse(_conn: AsyncConnection) -> None:
        raise LookupError("mine alone")

    works = [store.join(put, "a"), store.join(put, "taken"), store.join(bad, None), store.join(put, "b")]
    cold: list[Awaitable[object]] = [store.write(worse), store.write(_touch)]
    results = await asyncio.gather(*works, *cold, return_exceptions=True)
    assert [type(result).__name__ for result in results] == [
        *("str", "IntegrityError", "LookupError", "str", "LookupError", "int")
    ]
    assert seen(store) == {"taken", "a", "b"}
    assert store.writable


async def on_the_writer(store: Store, pragma: str) -> None:
    """Change what the writing connection may do."""
    assert store._conn is not None
    driver = (await store._conn.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.execute_fetchall(pragma)


@pytest.mark.parametrize(
    ("trouble", "cure", "why"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823", "disk full"),
        ("PRAGMA query_only = 1", "PRAGMA query_only = 0", "database is read-only"),
    ],
)
async def test_a_store_that_cannot_be_written_says_so_and_recovers(
    store: Store, trouble: str, cure: str, why: str
) -> None:
    big = "x" * 2_000_000
    await store.join(put, "first")
    await on_the_writer(store, trouble)
    results = await asyncio.gather(*(store.join(put, big + str(n)) for n in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == [why] * 3
    assert all(isinstance(result, StoreUnavailable) for result in results)
    assert not store.writable
    assert seen(store) == {"first"}
    assert await store.read(lambda conn: fetch(conn, "SELECT COUNT(*) FROM message")) == [(0,)]
    await on_the_writer(store, cure)
    assert await store.probe()
    assert await store.join(put, "well") == "well"
    assert store.why == ""


async def test_an_error_of_the_store_never_shows_the_data(store: Store) -> None:
    await store.join(put, "+33612345678")
    with pytest.raises(Exception, match="UNIQUE") as caught:
        await store.join(put, "+33612345678")
    assert "612345678" not in str(caught.value)


async def test_a_hot_verb_that_waits_is_refused(store: Store) -> None:
    async def slow(_conn: Conn, items: Sequence[str]) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        return items

    with pytest.raises(RuntimeError):
        await store.join(slow, "x")
    assert await store.join(put, "next") == "next"


async def test_who_stops_waiting_harms_nobody(store: Store) -> None:
    waiting = [asyncio.ensure_future(store.join(put, f"n{place}")) for place in range(5)]
    await asyncio.wait(waiting, timeout=0)
    waiting[2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [result for result in results if isinstance(result, str)] == ["n0", "n1", "n3", "n4"]


async def test_what_is_queued_is_committed_before_it_closes(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/gateway.db") as store:
        waiting = [asyncio.ensure_future(store.join(put, f"n{place}")) for place in range(5)]
        await asyncio.wait(waiting, timeout=0)
    assert all(work.done() for work in waiting)
    assert len(seen(store)) == 5
    with pytest.raises(StoreUnavailable, match="closing"):
        await store.join(put, "late")


async def test_the_writer_turns_as_long_as_it_takes_work(store: Store) -> None:
    assert store.turns()
    await store.join(put, "a")
    assert store.turns()
    assert store.waiting == 0


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnavailable):
        await store.read(lambda conn: fetch(conn, "INSERT INTO counter (name, value) VALUES ('x', 1)"))


async def test_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        async with open_store(f"sqlite:///{tmp_path}/missing/gateway.db"):
            raise AssertionError("not reached")
