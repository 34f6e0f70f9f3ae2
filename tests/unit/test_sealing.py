"""Sealing: what shows, what does not, whose key opens."""

import base64

import pytest

from gateway.sealing import Sealer, read_keys

ONE, TWO = Sealer([b"1" * 32]), Sealer([b"2" * 32])
BOTH = Sealer([b"2" * 32, b"1" * 32])
NUMBER = "+33612345678"


@pytest.mark.parametrize("value", ["x", NUMBER, "Élève « 5ᵉ B » 😀", "a" * 40_000])
def test_what_is_sealed_is_opened(value: str) -> None:
    assert ONE.opened(ONE.alike(value)) == value
    assert ONE.opened(ONE.text(value)) == value
    assert ONE.opened(ONE.octets(value.encode())) == value.encode()
    for sealed in (ONE.alike(value), ONE.text(value), ONE.octets(value.encode())):
        assert len(value) < 2 or value.encode() not in sealed


def test_numbers_are_alike_texts_are_not() -> None:
    assert ONE.alike(NUMBER) == ONE.alike(NUMBER) != ONE.alike("+33612345679")
    assert len({ONE.text("Bonjour") for _ in range(1000)}) == 1000
    assert len({ONE.octets(b"Bonjour") for _ in range(1000)}) == 1000


def test_another_key_opens_nothing_and_an_older_one_what_it_sealed() -> None:
    for sealed in (ONE.alike(NUMBER), ONE.text(NUMBER), ONE.octets(b"x")):
        assert TWO.opened(sealed) == sealed
        assert BOTH.opened(sealed) == ONE.opened(sealed)
    assert BOTH.opened(TWO.text(NUMBER)) == NUMBER
    assert BOTH.mark == TWO.mark != ONE.mark
    assert BOTH.marks == {ONE.mark, TWO.mark}


def test_a_number_is_looked_for_in_every_form() -> None:
    assert BOTH.forms(NUMBER) == [TWO.alike(NUMBER), ONE.alike(NUMBER), NUMBER]


def test_a_change_is_noticed() -> None:
    for sealed in (ONE.alike(NUMBER), ONE.text(NUMBER), ONE.octets(b"Bonjour")):
        for place in range(len(sealed)):
            changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
            assert ONE.opened(changed) == changed, place
        for length in range(len(sealed)):
            assert ONE.opened(sealed[:length]) == sealed[:length], length


def test_octets_that_were_never_sealed_stay() -> None:
    for value in (b"", b"\x05\x00\x03", b"\x02" + ONE.mark, b"\x02" + ONE.mark + b"x" * 40):
        assert ONE.opened(value) == value


def test_keys() -> None:
    one, two = (base64.b64encode(secret * 32).decode() for secret in (b"1", b"2"))
    assert read_keys(f"{one}\n") == [b"1" * 32]
    assert read_keys(f" {two}, {one}\n") == read_keys(f"{two}\n{one}") == [b"2" * 32, b"1" * 32]
    for wrong in ("", " ", "secret", "é", one[:-4], base64.b64encode(b"x" * 16).decode(), f"{one} {one}"):
        with pytest.raises(ValueError, match="expected") as told:
            read_keys(wrong)
        assert not wrong.strip() or wrong not in str(told.value)
