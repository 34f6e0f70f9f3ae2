"""What upstream systems are told: until they took it, in order, once at a time, whatever the store and they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.deliveries import LONGEST, SHORTEST, Deliveries, put_off
from gateway.door import Got, Report
from gateway.parts import Parts
from gateway.reception import Reception
from gateway.store import door_outbox as outbox
from gateway.store.database import StoreUnavailable
from gateway.wake import Nudge
from tests.fakes.door import DEADLINE, FakeDoor
from tests.flow.test_lane import Moody
from tests.heart import Heart, opened
from tests.store.test_door import due, submit


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


@asynccontextmanager
async def delivering(heart: Heart, door: FakeDoor, store: Moody | None = None) -> AsyncIterator[Nudge]:
    """The loop of a door."""
    parts = Parts(
        heart.settings,
        store or heart.store,  # type: ignore[arg-type]
        heart.registry,
        heart.intake,
        heart.metrics,
        heart.clock,
        heart.rules,
        heart.nudged,
    )
    wake = Nudge()
    reception = Reception(parts, "smpp", wake)
    async with Deliveries(parts, door, reception, wake).running():
        yield wake


async def ended(heart: Heart, count: int = 1) -> list[str]:
    """So many submissions that were delivered; their ids in order."""
    entries = [await submit(heart, f"06123{place:05}") for place in range(count)]
    for part in await heart.send(room=count):
        await heart.receipt(part)
    return [entry.public for entry in entries]


async def empty(heart: Heart) -> None:
    """Wait until nothing waits any more."""
    async with asyncio.timeout(DEADLINE):
        while await heart.store.read(outbox.waiting):
            pass


async def test_what_ends_is_told_in_order_and_forgotten_once_taken(heart: Heart) -> None:
    before = await ended(heart, 3)
    door = FakeDoor()
    async with delivering(heart, door) as wake:
        after = await ended(heart, 3)
        wake()
        await door.until(lambda: len(door.taken) == 6)
        await empty(heart)
    assert [one.id for one in door.reports] == before + after


async def test_no_more_at_once_than_there_is_room_for(heart: Heart) -> None:
    await ended(heart, 10)
    door = FakeDoor(lambda _: None, room=4)
    async with delivering(heart, door) as wake:
        await door.until(lambda: len(door.taken) == 4)
        for count in (8, 10):
            assert len(door.pending) <= 4
            door.answer_all(Got.TAKEN)
            await door.until(lambda: len(door.taken) == count)  # noqa: B023
        door.answer_all(Got.TAKEN)
        wake()
        await empty(heart)
    assert len({one.delivery for one in door.taken}) == 10


async def test_what_is_refused_for_now_comes_again_later_and_holds_up_nothing(heart: Heart) -> None:
    first, second = await ended(heart, 2)
    door = FakeDoor(
        lambda one: Got.LATER if isinstance(one, Report) and (one.id, one.tries) == (first, 0) else Got.TAKEN
    )
    async with delivering(heart, door) as wake:
        await door.until(lambda: len(door.taken) == 2)
        async with asyncio.timeout(DEADLINE):
            while await due(heart):
                pass
        heart.now += int(SHORTEST * 1000)
        wake()
        await door.until(lambda: len(door.taken) == 3)
        await empty(heart)
    assert [(one.id, one.tries) for one in door.reports] == [(first, 0), (second, 0), (first, 1)]


def test_it_is_put_off_longer_each_time() -> None:
    waits = [put_off(tries) for tries in range(60)]
    assert waits[:4] == [SHORTEST, 2 * SHORTEST, 4 * SHORTEST, 8 * SHORTEST]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST


async def test_what_is_refused_for_good_is_dropped_and_counted(heart: Heart) -> None:
    await ended(heart)
    door = FakeDoor(lambda _: Got.NEVER)
    async with delivering(heart, door):
        await door.until(lambda: len(door.taken) == 1)
        await empty(heart)
    assert b'door_deliveries_total{app="erp",result="never"} 1.0' in heart.metrics.render()


async def test_what_was_cut_off_goes_again_at_once(heart: Heart) -> None:
    await ended(heart)
    door = FakeDoor(lambda _: None)
    async with delivering(heart, door):
        await door.until(lambda: len(door.taken) == 1)
        door.answer_all(Got.AGAIN)
        await door.until(lambda: len(door.taken) == 2)
        door.answer_all(Got.TAKEN)
        await empty(heart)


async def test_what_waits_for_somebody_who_is_away_waits(heart: Heart) -> None:
    await ended(heart)
    door = FakeDoor()
    door.binds = {}
    async with delivering(heart, door) as wake:
        async with asyncio.timeout(DEADLINE):
            while not await due(heart):
                pass
        assert door.taken == []
        door.binds = {"erp": 1}
        wake()
        await door.until(lambda: len(door.taken) == 1)


async def test_what_was_taken_while_the_store_was_full_is_not_told_twice(heart: Heart) -> None:
    await ended(heart)
    door, store = FakeDoor(lambda _: None), Moody(heart.store)
    store.read = heart.store.read  # type: ignore[attr-defined]
    async with delivering(heart, door, store) as wake:
        await door.until(lambda: len(door.taken) == 1)
        store.well = False
        door.answer_all(Got.TAKEN)
        async with asyncio.timeout(DEADLINE):
            await store.refused.wait()
        store.well = True
        wake()
        await empty(heart)
    assert len(door.taken) == 1


async def test_two_processes_deliver_once(heart: Heart, tmp_path: Path) -> None:
    doors = FakeDoor(lambda _: None), FakeDoor(lambda _: None)
    async with opened(tmp_path) as other, delivering(heart, doors[0]), delivering(other, doors[1]):
        await ended(heart, 5)
        async with asyncio.timeout(DEADLINE):
            while len(doors[0].taken) + len(doors[1].taken) < 5:
                await heart.store.read(outbox.waiting)
        one, none = sorted(doors, key=lambda door: -len(door.taken))
        assert (len(one.taken), none.taken) == (5, [])
        one.answer_all(Got.AGAIN)
        one.binds = {}  # the other takes over
        await none.until(lambda: len(none.taken) == 5)
        none.answer_all(Got.TAKEN)
        await empty(heart)


async def test_what_waited_too_long_is_dropped(heart: Heart) -> None:
    await ended(heart)
    await heart.store.write(lambda conn: outbox.end(conn, [1], heart.now))
    heart.now += outbox.KEPT_MS + 1
    door = FakeDoor()
    door.binds = {}
    async with delivering(heart, door):
        await empty(heart)


async def test_the_store_may_be_away_when_it_begins(heart: Heart) -> None:
    class Away(Moody):
        async def read(self, question: object) -> object:
            if not self.well:
                self.refused.set()
                raise StoreUnavailable("locked")
            return await heart.store.read(question)  # type: ignore[arg-type]

    await ended(heart)
    door, store = FakeDoor(), Away(heart.store)
    store.well = False
    async with delivering(heart, door, store) as wake:
        async with asyncio.timeout(DEADLINE):
            await store.refused.wait()
        store.well = True
        wake()
        await door.until(lambda: len(door.taken) == 1)
