"""What stands for a character outside GSM-7."""

import json
import sys
import unicodedata
from pathlib import Path

import pytest

from gateway import gsm
from gateway.transliteration import TABLE, replacement

DATA = Path(__file__).parents[1] / "data" / "transliteration.json"


def test_the_table_is_the_one_agreed() -> None:
    assert json.loads(DATA.read_text("utf-8"))["map"] == TABLE


def test_the_table_only_replaces_what_lacks() -> None:
    assert not [char for char in TABLE if gsm.fits(char)]
    assert all(gsm.fits(plain) for plain in TABLE.values())


@pytest.mark.parametrize(
    ("char", "plain"),
    [
        ("á", "a"),
        ("ạ", "a"),
        ("ǖ", "u"),
        ("ḉ", "c"),
        ("ǽ", "æ"),
        ("ž", "z"),
        ("ﬁ", "fi"),
        ("Ａ", "A"),
        ("①", "1"),
        ("㎏", "kg"),
        ("‥", ".."),
        ("№", "No"),
        ("Ϋ", None),
        ("й", None),
        ("ж", None),
        ("👍", None),
        ("\u0301", None),
        ("⅓", None),
        # Their base is a sign that says the contrary.
        ("≠", None),
        ("≰", None),
    ],
)
def test_beyond_the_table(char: str, plain: str | None) -> None:
    assert replacement(char) == plain


def test_every_replacement_fits_and_is_what_a_reader_expects() -> None:
    for code in range(0x80, sys.maxunicode + 1):
        if unicodedata.category(char := chr(code)) in {"Cn", "Co", "Cs"} or gsm.fits(char):
            continue
        plain = replacement.__wrapped__(char)
        assert plain is None or gsm.fits(plain), hex(code)
