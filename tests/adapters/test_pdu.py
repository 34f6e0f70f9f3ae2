"""The codec, against smpplib's as the oracle and against hostile bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import command, smpp  # type: ignore[import-untyped]

from adapters.smpp import codes, fields, pdu
from adapters.smpp.pdu import Pdu, PduReader


def value_of(field: fields.Field) -> st.SearchStrategy[fields.Value]:
    match field:
        case fields.Text(limit=limit):
            return st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=limit - 1)
        case fields.Octets(limit=limit):
            return st.binary(max_size=limit)
    return st.integers(0, 255)


@st.composite
def pdus(draw: st.DrawFn) -> Pdu:
    number = draw(st.sampled_from(sorted(fields.BODIES)))
    body = {field.name: draw(value_of(field)) for field in fields.BODIES[number]}
    tlvs = draw(st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=40), max_size=4))
    status = draw(st.integers(0, 0xFFFFFFFF))
    return Pdu(number, status, draw(st.integers(0, 0x7FFFFFFF)), body, tlvs)


SAMPLE = Pdu(
    codes.DELIVER_SM,
    0,
    77,
    {"source_addr": "33660000000", "short_message": b"id:1 stat:DELIVRD", "esm_class": 4},
    {codes.RECEIPTED_MESSAGE_ID: b"1\0", 0x1401: b"vendor"},
)


def complete(sample: Pdu) -> Pdu:
    """The same with the fields that were left out."""
    return pdu.decode(pdu.encode(sample))


@given(pdus())
def test_what_is_written_is_read(sample: Pdu) -> None:
    assert pdu.decode(pdu.encode(sample)) == sample


@given(st.lists(pdus(), max_size=4), st.data())
def test_octets_may_arrive_in_any_pieces(samples: list[Pdu], data: st.DataObject) -> None:
    stream = b"".join(map(pdu.encode, samples))
    reader, found = PduReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == samples


def test_one_octet_at_a_time() -> None:
    reader = PduReader()
    found = [each for octet in pdu.encode(SAMPLE) * 2 for each in reader.feed(bytes((octet,)))]
    assert found == [complete(SAMPLE)] * 2


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_break_the_stream(noise: bytes) -> None:
    reader = PduReader()
    reader.feed(noise)
    assert reader.broken or reader.feed(b"") == []


@given(st.sampled_from(sorted(fields.BODIES)), st.binary(max_size=120))
def test_a_sound_frame_is_always_read(number: int, body: bytes) -> None:
    found = PduReader().feed(pdu.frame(number, 0, 1, body))
    assert [each.sequence for each in found] == [1]


@pytest.mark.parametrize("length", [0, 15, pdu.LIMIT + 1, 0xFFFFFFFF])
def test_an_impossible_length_breaks_the_stream_after_what_came_before(length: int) -> None:
    reader = PduReader()
    found = reader.feed(pdu.encode(SAMPLE) + length.to_bytes(4, "big") + bytes(12))
    assert found == [complete(SAMPLE)]
    assert str(length) in reader.broken
    assert reader.feed(pdu.encode(SAMPLE)) == []


def test_the_largest_pdu_is_read() -> None:
    payload = b"x" * (pdu.LIMIT - 16 - 17 - 4 - 6)
    sample = Pdu(codes.DELIVER_SM, 0, 1, {}, {codes.MESSAGE_PAYLOAD: payload})
    assert PduReader().feed(pdu.encode(sample))[0].tlvs == {codes.MESSAGE_PAYLOAD: payload}


def test_an_unknown_command_is_kept_whole() -> None:
    assert PduReader().feed(pdu.frame(0x777, 0, 3, b"anything")) == [Pdu(0x777, 0, 3, rest=b"anything")]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "service_type"),
        (b"\0\1\1336", "dest_addr_ton"),
        (bytes(16) + b"\xff" + b"short", "short_message"),
        (bytes(17) + b"\x00\x1e\x00", "optional parameter"),
        (bytes(17) + b"\x00\x1e\x00\x09abc", "0x001E"),
    ],
)
def test_a_fault_inside_is_told_and_costs_only_this_pdu(body: bytes, fault: str) -> None:
    first, second = PduReader().feed(pdu.frame(codes.DELIVER_SM, 0, 1, body) + pdu.encode(SAMPLE))
    assert fault in first.fault
    assert second == complete(SAMPLE)


def test_an_answer_may_lack_its_fields() -> None:
    found = pdu.decode(pdu.frame(codes.SUBMIT_SM_RESP, 0x58, 9, b""))
    assert (found.text("message_id"), found.fault) == ("", "")


def test_a_missing_last_nul_is_forgiven() -> None:
    assert pdu.decode(pdu.frame(codes.SUBMIT_SM_RESP, 0, 9, b"abc")).text("message_id") == "abc"


@pytest.mark.parametrize(
    "values",
    [
        {"system_id": "sixteen-letters!"},
        {"system_id": "é"},
        {"system_id": "a\0b"},
        {"addr_ton": 256},
        {"addr_ton": "1"},
        {"unheard_of": 1},
    ],
)
def test_what_does_not_fit_is_named(values: dict[str, fields.Value]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        pdu.body_of(codes.BIND_TRANSCEIVER, values)


def test_decode_wants_exactly_one() -> None:
    with pytest.raises(ValueError, match="says it has"):
        pdu.decode(pdu.encode(SAMPLE) + b"x")


class Numbers:
    """What smpplib asks of a client: sequence numbers."""

    sequence = 5

    def next_sequence(self) -> int:
        return self.sequence


ORACLE: list[tuple[str, dict[str, Any]]] = [
    ("bind_transceiver", {"system_id": "demo", "password": "secret", "system_type": "VMA", "interface_version": 0x34}),
    ("bind_transmitter", {"system_id": "demo", "password": "", "system_type": "", "interface_version": 0x34}),
    ("bind_receiver", {"system_id": "a", "password": "b", "system_type": "c", "interface_version": 0x34}),
    ("submit_sm_resp", {"message_id": "0123456789"}),
    (
        "submit_sm",
        {
            "service_type": "ABC",
            "source_addr_ton": 5,
            "source_addr": "CLGPASTEUR",
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": "33660000000",
            "esm_class": 0x40,
            "validity_period": "000000060000000R",
            "registered_delivery": 1,
            "data_coding": 8,
            "short_message": b"\x05\x00\x03\x01\x02\x01\x00B",
        },
    ),
    ("enquire_link", {}),
    ("unbind", {}),
    ("unbind_resp", {}),
]


@pytest.mark.parametrize(("name", "values"), ORACLE)
def test_we_write_what_smpplib_writes(name: str, values: dict[str, Any]) -> None:
    made = command.factory(name, client=Numbers(), **values)
    made.sequence = 5
    theirs = made.generate()
    ours = pdu.encode(Pdu(command_number(name), 0, 5, values))
    assert ours == theirs


@pytest.mark.parametrize(("name", "values"), ORACLE)
def test_smpplib_reads_what_we_write(name: str, values: dict[str, Any]) -> None:
    theirs = smpp.parse_pdu(pdu.encode(Pdu(command_number(name), 0, 5, values)), client=Numbers())
    assert (theirs.command, theirs.sequence) == (name, 5)
    for key, value in values.items():
        assert getattr(theirs, key) == (value.encode() if isinstance(value, str) else value)


def command_number(name: str) -> int:
    return next(number for number, known in codes.NAMES.items() if known == name)
