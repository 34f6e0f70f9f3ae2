"""A lane whose provider takes messages whole: none waits for ever, none is torn, the rate stays one of parts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.model import AccountSettings
from gateway.provider import Apart, Part, Prepared, Refused, Unavailable
from gateway.states import Status
from tests.fakes.provider import FakeProvider, accept, keep
from tests.flow.test_lane import Seconds, lane_of, running, settled
from tests.flow.test_straight import open_lane
from tests.heart import LONG, Heart, opened


class WholeAccount(AccountSettings):
    """Takes a long message in one piece."""

    @property
    def whole(self) -> bool:
        """Always."""
        return True


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


async def test_a_window_smaller_than_the_message_lets_one_leave_at_a_time(heart: Heart) -> None:
    ids = await heart.accept_many(3, text=LONG)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, kind=WholeAccount, window=2)
    async with running(lane):
        for count in (1, 2, 3):
            await provider.until(count)
            assert lane.in_hand == 3
            provider.answer_all()
    assert [part.id >> 8 for part in provider.taken] == ids
    assert provider.highest == 1
    await heart.is_sound()


async def test_a_window_is_one_of_parts(heart: Heart) -> None:
    await heart.accept_many(5, text=LONG)
    provider = FakeProvider(keep)
    lane = lane_of(heart, provider, kind=WholeAccount, window=7)
    async with running(lane):
        await provider.until(2)
        assert lane.in_hand == 6
        provider.script = accept
        provider.answer_all()
        await provider.until(5)
    assert provider.highest == 2


async def test_a_rate_below_the_message_is_kept_over_time(heart: Heart) -> None:
    await heart.accept_many(3, text=LONG)
    provider, clock = FakeProvider(), Seconds()
    lane = lane_of(heart, provider, kind=WholeAccount, rate=1, timer=clock)
    async with running(lane):
        await provider.until(1)
        for count, passed in ((2, 3), (3, 3)):
            clock.at += passed - 0.5  # what it was ahead is not paid back yet
            lane.nudge()
            await settled(heart, lambda row, done=count - 1: row[0] == 3 * done, IN_TRANSIT)  # type: ignore[misc]
            assert len(provider.taken) == count - 1
            clock.at += 0.5
            lane.nudge()
            await provider.until(count)


IN_TRANSIT = "SELECT COUNT(*) FROM part WHERE state = 'in_transit'"


async def test_what_was_not_taken_costs_no_rate(heart: Heart) -> None:
    await heart.accept(text=LONG)
    clock = Seconds()
    provider = FakeProvider(lambda part: Unavailable("no link") if len(provider.taken) == 1 else accept(part))
    lane = lane_of(heart, provider, kind=WholeAccount, rate=1, timer=clock)
    async with running(lane):
        await provider.until(2)
    assert [part.carries for part in provider.taken] == [3, 3]


async def test_the_answers_are_counted_in_parts(heart: Heart) -> None:
    await heart.accept_many(2, text=LONG)
    provider = FakeProvider()
    async with running(lane_of(heart, provider, kind=WholeAccount)):
        await provider.until(2)
    assert heart.metrics.parts.labels("a", "accepted").value == 6
    assert (await heart.sums())[:3] == (2, 0, 6)


async def test_it_leaves_whole_with_its_acceptance(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider, kind=WholeAccount) as lane:
        message = await heart.accept(text=LONG)
        assert [(part.carries, part.content) for part in provider.taken] == [(3, LONG)]
        assert lane.in_hand == 3
        assert await heart.rows("SELECT state, tries, joined FROM part") == [("sending", 1, 1)] * 3
        provider.answer_all()
    assert await heart.states(message) == [Status.IN_TRANSIT] * 3
    assert lane.in_hand == 0
    await heart.is_sound()


async def test_it_leaves_in_parts_with_its_acceptance_where_it_cannot_go_whole_now(heart: Heart) -> None:
    provider = Divided(keep)
    async with open_lane(heart, provider, kind=WholeAccount) as lane:
        await heart.accept(text=LONG)
        assert [(part.number, part.carries) for part in provider.taken] == [(1, 1), (2, 1), (3, 1)]
        assert lane.in_hand == 3
        assert await heart.rows("SELECT state, tries, joined FROM part") == [("sending", 1, 0)] * 3
        provider.answer_all()
    await heart.is_sound()


class Divided(FakeProvider):
    """Takes nothing whole for now."""

    def prepare(self, part: Part) -> Prepared | Refused | Apart:
        """Ready as it is, but for whole messages."""
        return Apart() if part.carries > 1 else super().prepare(part)


async def test_the_next_account_takes_over_in_parts(heart: Heart) -> None:
    first, second = FakeProvider(), FakeProvider()
    first.ready = False
    lanes: dict[str, object] = {}
    whole = lane_of(heart, first, kind=WholeAccount, lanes=lanes, failover_after="0s")
    parts = lane_of(heart, second, "b", lanes=lanes)
    message = await heart.accept(text=LONG)
    async with running(whole), running(parts):
        await second.until(3)
    assert [(part.number, part.carries) for part in second.taken] == [(1, 1), (2, 1), (3, 1)]
    assert await heart.states(message) == [Status.IN_TRANSIT] * 3


async def test_an_account_that_takes_messages_whole_takes_over_what_has_not_begun(heart: Heart) -> None:
    first, second = FakeProvider(keep), FakeProvider()
    lanes: dict[str, object] = {}
    begun = await heart.accept(text=LONG)
    parts = lane_of(heart, first, lanes=lanes, failover_after="0s", window=1)
    whole = lane_of(heart, second, "b", kind=WholeAccount, lanes=lanes)
    async with running(parts), running(whole):
        await first.until(1)
        other = await heart.accept(text=LONG)
        first.script = accept
        first.down()
        first.answer_all()
        await second.until(1)
        assert [(part.id >> 8, part.carries) for part in second.taken] == [(other, 3)]
        await settled(heart, lambda row: row[0] == 2, "SELECT COUNT(*) FROM event WHERE kind = 'waits_for_account'")
        first.up()
        await first.until(3)
    assert [part.id >> 8 for part in first.taken] == [begun] * 3
    assert await heart.states(begun) == [Status.IN_TRANSIT] * 3
    await heart.is_sound()
