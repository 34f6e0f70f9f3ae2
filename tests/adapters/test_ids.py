"""The forms of a message id, from the answer to the receipt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp.ids import candidate_keys, stored_key
from adapters.smpp.options import IdForm

UUID = "0E999F21-b783-49d9-87af-643d7bf13304"


@pytest.mark.parametrize(
    ("form", "answered", "received"),
    [
        ("auto", "1891273321", "1891273321"),
        ("auto", "0123456789", "123456789"),
        ("auto", "33647f6c", "862224236"),
        ("auto", "33647F6C", "33647f6c"),
        ("auto", "1d305b4c", "0489708364"),
        ("auto", "489708364", "1D305B4C"),
        ("auto", UUID, UUID.lower()),
        ("auto", "6C7C7DE28BB3E961947700000000FE37", "6c7c7de28bb3e961947700000000fe37"),
        ("auto", "1114022511523684840", "1114022511523684840"),
        ("raw", "00AB", "00AB"),
        ("hex-to-dec", "33647f6c", "862224236"),
        ("hex-to-dec", "10", "16"),
        ("hex-to-dec", "33647f6c", "33647f6c"),
        ("dec-to-hex", "862224236", "33647F6C"),
        ("dec-to-hex", "16", "00000010"),
        ("dec-to-hex", UUID, UUID),
    ],
)
def test_a_receipt_finds_its_part(form: IdForm, answered: str, received: str) -> None:
    assert stored_key(answered, form) in candidate_keys((received,), form)


@pytest.mark.parametrize(
    ("form", "answered", "received"),
    [
        ("raw", "00ab", "ab"),
        ("raw", "AB", "ab"),
        ("auto", "06C7C7DE28BB3E961947700000000FE3", "6C7C7DE28BB3E961947700000000FE3"),
        ("auto", "01114022511523684840", "1114022511523684840"),
        ("hex-to-dec", "10", "10"),
        ("dec-to-hex", "16", "16"),
        ("auto", "foo", "bar"),
    ],
)
def test_what_is_not_the_same_stays_apart(form: IdForm, answered: str, received: str) -> None:
    assert stored_key(answered, form) not in candidate_keys((received,), form)


@given(st.integers(0, 2**63), st.sampled_from(["auto", "hex-to-dec"]))
def test_hexadecimal_in_the_answer_decimal_in_the_receipt(number: int, form: IdForm) -> None:
    decimal = str(number)
    if len(decimal) <= 16 or form == "hex-to-dec":
        assert stored_key(f"{number:x}", form) in candidate_keys((decimal,), form)


def test_the_parameter_comes_before_the_text_and_the_plain_before_the_converted() -> None:
    assert candidate_keys(("1d305b4c", "0489708364"), "auto") == ("1d305b4c", "489708364", "19485721444")


def test_no_id_has_no_key() -> None:
    assert candidate_keys(("", ""), "auto") == ()
    assert [stored_key("", form) for form in ("auto", "raw", "hex-to-dec", "dec-to-hex")] == [""] * 4
    assert stored_key("0000", "auto") == "0"
