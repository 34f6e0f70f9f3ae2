"""A gateway before a provider that has a bad day."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_cli import summary
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.config.loader import load
from gateway.store.bulk import fetch
from tests.flow.gatewayside import DEADLINE, Client, configuration

#: Seconds between two looks at what nothing tells of.
MOMENT = 0.05


@dataclass
class Rig:
    """Both, and who posts."""

    simulator: Simulator
    gateway: Gateway
    client: Client

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Whatever the store says."""

        async def question(conn: AsyncConnection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await fetch(conn, sql, ())]

        return await self.gateway.parts.store.read(question)

    async def statuses(self) -> Counter[str]:
        """How many messages are in each state."""
        return Counter(status for (status,) in await self.rows("SELECT status FROM message"))

    async def until(self, holds: Callable[[Counter[str]], bool]) -> Counter[str]:
        """How many messages are in each state, once it ``holds``. Raises AssertionError with what they are."""
        found: Counter[str] = Counter()
        try:
            async with asyncio.timeout(2 * DEADLINE):
                while not holds(found := await self.statuses()):
                    await self._news()
        except TimeoutError:
            raise AssertionError(f"{found}, {summary(self.simulator)}") from None
        return found

    async def _news(self) -> None:
        """Until the provider sees something more; or for a moment, for states change by our own clocks too."""
        counts = self.simulator.counts
        seen = (counts.binds, counts.submits, counts.receipts_acknowledged)
        with suppress(TimeoutError):
            await self.simulator.until(
                lambda: seen != (counts.binds, counts.submits, counts.receipts_acknowledged), MOMENT
            )

    async def until_all(self, status: str, count: int) -> None:
        """Wait until so many messages, and no others, are in this state."""
        await self.until(lambda found: found == {status: count})

    async def is_sound(self) -> None:
        """The accounts agree, and no receipt is left without its message."""
        assert (await differences(self.gateway.parts.store))[1] == []
        assert await self.rows("SELECT COUNT(*) FROM receipt WHERE part IS NULL") == [(0,)]

    def taken_by_number(self) -> set[int]:
        """How often the provider took a message to the same number: {1} when nothing is doubled."""
        return set(self.simulator.counts.destinations.values())


@asynccontextmanager
async def rig(folder: Path, scenario: dict[str, Any], speed: float = 1.0, **account: Any) -> AsyncIterator[Rig]:
    """All of them, running. ``scenario`` is as YAML says it."""
    options = SimulatorOptions(speed=speed)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options, Scenario.model_validate(scenario)))
        settings = load(configuration(folder, simulator.port, **account), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Rig(simulator, gateway, Client(session, gateway.http_port))
