"""Asking a provider about what it took: a message without a receipt is settled, one that is cancelled is taken back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.asking import ask_of_late
from gateway.config.loader import load
from gateway.provider import Receipt
from gateway.store.bulk import fetch
from tests.flow.gatewayside import DEADLINE, Client, configuration

DAY_MS = 86_400_000


@asynccontextmanager
async def started(folder: Path, operations: list[str], **options: Any) -> AsyncIterator[tuple[Gateway, Client]]:
    """A gateway that sends by a simulator whose receipts are far off, and a client."""
    async with AsyncExitStack() as stack:
        far = SimulatorOptions(**{"receipt_delay": 3600.0, **options})
        smsc = await stack.enter_async_context(Simulator(far))
        settings = load(configuration(folder, smsc.port, operations=operations), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(asyncio.timeout(DEADLINE))
        yield gateway, Client(session, gateway.http_port)


async def in_transit(gateway: Gateway, client: Client, *places: int) -> list[str]:
    """Messages that their provider took; their public ids."""
    ids = [(await client.message(place))[1]["id"] for place in places]

    async def waiting(conn: AsyncConnection) -> int:
        return int((await fetch(conn, "SELECT COUNT(*) FROM part WHERE state = 'in_transit'", ()))[0][0])

    while await gateway.parts.store.read(waiting) < len(ids):
        pass  # asking goes through the store's thread
    return ids


@pytest.mark.row("S4 150")
async def test_a_message_without_a_receipt_is_settled_by_asking(tmp_path: Path) -> None:
    async with started(tmp_path, ["query_sm"], receipts=True, undelivered=1.0, receipt_delay=0.0) as (gateway, client):
        gateway.parts.lanes["a"].receipt = _lost
        (id_,) = await in_transit(gateway, client, 1)
        assert await ask_of_late(gateway.parts) == 0
        before = gateway.parts.clock
        gateway.parts.clock = lambda: before() + DAY_MS + 120_000
        while await ask_of_late(gateway.parts) == 0:
            pass
        _, report = await client.ask("GET", f"/v1/messages/{id_}/report")
        assert report["message"]["status"] == "undelivered"
        assert [step["kind"] for step in report["steps"]][-1] == "queried"
        assert report["steps"][-1]["label"] == "Le fournisseur, interrogé faute d'accusé, répond : non remis"
        assert report["parts"][0]["receipts"][0]["matched_by"] == "query"
        assert await ask_of_late(gateway.parts) == 0
        assert (await differences(gateway.parts.store))[1] == []


async def _lost(receipt: Receipt) -> None:
    """A receipt that the provider forgets: it believes that we have it."""


async def test_a_cancelled_message_is_taken_back_by_its_provider(tmp_path: Path) -> None:
    async with started(tmp_path, ["cancel_sm"]) as (gateway, client):
        ids = await in_transit(gateway, client, 1, 2)
        assert await client.ask("POST", "/v1/messages/cancel", {"ids": ids}) == (200, {"done": 2, "skipped": []})
        _, report = await client.ask("GET", f"/v1/messages/{ids[0]}/report")
        assert report["message"]["status"] == "cancelled"
        assert [(step["kind"], step["detail"]) for step in report["steps"]][-1] == ("cancelled", "cancel_sm")
        status, again = await client.ask("POST", "/v1/messages/cancel", {"ids": ids})
        assert (status, again["done"]) == (200, 0)
        assert {one["code"] for one in again["skipped"]} == {"already_cancelled"}
        assert (await differences(gateway.parts.store))[1] == []


async def test_an_account_without_the_operation_is_not_asked(tmp_path: Path) -> None:
    async with started(tmp_path, []) as (gateway, client):
        (id_,) = await in_transit(gateway, client, 1)
        _, answer = await client.ask("POST", "/v1/messages/cancel", {"ids": [id_]})
        assert answer["skipped"] == [{"id": id_, "status": "in_transit", "code": "already_submitted"}]
        before = gateway.parts.clock
        gateway.parts.clock = lambda: before() + DAY_MS + 120_000
        assert await ask_of_late(gateway.parts) == 0
