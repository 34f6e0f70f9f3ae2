"""Septets in octets, as they go over the air: the vectors of 3GPP 23.038, and there and back whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import gsm

# No carriage return at the end: where it would fill the last seven bits it cannot be told from filling.
texts = st.text(alphabet=[char for char in gsm.DEFAULT if char not in "\x1b\r"] + list(gsm.EXTENSION.values()))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("hello", "e8329bfd06"),
        ("hellohello", "e8329bfd4697d9ec37"),
        ("Test", "d4f29c0e"),
        ("0", "30"),
        ("1234567", "31d98c56b3dd1a"),  # seven bits left: a carriage return, 6.1.2.3.1
        ("12345678", "31d98c56b3dd70"),
        ("€", "9b32"),
        ("", ""),
    ],
)
def test_known_octets(text: str, octets: str) -> None:
    assert gsm.pack(gsm.encode(text)).hex() == octets
    assert gsm.decode(gsm.unpack(bytes.fromhex(octets))) == text


def test_one_bit_is_empty_after_a_header_of_six_octets() -> None:
    assert gsm.pack(gsm.encode("hello"), 1)[0] == (ord("h") << 1) & 0xFF
    assert gsm.unpack(gsm.pack(gsm.encode("hello"), 1), 1) == b"hello"


@pytest.mark.parametrize(("septets", "fill", "octets"), [(160, 0, 140), (153, 1, 134), (152, 0, 133), (152, 1, 134)])
def test_a_full_part_fills_what_goes_over_the_air(septets: int, fill: int, octets: int) -> None:
    assert len(gsm.pack(b"x" * septets, fill)) == octets


@given(text=texts, fill=st.integers(0, 6))
def test_there_and_back(text: str, fill: int) -> None:
    septets = gsm.encode(text)
    packed = gsm.pack(septets, fill)
    assert len(packed) == (fill + 7 * len(septets) + 7) // 8 if septets else packed == b""
    assert gsm.unpack(packed, fill) == septets


@given(octets=st.binary(max_size=160), fill=st.integers(0, 6))
def test_any_octets_can_be_read(octets: bytes, fill: int) -> None:
    assert gsm.unpack(octets, fill).isascii()


def test_an_at_at_the_very_end_is_kept() -> None:
    septets = gsm.encode("1234567@")
    assert gsm.unpack(gsm.pack(septets)) == septets
