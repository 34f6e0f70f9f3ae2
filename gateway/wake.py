"""Wake-ups: a hint that there may be something to do. The store is the truth; a lost hint costs one poll."""

import asyncio

from gateway.timer import CLOCK, Timer


class Nudge:
    """One waiter, many nudgers. Nudges between two waits count once."""

    def __init__(self, timer: Timer = CLOCK) -> None:
        self._timer = timer
        self._event = asyncio.Event()
        self._nudged = False

    def __call__(self) -> None:
        """Nudge."""
        self._nudged = True
        self._event.set()

    async def wait(self, seconds: float | None) -> bool:
        """Wait for a nudge, at most so long; whether one came."""
        alarm = None if seconds is None else self._timer.call_at(self._timer.now() + seconds, self._event.set)
        try:
            await self._event.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
        nudged, self._nudged = self._nudged, False
        self._event.clear()
        return nudged
