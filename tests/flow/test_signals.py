"""SIGTERM drains, a second one leaves at once, SIGHUP takes another file or keeps the old one."""

import asyncio
import signal
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.exits import Exit
from tests.flow.gatewayside import DEADLINE, Client, Process, configuration, serving


def states(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return dict(conn.execute("SELECT status, COUNT(*) FROM message GROUP BY status"))


async def started(stack: AsyncExitStack, folder: Path, options: SimulatorOptions, **account: Any) -> tuple[Any, ...]:
    simulator = await stack.enter_async_context(Simulator(options))
    file = configuration(folder, simulator.port, **account)
    process = await stack.enter_async_context(serving(file))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return simulator, file, process, Client(session, process.port)


async def ended(process: Process) -> int:
    async with asyncio.timeout(DEADLINE):
        return await process.process.wait()


async def test_sigterm_waits_for_answers_and_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        options = SimulatorOptions(latency=0.3, receipts=False)
        simulator, _, process, client = await started(stack, tmp_path, options, window=10)
        assert (await client.batch(0, 200))[0] == 202
        await simulator.until(lambda: simulator.counts.taken >= 10, DEADLINE)
        process.process.send_signal(signal.SIGTERM)
        assert await ended(process) == Exit.FINE
        assert states(tmp_path) == {
            "in_transit": simulator.counts.taken,
            "queued": 200 - simulator.counts.taken,
        }


async def test_what_is_never_answered_is_uncertain_after_the_stated_seconds(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        options = SimulatorOptions(no_answer=1, receipts=False)
        simulator, _, process, client = await started(stack, tmp_path, options, window=4, drain="0.2s")
        assert (await client.batch(0, 10))[0] == 202
        await simulator.until(lambda: simulator.counts.taken == 4, DEADLINE)
        process.process.send_signal(signal.SIGTERM)
        assert await ended(process) == Exit.FINE
        assert states(tmp_path) == {"uncertain": 4, "queued": 6}


async def test_a_second_sigterm_leaves_at_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        options = SimulatorOptions(no_answer=1, receipts=False)
        simulator, _, process, client = await started(stack, tmp_path, options, window=4)
        assert (await client.batch(0, 10))[0] == 202
        await simulator.until(lambda: simulator.counts.taken == 4, DEADLINE)
        process.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE):
            while await _listens(client):
                pass
        process.process.send_signal(signal.SIGTERM)
        assert await ended(process) == -signal.SIGTERM
        assert states(tmp_path)["sending"] == 4


async def _listens(client: Client) -> bool:
    try:
        return (await client.ask("GET", "/readyz"))[0] == 200
    except aiohttp.ClientError:
        return False


async def test_sighup_takes_another_rate_and_a_broken_file_keeps_the_old(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        simulator, file, process, client = await started(stack, tmp_path, SimulatorOptions(receipt_delay=0))
        good = yaml.safe_load(file.read_text("utf-8"))
        file.write_text("accounts: [{name: a, adapter: smpp, rate: -1}]\n", "utf-8")
        await process.reloaded()
        assert (await client.message(1))[0] == 202
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 1, DEADLINE)
        assert (await _account(client))["rate"] == 5000

        good["accounts"][0]["rate"] = 333
        file.write_text(yaml.safe_dump(good, allow_unicode=True), "utf-8")
        await process.reloaded()
        assert (await _account(client))["rate"] == 333
        assert (await client.message(2))[0] == 202
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 2, DEADLINE)
        assert simulator.counts.binds == 2

        for _ in range(3):  # at once: they wait for each other
            good["accounts"][0]["rate"] += 1
            file.write_text(yaml.safe_dump(good, allow_unicode=True), "utf-8")
            process.process.send_signal(signal.SIGHUP)
        await process.reloaded()
        assert (await client.message(3))[0] == 202
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 3, DEADLINE)
        process.process.send_signal(signal.SIGTERM)
        assert await ended(process) == Exit.FINE


async def _account(client: Client) -> Any:
    _, answer = await client.ask("GET", "/v1/accounts")
    return answer["data"][0]
