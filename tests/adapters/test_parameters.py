"""Vendor parameters: what each type takes, what an account may declare, what is written of a message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.smpp import parameters, pdu
from adapters.smpp.options import SmppAccount
from adapters.smpp.parameters import FRENCH, Declared, Fixed, Parameters, Type, Value

REQUIRED: dict[str, Any] = {"name": "operateur-a", "host": "127.0.0.1", "system_id": "demo"}


@pytest.mark.parametrize(
    ("type_", "value", "octets"),
    [
        ("string", "été", b"\xc3\xa9t\xc3\xa9\0"),
        ("text", "ABC", b"ABC"),
        ("octets", "0a1B", b"\x0a\x1b"),
        ("int1", 255, b"\xff"),
        ("int2", 258, b"\x01\x02"),
        ("int4", 1, b"\0\0\0\1"),
    ],
)
def test_what_each_type_takes(type_: Type, value: Value, octets: bytes) -> None:
    assert parameters.octets(type_, value) == octets


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *(("string", ""), ("string", "a\0b"), ("string", "x" * 251), ("string", "é" * 126), ("string", 1)),
        *(("text", ""), ("octets", ""), ("octets", "0"), ("octets", "zz"), ("octets", "00" * 251), ("octets", 10)),
        *(("int1", 256), ("int1", -1), ("int1", "1"), ("int2", 65_536), ("int4", 1 << 32)),
    ],
)
def test_what_no_type_takes(type_: Type, value: Value) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - fromhex has its own words
        parameters.octets(type_, value)


def test_every_type_is_said_in_french() -> None:
    assert set(FRENCH) == set(Type.__args__)  # type: ignore[attr-defined]


@given(st.sampled_from(list(FRENCH)), st.integers() | st.text())
def test_a_declared_value_is_written_or_refused(type_: Type, value: Value) -> None:
    account = SmppAccount(**REQUIRED, message_tlvs={"x": {"tag": 0x1401, "type": type_}})
    part = Parameters(account.tlvs, account.message_tlvs)
    if account.may_say("x", value):
        assert part.write({"x": value}) == pdu.tlv(0x1401, parameters.octets(type_, value))
    else:
        with pytest.raises(ValueError):  # noqa: PT011
            part.write({"x": value})


def test_a_message_s_value_stands_in_the_place_of_the_account_s() -> None:
    fixed = (Fixed(tag=0x1401, value="EDU"), Fixed(tag=0x1402, type="int1", value=3))
    one = Parameters(fixed, {"kind": Declared(tag=0x1401), "more": Declared(tag=0x1403, type="int1")})
    account = pdu.tlv(0x1401, b"EDU\0") + pdu.tlv(0x1402, b"\x03")
    assert one.write(None) == one.write({}) == account
    assert one.known({"unknown": "x", "kind": "FETE"}) == {"kind": "FETE"}
    assert one.known({"unknown": "x"}) is one.known(None) is None
    assert one.write({"kind": "FETE", "more": 1}) == (
        pdu.tlv(0x1401, b"FETE\0") + pdu.tlv(0x1402, b"\x03") + pdu.tlv(0x1403, b"\x01")
    )


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"tlvs": [{"tag": "0x1401", "value": 5}]}, "a text of 1 to 250"),
        ({"tlvs": [{"tag": "0x1401", "type": "int1", "value": 256}]}, "1 octets"),
        ({"tlvs": [{"tag": "0x0424", "value": "x"}]}, "leave it out"),
        ({"tlvs": [{"tag": "0x1401", "value": "x"}, {"tag": 0x1401, "value": "y"}]}, "0x1401 is given twice"),
        ({"tlvs": [{"tag": "0xZZ", "value": "x"}]}, "valid integer"),
        ({"tlvs": [{"tag": 0x10000, "value": "x"}]}, "65535"),
        ({"message_tlvs": {"Campaign": {"tag": 0x1401}}}, "pattern"),
        ({"message_tlvs": {"campaign": {"tag": 0x020C}}}, "leave it out"),
        ({"flash": "data_coding", "default_alphabet": "latin1"}, "dest_addr_subunit"),
    ],
)
def test_what_cannot_be_declared_is_refused_with_its_cure(options: dict[str, Any], cure: str) -> None:
    with pytest.raises(ValidationError, match=cure):
        SmppAccount(**REQUIRED, **options)


def test_what_an_account_takes() -> None:
    account = SmppAccount(**REQUIRED, message_tlvs={"campaign": {"tag": "0x1401", "type": "int1"}}, flash="data_coding")
    assert account.takes == {"campaign": "un entier de 0 à 255"}
    assert account.flashes
    assert not SmppAccount(**REQUIRED).flashes
