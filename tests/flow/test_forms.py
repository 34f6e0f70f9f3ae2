"""Every form of a message from the request to the octets that a provider gets, and back to who reads the report."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import DEADLINE, Client, configuration

LONG = "Déjà absente : [3e B], merci d'appeler. " * 10


@asynccontextmanager
async def started(
    folder: Path, smsc: SimulatorOptions, **account: Any
) -> AsyncIterator[tuple[Simulator, Client, Gateway]]:
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE):
        simulator = await stack.enter_async_context(Simulator(smsc))
        settings = load(configuration(folder, simulator.port, **account), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield simulator, Client(session, gateway.http_port), gateway


@pytest.mark.parametrize("form", ["udh8", "udh16", "sar", "payload"])
@pytest.mark.parametrize(
    "script", [{}, {"packed": True}, {"default_alphabet": "latin1"}], ids=["gsm", "packed", "latin1"]
)
async def test_the_text_arrives_and_every_part_is_billed(tmp_path: Path, form: str, script: dict[str, Any]) -> None:
    smsc = SimulatorOptions(receipt_delay=0.01, **script)
    async with started(tmp_path, smsc, long_messages=form, **script) as (simulator, client, gateway):
        for text in (LONG, "Noël ê " * 30):
            before = len(simulator.submits)
            _, answer = await client.message(before, text=text, transliterate=False)
            await reported(simulator, before + (1 if form == "payload" else answer["parts"]))
            submits = sorted(simulator.submits[before:], key=lambda submit: submit.part[1])
            assert "".join(submit.text for submit in submits) == text
            _, view = await client.ask("GET", f"/v1/messages/{answer['id']}/report")
            assert view["message"]["status"] == "delivered"
            assert [len(part["receipts"]) for part in view["parts"]] == [1] * answer["parts"]
        assert (await differences(gateway.parts.store))[1] == []


async def reported(simulator: Simulator, pieces: int) -> None:
    """Wait until so many receipts are acknowledged, which is after their commit."""
    await simulator.until(lambda: simulator.counts.receipts_acknowledged == pieces)


async def test_flash_and_the_provider_s_own_fields(tmp_path: Path) -> None:
    form: dict[str, Any] = {
        "flash": "data_coding",
        "tlvs": [{"tag": "0x1401", "value": "EDU"}],
        "message_tlvs": {"campaign": {"tag": "0x1402", "type": "string"}},
    }
    async with started(tmp_path, SimulatorOptions(), **form) as (simulator, client, _):
        status, answer = await client.message(1, flash=True, tlvs={"campaign": "RENTREE"})
        assert status == 202
        await simulator.until(lambda: simulator.counts.taken == 1)
        [submit] = simulator.submits
        assert submit.is_flash
        assert submit.pdu.tlvs == {0x1401: b"EDU\0", 0x1402: b"RENTREE\0"}
        _, view = await client.ask("GET", f"/v1/messages/{answer['id']}/report")
        assert (view["message"]["flash"], view["message"]["tlvs"]) == (True, {"campaign": "RENTREE"})
        status, _ = await client.batch(2, 3, defaults={"flash": True, "tlvs": {"campaign": "LOT"}})
        assert status == 202
        await simulator.until(lambda: simulator.counts.taken == 4)
        assert {(one.is_flash, one.pdu.tlvs[0x1402]) for one in simulator.submits[1:]} == {(True, b"LOT\0")}


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        ({"flash": True}, "flash_not_allowed", "/flash"),
        ({"flash": "oui"}, "invalid_field", "/flash"),
        ({"tlvs": {"campaign": "x"}}, "invalid_field", "/tlvs/campaign"),
        ({"tlvs": {"lot": True}}, "invalid_field", "/tlvs/lot"),
        ({"tlvs": {"lot": 256}}, "invalid_field", "/tlvs/lot"),
        ({"tlvs": {"0x1402": 1}}, "invalid_field", "/tlvs"),
        ({"tlvs": {f"x{number}": 1 for number in range(21)}}, "invalid_field", "/tlvs"),
    ],
)
async def test_what_the_account_does_not_allow_is_refused(
    tmp_path: Path, said: dict[str, Any], code: str, pointer: str
) -> None:
    form = {"message_tlvs": {"lot": {"tag": "0x1402", "type": "int1"}}}
    async with started(tmp_path, SimulatorOptions(), **form) as (simulator, client, _):
        for path in ("/v1/messages", "/v1/preview"):
            message = {"to": "0612345678", "action": "INFO", "text": "Bonjour", **said}
            status, answer = await client.ask("POST", path, message)
            assert (status, answer["code"]) == (422, code)
            assert answer["errors"][0]["pointer"].startswith(pointer)
        assert simulator.counts.submits == 0
