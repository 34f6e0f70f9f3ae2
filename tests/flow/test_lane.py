"""A lane: never more in hand than the window, nothing lost when the store or the provider fails, a drain that ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.model import AccountSettings
from gateway.provider import Accepted, Apart, Outcome, Part, Prepared, Receipt, Refused, Throttled, Unavailable, Unknown
from gateway.sender import Lane
from gateway.states import Status
from gateway.store.database import Store, StoreUnavailable
from gateway.straight import Reservation
from gateway.timer import Clock
from tests.fakes.provider import DEADLINE, FakeProvider, accept, keep
from tests.heart import LONG, REUNION, Heart, opened


class Seconds(Clock):
    """A clock moved by hand; who waits for it is nudged."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        """As it was moved."""
        return self.at


class Moody:
    """A store that refuses to be written when it is told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.well = True
        self.refused = asyncio.Event()
        self.url = store.url

    @property
    def writable(self) -> bool:
        return self.well

    async def write(self, verb: Any) -> Any:
        return await self._store.write(verb)

    async def join(self, verb: Any, item: Any, after: Any = None, weight: int = 1, **more: Any) -> Any:
        if not self.well:
            self.refused.set()
            if after is not None:
                after(None)
            raise StoreUnavailable("disk full")
        return await self._store.join(verb, item, after, weight, **more)


def lane_of(heart: Heart, provider: FakeProvider, name: str = "a", store: Any = None, **more: Any) -> Lane:
    values: dict[str, Any] = {"name": name, "adapter": "fake", "rate": 10_000, "window": 10, "price": "0.045", **more}
    timer = values.pop("timer", None)
    lanes = values.pop("lanes", {})
    account = values.pop("kind", AccountSettings).model_validate(values)
    keys: dict[str, Any] = {} if timer is None else {"timer": timer}
    lane = Lane(
        account,
        provider,
        store or heart.store,
        heart.rules,
        heart.metrics,
        heart.clock,
        heart.registry.modes,
        lanes,
        **keys,
    )
    lanes[name] = lane
    return lane


@asynccontextmanager
async def running(lane: Lane, drain: float = 5.0) -> AsyncIterator[Lane]:
    async with asyncio.timeout(DEADLINE), lane.running(drain):
        yield lane


NUMBERS = count()


async def looked(heart: Heart, lane: Lane) -> None:
    """Wait until no claim is under way, and the lane knows that nothing waits."""
    async with asyncio.timeout(DEADLINE):
        while not isinstance(lane.reserve("standard", 0, f"nobody {next(NUMBERS)}"), Reservation):
            await heart.rows("SELECT 1")


async def settled(heart: Heart, holds: Callable[[tuple[Any, ...]], bool], sql: str) -> None:
    """Wait until the store says so: every look goes through the store's thread, which is not a busy loop."""
    async with asyncio.timeout(DEADLINE):
        while not holds((await heart.rows(sql))[0]):
            pass


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


async def test_everything_leaves_in_order_and_is_recorded(heart: Heart) -> None:
    ids = await heart.accept_many(250)
    provider = FakeProvider()
    async with running(lane_of(heart, provider)):
        await provider.until(250)
    assert [part.id >> 8 for part in provider.taken] == ids
    assert (await heart.sums())[:3] == (250, 0, 250)
    await heart.is_sound()


async def test_the_window_is_never_exceeded(heart: Heart) -> None:
    await heart.accept_many(60)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, window=7)
    async with running(lane):
        for count in (7, 14, 21):
            await provider.until(count)
            assert lane.in_hand <= 7
            provider.answer_all()
        await provider.until(28)
        provider.script = accept
        provider.answer_all()
        await provider.until(60)
    assert provider.highest == 7


async def test_a_part_is_in_hand_until_its_outcome_is_committed(heart: Heart) -> None:
    """Answered is not enough: a crash before the commit would put it in doubt."""
    await heart.accept_many(20)
    moody = Moody(heart.store)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, store=moody, window=5)
    async with running(lane):
        await provider.until(5)
        moody.well = False
        provider.answer_all()
        async with asyncio.timeout(DEADLINE):
            await moody.refused.wait()
        assert lane.in_hand == 5
        assert len(provider.taken) == 5
        provider.script = accept
        moody.well = True
        await provider.until(20)
    assert (await heart.sums())[2] == 20
    await heart.is_sound()


async def test_a_store_that_fails_while_recording_loses_no_outcome(heart: Heart) -> None:
    id_, other = await heart.accept(to="0611111111"), await heart.accept(to="0622222222")
    moody = Moody(heart.store)
    provider = FakeProvider(keep)
    async with running(lane_of(heart, provider, store=moody)):
        await provider.until(2)
        moody.well = False
        provider.answer(id_ * 256 + 1, Throttled("0x58", pause=0))
        provider.answer(other * 256 + 1, Refused("0x45"))
        async with asyncio.timeout(DEADLINE):
            await moody.refused.wait()
        provider.script = accept
        moody.well = True
        await provider.until(3)
    assert [await heart.status(each) for each in (id_, other)] == [Status.IN_TRANSIT, Status.REJECTED]


async def test_a_crash_leaves_at_most_a_window_in_doubt(heart: Heart) -> None:
    ids = await heart.accept_many(40)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, window=6)
    async with running(lane, drain=0):  # no answer is waited for
        await provider.until(6)
    states = [await heart.status(id_) for id_ in ids]
    assert states.count(Status.UNCERTAIN) == 6
    assert states.count(Status.QUEUED) == 34
    again = FakeProvider()
    async with running(lane_of(heart, again)):
        await again.until(34)
    assert not {part.id for part in again.taken} & {part.id for part in provider.taken}
    await heart.is_sound()


async def test_a_process_that_dies_is_found_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as dead:
        ids = await dead.accept_many(9)
        await dead.claim(room=4)  # and nobody hears of them any more
    async with opened(tmp_path) as heart:
        provider = FakeProvider()
        async with running(lane_of(heart, provider)):
            await provider.until(5)
        assert [await heart.status(id_) for id_ in ids] == [Status.UNCERTAIN] * 4 + [Status.IN_TRANSIT] * 5
        await heart.is_sound()


async def test_a_drain_waits_for_answers_and_claims_nothing_more(heart: Heart) -> None:
    ids = await heart.accept_many(30)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, window=10)
    async with running(lane):
        await provider.until(10)
        asyncio.get_running_loop().call_soon(provider.answer_all)
    assert len(provider.taken) == 10
    states = [await heart.status(id_) for id_ in ids]
    assert states == [Status.IN_TRANSIT] * 10 + [Status.QUEUED] * 20


async def test_what_the_adapter_throws_is_unknown(heart: Heart) -> None:
    ids = await heart.accept_many(3)

    class Failing(FakeProvider):
        def submit(self, parts: Any, answer: Any) -> None:
            self.taken += [prepared.part for prepared in parts]
            answer(parts[0].part, Accepted("1", "1"))
            self._changed.set()
            raise RuntimeError("a bug")

    provider = Failing()
    async with running(lane_of(heart, provider)):
        await provider.until(3)
    states = [await heart.status(id_) for id_ in ids]
    assert states == [Status.IN_TRANSIT, Status.UNCERTAIN, Status.UNCERTAIN]
    assert heart.metrics.parts.labels("a", "unknown").value == 2


async def test_a_part_that_the_adapter_cannot_build_does_not_stop_its_neighbours(heart: Heart) -> None:
    bad, good = await heart.accept(to="0611111111"), await heart.accept(to="0622222222")

    class Picky(FakeProvider):
        def prepare(self, part: Part) -> Prepared | Refused | Apart:
            if part.id >> 8 == bad:
                raise ValueError("a bug")
            return super().prepare(part)

    provider = Picky()
    async with running(lane_of(heart, provider)):
        await provider.until(1)
    assert [await heart.status(id_) for id_ in (bad, good)] == [Status.REJECTED, Status.IN_TRANSIT]
    await heart.is_sound()


async def test_pause_and_resume(heart: Heart) -> None:
    await heart.accept_many(5)
    provider = FakeProvider()
    lane = lane_of(heart, provider)
    lane.pause()
    async with running(lane):
        await settled(heart, lambda _row: lane.describe()["why"] == "paused", "SELECT 1")
        assert provider.taken == []
        assert lane.describe()["paused"] is True
        lane.resume()
        await provider.until(5)
        lane.pause()
        await heart.accept()
        lane.nudge()
        await heart.rows("SELECT 1")
        assert len(provider.taken) == 5


async def test_throttled_pauses_the_whole_account_then_goes_on(heart: Heart) -> None:
    ids = await heart.accept_many(3)
    answers: list[Outcome] = [Throttled("0x58", pause=0.05), Throttled("0x58", pause=0.05)]
    provider = FakeProvider(lambda part: answers.pop() if answers else accept(part))
    async with running(lane_of(heart, provider, window=1)):
        await provider.until(5)
    assert [await heart.status(id_) for id_ in ids] == [Status.IN_TRANSIT] * 3
    assert {part.id >> 8 for part in provider.taken[:3]} == {ids[0]}
    assert (await heart.sums())[2] == 3


async def test_the_rate_is_kept_by_the_clock(heart: Heart) -> None:
    """One a second: the clock is moved by hand, second by second."""
    await heart.accept_many(10)
    clock, provider = Seconds(), FakeProvider()
    lane = lane_of(heart, provider, rate=1, timer=clock)
    async with running(lane, drain=0):
        for count in range(1, 6):
            lane.nudge()
            await provider.until(count)
            await settled(heart, lambda row: row[0] == 0, "SELECT COUNT(*) FROM part WHERE state = 'sending'")
            assert len(provider.taken) == count
            clock.at += 1.0


async def test_the_next_account_takes_over_after_thirty_seconds(heart: Heart) -> None:
    clock, lanes = Seconds(), dict[str, Lane]()
    first, second = FakeProvider(), FakeProvider()
    one = lane_of(heart, first, "a", timer=clock, lanes=lanes)
    two = lane_of(heart, second, "b", timer=clock, lanes=lanes)
    async with running(one), running(two):
        await heart.accept(to="0611111111")
        one.nudge()
        await first.until(1)
        await looked(heart, one)
        first.down()
        await heart.accept(to="0622222222")
        clock.at += 29
        two.nudge()
        await heart.rows("SELECT 1")
        assert second.taken == []
        clock.at += 1
        two.nudge()
        await second.until(1)
        first.up()
        await heart.accept(to="0633333333")
        one.nudge()
        await first.until(2)
    assert [part.to for part in first.taken + second.taken] == ["+33611111111", "+33633333333", "+33622222222"]


async def test_what_is_uncertain_is_never_handed_to_another_account(heart: Heart) -> None:
    clock, lanes = Seconds(), dict[str, Lane]()
    first, second = FakeProvider(lambda _part: Unknown("cut")), FakeProvider()
    one = lane_of(heart, first, "a", timer=clock, lanes=lanes)
    two = lane_of(heart, second, "b", timer=clock, lanes=lanes)
    async with running(one), running(two):
        id_ = await heart.accept(action="RESEND")
        one.nudge()
        await first.until(1)
        await settled(heart, lambda row: row[0] == "uncertain", "SELECT state FROM part")
        first.down()
        clock.at += 3600
        await heart.due(heart.now + 60_000)
        other = await heart.accept(school=REUNION, to="0692123456")
        two.nudge()
        await second.until(1)
        assert [part.id >> 8 for part in second.taken] == [other]
        first.script = accept
        first.up()
        await first.until(2)
    assert [part.id >> 8 for part in first.taken] == [id_, id_]


async def test_only_one_lane_of_an_account_sends(heart: Heart, tmp_path: Path) -> None:
    await heart.accept_many(20)
    first, second = FakeProvider(), FakeProvider()
    async with opened(tmp_path) as other, running(lane_of(heart, first)):
        await first.until(20)
        waiting = lane_of(other, second)
        async with running(waiting):
            await heart.accept()
            assert waiting.describe()["why"] == "another process holds this account's lane"
    assert second.taken == []


async def test_the_lane_is_taken_over_when_its_holder_leaves(heart: Heart, tmp_path: Path) -> None:
    first, second = FakeProvider(), FakeProvider()
    async with opened(tmp_path) as other, AsyncExitStack() as stack:
        async with running(lane_of(heart, first)):
            await stack.enter_async_context(running(lane_of(other, second)))
            assert not second.entered.is_set()
        await heart.accept()
        await second.until(1)
    assert first.taken == []


async def test_receipts_come_through_the_lane(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    provider = FakeProvider()
    lane = lane_of(heart, provider)
    async with running(lane):
        await provider.until(3)
        for part in provider.taken:
            key = f"id-{part.id}"
            await lane.receipt(Receipt(key, (key,), "DELIVRD", Status.DELIVERED, to=part.to))
    assert await heart.status(id_) is Status.DELIVERED
    assert heart.metrics.receipts.labels("a", "delivered").value == 3


async def test_a_second_word_on_a_part_is_not_taken(heart: Heart) -> None:
    id_ = await heart.accept()
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider)
    async with running(lane):
        await provider.until(1)
        part, answer = provider.pending.pop(id_ * 256 + 1)
        answer(part, Accepted("1", "1"))
        answer(part, Unavailable("what?"))
        answer(part, Refused("what?"))
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert heart.metrics.parts.labels("a", "refused").value == 0


async def test_a_late_answer_comes_through_the_lane(heart: Heart) -> None:
    id_ = await heart.accept()
    provider = FakeProvider(lambda _part: Unknown("no answer"))
    lane = lane_of(heart, provider)
    async with running(lane):
        await provider.until(1)
        await settled(heart, lambda row: row[0] == "uncertain", "SELECT state FROM part")
        lane.late(provider.taken[0], Accepted("1", "1"))
        await settled(heart, lambda row: row[0] == "in_transit", "SELECT state FROM part")
    assert await heart.status(id_) is Status.IN_TRANSIT
