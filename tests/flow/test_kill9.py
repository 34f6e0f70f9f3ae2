"""SIGKILL in the middle of the load: what was answered 202 is at the provider once, or in doubt, or waits its turn."""

import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from tests.flow.gatewayside import DEADLINE, Client, configuration, number, serving

WINDOW = 20


class Load:
    """Posts singles one after the other and a batch, until the connection breaks; remembers what was answered 202."""

    def __init__(self, client: Client, first: int) -> None:
        self.client = client
        self.first = first
        self.accepted: set[str] = set()

    async def singles(self, lane: int) -> None:
        """Every fourth number, from ``lane`` on."""
        for place in range(self.first + lane, self.first + 100_000, 4):
            status, answer = await self.client.message(place)
            assert status == 202
            self.accepted.add(answer["to"])

    async def group(self) -> None:
        """Five hundred at once."""
        start = self.first + 200_000
        status, answer = await self.client.batch(start, 500)
        assert (status, answer["accepted"]) == (202, 500)
        self.accepted |= {f"+33{number(place)[1:]}" for place in range(start, start + 500)}

    async def until_broken(self) -> None:
        """Everything at once."""
        works = [self.group(), *(self.singles(lane) for lane in range(4))]
        results = await asyncio.gather(*works, return_exceptions=True)
        broken = (aiohttp.ClientError, ConnectionError)
        assert all(result is None or isinstance(result, broken) for result in results), results


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


async def round_of(simulator: Simulator, file: Path, first: int, enough: Callable[[], bool]) -> set[str]:
    """One life of the gateway, ended by SIGKILL; the numbers whose messages were accepted."""
    async with serving(file) as gateway, aiohttp.ClientSession() as session:
        load = Load(Client(session, gateway.port), first)
        working = asyncio.create_task(load.until_broken())
        await simulator.until(enough, DEADLINE)
        await gateway.kill()
        await working
    return load.accepted


async def test_kill9_at_several_points(tmp_path: Path) -> None:
    """Each life is killed at another moment of it: at the first submit, in the middle, in the middle of receipts."""
    options = SimulatorOptions(receipt_delay=0.05, latency=0.002)
    async with Simulator(options) as simulator:
        file = configuration(tmp_path, simulator.port, window=WINDOW, rate=1000)
        counts = simulator.counts
        accepted: set[str] = set()
        points: list[Callable[[int, int], bool]] = [
            lambda taken, _receipts: taken >= 1,
            lambda taken, _receipts: taken >= 150,
            lambda _taken, receipts: receipts >= 97,
        ]
        for place, point in enumerate(points):
            taken, receipts = counts.taken, counts.receipts_acknowledged
            accepted |= await round_of(
                simulator,
                file,
                place * 1_000_000,
                lambda: point(counts.taken - taken, counts.receipts_acknowledged - receipts),  # noqa: B023
            )
            in_hand = rows(tmp_path, "SELECT COUNT(*) FROM part WHERE state = 'sending'")[0][0]
            assert in_hand <= WINDOW
        async with serving(file) as gateway, aiohttp.ClientSession() as session:
            client = Client(session, gateway.port)
            async with asyncio.timeout(DEADLINE):
                while await _moving(client):
                    pass
            gateway.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(DEADLINE):
                assert await gateway.process.wait() == 0
        _judge(tmp_path, simulator, accepted)


async def _moving(client: Client) -> int:
    """How many messages wait or are being sent."""
    total = 0
    for status in ("queued", "sending"):
        _, answer = await client.ask("GET", f"/v1/messages?status={status}&limit=1&count=true")
        total += answer["page"]["total"]
    return total


def _judge(folder: Path, simulator: Simulator, accepted: set[str]) -> None:
    states = dict(rows(folder, "SELECT number, status FROM message"))
    assert len(accepted) > 500
    assert accepted <= states.keys()  # nothing that was answered 202 is lost
    at_provider = {f"+{to}": times for to, times in simulator.counts.destinations.items()}
    assert set(at_provider.values()) == {1}  # nothing is there twice
    missing = states.keys() - at_provider.keys()
    assert {states[one] for one in missing} <= {"uncertain"}
    assert len(missing) <= 3 * WINDOW
    assert set(states.values()) <= {"uncertain", "in_transit", "delivered"}
    doubled = rows(folder, "SELECT COUNT(*) FROM (SELECT part FROM ledger GROUP BY part HAVING SUM(parts) <> 1)")
    assert doubled == [(0,)]


@pytest.mark.parametrize("point", [0, 30])
async def test_a_batch_is_there_whole_or_not_at_all(tmp_path: Path, point: int) -> None:
    """Killed while 5,000 recipients are being taken in: all of them are stored or none, and 202 means all."""
    async with Simulator(SimulatorOptions(receipts=False)) as simulator:
        file = configuration(tmp_path, simulator.port)
        async with serving(file) as gateway, aiohttp.ClientSession() as session:
            client = Client(session, gateway.port)
            task = asyncio.create_task(client.batch(10, 5_000))
            for place in range(point):
                await client.ask("GET", f"/livez?{place}")
            await gateway.kill()
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                assert (await task)[0] == 202
        stored = rows(tmp_path, "SELECT COUNT(*) FROM message")[0][0]
        assert stored in (0, 5_000)
        assert stored == 5_000 or task.exception() is not None
