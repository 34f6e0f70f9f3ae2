"""Wake-ups: a hint that there may be something to do. The store is the truth; a lost hint costs one poll."""

import asyncio
from contextlib import suppress


class Nudge:
    """One waiter, many nudgers. Nudges between two waits count once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        """Nudge."""
        self._event.set()

    async def wait(self, seconds: float | None) -> bool:
        """Wait for a nudge, at most so long; whether one came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        nudged = self._event.is_set()
        self._event.clear()
        return nudged
