"""Waiting for a timer, and the real one."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.timer import CLOCK, Alarm, limit, sleep
from gateway.wake import Nudge
from tests.fakes.hand import HandTimer


async def turn() -> None:
    """Let the loop carry out what is ready."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_sleep_ends_when_its_time_has_come() -> None:
    timer = HandTimer()
    waiting = asyncio.create_task(sleep(timer, 3600.0))
    await turn()
    timer.move(3599.0)
    await turn()
    assert not waiting.done()
    timer.move(1.0)
    await waiting
    assert timer.deadline is None


async def test_who_stops_waiting_leaves_no_alarm() -> None:
    timer = HandTimer()
    waiting = asyncio.create_task(sleep(timer, 3600.0))
    await turn()
    waiting.cancel()
    await turn()
    assert timer.deadline is None


async def test_a_limit_cancels_what_takes_longer() -> None:
    timer, done = HandTimer(), []

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with limit(timer, 5.0):
                await asyncio.Event().wait()
        done.append(timer.now())

    working = asyncio.create_task(work())
    await turn()
    timer.move(5.0)
    await working
    assert done == [5.0]
    async with limit(timer, 5.0):
        pass
    assert timer.deadline is None


async def test_a_nudge_ends_a_wait_and_so_does_its_time() -> None:
    timer = HandTimer()
    nudge = Nudge(timer)
    waiting = asyncio.create_task(nudge.wait(60.0))
    await turn()
    nudge()
    assert await waiting is True
    waiting = asyncio.create_task(nudge.wait(60.0))
    await turn()
    timer.move(60.0)
    assert await waiting is False


async def test_nudges_between_two_waits_count_once() -> None:
    nudge = Nudge()
    nudge()
    nudge()
    assert await nudge.wait(None) is True
    assert await nudge.wait(0.0) is False


async def test_the_real_clock_calls_not_before_its_time() -> None:
    called: list[float] = []
    over = asyncio.Event()

    def act(what: Callable[[], None]) -> None:
        called.append(CLOCK.now())
        what()

    began = CLOCK.now()
    cancelled: Alarm = CLOCK.call_at(began, lambda: called.append(0.0))
    cancelled.cancel()
    CLOCK.call_at(began + 0.02, lambda: act(over.set))
    await over.wait()
    assert called[0] >= began + 0.018
