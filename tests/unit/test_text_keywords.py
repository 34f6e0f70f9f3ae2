"""Keywords and their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text import Merged, keywords, merge

VALUES = {"LOGIN": "jean", "A": "1", "A_2": "deux", "HASH": "#LOGIN ##"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("sans", "sans"),
        ("#LOGIN.", "jean."),
        ("##LOGIN", "#LOGIN"),
        ("###LOGIN", "#jean"),
        ("####", "##"),
        ("n# 5, #5, #é, # LOGIN, #login, #", "n# 5, #5, #é, # LOGIN, #login, #"),
        ("#A#A_2", "1deux"),
        ("#Abc", "1bc"),
        ("#HASH", "#LOGIN ##"),
    ],
)
def test_merge(template: str, text: str) -> None:
    assert merge(template, VALUES)[:2] == (text, text)
    assert merge(template, VALUES).missing == ()


def test_the_longest_keyword_is_meant() -> None:
    assert merge("#LOGINS", VALUES) == Merged("#LOGINS", "#LOGINS", missing=("LOGINS",))


def test_missing_values_are_named_once() -> None:
    assert merge("#X #Y #X #A", VALUES).missing == ("X", "Y")


def test_sensitive_values_are_located() -> None:
    merged = merge("é#A-#LOGIN-#A", VALUES, {"LOGIN", "OTHER"})
    assert merged == Merged("é1-jean-1", "é1-•••-1", ((3, 7),), (), ("LOGIN",))


def test_a_sensitive_keyword_without_a_value_is_missing() -> None:
    assert merge("#X", {}, ["X"]) == Merged("#X", "#X", missing=("X",))


def test_keywords_in_order_each_once() -> None:
    assert keywords("#B ##C #A #B #d #") == ("B", "A")


@given(st.text(alphabet="#AB_1a ", max_size=30))
def test_doubling_every_sign_gives_the_text_back(text: str) -> None:
    assert merge(text.replace("#", "##"), {"A": "x", "B": "y"}).text == text


@given(st.text(alphabet="#AB_1a ", max_size=30), st.text(max_size=5), st.text(max_size=5))
def test_protected_places_hold_the_values(template: str, a: str, b: str) -> None:
    values = {"A": a, "B": b}
    merged = merge(template, values, ["A"])
    assert [merged.text[start:end] for start, end in merged.protected] == [a] * len(merged.protected)
    assert merged.names == ("A",) * len(merged.protected)
