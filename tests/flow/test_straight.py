"""What leaves with its own acceptance: only when nothing waits, only within the room, and never twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.intake import Intake
from gateway.sender import Lane
from gateway.states import Status
from gateway.store import claim, people
from gateway.store.database import StoreUnavailable
from gateway.straight import FOLLOWED
from tests.fakes.provider import DEADLINE, FakeProvider, accept, keep
from tests.flow.test_lane import Moody, Seconds, lane_of, looked, running
from tests.heart import METZ, Heart, opened


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


@asynccontextmanager
async def open_lane(heart: Heart, provider: FakeProvider, store: Any = None, **more: Any) -> AsyncIterator[Lane]:
    """A lane that has looked, and knows that nothing waits; the heart's intake reserves from it."""
    lane = lane_of(heart, provider, store=store, **more)
    heart.intake = Intake(
        store or heart.store, heart.registry, heart.metrics, heart.clock, lambda: 8, lane.nudge, lane.reserve
    )
    async with running(lane):
        await looked(heart, lane)
        yield lane


async def test_it_is_claimed_in_the_transaction_that_accepts_it(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider):
        message = await heart.accept(text="x" * 200)
        assert await heart.states(message) == [Status.SENDING, Status.SENDING]
        assert await heart.rows("SELECT account, tries FROM part") == [("a", 1), ("a", 1)]
        assert [part.number for part in provider.taken] == [1, 2]
        provider.script = accept
        provider.answer_all()
    assert await heart.states(message) == [Status.IN_TRANSIT, Status.IN_TRANSIT]
    await heart.is_sound()


async def test_without_room_for_all_its_parts_it_waits_in_the_queue(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider, window=3) as lane:
        first, second = [await heart.accept(text="x" * 200) for _ in range(2)]
        assert Status.SENDING in await heart.states(first)
        assert len(provider.taken) <= 3
        assert lane.in_hand <= 3
        provider.script = accept
        provider.answer_all()
        await provider.until(4)
    assert [part.id >> 8 for part in provider.taken] == [first, first, second, second]
    assert provider.highest <= 3


async def test_nobody_who_waits_is_overtaken(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider, window=1):
        ids = [await heart.accept() for _ in range(5)]
        provider.script = accept
        provider.answer_all()
        ids += [await heart.accept() for _ in range(5)]
        await provider.until(len(ids))
    assert [part.id >> 8 for part in provider.taken] == ids
    assert provider.highest == 1


async def test_room_that_is_not_used_is_given_back(heart: Heart) -> None:
    """The person opted out: the message is ignored, and its room is free again."""
    async with open_lane(heart, FakeProvider(keep), window=1) as lane:
        wish = people.Wish(number="+33612345678", opted_out=True, source="test")
        await heart.store.write(lambda conn: people.apply(conn, METZ, [wish], "test", heart.now))
        assert await heart.status(await heart.accept()) is Status.IGNORED
        await looked(heart, lane)
        room = lane.reserve("standard", 1, "+33600000000")
        assert room is not None
        room.end(())


async def test_a_store_that_fails_leaves_nothing_reserved(heart: Heart) -> None:
    moody = Moody(heart.store)
    async with open_lane(heart, FakeProvider(keep), moody, window=1) as lane:
        moody.well = False
        with pytest.raises(StoreUnavailable):
            await heart.accept()
        moody.well = True
        await looked(heart, lane)
        room = lane.reserve("standard", 1, "+33600000000")
        assert room is not None
        room.end(())


class Gate(Moody):
    """A store in which a claim stays under way until it is let through."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self.closed, self.claims = False, 0
        self.claiming, self.through = asyncio.Event(), asyncio.Event()

    async def join(self, verb: Any, item: Any, after: Any = None, weight: int = 1, **more: Any) -> Any:
        if self.closed and verb is claim.claim:
            self.claims += 1
            self.claiming.set()
            await self.through.wait()
        return await super().join(verb, item, after, weight, **more)


async def test_what_a_claim_under_way_may_bring_is_not_reserved_as_well(heart: Heart) -> None:
    gate, seconds = Gate(heart.store), Seconds()
    async with open_lane(heart, FakeProvider(keep), gate, window=2, timer=seconds) as lane:
        gate.closed = True
        seconds.at += 2.0  # time to look again, without a hint: it asks for all its window
        lane.changed()
        async with asyncio.timeout(DEADLINE):
            await gate.claiming.wait()
        assert lane.reserve("standard", 1, "+33600000000") is FOLLOWED
        gate.closed = False
        gate.through.set()
        await looked(heart, lane)
        room = lane.reserve("standard", 2, "+33600000000")
        assert room is not None
        room.end(())


async def test_a_claim_takes_what_its_own_transaction_accepts(heart: Heart) -> None:
    """Else a claim would leave some behind for the next one, and under load nothing would go straight again."""
    gate, seconds, provider = Gate(heart.store), Seconds(), FakeProvider(accept)
    async with open_lane(heart, provider, gate, window=100, timer=seconds) as lane:
        gate.closed = True
        seconds.at += 2.0
        lane.changed()
        async with asyncio.timeout(DEADLINE):
            await gate.claiming.wait()
        gate.through.set()  # the claim is handed to the store in the next turn, before what is accepted now
        ids = [await one for one in [asyncio.ensure_future(heart.accept(f"06110000{n:02}")) for n in range(20)]]
        assert {*await heart.rows("SELECT DISTINCT tries FROM part")} == {(1,)}, "none waits for another claim"
        await provider.until(20)
        assert [part.id >> 8 for part in provider.taken] == ids
        assert gate.claims == 1


async def test_while_another_account_looks_nothing_goes_straight(heart: Heart) -> None:
    """What that account leaves waiting must not be overtaken here."""
    gate, lanes = Gate(heart.store), dict[str, Lane]()
    async with open_lane(heart, FakeProvider(keep), name="b", lanes=lanes) as second:
        first = lane_of(heart, FakeProvider(keep), "a", store=gate, lanes=lanes)
        gate.closed = True
        async with running(first):
            async with asyncio.timeout(DEADLINE):
                await gate.claiming.wait()
            assert first.reserve("standard", 1, "+33600000000") is FOLLOWED
            assert second.reserve("standard", 1, "+33600000000") is None
            gate.through.set()
            await looked(heart, first)


async def test_a_caller_who_is_gone_neither_loses_nor_doubles_a_message(heart: Heart) -> None:
    """Whenever he is cancelled, what was committed as claimed is handed over, and only that."""
    provider = FakeProvider(accept)
    async with open_lane(heart, provider):
        for turns in range(40):
            task = asyncio.create_task(heart.accept())
            for _ in range(turns % 10):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await heart.accept()
        count = (await heart.rows("SELECT COUNT(*) FROM message"))[0][0]
        await provider.until(count)
    assert len(provider.taken) == len({part.id for part in provider.taken}) == count
    await heart.is_sound()
