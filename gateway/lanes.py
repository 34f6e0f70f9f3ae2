"""The lanes of a process: one an account, started together, replaced when the configuration changes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.metrics import Metrics
from gateway.model import AccountSettings
from gateway.provider import Provider
from gateway.registry import Registry
from gateway.sender import Lane
from gateway.store import catalogue
from gateway.store.database import Store
from gateway.store.desk import Rules
from gateway.straight import Departure


class Lanes:
    """All lanes, by account name."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        metrics: Metrics,
        clock: Callable[[], int],
        registry: Registry,
        make_provider: Callable[[AccountSettings], Provider],
    ) -> None:
        self._store, self._rules, self._metrics, self._clock = store, rules, metrics, clock
        self._registry, self._make_provider = registry, make_provider
        self.by_name: dict[str, Lane] = {}
        self._running: dict[str, AsyncExitStack] = {}
        self._drain = 0.0
        self._replacing = asyncio.Lock()
        self._open = False  # between the start and the end of ``running``

    def reserve(self, mode: str, parts: int, number: str) -> Departure | None:
        """How a message leaves whose transaction begins now: by the first account of its mode that may send it.

        ``number``: empty for a group.
        """
        for name in self._registry.modes().get(mode, ()):
            lane = self.by_name.get(name)
            if lane is not None and (found := lane.reserve(mode, parts, number)) is not None:
                return found
        return None

    def nudge(self) -> None:
        """There may be something to send."""
        for lane in self.by_name.values():
            lane.nudge()

    @asynccontextmanager
    async def running(self, accounts: Iterable[AccountSettings], drain: float) -> AsyncIterator[None]:
        """A lane for each account; leaving drains them side by side."""
        self._drain, self._open = drain, True
        try:
            await self.replace(accounts)
            yield
        finally:
            self._open = False
            async with self._replacing:
                await asyncio.gather(*(self._stop(name) for name in list(self.by_name)))

    async def follow(self) -> None:
        """Take accounts that were put, changed or deleted through the API: cheap when nothing was."""
        wanted = {account.name: account for account in self._registry.accounts()}
        if self._open and wanted != {name: lane.settings for name, lane in self.by_name.items()}:
            await self.replace(wanted.values())

    async def replace(self, accounts: Iterable[AccountSettings]) -> None:
        """Lanes of accounts that changed or are gone drain and stop; new ones start; the others run on.

        Who is cancelled while waiting leaves the change to its end: ``running`` waits for it, so that a lane is stopped
        once, and never in the middle of its drain.
        """
        await asyncio.shield(asyncio.create_task(self._replace({account.name: account for account in accounts})))

    async def _replace(self, wanted: Mapping[str, AccountSettings]) -> None:
        async with self._replacing:
            if not self._open:
                return
            paused = await self._store.read(catalogue.pauses)
            gone = [name for name, lane in self.by_name.items() if wanted.get(name) != lane.settings]
            await asyncio.gather(*(self._stop(name) for name in gone))
            for name, account in wanted.items():
                if name not in self.by_name:
                    await self._start(account, name in paused)
        self.nudge()

    async def _start(self, account: AccountSettings, paused: bool) -> None:
        lane = Lane(
            account,
            self._make_provider(account),
            self._store,
            self._rules,
            self._metrics,
            self._clock,
            self._registry.modes,
            self.by_name,
        )
        lane.paused = paused
        stack = AsyncExitStack()
        await stack.enter_async_context(lane.running(self._drain))
        self.by_name[account.name], self._running[account.name] = lane, stack

    async def _stop(self, name: str) -> None:
        await self._running.pop(name).aclose()
        self.by_name.pop(name, None)
