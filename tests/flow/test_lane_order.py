"""The order to one number, through a lane: whatever is refused as too fast, queued, or leaves with its acceptance."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.provider import Outcome, Part, Throttled, Unavailable
from gateway.requests import BatchIn
from gateway.states import Status
from tests.fakes.provider import DEADLINE, FakeProvider, accept, keep
from tests.flow.test_lane import lane_of, running
from tests.flow.test_straight import open_lane
from tests.heart import LONG, METZ, Heart, everybody, opened

ADA, BEA = "0611111111", "0622222222"


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


async def accept_group(heart: Heart, numbers: list[str]) -> None:
    """A group in which numbers repeat."""
    recipients = [{"to": number} for number in numbers]
    body = {"action": "INFO", "text": "Bonjour", "school": METZ, "recipients": recipients, "dedupe": "none"}
    await heart.intake.batch(BatchIn.model_validate(body), everybody(heart.settings), None, dry_run=False)


async def test_one_message_a_number_is_in_hand(heart: Heart) -> None:
    await accept_group(heart, [ADA, ADA, ADA, BEA])
    provider = FakeProvider(keep)
    async with running(lane_of(heart, provider)):
        await provider.until(2)
        assert [part.to[-9:] for part in provider.taken] == [ADA[1:], BEA[1:]]
        first = provider.taken[0]
        provider.answer(first.id, accept(first))
        await provider.until(3)
        assert len(provider.pending) == 2
        provider.script = accept
        provider.answer_all()
        await provider.until(4)


async def test_hundreds_to_one_number_arrive_in_their_order(heart: Heart) -> None:
    """Without a wait: each leaves when the answer to the one before it is stored, two commits each."""
    await accept_group(heart, [ADA] * 300)
    provider = FakeProvider()
    async with running(lane_of(heart, provider)):
        for taken in range(50, 301, 50):
            await provider.until(taken)
    ids = [part.id for part in provider.taken]
    assert ids == sorted(ids)
    assert provider.highest == 1


async def test_refusals_as_too_fast_keep_the_order_of_each_number_and_lose_nothing(heart: Heart) -> None:
    """A third is refused, at random, of messages of one to three parts to eight numbers."""
    chance, taken = random.Random(3), defaultdict[str, list[int]](list)

    def moody(part: Part) -> Outcome:
        if chance.random() < 0.34:
            return Throttled("0x58", pause=0.001) if chance.random() < 0.7 else Unavailable("no link")
        taken[part.to].append(part.id >> 8)
        return accept(part)

    for place in range(48):
        await heart.accept(f"061111110{place % 8}", LONG if place % 3 == 0 else "Bonjour")
    provider = FakeProvider(moody)
    async with asyncio.timeout(4 * DEADLINE), running(lane_of(heart, provider, window=10)):
        while await heart.rows("SELECT 1 FROM part WHERE state <> 'in_transit' LIMIT 1"):
            pass
    assert len(taken) == 8
    for messages in taken.values():
        assert messages == sorted(messages)
    assert sum(map(len, taken.values())) == 16 * 3 + 32
    await heart.is_sound()


async def test_what_would_leave_with_its_acceptance_waits_for_the_one_before_it(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider):
        first = await heart.accept(ADA)
        await provider.until(1)
        second = await heart.accept(ADA)
        other = await heart.accept(BEA)
        await provider.until(2)
        assert [part.id >> 8 for part in provider.taken] == [first, other]
        assert await heart.status(second) is Status.QUEUED
        provider.script = accept
        provider.answer_all()
        await provider.until(3)
    assert provider.taken[-1].id >> 8 == second


async def test_two_that_are_accepted_together_do_not_leave_together(heart: Heart) -> None:
    provider = FakeProvider(keep)
    async with open_lane(heart, provider):
        tasks = [asyncio.ensure_future(heart.accept(ADA)) for _ in range(3)]
        ids = [await task for task in tasks]
        await provider.until(1)
        assert [part.id >> 8 for part in provider.taken] == ids[:1]
        provider.script = accept
        provider.answer_all()
        await provider.until(3)
    assert [part.id >> 8 for part in provider.taken] == ids


async def test_what_is_queued_for_want_of_room_is_not_overtaken(heart: Heart) -> None:
    """Three parts for a window of two, and one part behind them, accepted together."""
    provider = FakeProvider()
    async with open_lane(heart, provider, window=2):
        tasks = [asyncio.ensure_future(heart.accept(ADA, text)) for text in (LONG, "Bonjour")]
        ids = [await task for task in tasks]
        await provider.until(4)
    assert [part.id >> 8 for part in provider.taken] == [ids[0]] * 3 + [ids[1]]


async def test_a_group_is_not_overtaken_by_a_single_message(heart: Heart) -> None:
    provider = FakeProvider()
    async with open_lane(heart, provider):
        group = asyncio.ensure_future(accept_group(heart, [BEA, ADA]))
        single = asyncio.ensure_future(heart.accept(ADA))
        await group
        last = await single
        await provider.until(3)
    assert provider.taken[-1].id >> 8 == last
