"""A part as a submit_sm, compared with the codec's general writer."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes, pdu
from adapters.smpp.message_options import LongMessages, MessageOptions
from adapters.smpp.simulator_records import Submit
from adapters.smpp.submit import PreparedSubmit, SubmitBuilder
from adapters.smpp.times import relative_time
from gateway import gsm
from gateway.provider import Apart, Cause, Part, Refused
from gateway.text import Encoding

PART = Part(257, "+33660000000", "CLGPASTEUR", "Bonjour", Encoding.GSM7, 1, 1, 0, 21_600, "0")


def read_body(part: Part) -> bytes:
    made = builder().build(part)
    assert isinstance(made, PreparedSubmit)
    return made.body


def builder(**options: Any) -> SubmitBuilder:
    return SubmitBuilder(MessageOptions(name="a", adapter="smpp", **options))


def read(part: Part, long_messages: LongMessages = "udh8", **options: Any) -> pdu.Pdu:
    made = builder(long_messages=long_messages, **options).build(part)
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


def test_a_message_cut_for_short_references_has_them_whatever_the_account_says_now() -> None:
    part = replace(PART, reference=0x1234, number=2, of=3, narrow=False)
    assert read(part, "udh16").octets("short_message") == b"\x05\x00\x03\x34\x03\x02Bonjour"


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


@pytest.mark.row("S4 129")
def test_the_service_code() -> None:
    assert read(replace(PART, service_code="ABC12")).text("service_type") == "ABC12"
    assert read(replace(PART, service_code="ABC12"), service_type="CMT").text("service_type") == "ABC12"
    assert read(PART, service_type="CMT").text("service_type") == "CMT"


@pytest.mark.parametrize(("sender", "expected"), [("CLGPASTEUR", (5, 1)), ("36111", (2, 3)), ("+33600000000", (1, 8))])
def test_the_plans_that_a_provider_wants(sender: str, expected: tuple[int, int]) -> None:
    plans = {"alphanumeric": "5/1", "short_code": "2/3", "international": "1/8", "recipient": "2/1"}
    found = read(replace(PART, sender=sender), ton_npi=plans)
    assert (found.number("source_addr_ton"), found.number("source_addr_npi")) == expected
    assert (found.number("dest_addr_ton"), found.number("dest_addr_npi")) == (2, 1)


def test_what_a_carrier_may_ask_for() -> None:
    found = read(PART, registered_delivery=0x11, protocol_id=0x40, priority_flag=3)
    names = ("registered_delivery", "protocol_id", "priority_flag", "esm_class")
    assert [found.number(name) for name in names] == [0x11, 0x40, 3, 0]
    found = read(replace(PART, number=2, of=3), protocol_id=0x40)
    assert [found.number(name) for name in ("esm_class", "protocol_id")] == [codes.UDHI, 0x40]


def test_the_end_of_validity_as_the_account_wants_it() -> None:
    part = replace(PART, until=1_795_419_000_999)  # 23 November 2026, 07:30 UTC
    assert read(part, validity="absolute").text("validity_period") == "261123073000900+"
    assert read(part, validity="none").text("validity_period") == ""
    assert read(part).text("validity_period") == "000000060000000R"


@pytest.mark.parametrize(
    ("validity", "schedule", "end"),
    [
        ("relative", "000000020000000R", "000000060000000R"),
        ("absolute", "261123033000000+", "261123073000000+"),
        ("none", "000000020000000R", ""),
    ],
)
def test_the_hour_that_the_provider_waits_for(validity: str, schedule: str, end: str) -> None:
    until = 1_795_419_000_000  # 23 November 2026, 07:30 UTC; six hours from now
    found = read(replace(PART, until=until, starts=until - 4 * 3_600_000), validity=validity)
    assert (found.text("schedule_delivery_time"), found.text("validity_period")) == (schedule, end)


@pytest.mark.parametrize(
    ("options", "coding", "octets"),
    [
        ({}, 0, b"\x05t\x05"),
        ({"data_coding": {"gsm7": 1}}, 1, b"\x05t\x05"),
        ({"default_alphabet": "latin1"}, 0, b"\xe9t\xe9"),
        ({"default_alphabet": "latin1", "data_coding": {"gsm7": 3}}, 3, b"\xe9t\xe9"),
        ({"packed": True}, 0, bytes.fromhex("057a01")),
    ],
)
def test_the_alphabet_that_a_provider_wants(options: dict[str, Any], coding: int, octets: bytes) -> None:
    found = read(replace(PART, content="été"), **options)
    assert (found.number("data_coding"), found.octets("short_message")) == (coding, octets)


def test_ucs2_under_the_provider_s_own_number() -> None:
    found = read(replace(PART, content="ê", encoding=Encoding.UCS2), data_coding={"ucs2": 0x19}, packed=True)
    assert (found.number("data_coding"), found.octets("short_message")) == (0x19, b"\x00\xea")


@pytest.mark.parametrize(("form", "empty"), [("udh8", 1), ("udh16", 0), ("sar", 0)])
def test_packed_text_begins_with_a_septet_after_its_header(form: LongMessages, empty: int) -> None:
    octets = read(replace(PART, number=2, of=3), form, packed=True).octets("short_message")
    header = {"udh8": 6, "udh16": 7, "sar": 0}[form]
    assert octets[header] == (ord("B") << empty | ord("o") << 7 + empty) & 0xFF
    assert gsm.unpack(octets[header:], empty) == b"Bonjour"


@pytest.mark.parametrize(
    ("options", "codings", "tlvs"),
    [
        ({"flash": "data_coding"}, (0x10, 0x18), {}),
        ({"flash": "data_coding", "data_coding": {"flash_gsm7": 0xF0}}, (0xF0, 0x18), {}),
        ({"flash": "dest_addr_subunit"}, (0, 8), {codes.DEST_ADDR_SUBUNIT: b"\x01"}),
    ],
)
def test_flash_as_the_account_wants_it(
    options: dict[str, Any], codings: tuple[int, int], tlvs: dict[int, bytes]
) -> None:
    for encoding, coding in zip((Encoding.GSM7, Encoding.UCS2), codings, strict=True):
        part = replace(PART, encoding=encoding, flash=True)
        found = read(part, **options)
        assert (found.number("data_coding"), found.tlvs) == (coding, tlvs)
        assert Submit("demo", "1", found).is_flash
        assert not Submit("demo", "1", read(replace(part, flash=False), **options)).is_flash


def test_flash_is_refused_where_the_account_does_not_take_it() -> None:
    made = builder().build(replace(PART, flash=True))
    assert isinstance(made, Refused)
    assert made.cause is Cause.CONFIGURATION


@pytest.mark.parametrize("form", get_args(LongMessages))
def test_vendor_parameters_come_last(form: LongMessages) -> None:
    options = {"tlvs": [{"tag": 0x1401, "value": "EDU"}], "message_tlvs": {"kind": {"tag": 0x1402, "type": "int1"}}}
    part = replace(PART, of=2, carries=2 if form == "payload" else 1, tlvs={"kind": 7, "unknown": "x"})
    found = read(part, form, **options)
    assert list(found.tlvs)[-2:] == [0x1401, 0x1402]
    assert (found.tlvs[0x1401], found.tlvs[0x1402]) == (b"EDU\0", b"\x07")


def test_vendor_parameters_may_hold_what_the_papers_call_options() -> None:
    tlvs = [
        {"tag": 0x1401, "value": "{option1}"},
        {"tag": 0x1402, "type": "int2", "value": "{option2}"},
        {"tag": 0x1403, "value": "EDU"},
    ]
    found = read(PART, option1="ETAB57", option2="300", tlvs=tlvs)
    assert found.tlvs == {0x1401: b"ETAB57\0", 0x1402: b"\x01\x2c", 0x1403: b"EDU\0"}
    assert read(PART, tlvs=tlvs).tlvs == {0x1403: b"EDU\0"}  # an option that is empty is not said


def test_a_value_that_the_account_no_longer_takes_is_refused_without_it() -> None:
    one = builder(message_tlvs={"kind": {"tag": 0x1402, "type": "int1"}})
    made = one.build(replace(PART, tlvs={"kind": "secret"}))
    assert isinstance(made, Refused)
    assert "secret" not in made.code


def test_a_whole_message_may_be_packed() -> None:
    found = read(replace(PART, of=2, carries=2, content="Bonjour " * 25), "payload", packed=True)
    assert gsm.unpack(found.tlvs[codes.MESSAGE_PAYLOAD]) == b"Bonjour " * 25


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
    made = builder().build(part)
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


def test_a_text_that_the_account_cannot_write_is_refused_without_its_words() -> None:
    made = builder(default_alphabet="latin1").build(replace(PART, content="3 €"))
    assert isinstance(made, Refused)
    assert "latin1" in made.code
    assert "€" not in made.code


@given(st.integers(0, 10_000))
def test_many_senders_do_not_fill_the_memory(number: int) -> None:
    one = builder()
    for each in range(number, number + 3):
        made = one.build(replace(PART, sender=f"S{each}"))
        assert isinstance(made, PreparedSubmit)
        assert f"S{each}".encode() in made.body


def test_both_writers_agree() -> None:
    made = builder().build(PART)
    assert isinstance(made, PreparedSubmit)
    assert made.body == pdu.body_of(codes.SUBMIT_SM, read(PART).body)


# ---- a provider that takes no optional parameters ----


def test_without_optional_parameters_sar_has_a_header() -> None:
    part = replace(PART, number=2, of=3, reference=0x1234)
    made = builder(long_messages="sar").build(part, optional=False)
    assert made == builder(long_messages="udh8").build(part)
    assert isinstance(made, PreparedSubmit)
    assert not made.optional


def test_without_optional_parameters_a_message_goes_in_parts() -> None:
    one = builder(long_messages="payload")
    assert one.build(replace(PART, of=2, carries=2), optional=False) == Apart()
    part = replace(PART, of=2, number=2)
    made = one.build(part, optional=False)
    assert made == builder().build(part)


def test_without_optional_parameters_the_provider_is_told_nothing_of_its_own() -> None:
    one = builder(tlvs=[{"tag": 0x1400, "type": "int1", "value": 1}], message_tlvs={"kind": {"tag": 0x1401}})
    part = replace(PART, tlvs={"kind": "A", "unknown": "B"})
    taken, without = one.build(part), one.build(part, optional=False)
    assert isinstance(taken, PreparedSubmit)
    assert isinstance(without, PreparedSubmit)
    assert (taken.optional, taken.part.tlvs) == (True, {"kind": "A"})
    assert (without.optional, without.part.tlvs, without.body) == (False, None, read_body(PART))


def test_flash_by_an_optional_parameter_would_be_another_message_without_it() -> None:
    one, part = builder(flash="dest_addr_subunit"), replace(PART, flash=True)
    assert isinstance(one.build(part), PreparedSubmit)
    refused = one.build(part, optional=False)
    assert isinstance(refused, Refused)
    assert refused.cause is Cause.CONFIGURATION
    assert "optional_parameters" in refused.code


def test_a_plain_message_needs_none() -> None:
    assert builder().build(PART, optional=False) == builder().build(PART)
