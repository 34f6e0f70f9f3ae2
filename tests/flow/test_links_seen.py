"""What people see of an account's links: in /readyz, in GET /v1/accounts, in the metrics, and once in the log."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp import codes
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import Client, configuration

REFUSED = "bind refused: RINVPASWD 0x0000000E, the password is wrong"


@asynccontextmanager
async def shown(folder: Path, options: SimulatorOptions, **account: Any) -> AsyncIterator[tuple[Simulator, Client]]:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options))
        settings = load(configuration(folder, simulator.port, **account), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield simulator, Client(session, gateway.http_port)


async def accounts(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """The account as /readyz has it, and as the API has it."""
    status, ready = await client.ask("GET", "/readyz")
    assert (status, ready["status"]) == (200, "ready"), "a provider that is down does not make us unready"
    _, listed = await client.ask("GET", "/v1/accounts")
    return ready["accounts"][0], listed["data"][0]


async def metrics(client: Client) -> str:
    url, headers = f"http://127.0.0.1:{client.port}/metrics", {"Authorization": "Bearer vgm_essai"}
    async with client.session.get(url, headers=headers) as answer:
        return await answer.text()


async def test_why_a_bind_is_refused_is_shown_everywhere_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.watch")
    keys = {"reconnect_min": "0.01s", "reconnect_max": "0.05s"}
    async with shown(tmp_path, SimulatorOptions(password="right"), password="wrong", **keys) as (simulator, client):
        await simulator.until(lambda: simulator.counts.binds_refused >= 3)
        for one in await accounts(client):
            assert (one["bound"], one["ready"], one["why"]) == (0, False, REFUSED)
        text = await metrics(client)
    (count,) = [line for line in text.splitlines() if line.startswith("vaguemestre_bind_failures_total{")]
    assert count.startswith('vaguemestre_bind_failures_total{account="a",reason="password"} ')
    assert float(count.rpartition(" ")[2]) >= 3
    assert [(record.message, record.__dict__["why"]) for record in caplog.records] == [
        ("no link to the provider", REFUSED)
    ]
    assert "wrong" not in caplog.text.replace(REFUSED, "")


async def test_a_pair_with_half_its_links_sends_and_says_what_is_missing(tmp_path: Path) -> None:
    keys = {"bind": "pair", "reconnect_min": "0.01s", "reconnect_max": "0.05s"}
    async with shown(tmp_path, SimulatorOptions(), **keys) as (simulator, client):
        await simulator.until(lambda: simulator.bound == 2)
        simulator.refuse[codes.BIND_RECEIVER] = codes.RALYBND
        simulator.cut()
        await simulator.until(lambda: simulator.bound == 1 and simulator.counts.binds_refused >= 1)
        for one in await accounts(client):
            assert (one["bound"], one["ready"]) == (1, True)
            assert one["why"].startswith("1 of 2 links are down: bind refused: RALYBND")
