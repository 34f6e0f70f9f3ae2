"""Time that passes: what waits is given a timer, so that a test may let hours pass in seconds.

Rules: who waits says so to its timer, and never to the loop; the loop's own time is never faked. Seconds are those of a
clock that never goes back; they mean nothing in another process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol


class Alarm(Protocol):
    """Something that will be done."""

    def cancel(self) -> None:
        """Do not do it after all."""


class Timer(Protocol):
    """A clock that can be waited for."""

    def now(self) -> float:
        """Seconds."""

    def call_at(self, when: float, act: Callable[[], None]) -> Alarm:
        """Call ``act`` on the loop once ``now()`` has reached ``when``."""


class Clock:
    """The real one."""

    def now(self) -> float:
        """Seconds since the machine started, or about."""
        return time.monotonic()

    def call_at(self, when: float, act: Callable[[], None]) -> Alarm:
        """Call ``act`` on the running loop, then or soon after."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), act)


CLOCK: Final = Clock()


async def sleep(timer: Timer, seconds: float) -> None:
    """Wait for so long."""
    over = asyncio.Event()
    alarm = timer.call_at(timer.now() + seconds, over.set)
    try:
        await over.wait()
    finally:
        alarm.cancel()


@asynccontextmanager
async def limit(timer: Timer, seconds: float) -> AsyncIterator[None]:
    """Cancel what is awaited inside after so long. Raises TimeoutError then."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as scope:
        alarm = timer.call_at(timer.now() + seconds, lambda: scope.reschedule(loop.time()))
        try:
            yield
        finally:
            alarm.cancel()
