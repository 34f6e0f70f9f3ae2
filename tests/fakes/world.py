"""A gateway and its provider on one clock moved by hand: the real store, lane, links and sessions; no sockets.

Nothing is faked but the passing of time and the lines. A process may die: what it had committed is on the disk, what
it had not is gone, and another one starts on the same store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from adapters.smpp.options import SmppAccount
from adapters.smpp.provider import SmppProvider
from adapters.smpp.scenario import Scenario
from gateway.intake import Intake
from gateway.janitor import Janitor
from gateway.parts import Parts
from gateway.requests import BatchIn
from gateway.sender import Lane
from gateway.store.database import Store
from tests.fakes.exchange import Exchange
from tests.fakes.hand import HandTimer
from tests.heart import METZ, MORNING, Heart, everybody

#: Turns of the loop without anything happening, after which nothing will.
_QUIET = 5

#: Seconds between two rounds of the chores, and after which a lane looks by itself.
CHORES, POLL = 10.0, 60.0


class Mortal:
    """The store, as one process sees it. Once that is dead nothing it asks for comes about, or is ever answered."""

    def __init__(self, store: Store) -> None:
        self.url, self._store = store.url, store
        self.busy = 0  # pieces of work under way
        self.alive = True  # its process hears what became of them
        self.reaches = True  # they reach the store
        self.asked = 0
        self.idle = asyncio.Event()  # nothing is under way
        self.idle.set()

    @property
    def writable(self) -> bool:
        """Whether it can be written: by nobody who is dead."""
        return self.alive and self._store.writable

    async def read(self, question: Any) -> Any:
        """Ask."""
        return await self._carried_out(lambda: self._store.read(question))

    async def write(self, verb: Any) -> Any:
        """Write."""
        return await self._carried_out(lambda: self._store.write(verb))

    async def join(self, verb: Any, item: Any, after: Any = None, weight: int = 1, **more: Any) -> Any:
        """Write with others."""

        def heard(result: Any) -> None:
            if after is not None and self.alive:
                after(result)

        return await self._carried_out(lambda: self._store.join(verb, item, heard, weight, **more))

    async def _carried_out(self, work: Callable[[], Awaitable[Any]]) -> Any:
        self.asked += 1
        if self.reaches:
            self.busy += 1
            self.idle.clear()
            try:
                result = await work()
            finally:
                self.busy -= 1
                if not self.busy:
                    self.idle.set()
            if self.alive:
                return result
        return await asyncio.Event().wait()


class Process:
    """A gateway's lane, intake and janitor, until it dies."""

    def __init__(self, world: "World") -> None:
        heart, timer = world.heart, world.timer
        self.store = Mortal(heart.store)
        self.provider = SmppProvider(world.account, world.chance, timer, world.exchange.dial, world.naive)
        self._stack = AsyncExitStack()
        lanes: dict[str, Lane] = {}
        self.lane = lanes["a"] = Lane(
            *(world.account, self.provider, self.store, heart.rules, heart.metrics, world.wall),  # type: ignore[arg-type]
            *(heart.registry.modes, lanes, timer, POLL),
        )
        self.intake = Intake(
            *(self.store, heart.registry, heart.metrics, world.wall, lambda: 8),  # type: ignore[arg-type]
            *(self.lane.nudge, self.lane.reserve),
        )
        parts = Parts(
            *(heart.settings, self.store, heart.registry, self.intake, heart.metrics, world.wall),  # type: ignore[arg-type]
            *(heart.rules, self.lane.nudge, lanes),
        )
        self.janitor = Janitor(parts, dispatch=True)

    async def start(self) -> None:
        """Begin to send."""
        await self._stack.enter_async_context(self.lane.running(drain=10.0))

    async def stop(self) -> None:
        """Leave in good order."""
        await self._stack.aclose()

    async def bury(self) -> None:
        """Clear away what is left of it in memory, once it is dead."""
        keeper = next(task for task in asyncio.all_tasks() if task.get_name() == "lane a" and not task.done())
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


class World:
    """``at`` seconds after the morning of the heart's tests."""

    def __init__(self, heart: Heart, scenario: Scenario, account: SmppAccount, chance: Callable[[], float]) -> None:
        self.heart, self.account, self.chance = heart, account, chance
        self.timer = HandTimer()
        self.exchange = Exchange(scenario, self.timer, MORNING / 1000)
        self.process = Process(self)
        self._chores_at = 0.0

    @property
    def at(self) -> float:
        """Seconds since the morning."""
        return self.timer.now()

    def wall(self) -> int:
        """The clock on the wall, in milliseconds."""
        return MORNING + round(self.timer.now() * 1000)

    def naive(self) -> Any:
        """The same, as providers write it."""
        self.heart.now = self.wall()
        return self.heart.provider_clock()

    async def start(self) -> None:
        """Start the first process."""
        await self.process.start()
        await self._quiet()

    async def run_until(self, at: float) -> None:
        """Let time pass: alarms ring one after the other, and all they cause comes about before the next."""
        while self.timer.now() < at:
            due = self.timer.deadline
            if due is None or due > min(at, self._chores_at):
                self.timer.move(max(0.0, min(at, self._chores_at) - self.timer.now()))
                if self.timer.now() >= self._chores_at:
                    await self._chores()
            else:
                self.timer.ring()
                while (due := self.timer.deadline) is not None and due <= self.timer.now():
                    self.timer.ring()
            await self._quiet()

    async def post(self, texts: Sequence[tuple[str, str]], **more: Any) -> None:
        """A group: number and text of each."""
        recipients = [{"to": to, "variables": {"TEXTE": text}} for to, text in texts]
        body = {"action": "INFO", "text": "#TEXTE", "school": METZ, "recipients": recipients, "dedupe": "none", **more}
        posting = self.process.intake.batch(
            BatchIn.model_validate(body), everybody(self.heart.settings), None, dry_run=False
        )
        await self._while_nothing_passes(posting)

    async def _while_nothing_passes(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        await self._quiet()
        await task

    async def stop(self) -> None:
        """The process leaves in good order."""
        leaving = asyncio.ensure_future(self.process.stop())
        await self._quiet()
        while not leaving.done():
            await self.run_until(self.at + 0.1)
        await leaving

    async def die(self, *, committing: bool) -> None:
        """The process is killed: now, or when what it has just asked of the store is on the disk."""
        store = self.process.store
        store.alive = False
        if not committing:
            store.reaches = False
        self.exchange.hang_up()
        await self._quiet()
        store.reaches = False
        await self.process.bury()

    async def born(self) -> None:
        """Another process starts on the same store."""
        self.process = Process(self)
        await self.start()

    async def _chores(self) -> None:
        self._chores_at = self.timer.now() + CHORES
        if not self.process.store.alive:
            return
        await self.process.janitor.judge()
        await self.process.janitor.settle()

    async def _quiet(self) -> None:
        """Wait until nothing more happens without time passing."""
        quiet, seen = 0, -1
        while quiet < _QUIET:
            store = self.process.store
            await (asyncio.sleep(0) if store.idle.is_set() else store.idle.wait())
            happened = store.asked + self.timer.calls
            quiet = 0 if store.busy or happened != seen else quiet + 1
            seen = happened
