"""Messages from telephones, in bytes: alphabets, headers, parameters, and that nothing is refused or lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes, fields, pdu
from adapters.smpp.fields import Value
from adapters.smpp.mo import Writing, read_message, writing_of
from adapters.smpp.pdu import Pdu
from gateway import alphabets, gsm
from gateway.alphabets import Alphabet
from gateway.provider import FromPhone
from tests.adapters.gateway_side import account

GSM, LATIN, UCS2, BINARY = Alphabet.GSM7, Alphabet.LATIN1, Alphabet.UCS2, Alphabet.BINARY
PACKED = Writing(packed=True)


def deliver(message: bytes = b"", tlvs: dict[int, bytes] | None = None, **values: Value) -> Pdu:
    """As it comes out of the session: written and read again."""
    body: dict[str, Value] = {"source_addr": "33660000000", "destination_addr": "36111", "short_message": message}
    frame = pdu.frame(codes.DELIVER_SM, 0, 1, pdu.body_of(codes.DELIVER_SM, body | values, tlvs))
    return pdu.decode(frame)


def read(message: bytes = b"", tlvs: dict[int, bytes] | None = None, how: Writing | None = None, **values: Any) -> str:
    said = read_message(deliver(message, tlvs, **values), "link", how or Writing())
    return alphabets.read(said.octets, said.alphabet)[0]


def place(said: FromPhone) -> tuple[int | None, int, int]:
    return said.reference, said.place, said.of


@pytest.mark.parametrize(
    ("coding", "octets", "alphabet", "text"),
    [
        (0, gsm.encode("Déjà vu, 10 € @"), GSM, "Déjà vu, 10 € @"),
        (1, b"Bonjour", LATIN, "Bonjour"),
        (3, "ARRÊT œuf".encode("cp1252"), LATIN, "ARRÊT œuf"),
        (3, b"\x81", LATIN, "\x81"),
        (8, "Arrêt 😀".encode("utf-16-be"), UCS2, "Arrêt 😀"),
        (8, b"\xfe\xff" + "où".encode("utf-16-be"), UCS2, "où"),
        (8, b"\xff\xfe" + "où".encode("utf-16-le"), UCS2, "où"),
        (8, b"\0O\0u\0i\0", UCS2, "Oui\N{REPLACEMENT CHARACTER}"),
        (8, b"\xd8\x3d", UCS2, "\N{REPLACEMENT CHARACTER}"),
        (2, b"\x01\xab", BINARY, "01AB"),
        (4, b"\x01\xab", BINARY, "01AB"),
        (5, b"\x01\xab", BINARY, "01AB"),
        (0x10, b"Flash", GSM, "Flash"),
        (0x14, b"\x01\xab", BINARY, "01AB"),
        (0x18, "Flash".encode("utf-16-be"), UCS2, "Flash"),
        (0xC8, b"Bonjour", GSM, "Bonjour"),
        (0xE0, "Oui".encode("utf-16-be"), UCS2, "Oui"),
        (0xF0, b"Flash", GSM, "Flash"),
        (0xF5, b"\x01\xab", BINARY, "01AB"),
    ],
)
def test_alphabets(coding: int, octets: bytes, alphabet: Alphabet, text: str) -> None:
    said = read_message(deliver(octets, data_coding=coding), "link", Writing())
    assert (said.alphabet, said.octets, said.raw, said.coding) == (alphabet, octets, octets, coding)
    assert alphabets.read(said.octets, said.alphabet)[0] == text


def test_what_is_said_to_be_the_default_alphabet_and_is_not_is_read_as_latin_1() -> None:
    assert alphabets.read("ARRÊT".encode("latin-1"), GSM) == ("ARRÊT", LATIN)


def test_the_default_alphabet_of_an_account() -> None:
    assert read("ARRÊT é".encode("latin-1"), how=Writing(default=LATIN)) == "ARRÊT é"


@pytest.mark.parametrize(
    ("options", "octets", "coding", "text"),
    [
        ({}, gsm.encode("é@"), 0, "é@"),
        ({"default_alphabet": "latin1"}, "ARRÊT".encode("latin-1"), 0, "ARRÊT"),
        ({"default_alphabet": "ascii"}, b"STOP", 0, "STOP"),
        ({"packed": True}, bytes.fromhex("E8329BFD4697D9EC37"), 0, "hellohello"),
        ({"data_coding": {"gsm7": 1}}, gsm.encode("é@"), 1, "é@"),
        ({"data_coding": {"gsm7": 1}}, gsm.encode("é@"), 0, "é@"),
        ({"default_alphabet": "latin1", "data_coding": {"gsm7": 3}}, gsm.encode("é@"), 0, "é@"),
        ({"default_alphabet": "latin1", "data_coding": {"gsm7": 3}}, "é@".encode("latin-1"), 3, "é@"),
    ],
)
def test_as_the_account_says(options: dict[str, Any], octets: bytes, coding: int, text: str) -> None:
    how = writing_of(account(2775, **options))
    assert read(octets, how=how, data_coding=coding) == text


def test_the_id_that_the_account_names() -> None:
    how = writing_of(account(2775, inbound_id=0x1402))
    assert read_message(deliver(b"Oui", {0x1402: b"7\0"}), "link", how).id == "7"


def test_a_text_in_message_payload() -> None:
    said = read_message(deliver(tlvs={codes.MESSAGE_PAYLOAD: b"x" * 300}), "link", Writing())
    assert (said.octets, said.raw, said.tlvs) == (b"x" * 300, b"x" * 300, {})


def test_the_parameters_are_kept() -> None:
    said = read_message(deliver(b"Oui", {0x1402: b"id-7\0", 0x0204: b"\0\1"}), "link", Writing(id_tag=0x1402))
    assert (said.id, said.tlvs) == ("id-7", {0x1402: b"id-7\0", 0x0204: b"\0\1"})
    assert read_message(deliver(b"Oui", {0x1402: b"20801\0"}), "link", Writing()).id == ""


@pytest.mark.parametrize(
    ("values", "sender", "to"),
    [
        ({"source_addr_ton": 1, "dest_addr_ton": 3}, "+33660000000", "36111"),
        ({"source_addr": "+33660000000"}, "+33660000000", "36111"),
        ({"source_addr": "0660000000", "source_addr_ton": 2}, "0660000000", "36111"),
        ({"source_addr": "0033660000000", "source_addr_ton": 1}, "0033660000000", "36111"),
        ({"source_addr": "Orange", "source_addr_ton": 5}, "Orange", "36111"),
        ({"destination_addr": "33644000000", "dest_addr_ton": 1}, "33660000000", "+33644000000"),
    ],
)
def test_who_wrote_to_whom(values: dict[str, Any], sender: str, to: str) -> None:
    said = read_message(deliver(b"Oui", **values), "link", Writing())
    assert (said.sender, said.to) == (sender, to)


# ---- parts ----


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"\x05\x00\x03\x2a\x03\x02", (42, 2, 3)),
        (b"\x06\x08\x04\x12\x34\x03\x02", (0x1234, 2, 3)),
        (b"\x08\x24\x01\x01\x00\x03\x2a\x03\x02", (42, 2, 3)),
        (b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x2a\x03\x02", (42, 2, 3)),
        (b"\x05\x00\x03\x2a\x01\x01", (None, 1, 1)),  # one of one
        (b"\x05\x00\x03\x2a\x03\x04", (None, 1, 1)),  # four of three
        (b"\x05\x00\x03\x2a\x03\x00", (None, 1, 1)),  # there is no part nought
        (b"\x04\x00\x02\x2a\x03", (None, 1, 1)),  # an element of another length
        (b"\x02\x00\x03", (None, 1, 1)),  # torn
        (b"\x00", (None, 1, 1)),
    ],
)
def test_headers(header: bytes, found: tuple[int | None, int, int]) -> None:
    said = read_message(deliver(header + b"Oui", esm_class=codes.UDHI), "link", Writing())
    assert place(said) == found
    assert (said.octets, said.raw) == (b"Oui", header + b"Oui")


def test_a_header_longer_than_the_message_is_none() -> None:
    said = read_message(deliver(b"\x20Oui", esm_class=codes.UDHI), "link", Writing())
    assert (place(said), said.octets) == ((None, 1, 1), b"\x20Oui")
    assert read_message(deliver(b"", esm_class=codes.UDHI), "link", Writing()).octets == b""


def test_a_header_in_message_payload() -> None:
    payload = b"\x05\x00\x03\x2a\x03\x02Oui"
    said = read_message(deliver(tlvs={codes.MESSAGE_PAYLOAD: payload}, esm_class=codes.UDHI), "link", Writing())
    assert (place(said), said.octets, said.raw) == ((42, 2, 3), b"Oui", payload)


@pytest.mark.parametrize(
    ("reference", "total", "sequence", "found"),
    [
        (b"\x12\x34", b"\x03", b"\x02", (0x1234, 2, 3)),
        (b"\x12\x34", b"\x03", b"", (None, 1, 1)),
        (b"\x12\x34", b"\x01", b"\x01", (None, 1, 1)),
        (b"\x12\x34", b"\x03", b"\x09", (None, 1, 1)),
        (b"\x12\x34\x56", b"\x03", b"\x02", (None, 1, 1)),
    ],
)
def test_sar(reference: bytes, total: bytes, sequence: bytes, found: tuple[int | None, int, int]) -> None:
    tlvs = {codes.SAR_MSG_REF_NUM: reference, codes.SAR_TOTAL_SEGMENTS: total, codes.SAR_SEGMENT_SEQNUM: sequence}
    assert place(read_message(deliver(b"Oui", tlvs), "link", Writing())) == found


# ---- packed septets ----


def packed(text: str, fill: int = 0) -> bytes:
    """As TS 23.038 packs them: the oracle of this test."""
    bits = "".join(f"{septet:07b}"[::-1] for septet in gsm.encode(text))
    bits = "0" * fill + bits
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[start : start + 8][::-1], 2) for start in range(0, len(bits), 8))


GSM_TEXT = st.text(st.sampled_from([char for char in gsm.DEFAULT if char not in "\x1b\r@"] + list("€{}[]")))


@given(GSM_TEXT)
def test_packed_septets(text: str) -> None:
    assert read(packed(text)[:254], how=PACKED) == gsm.decode(gsm.encode(text)[: 254 * 8 // 7])[: len(text)]


@given(GSM_TEXT.filter(lambda text: len(text) < 70))
def test_packed_septets_after_a_header(text: str) -> None:
    for header in (b"\x05\x00\x03\x2a\x03\x02", b"\x06\x08\x04\x12\x34\x03\x02"):
        fill = -8 * len(header) % 7
        said = read_message(deliver(header + packed(text, fill), esm_class=codes.UDHI), "link", PACKED)
        assert alphabets.read(said.octets, said.alphabet) == (text, GSM)


def test_known_septets() -> None:
    assert read(bytes.fromhex("E8329BFD4697D9EC37"), how=PACKED) == "hellohello"
    assert read(packed("1234567"), how=PACKED) == "1234567"  # no « @ » for the seven bits that are left
    assert read(packed("1234567\r"), how=PACKED) == "1234567"
    assert read("où".encode("utf-16-be"), how=PACKED, data_coding=8) == "où"


# ---- whatever comes ----


@given(
    st.binary(max_size=254),
    st.dictionaries(
        st.sampled_from([codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.MESSAGE_PAYLOAD]), st.binary()
    ),
    st.integers(0, 255),
    st.integers(0, 255),
    st.booleans(),
)
def test_nothing_is_refused_and_nothing_is_lost(
    message: bytes, tlvs: dict[int, bytes], esm_class: int, coding: int, packed: bool
) -> None:
    values: dict[str, fields.Value] = {"short_message": message, "esm_class": esm_class, "data_coding": coding}
    said = read_message(Pdu(codes.DELIVER_SM, body=values, tlvs=tlvs), "link", Writing(packed=packed))
    assert said.raw == (message or tlvs.get(codes.MESSAGE_PAYLOAD, b""))
    assert 1 <= said.place <= said.of <= 255
    text, _ = alphabets.read(said.octets, said.alphabet)
    assert text.encode() is not None
    assert "\0" not in text or said.alphabet is GSM


def test_a_data_sm_is_read_alike() -> None:
    values: dict[str, fields.Value] = {"source_addr": "33660000000", "source_addr_ton": 1, "destination_addr": "36111"}
    said = read_message(Pdu(0x103, body=values, tlvs={codes.MESSAGE_PAYLOAD: b"Oui"}), "link", Writing())
    assert (said.sender, said.to, said.octets) == ("+33660000000", "36111", b"Oui")
