"""HTTP in, SMPP out, receipts back, synthesis out: every count is the same wherever it is made."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import AsyncExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.config.loader import load
from gateway.store.bulk import fetch
from tests.flow.gatewayside import DEADLINE, METZ, Client, configuration

SINGLES, GROUP = 1_000, 10_000
PATIENCE = 4 * DEADLINE


async def started(stack: AsyncExitStack, folder: Path, options: SimulatorOptions, **account: Any) -> tuple[Any, ...]:
    """A simulator, a gateway that sends by it, and a client."""
    simulator = await stack.enter_async_context(Simulator(options))
    settings = load(configuration(folder, simulator.port, **account), OPTIONS)
    gateway = await stack.enter_async_context(run_gateway(settings))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return simulator, gateway, Client(session, gateway.http_port)


def database(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


async def receipts_of(simulator: Simulator, parts: int) -> None:
    """Wait until the simulator had every receipt acknowledged, which is after its commit."""
    await simulator.until(lambda: simulator.counts.receipts_acknowledged >= parts, PATIENCE)


async def test_one_row_one_line_a_part_one_receipt_and_the_same_sums(tmp_path: Path) -> None:
    options = SimulatorOptions(receipt_delay=0.01, undelivered=0.1, seed=7)
    async with AsyncExitStack() as stack:
        simulator, gateway, client = await started(stack, tmp_path, options, window=200)
        async with asyncio.timeout(PATIENCE):
            lot = asyncio.Semaphore(32)

            async def post(place: int) -> int:
                async with lot:
                    status: int = (await client.message(place))[0]
                return status

            answers = await asyncio.gather(*(post(place) for place in range(SINGLES)))
            assert set(answers) == {202}
            status, group = await client.batch(SINGLES, GROUP)
            assert (status, group["accepted"]) == (202, GROUP)
            total = SINGLES + GROUP
            await receipts_of(simulator, total)
            _, synthesis = await client.ask(
                "GET", f"/v1/synthesis?year={datetime.now().astimezone().year}&school={METZ}"
            )
        assert (await differences(gateway.parts.store))[1] == []
    counts = simulator.counts
    assert counts.taken == total
    assert set(counts.destinations.values()) == {1}
    rows = database(tmp_path, "SELECT status, COUNT(*) FROM message GROUP BY status")
    assert dict(rows) == {"delivered": counts.delivered, "undelivered": counts.undelivered}
    lines = database(tmp_path, "SELECT part, SUM(parts), COUNT(*), SUM(amount) FROM ledger GROUP BY part")
    assert len(lines) == total
    assert {line[1:] for line in lines} == {(1, 1, 45_000)}
    per_part = database(tmp_path, "SELECT part, COUNT(*) FROM receipt GROUP BY part")
    assert len(per_part) == total
    assert {count for _, count in per_part} == {1}
    annual = synthesis["annual"]
    assert (annual["total"], annual["parts"], annual["delivered"]) == (total, counts.taken, counts.delivered)
    assert annual["cost"]["amount"] == f"{total * 0.045:.4f}"


async def test_long_messages_arrive_whole_and_in_order(tmp_path: Path) -> None:
    text = "Réunion des parents d'élèves « 3e B » : venez nombreux ! " * 5
    async with AsyncExitStack() as stack:
        simulator, _, client = await started(stack, tmp_path, SimulatorOptions(receipt_delay=0.01))
        posted = [(await client.message(place, text=text))[1] for place in range(5)]
        parts = sum(answer["parts"] for answer in posted)
        assert parts > 5
        await receipts_of(simulator, parts)
    for answer in posted:
        mine = sorted((s.part[1], s.text) for s in simulator.submits if f"+{s.to}" == answer["to"])
        assert "".join(piece for _, piece in mine) == answer["text"]
    references = Counter(s.part[0] for s in simulator.submits)
    assert max(references.values()) == 5 * posted[0]["parts"]  # each number has its own count
    assert {row[0] for row in database(tmp_path, "SELECT status FROM message")} == {"delivered"}


@pytest.mark.parametrize(
    "options",
    [
        SimulatorOptions(receipt_delay=0, rate=100),
        SimulatorOptions(receipt_delay=0, hex_ids=True, receipt_tlvs=False),
        SimulatorOptions(receipt_delay=0, no_answer_every=20, first_id=1),
        SimulatorOptions(receipt_delay=0, cut_every=25),
    ],
    ids=["throttling", "hexadecimal", "silence", "cuts"],
)
async def test_a_difficult_provider(tmp_path: Path, options: SimulatorOptions) -> None:
    """What reached it is delivered, what may have been lost on the way is listed, nothing is there twice."""
    count = 150
    async with AsyncExitStack() as stack:
        simulator, gateway, client = await started(stack, tmp_path, options, response_timeout="0.5s")
        assert (await client.batch(0, count))[0] == 202
        async with asyncio.timeout(DEADLINE):
            while not _is_over(states := await _states(gateway), simulator.counts.taken, count):
                pass
        assert (await differences(gateway.parts.store))[1] == []
    assert set(simulator.counts.destinations.values()) == {1}
    lost = count - simulator.counts.taken
    assert states == {"delivered": count - lost, **({"uncertain": lost} if lost else {})}
    assert bool(lost) == bool(options.cut_every)
    assert database(tmp_path, "SELECT SUM(parts), COUNT(*) FROM ledger") == [(count, count)]


def _is_over(states: dict[str, int], taken: int, count: int) -> bool:
    return states.get("delivered", 0) == taken and taken + states.get("uncertain", 0) == count


async def _states(gateway: Gateway) -> dict[str, int]:
    """How many messages are in each state; asking goes through the store's thread, which is not a busy loop."""

    async def question(conn: AsyncConnection) -> dict[str, int]:
        return dict(await fetch(conn, "SELECT status, COUNT(*) FROM message GROUP BY status"))

    return await gateway.parts.store.read(question)
