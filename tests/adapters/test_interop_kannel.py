"""Against Debian's Kannel: it binds to the simulator, sends, reads receipts and incoming messages."""

from pathlib import Path

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery
from tests.adapters import kannel

LONG = "L'élève n'a pas été vu ce matin : merci d'appeler le collège. " * 4


async def test_kannel_sends_through_the_simulator(tmp_path: Path) -> None:
    login = {"smsc_username": "kannel", "smsc_password": "secret"}
    options = SimulatorOptions(system_id="kannel", password="secret", receipt_delay=0.01, hex_ids=True)
    async with Simulator(options) as smsc, kannel.running(tmp_path, smsc.port, msg_id_type="0x01", **login) as peer:
        for number, text in enumerate(("Où est l'élève ? 3 €", LONG)):
            assert await peer.send(f"3366000000{number}", text) == 202
        assert await peer.send("33660000002", "Noël 😀 ê", coding="2") == 202
        await peer.until(3)
        said: dict[str, Value] = {
            "source_addr": "33660000000",
            "destination_addr": "36111",
            "short_message": b"Merci \x05\x06",
        }
        smsc.deliver("kannel", Delivery(pdu.body_of(codes.DELIVER_SM, {"source_addr_ton": 1, **said})))
        await peer.until_incoming(1)
    texts = {to: "".join(each.text for each in smsc.submits if each.to == to) for to in smsc.counts.destinations}
    assert texts == {"33660000000": "Où est l'élève ? 3 €", "33660000001": LONG, "33660000002": "Noël 😀 ê"}
    assert next(each.part for each in smsc.submits if each.to == "33660000001")[1:] == (1, 2)
    delivered = sorted(each["to"] for each in peer.receipts if each["type"] == "1")
    assert delivered == ["33660000000", "33660000001", "33660000002"]
    assert [(each["from"], each["to"], each["text"]) for each in peer.incoming] == [
        ("+33660000000", "36111", "Merci éù")
    ]
    assert smsc.counts.receipts_refused == smsc.counts.receipts_dropped == 0
