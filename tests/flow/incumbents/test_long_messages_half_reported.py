"""Long messages half reported: other gateways ask for the receipt of the first part, or of the last, and call the
message by that one. Here every part is asked for, the message waits for all of them, and the worst is what it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest

from adapters.smpp.message_options import LongMessages
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import receipt_of
from adapters.smpp.simulator_records import Submit
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import DEADLINE, Client, configuration

LONG = "Votre enfant est absent depuis ce matin. " * 10  # 410 characters: three parts
SYSTEM = "essai"

Rig = tuple[Simulator, Client]


@pytest.fixture
async def rig(tmp_path: Path, form: LongMessages) -> AsyncIterator[Rig]:
    """A gateway before a simulator that reports only what a test has it report."""
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE):
        simulator = await stack.enter_async_context(Simulator(SimulatorOptions(receipts=False)))
        settings = load(configuration(tmp_path, simulator.port, long_messages=form), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield simulator, Client(session, gateway.http_port)


async def sent(rig: Rig, pieces: int) -> str:
    """A long message that the simulator took, and whose answers are recorded; its public id."""
    simulator, client = rig
    _, answer = await client.message(1, text=LONG)
    await simulator.until(lambda: simulator.counts.taken == pieces)
    while (await label(rig, answer["id"]))[0] == "sending":
        pass
    return str(answer["id"])


async def report(rig: Rig, submit: Submit, *, undelivered: bool = False) -> None:
    """The receipt of a part, acknowledged, which is after its commit."""
    simulator, _ = rig
    acknowledged = simulator.counts.receipts_acknowledged
    simulator.deliver(SYSTEM, receipt_of(submit, undelivered=undelivered, tlvs=False))
    await simulator.until(lambda: simulator.counts.receipts_acknowledged > acknowledged)


async def label(rig: Rig, message: str) -> tuple[str, str]:
    _, view = await rig[1].ask("GET", f"/v1/messages/{message}/report")
    shown: dict[str, Any] = view["message"]
    return shown["status"], shown["followup_label"].split(" - ")[1]


@pytest.mark.parametrize("form", ["udh8", "udh16", "sar"])
async def test_a_receipt_is_asked_for_every_part_and_the_message_waits_for_all(rig: Rig) -> None:
    message = await sent(rig, 3)
    submits = rig[0].submits
    assert [submit.pdu.number("registered_delivery") for submit in submits] == [1, 1, 1]
    assert len({submit.part[0] for submit in submits}) == 1
    assert [submit.part[1:] for submit in submits] == [(number, 3) for number in (1, 2, 3)]
    for done, submit in enumerate((submits[2], submits[0]), 1):
        await report(rig, submit)
        assert await label(rig, message) == ("in_transit", f"en transit {done}/3")
    await report(rig, submits[1])
    assert (await label(rig, message))[0] == "delivered"


@pytest.mark.parametrize("form", ["udh8", "sar"])
@pytest.mark.parametrize("failed", [0, 1, 2])
async def test_the_worst_part_is_what_the_message_is(rig: Rig, failed: int) -> None:
    message = await sent(rig, 3)
    for place, submit in enumerate(rig[0].submits):
        await report(rig, submit, undelivered=place == failed)
    assert (await label(rig, message))[0] == "undelivered"


@pytest.mark.parametrize("form", ["payload"])
async def test_one_receipt_is_of_all_that_left_in_one_piece(rig: Rig) -> None:
    message = await sent(rig, 1)
    [submit] = rig[0].submits
    assert (submit.text, submit.pdu.number("registered_delivery")) == (LONG, 1)
    assert (await label(rig, message))[0] == "in_transit"
    await report(rig, submit)
    assert (await label(rig, message))[0] == "delivered"
    _, view = await rig[1].ask("GET", f"/v1/messages/{message}/report")
    assert [(part["status"], part["joined"], len(part["receipts"])) for part in view["parts"]] == [
        ("delivered", True, 1)
    ] * 3


def test_every_form_is_here() -> None:
    assert set(get_args(LongMessages)) == {"udh8", "udh16", "sar", "payload"}
