"""What telephones write is always read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import alphabets
from gateway.alphabets import Alphabet


@given(st.binary(max_size=200), st.sampled_from(list(Alphabet)))
def test_reading_never_fails_and_the_text_can_be_stored(octets: bytes, alphabet: Alphabet) -> None:
    text, read = alphabets.read(octets, alphabet)
    text.encode()
    assert "\0" not in text
    assert read is alphabet or (alphabet, read) == (Alphabet.GSM7, Alphabet.LATIN1)


@pytest.mark.parametrize(
    ("octets", "alphabet", "text"),
    [(b"Oui\0", Alphabet.LATIN1, "Oui"), (b"O\0i", Alphabet.LATIN1, "O\N{REPLACEMENT CHARACTER}i")],
)
def test_noughts_of_a_careless_provider(octets: bytes, alphabet: Alphabet, text: str) -> None:
    assert alphabets.read(octets, alphabet)[0] == text
