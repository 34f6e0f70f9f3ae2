"""A disk that is full: 503 and nothing accepted, then well again by itself. A limit on the process plays the disk."""

import asyncio
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from tests.flow.gatewayside import DEADLINE, Client, configuration, serving


def stored(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return int(conn.execute("SELECT COUNT(*) FROM message").fetchone()[0])


async def test_nothing_is_accepted_and_it_recovers_by_itself(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0)) as simulator:
        file = configuration(tmp_path, simulator.port)
        async with serving(file) as gateway, aiohttp.ClientSession() as session:
            client = Client(session, gateway.port)
            assert (await client.message(1))[0] == 202
            await simulator.until(lambda: simulator.counts.receipts_acknowledged == 1, DEADLINE)

            _, hard = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
            answers = await asyncio.gather(*(client.message(place) for place in range(2, 12)), client.batch(100, 500))
            assert {status for status, _ in answers} == {503}
            assert {problem["code"] for _, problem in answers} == {"store_unavailable"}
            assert (await client.ask("GET", "/livez"))[0] == 200
            assert (await client.ask("GET", "/readyz"))[0] == 503
            assert (await client.ask("GET", "/v1/messages"))[0] == 200
            assert stored(tmp_path) == 1

            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            async with asyncio.timeout(DEADLINE):
                while (await client.ask("GET", "/readyz"))[0] != 200:
                    pass
            assert (await client.message(12))[0] == 202
            await simulator.until(lambda: simulator.counts.receipts_acknowledged == 2, DEADLINE)
            assert set(simulator.counts.destinations.values()) == {1}
            assert stored(tmp_path) == 2


async def test_outcomes_and_receipts_of_a_full_disk_are_kept_until_there_is_room(tmp_path: Path) -> None:
    """What was in hand is recorded afterwards; a receipt is refused for now and comes again."""
    async with Simulator(SimulatorOptions(receipt_delay=0, receipt_retry=0.05, latency=0.3)) as simulator:
        file = configuration(tmp_path, simulator.port, window=10)
        async with serving(file) as gateway, aiohttp.ClientSession() as session:
            client = Client(session, gateway.port)
            assert (await client.batch(0, 30))[0] == 202
            await simulator.until(lambda: simulator.counts.taken == 10, DEADLINE)
            _, hard = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
            await simulator.until(lambda: simulator.counts.receipts_refused > 0, DEADLINE)
            assert simulator.counts.taken == 10
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            await simulator.until(lambda: simulator.counts.receipts_acknowledged == 30, DEADLINE)
            assert set(simulator.counts.destinations.values()) == {1}
            gateway.process.terminate()
            assert await gateway.process.wait() == 0
        with closing(sqlite3.connect(tmp_path / "gateway.db")) as conn:
            assert conn.execute("SELECT status, COUNT(*) FROM message GROUP BY 1").fetchall() == [("delivered", 30)]
