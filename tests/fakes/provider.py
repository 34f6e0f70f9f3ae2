"""A provider in memory: it takes parts, answers as a test says, and remembers everything."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.provider import Accepted, Answer, Apart, Outcome, Part, Prepared, Refused, Unknown, Upstream

#: Seconds that a test waits for anything.
DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Ready:
    """A part made ready."""

    part: Part


def accept(part: Part) -> Outcome:
    """Take it under an id made of the part's own."""
    return Accepted(f"id-{part.id}", f"id-{part.id}")


def keep(part: Part) -> None:
    """Take it and say nothing."""
    del part


class FakeProvider:
    """Answers each part with ``script``; one for which it says None waits until ``answer``."""

    def __init__(self, script: Callable[[Part], Outcome | None] = accept, room: int = 1_000_000) -> None:
        self.script = script
        self.ready = True
        self.why = ""
        self.bound = 0
        self.peer = '"fake", nothing in particular'
        self.most = room
        self.taken: list[Part] = []
        self.pending: dict[int, tuple[Part, Answer]] = {}
        self.highest = 0  # parts unanswered at once
        self.upstream: Upstream | None = None
        self.entered = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def room(self) -> int:
        """What is left of ``most``."""
        return self.most - len(self.pending)

    @asynccontextmanager
    async def running(self, upstream: Upstream) -> AsyncIterator[None]:
        """Bound while entered; what is unanswered then is unknown."""
        self.upstream, self.bound = upstream, 1
        self.entered.set()
        upstream.changed()
        try:
            yield
        finally:
            self.bound = 0
            for part, answer in list(self.pending.values()):
                answer(part, Unknown("left"))

    def prepare(self, part: Part) -> Prepared | Refused | Apart:
        """Ready as it is."""
        return Ready(part)

    def submit(self, parts: Sequence[Prepared], answer: Answer) -> None:
        """Take them all, then answer as the script says."""
        for prepared in parts:
            self.taken.append(prepared.part)
            self.pending[prepared.part.id] = (prepared.part, answer)
        self.highest = max(self.highest, len(self.pending))
        for prepared in parts:
            outcome = self.script(prepared.part)
            if outcome is not None:
                self.answer(prepared.part.id, outcome)
        self._changed.set()

    def answer(self, part_id: int, outcome: Outcome) -> None:
        """Answer one that waits."""
        part, answer = self.pending.pop(part_id)
        answer(part, outcome)

    def answer_all(self) -> None:
        """Accept whatever waits."""
        for part, _ in list(self.pending.values()):
            self.answer(part.id, accept(part))

    def down(self, why: str = "cut") -> None:
        """Not able to take anything."""
        self.ready, self.why = False, why
        if self.upstream is not None:
            self.upstream.changed()

    def up(self) -> None:
        """Able again."""
        self.ready, self.why = True, ""
        if self.upstream is not None:
            self.upstream.changed()

    async def until(self, count: int) -> None:
        """Wait until that many parts were taken."""
        async with asyncio.timeout(DEADLINE):
            while len(self.taken) < count:
                self._changed.clear()
                await self._changed.wait()
