"""A door in memory: deliveries are answered as a test says, and remembered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from gateway.door import Answer, Delivery, Got, Report

#: Seconds that a test waits for anything.
DEADLINE = 10.0


class FakeDoor:
    """``script`` says what becomes of a delivery; None: nothing yet."""

    def __init__(self, script: Callable[[Delivery], Got | None] = lambda _: Got.TAKEN, room: int = 100) -> None:
        self.script = script
        self.most = room
        self.port = 0
        self.binds: Mapping[str, int] = {"erp": 1}
        self.taken: list[Delivery] = []
        self.pending: list[tuple[Delivery, Answer]] = []
        self._news = asyncio.Event()

    def describe(self) -> Mapping[str, object]:
        """As a door tells of itself."""
        return {"name": "fake", "kind": "smpp", "listen": ":0", "encrypted": False, "binds": dict(self.binds)}

    @asynccontextmanager
    async def running(self, drain: float) -> AsyncIterator[None]:
        """Nothing to open."""
        del drain
        yield

    def refresh(self) -> None:
        """Nothing changes."""

    def room(self, app: str) -> int:
        """What is left of ``most``."""
        return self.most - len(self.pending) if self.binds.get(app) else 0

    def deliver(self, deliveries: Sequence[Delivery], answer: Answer) -> None:
        """Take them, and answer as the script says."""
        for delivery in deliveries:
            self.taken.append(delivery)
            got = self.script(delivery)
            if got is None:
                self.pending.append((delivery, answer))
            else:
                answer(delivery, got)
        self._news.set()

    @property
    def reports(self) -> list[Report]:
        """The reports among what was taken."""
        return [one for one in self.taken if isinstance(one, Report)]

    def answer_all(self, got: Got) -> None:
        """Answer whatever waits."""
        pending, self.pending = self.pending, []
        for delivery, answer in pending:
            answer(delivery, got)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds()``, asked after each delivery."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self._news.clear()
                await self._news.wait()
