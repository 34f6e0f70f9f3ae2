"""What telephones write as deliver_sm: our own reader, in the other role, reads it back."""

from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.door_phone import phone_bodies
from adapters.smpp.mo import Writing, read_message
from gateway import reassembly
from gateway.alphabets import Alphabet
from gateway.door import PhoneText
from gateway.reassembly import Piece


def delivered(said: str, *, tlvs: bool = True, alphabet: str = "gsm7", number: str = "+33612345678") -> list[pdu.Pdu]:
    login = SmppLogin.model_validate({"system_id": "e", "password": "p", "action": "A", "default_alphabet": alphabet})
    bodies = phone_bodies(PhoneText(77, "erp", number, "36111", said, 0), login, tlvs=tlvs)
    return [pdu.decode(pdu.frame(codes.DELIVER_SM, 0, 1, body)) for body in bodies]


def read(pdus: list[pdu.Pdu], default: Alphabet = Alphabet.GSM7) -> str:
    """As a provider's messages are read."""
    said = [read_message(one, "link", Writing(default=default)) for one in pdus]
    return reassembly.join(
        [Piece(1, 0, one.octets, one.alphabet, "link", "", one.reference, one.place, one.of) for one in said]
    ).text


TEXTS = [
    "Merci",
    "Élève présent, 12 € [oui]",
    "Noël 😀",
    "Absent : malade. " * 12,
    "Été à Orléans, hôtel près du château ! " * 5,
    "",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("tlvs", [True, False])
@pytest.mark.parametrize("alphabet", ["gsm7", "latin1"])
def test_every_text_arrives_whole(text: str, tlvs: bool, alphabet: str) -> None:
    made = delivered(text, tlvs=tlvs, alphabet=alphabet)
    assert len(made) == 1 or not tlvs
    assert all(len(one.octets("short_message")) <= 160 for one in made)
    assert all(tlvs or not one.tlvs for one in made)
    assert read(made, Alphabet.GSM7 if alphabet == "gsm7" else Alphabet.LATIN1) == text


def test_addresses() -> None:
    (one,) = delivered("Merci")
    names: dict[str, Any] = {"source_addr": "33612345678", "destination_addr": "36111"}
    assert {name: one.text(name) for name in names} == names
    assert [one.number(f"{name}_addr_ton") for name in ("source", "dest")] == [1, 3]
    assert one.number("esm_class") == 0
    (strange,) = delivered("Merci", number="ÉCOLE")
    assert (strange.text("source_addr"), strange.number("source_addr_ton")) == ("COLE", 5)


def test_what_may_not_be_sent_is_shown_as_such() -> None:
    assert read(delivered("a\x01b")) == "a\N{REPLACEMENT CHARACTER}b"
