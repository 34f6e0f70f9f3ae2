"""``--role api`` and ``--role dispatch`` share the store: work is heard of, pauses are seen, nothing is sent twice."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, run_gateway
from gateway.config import Role
from gateway.config.loader import load
from gateway.store import catalogue
from tests.flow.gatewayside import DEADLINE, Client, configuration, serving


async def test_what_the_api_accepts_the_sender_sends_until_it_is_paused(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(SimulatorOptions(receipt_delay=0)))
        file = configuration(tmp_path, simulator.port)
        api = await stack.enter_async_context(serving(file, "--role", "api"))
        sender = await stack.enter_async_context(run_gateway(load(file, OPTIONS), Role.DISPATCH))
        client = Client(await stack.enter_async_context(aiohttp.ClientSession()), api.port)
        lane = sender.parts.lanes["a"]
        assert (await client.message(1))[0] == 202
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 1, DEADLINE)

        assert (await client.ask("POST", "/v1/accounts/a/pause"))[0] == 200
        async with asyncio.timeout(DEADLINE):
            while not lane.paused:
                await sender.parts.store.read(catalogue.pauses)
        assert (await client.batch(100, 50))[0] == 202
        assert simulator.counts.taken == 1

        assert (await client.ask("POST", "/v1/accounts/a/resume"))[0] == 200
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 51, DEADLINE)
        assert set(simulator.counts.destinations.values()) == {1}


async def test_a_bell_is_quicker_than_the_poll(tmp_path: Path) -> None:
    """What is accepted or released in the other process leaves at once, not at the next look."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(SimulatorOptions(receipts=False)))
        settings = load(configuration(tmp_path, simulator.port), OPTIONS)
        api = await stack.enter_async_context(run_gateway(settings, Role.API))
        await stack.enter_async_context(run_gateway(settings, Role.DISPATCH))
        client = Client(await stack.enter_async_context(aiohttp.ClientSession()), api.http_port)
        await simulator.until(lambda: simulator.bound == 1, DEADLINE)
        began = asyncio.get_running_loop().time()
        for place in range(1, 11):
            _, held = await client.message(place, action="ABSENCE")
            assert held["status"] == "held"
            status, answer = await client.ask("POST", "/v1/messages/release", {"ids": [held["id"]]})
            assert (status, answer["done"]) == (200, 1)
            await simulator.until(lambda: simulator.counts.taken == place, DEADLINE)  # noqa: B023
        assert asyncio.get_running_loop().time() - began < 5  # ten polls are ten seconds


async def test_two_senders_on_one_store_send_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(SimulatorOptions(receipt_delay=0)))
        settings = load(configuration(tmp_path, simulator.port), OPTIONS)
        first = await stack.enter_async_context(run_gateway(settings))
        second = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        posts = [
            Client(session, gateway.http_port).batch(place * 1_000, 200)
            for place, gateway in enumerate((first, second, first, second))
        ]
        assert {status for status, _ in await asyncio.gather(*posts)} == {202}
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 800, DEADLINE)
        assert simulator.counts.binds == 1
        assert set(simulator.counts.destinations.values()) == {1}
