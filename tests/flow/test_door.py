"""Upstream systems at the SMPP door: what they submit is sent, what became of it comes back, whatever breaks."""

from pathlib import Path

from adapters.smpp import codes
from tests.fakes.esme import esme, field_of
from tests.flow.doorside import house


async def test_what_is_submitted_is_sent_and_its_receipt_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answer = await client.submit(b"Bonjour #ELEVE", source_addr="CLGPASTEUR", source_addr_ton=5)
        assert answer.status == codes.ROK
        await client.until(lambda: len(client.delivered) == 1)
        (receipt,) = client.delivered
        (sent,) = here.simulator.submits
    assert (sent.to, sent.source, sent.text) == ("33612345678", "CLGPASTEUR", "Bonjour #ELEVE")
    assert receipt.number("esm_class") == codes.RECEIPT
    assert (receipt.text("source_addr"), receipt.text("destination_addr")) == ("33612345678", "CLGPASTEUR")
    assert field_of(receipt, "id") == answer.text("message_id")
    assert field_of(receipt, "stat") == "DELIVRD"
    assert receipt.tlvs[codes.RECEIPTED_MESSAGE_ID].decode().rstrip("\0") == answer.text("message_id")
    assert receipt.tlvs[codes.MESSAGE_STATE] == b"\x02"
