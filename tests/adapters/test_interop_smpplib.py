"""Against smpplib's client, which is another implementation than our session: it binds and sends to the simulator."""

import asyncio
from typing import Any

import pytest
from smpplib import client, consts, gsm  # type: ignore[import-untyped]

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions


def send(port: int, words: list[bytes]) -> list[str]:
    """Bind, send all, wait for an answer and a receipt of each, unbind; the states of the receipts. Blocks."""
    states: list[str] = []
    answered: list[Any] = []
    peer = client.Client("127.0.0.1", port, timeout=10, allow_unknown_opt_params=True)
    peer.set_message_sent_handler(lambda pdu: answered.append(pdu))
    peer.set_message_received_handler(lambda pdu: states.append(pdu.short_message.split(b"stat:")[1][:7].decode()))
    peer.connect()
    try:
        peer.bind_transceiver(system_id="demo", password="x")
        for each in words:
            peer.send_message(
                source_addr="ECOLE", destination_addr="33660000000", short_message=each, registered_delivery=1
            )
        while len(states) < len(words) or len(answered) < len(words):
            peer.read_once()
        peer.unbind()
    finally:
        peer.state = consts.SMPP_CLIENT_STATE_OPEN  # it does not notice the answer to its unbind, and would warn
        peer.disconnect()
    return states


def send_long(port: int, words: str) -> list[str]:
    """Bind, send a long text as smpplib cuts it, wait for a receipt of each part; their ids. Blocks.

    It cuts pairs of surrogates too: the texts have none.
    """
    parts, coding, esm_class = gsm.make_parts(words)
    ids: list[str] = []
    sent: list[Any] = []
    peer = client.Client("127.0.0.1", port, timeout=10, allow_unknown_opt_params=True)
    peer.set_message_sent_handler(lambda pdu: sent.append(pdu))
    peer.set_message_received_handler(lambda pdu: ids.append(pdu.receipted_message_id.rstrip(b"\0").decode()))
    peer.connect()
    try:
        peer.bind_transceiver(system_id="demo", password="x")
        for each in parts:
            peer.send_message(
                **{"source_addr": "ECOLE", "destination_addr": "33660000000", "registered_delivery": 1},
                **{"short_message": each, "data_coding": coding, "esm_class": esm_class},
            )
        while len(ids) < len(parts):
            peer.read_once()
        peer.unbind()
    finally:
        peer.state = consts.SMPP_CLIENT_STATE_OPEN  # as above
        peer.disconnect()
    return ids


@pytest.mark.parametrize("words", ["Réunion des parents à 18 h. " * 10, "Noël : « ça » où êtes-vous ? " * 5])
async def test_smpplib_sends_a_long_message_through_the_simulator(words: str) -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0.01)) as smsc:
        ids = await asyncio.to_thread(send_long, smsc.port, words)
    assert "".join(submit.text for submit in smsc.submits) == words
    assert [submit.part[1:] for submit in smsc.submits] == [(place, len(ids)) for place in range(1, len(ids) + 1)]
    assert ids == [submit.message_id for submit in smsc.submits]


async def test_smpplib_sends_through_the_simulator() -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0.01)) as smsc:
        states = await asyncio.to_thread(send, smsc.port, [b"Bonjour", b"Salut"])
    assert states == ["DELIVRD", "DELIVRD"]
    assert [submit.text for submit in smsc.submits] == ["Bonjour", "Salut"]
