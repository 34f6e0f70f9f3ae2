"""Parts in any order, repeated, missing, late, of two messages with one reference."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import gsm
from gateway.alphabets import Alphabet
from gateway.reassembly import GAP, LATE_MS, REPEATED_MS, Piece, bundle_of, comes_again, is_whole, join

MINUTE = 60_000
ONE = Piece(1, 0, b"Oui", Alphabet.GSM7, "a")


def part(place: int, octets: bytes = b"x", **more: object) -> Piece:
    made = Piece(1, 0, octets, Alphabet.GSM7, "a", reference=7, place=place, of=3)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_any_order(order: tuple[int, ...]) -> None:
    words = {1: b"un ", 2: b"deux ", 3: b"trois"}
    pieces = [part(place, words[place]) for place in order]
    assert is_whole(pieces)
    assert not is_whole(pieces[:2])
    assert join(pieces) == ("un deux trois", Alphabet.GSM7, ())


@pytest.mark.parametrize(
    ("came", "text", "missing"),
    [
        ((1, 3), f"1{GAP}3", (2,)),
        ((2,), f"{GAP}2{GAP}", (1, 3)),
        ((1,), f"1{GAP}", (2, 3)),
        ((3,), f"{GAP}3", (1, 2)),
    ],
)
def test_what_is_missing_is_marked_once_a_gap(came: tuple[int, ...], text: str, missing: tuple[int, ...]) -> None:
    joined = join([part(place, str(place).encode()) for place in came])
    assert (joined.text, joined.missing) == (text, missing)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.data())
def test_a_character_torn_between_two_parts_is_whole_again(text: str, data: st.DataObject) -> None:
    octets = text.encode("utf-16-be")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), min_size=2, max_size=2)))
    torn = [octets[: cuts[0]], octets[cuts[0] : cuts[1]], octets[cuts[1] :]]
    pieces = [part(place, one, alphabet=Alphabet.UCS2) for place, one in enumerate(torn, 1)]
    if octets[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        assert join(pieces) == (text, Alphabet.UCS2, ())


def test_an_escape_torn_from_its_code_is_whole_again() -> None:
    octets = gsm.encode("10 €")
    assert join([part(1, octets[:4]), part(2, octets[4:]), part(3, b"")]).text == "10 €"


def test_parts_of_several_alphabets() -> None:
    pieces = [part(1, b"Oui "), part(2, "forêt ".encode("utf-16-be"), alphabet=Alphabet.UCS2), part(3, b"!")]
    assert join(pieces) == ("Oui forêt !", Alphabet.UCS2, ())


# ---- what comes again ----


def test_the_same_words_on_another_link_within_ten_minutes() -> None:
    assert comes_again(replace(ONE, link="b", at=REPEATED_MS), ONE)
    assert not comes_again(replace(ONE, link="b", at=REPEATED_MS + 1), ONE)
    assert not comes_again(replace(ONE, link="b", up=frozenset({"a", "b"})), ONE)  # that link is up: it was answered
    assert not comes_again(replace(ONE, at=1), ONE)  # on the same link a person said it twice
    assert not comes_again(replace(ONE, link="b", octets=b"Non"), ONE)


def test_the_provider_s_own_id_decides() -> None:
    old = replace(ONE, provider_id="7")
    assert comes_again(replace(old, at=6 * LATE_MS), old)
    assert not comes_again(replace(old, link="b", provider_id="8"), old)
    assert comes_again(replace(old, link="b", provider_id=""), old)


def test_a_part_comes_again_on_any_link() -> None:
    assert comes_again(part(2, at=LATE_MS), part(2))
    assert not comes_again(part(2, at=LATE_MS + 1), part(2))
    assert not comes_again(part(2, b"y"), part(2))
    assert not comes_again(part(2, reference=8), part(2))


# ---- which message a part is of ----


def test_a_part_joins_the_message_that_lacks_it() -> None:
    assert bundle_of(part(2), [part(1)]) == 1
    assert bundle_of(part(2, reference=8), [part(1)]) is None
    assert bundle_of(part(2, of=4), [part(1)]) is None
    assert bundle_of(ONE, [part(1)]) is None


def test_another_part_at_a_place_that_is_taken_begins_another_message() -> None:
    first = [part(1), part(2)]
    assert bundle_of(part(1, b"y"), first) is None
    both = [*first, part(1, b"y", bundle=3)]
    assert bundle_of(part(3, b"z"), both) == 3  # the latest begun
    assert bundle_of(part(3, b"z"), [*both, part(3, b"w", bundle=3)]) == 1


def test_a_part_that_comes_a_day_later_is_of_another_message() -> None:
    begun = [part(1, at=0), part(2, at=5 * MINUTE)]
    assert bundle_of(part(3, at=LATE_MS), begun) == 1
    assert bundle_of(part(3, at=LATE_MS + 1), begun) is None
