"""A part as a submit_sm, compared with the codec's general writer."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes, pdu
from adapters.smpp.submit import LongMessages, PreparedSubmit, SubmitBuilder, relative_time
from gateway.provider import Cause, Part, Refused
from gateway.text import Encoding

PART = Part(257, "+33660000000", "CLGPASTEUR", "Bonjour", Encoding.GSM7, 1, 1, 0, 21_600, "0")


def read(part: Part, long_messages: LongMessages = "udh8") -> pdu.Pdu:
    made = SubmitBuilder(long_messages).build(part)
    assert isinstance(made, PreparedSubmit)
    return pdu.decode(pdu.frame(codes.SUBMIT_SM, 0, 1, made.body))


def test_one_part_in_gsm() -> None:
    found = read(PART)
    assert found.fault == ""
    assert found.body == {
        "service_type": "",
        "source_addr_ton": 5,
        "source_addr_npi": 0,
        "source_addr": "CLGPASTEUR",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": "33660000000",
        "esm_class": 0,
        "protocol_id": 0,
        "priority_flag": 0,
        "schedule_delivery_time": "",
        "validity_period": "000000060000000R",
        "registered_delivery": 1,
        "replace_if_present_flag": 0,
        "data_coding": 0,
        "sm_default_msg_id": 0,
        "short_message": b"Bonjour",
    }


def test_ucs2() -> None:
    found = read(replace(PART, content="Ça va ê 😀", encoding=Encoding.UCS2))
    assert (found.number("data_coding"), found.octets("short_message")) == (8, "Ça va ê 😀".encode("utf-16-be"))


@pytest.mark.parametrize(
    ("form", "header"), [("udh8", b"\x05\x00\x03\x34\x03\x02"), ("udh16", b"\x06\x08\x04\x12\x34\x03\x02")]
)
def test_parts_say_that_they_belong_together(form: LongMessages, header: bytes) -> None:
    found = read(replace(PART, reference=0x1234, number=2, of=3), form)
    assert found.number("esm_class") == codes.UDHI
    assert found.octets("short_message") == header + b"Bonjour"


def test_parts_may_say_so_in_optional_parameters() -> None:
    found = read(replace(PART, reference=0x1234, number=2, of=3), "sar")
    assert (found.number("esm_class"), found.octets("short_message")) == (0, b"Bonjour")
    assert found.tlvs == {
        codes.SAR_MSG_REF_NUM: b"\x00\x34",
        codes.SAR_TOTAL_SEGMENTS: b"\x03",
        codes.SAR_SEGMENT_SEQNUM: b"\x02",
    }


def test_a_long_message_may_go_whole() -> None:
    found = read(replace(PART, of=2, carries=2, content="Bonjour " * 25), "payload")
    assert (found.number("esm_class"), found.octets("short_message")) == (0, b"")
    assert found.tlvs == {codes.MESSAGE_PAYLOAD: b"Bonjour " * 25}


def test_a_part_of_a_message_that_cannot_go_whole_any_more_has_a_header() -> None:
    found = read(replace(PART, reference=0x1234, number=2, of=3), "payload")
    assert found.octets("short_message") == b"\x05\x00\x03\x34\x03\x02Bonjour"
    assert found.tlvs == {}


@pytest.mark.parametrize("form", get_args(LongMessages))
def test_a_short_message_is_the_same_in_every_form(form: LongMessages) -> None:
    assert read(PART, form).body == read(PART).body
    assert read(PART, form).tlvs == {}


@pytest.mark.parametrize(
    ("sender", "ton", "npi"), [("CLGPASTEUR", 5, 0), ("36111", 3, 1), ("+33600000000", 1, 1), ("2ND", 5, 0)]
)
def test_the_plan_of_the_sender(sender: str, ton: int, npi: int) -> None:
    found = read(replace(PART, sender=sender))
    assert (found.number("source_addr_ton"), found.number("source_addr_npi")) == (ton, npi)
    assert found.text("source_addr") == sender.removeprefix("+")


def test_the_service_code() -> None:
    assert read(replace(PART, service_code="ABC12")).text("service_type") == "ABC12"


@pytest.mark.parametrize(
    "part",
    [
        replace(PART, service_code="ABCDEF"),
        replace(PART, sender="Collège"),
        replace(PART, sender="X" * 21),
        replace(PART, content="ê"),
        replace(PART, content="x" * 255),
        replace(PART, to="+33é"),
    ],
)
def test_what_cannot_be_written_is_refused_for_a_person_to_look_at(part: Part) -> None:
    made = SubmitBuilder().build(part)
    assert isinstance(made, Refused)
    assert made.cause is Cause.CONFIGURATION
    assert part.to not in made.code
    assert part.content not in made.code


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (9000, b"000000023000000R"),
        (86_400 * 2 + 61, b"000002000101000R"),
        (0, b"000000000001000R"),
        (-5, b"000000000001000R"),
        (10**9, b"000030235959000R"),
    ],
)
def test_relative_times(seconds: int, expected: bytes) -> None:
    assert relative_time(seconds) == expected


@given(st.integers(0, 10_000))
def test_many_senders_do_not_fill_the_memory(number: int) -> None:
    builder = SubmitBuilder()
    for each in range(number, number + 3):
        made = builder.build(replace(PART, sender=f"S{each}"))
        assert isinstance(made, PreparedSubmit)
        assert f"S{each}".encode() in made.body


def test_both_writers_agree() -> None:
    made = SubmitBuilder().build(PART)
    assert isinstance(made, PreparedSubmit)
    assert made.body == pdu.body_of(codes.SUBMIT_SM, read(PART).body)
