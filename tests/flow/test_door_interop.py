"""At the door, clients that we did not write: Debian's Kannel, the npm package smpp, Perl's Net::SMPP."""

import asyncio
import signal
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery
from gateway.exits import Exit
from tests.adapters import kannel
from tests.adapters.peers import PATIENCE, script
from tests.flow.doorside import House, house, with_door
from tests.flow.gatewayside import DEADLINE, serving
from tests.flow.test_door import rows
from tests.flow.test_door_kill9 import ended, free_port

LONG = "L'élève n'a pas été vu ce matin : merci d'appeler le collège. " * 4


def arrived(here: House) -> dict[str, str]:
    """recipient -> the text that the provider behind the gateway got."""
    texts: dict[str, str] = {}
    for sent in sorted(here.simulator.submits, key=lambda one: one.part[1]):
        texts[sent.to] = texts.get(sent.to, "") + sent.text
    return texts


async def test_kannel_sends_through_the_gateway(tmp_path: Path) -> None:
    """Kannel's smsbox to our door to the provider; receipts and answers from telephones all the way back."""
    login = {"smsc_username": "erp", "smsc_password": "secret"}
    async with house(tmp_path) as here, kannel.running(tmp_path, here.port, **login) as peer:
        assert await peer.send("33612345600", "Où est l'élève ? 3 €", sender="LYCCURIE") == 202
        assert await peer.send("33612345601", LONG, sender="LYCCURIE") == 202
        assert await peer.send("33612345602", "Noël 😀 ê", sender="LYCCURIE", coding="2") == 202
        await peer.until(3)
        assert arrived(here) == {
            "33612345600": "Où est l'élève ? 3 €",
            "33612345601": LONG,
            "33612345602": "Noël 😀 ê",
        }
        assert sorted(each["to"] for each in peer.receipts if each["type"] == "1") == [
            *("33612345600", "33612345601", "33612345602")
        ]
        for text in ("Merci", LONG):
            said: dict[str, Value] = {
                "source_addr": "33612345600",
                "source_addr_ton": 1,
                "destination_addr": "LYCCURIE",
            }
            parameters = {codes.MESSAGE_PAYLOAD: text.encode("utf-16-be")}
            values = {**said, "data_coding": codes.UCS2}
            here.simulator.deliver("essai", Delivery(pdu.body_of(codes.DELIVER_SM, values, parameters)))
        await peer.until_incoming(2)
        assert sorted(each["text"] for each in peer.incoming) == [LONG, "Merci"]
        assert {each["from"] for each in peer.incoming} == {"+33612345600"}
        async with asyncio.timeout(PATIENCE):
            while await rows(here, "SELECT id FROM door_outbox"):
                pass


async def test_kannel_loses_nothing_when_it_is_throttled(tmp_path: Path) -> None:
    login = {"smsc_username": "erp", "smsc_password": "secret"}
    options = SimulatorOptions(receipt_delay=0.01)
    async with house(tmp_path, options, rate=20) as here, kannel.running(tmp_path, here.port, **login) as peer:
        for place in range(40):
            assert await peer.send(f"336123456{place:02}", f"Message {place}", sender="LYCCURIE") == 202
        await peer.until(40)
        assert await rows(here, "SELECT COUNT(*), COUNT(DISTINCT number) FROM message") == [(40, 40)]
        assert set(here.simulator.counts.destinations.values()) == {1}


PLAIN = "Conseil de classe de la 3e B ce lundi ; merci de votre presence. " * 4


@pytest.mark.parametrize("peer", ["door.js", "door.pl"])
async def test_libraries_speak_with_the_door(tmp_path: Path, peer: str) -> None:
    """A long text with headers, one as payload, a query, receipts."""
    async with house(tmp_path) as here, script(peer, str(here.port), "erp", "secret", PLAIN) as esme:
        assert await esme.ended() == 0
        assert arrived(here) == {"33612345601": PLAIN, "33612345602": PLAIN}
    said = {each["event"]: each for each in esme.said}
    assert (said["bound"]["status"], said["unbind_resp"]["status"]) == (0, 0)
    answers = [each for each in esme.said if each["event"] == "submit_sm_resp"]
    receipts = [each for each in esme.said if each["event"] == "deliver_sm"]
    assert {each["status"] for each in answers} == {0}
    assert sorted(each["id"] for each in receipts) == sorted(each["id"] for each in answers)
    assert {each["state"] for each in receipts} == {2}
    if peer == "door.js":
        queried = [each for each in esme.said if each["event"] == "query_sm_resp"]
        assert {(each["status"], each["id"]) for each in queried} == {(0, each["id"]) for each in answers}
        assert (said["refused"]["status"], said["bound"]["version"]) == (codes.RINVDSTADR, codes.VERSION_34)
        assert "error" not in said


async def test_what_speaks_with_the_simulator_speaks_with_the_door(tmp_path: Path) -> None:
    """The same script; that of node-smpp waits for a telephone's answer too, and has its own for the door."""
    async with house(tmp_path, system_id="perl") as here, script("esme.pl", str(here.port)) as esme:
        assert await esme.ended() == 0
    answers = [each for each in esme.said if each["event"] == "submit_sm_resp"]
    receipts = [each for each in esme.said if each["event"] == "deliver_sm"]
    assert {each["status"] for each in answers} == {0}
    assert sorted(each["id"] for each in receipts) == sorted(each["id"] for each in answers)
    assert {each["state"] for each in receipts} == {2}
    assert not [each for each in esme.said if each["event"] == "error"]


async def test_kannel_and_a_gateway_that_is_stopped_twice_lose_and_double_nothing(tmp_path: Path) -> None:
    """What Kannel had in hand is answered or put off, in words that it takes for temporary; it sends the rest after."""
    port, count = free_port(), 60
    login = {"smsc_username": "erp", "smsc_password": "secret"}
    async with Simulator(SimulatorOptions(receipt_delay=0.01)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"}, rate=30)
        async with AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(serving(file))
            peer = await stack.enter_async_context(kannel.running(tmp_path, port, **login))
            for place in range(count):
                assert await peer.send(f"336123456{place:02}", f"Message {place}", sender="LYCCURIE") == 202
            for part in (1, 2):
                await simulator.until(lambda: simulator.counts.taken >= part * count // 4, DEADLINE)  # noqa: B023
                gateway.process.send_signal(signal.SIGTERM)
                assert await ended(gateway) == Exit.FINE
                gateway = await stack.enter_async_context(serving(file))
            await peer.until(count)
        delivered = Counter(each["to"] for each in peer.receipts if each["type"] == "1")
        assert (len(delivered), set(delivered.values())) == (count, {1})
        assert not {each["type"] for each in peer.receipts} & {"2", "16"}  # put off (4), never given up
        assert len(simulator.counts.destinations) == count
        assert set(simulator.counts.destinations.values()) == {1}
