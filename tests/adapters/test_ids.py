"""The forms of a message id, from the answer to the receipt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp.ids import receipt_keys
from adapters.smpp.options import IdForm
from gateway.idforms import stored_key
from gateway.provider import Form

UUID = "0E999F21-b783-49d9-87af-643d7bf13304"


def looked_up(received: str, form: IdForm) -> list[str]:
    keys, converted = receipt_keys((received,), form)
    return [*keys, *(key for _, key in converted)]


@pytest.mark.parametrize(
    ("form", "answered", "received"),
    [
        ("auto", "1891273321", "1891273321"),
        ("auto", "0123456789", "123456789"),
        ("auto", "33647f6c", "862224236"),
        ("auto", "33647F6C", "33647f6c"),
        ("auto", "1d305b4c", "0489708364"),
        ("auto", "489708364", "1D305B4C"),
        ("auto", "0x1D305B4C", "1d305b4c"),
        ("auto", "1d305b4c", "0x1D305B4C"),
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
    assert stored_key(answered) in looked_up(received, form)


@pytest.mark.parametrize(
    ("form", "answered", "received"),
    [
        ("raw", "862224236", "33647f6c"),
        ("auto", "06C7C7DE28BB3E961947700000000FE3", "6C7C7DE28BB3E961947700000000FE3"),
        ("auto", "01114022511523684840", "1114022511523684840"),
        ("hex-to-dec", "10", "10"),
        ("dec-to-hex", "16", "16"),
        ("auto", "foo", "bar"),
    ],
)
def test_what_is_not_the_same_stays_apart(form: IdForm, answered: str, received: str) -> None:
    assert stored_key(answered) not in looked_up(received, form)


@given(st.integers(0, 2**64 - 1))
def test_hexadecimal_in_the_answer_decimal_in_the_receipt(number: int) -> None:
    for form in ("hex-to-dec", "auto"):
        assert stored_key(f"{number:x}") in looked_up(str(number), form)
        assert stored_key(f"{number:x}") in looked_up(f"{number:020}", form)


@given(st.integers(0, 2**64 - 1))
def test_decimal_in_the_answer_hexadecimal_in_the_receipt(number: int) -> None:
    for form in ("dec-to-hex", "auto"):
        assert stored_key(str(number)) in looked_up(f"{number:X}", form)


@given(st.text(max_size=70))
def test_whatever_is_no_number_of_sixteen_digits_is_never_converted(written: str) -> None:
    plain = stored_key(written)
    decimal = len(plain) <= 20 and not set(plain) - set("0123456789")
    if set(plain) - set("0123456789abcdef") or (len(plain) > 16 and not decimal):
        assert plain == written.strip().lower()
        for form in ("auto", "raw"):
            assert receipt_keys((written,), form)[1] == ()


def test_the_parameter_comes_before_the_text_and_each_form_says_which_it_is() -> None:
    keys, converted = receipt_keys(("1d305b4c", "0489708364"), "auto")
    assert keys == ("1d305b4c", "489708364")
    assert converted == ((Form.DEC_TO_HEX, "19485721444"),)  # each other's conversion is no other form
    assert receipt_keys(("16",), "auto") == (("16",), ((Form.HEX_TO_DEC, "10"), (Form.DEC_TO_HEX, "22")))
    assert receipt_keys(("9",), "auto") == (("9",), ())  # the same in both


def test_a_fixed_form_is_the_only_one() -> None:
    assert receipt_keys(("16",), "hex-to-dec") == ((), ((Form.HEX_TO_DEC, "10"),))
    assert receipt_keys(("1f",), "hex-to-dec") == (("1f",), ())  # no decimal: it kept the answer's base
    assert receipt_keys(("16",), "dec-to-hex") == ((), ((Form.DEC_TO_HEX, "22"),))
    assert receipt_keys(("16",), "raw") == (("16",), ())


def test_no_id_has_no_key() -> None:
    assert receipt_keys(("", " "), "auto") == ((), ())
    assert stored_key("") == ""
    assert stored_key("0000") == "0"
