"""An account put through the API, in the file nowhere: it binds, carries a message, changes and goes, at once."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import yaml

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import DEADLINE, Client, configuration

PASSWORD = "m0tdep4sse"


def without_accounts(folder: Path) -> Path:
    """The configuration of the other tests, but no account is declared; with a key."""
    file = configuration(folder, 1)
    declared = yaml.safe_load(file.read_text("utf-8"))
    declared |= {"accounts": [], "modes": {}, "secrets": {"sealing_key": "a key of the tests, long enough"}}
    file.write_text(yaml.safe_dump(declared, allow_unicode=True), "utf-8")
    return file


async def test_an_account_put_through_the_api_carries_a_message(tmp_path: Path) -> None:
    settings = load(without_accounts(tmp_path), OPTIONS)
    options = SimulatorOptions(system_id="etab57", password=PASSWORD, receipt_delay=0.01)
    async with asyncio.timeout(2 * DEADLINE), AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options))
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = Client(session, gateway.http_port)
        assert (await client.message(1))[0] == 409  # no_provider
        body = {
            **{"key_id": "etab57", "password": PASSWORD, "host": "127.0.0.1", "port": simulator.port},
            **{"price": "0.051", "modes": ["standard"], "reconnect_min": "0.05s"},
        }
        assert (await client.ask("PUT", "/v1/accounts/p", body))[0] == 201
        status, answer = await client.message(1)
        assert status == 202
        assert answer["cost"]["amount"] == "0.0510"
        await simulator.until(lambda: simulator.counts.receipts_acknowledged >= 1, DEADLINE)
        lane = gateway.lanes.by_name["p"]
        assert (await client.ask("PUT", "/v1/accounts/p", {**body, "rate": 7}))[0] == 200
        assert (await client.message(2))[0] == 202
        await simulator.until(lambda: simulator.counts.receipts_acknowledged >= 2, DEADLINE)
        await gateway.lanes.follow()
        assert gateway.lanes.by_name["p"] is not lane
        assert (await client.ask("DELETE", "/v1/accounts/p"))[0] == 200
        await gateway.lanes.follow()
        assert gateway.lanes.by_name == {}
        assert (await client.message(3))[0] == 409
        stored = b"".join((tmp_path / f"gateway.db{end}").read_bytes() for end in ("", "-wal"))
    assert PASSWORD.encode() not in stored
    assert b"0.051" not in stored
