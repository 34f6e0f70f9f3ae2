"""Texts: alphabet, parts, replacements, culprits, sensitive values. Vectors in tests/data."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import gsm
from gateway.text import (
    Composed,
    Culprit,
    Encoding,
    NotGsm7,
    Replacement,
    SensitiveNotGsm7,
    Unencodable,
    compose,
    decode,
    encode,
    merge,
    remaining,
)

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "segments.json").read_text("utf-8"))

FAMILY = "👨\u200d👩\u200d👧"
CLUSTERS = [
    FAMILY,
    "👩🏽\u200d💻",
    "🇫🇷",
    "👍🏿",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "x\u0302\u0323",
    "\u1113\u1161\u11ab",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🏳\ufe0f\u200d🌈",
    "क्षि",
]


def units(text: str, encoding: Encoding) -> int:
    """Counted the plain way: octets of what is sent."""
    return len(encode(text, encoding)) // (1 if encoding is Encoding.GSM7 else 2)


def outcome(composed: Composed) -> tuple[str, int, list[int]]:
    return composed.encoding, composed.units, [units(part, composed.encoding) for part in composed.parts]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["note"][:50])
def test_vectors_as_they_are(vector: dict[str, Any]) -> None:
    composed = compose(vector["text"], transliterate=False)
    assert outcome(composed) == (vector["encoding"], vector["units"], vector["part_units"])
    assert len(composed.parts) == vector["parts"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["note"][:50])
def test_vectors_transliterated(vector: dict[str, Any]) -> None:
    composed = compose(vector["text"])
    assert (composed.encoding, composed.units, len(composed.parts)) == (
        vector["translit_encoding"],
        vector["translit_units"],
        vector["translit_parts"],
    )
    if vector["translit"] is not None:
        assert composed.text == vector["translit"]


GSM_CHARS = "".join(char for char in gsm.DEFAULT if char not in "\x1b\r") + "".join(gsm.EXTENSION.values())
gsm_texts = st.text(alphabet=GSM_CHARS, max_size=700) | st.text(alphabet="x€", max_size=700)
clusters = st.lists(st.sampled_from([*CLUSTERS, "a", "é", "ê", "€", " "]), max_size=120).map("".join)
texts = (
    gsm_texts | clusters | st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=300)
)


@given(text=texts, narrow=st.booleans(), transliterate=st.booleans())
def test_cut_then_joined_is_the_text_and_no_part_is_over(text: str, narrow: bool, transliterate: bool) -> None:
    composed = compose(text, narrow=narrow, transliterate=transliterate)
    gsm7 = composed.encoding is Encoding.GSM7
    alone, each = (160, 152 if narrow else 153) if gsm7 else (70, 66 if narrow else 67)
    sizes = [units(part, composed.encoding) for part in composed.parts]
    assert "".join(composed.parts) == composed.text
    assert sum(sizes) == composed.units
    assert composed.characters == len(composed.text)
    assert (len(sizes) == 1) == (composed.units <= alone)
    assert len(sizes) == 1 or max(sizes) <= each
    assert all(sizes) or composed.text == ""


@given(text=gsm_texts, transliterate=st.booleans())
def test_characters_that_an_account_lacks_count_as_outside(text: str, transliterate: bool) -> None:
    composed = compose(text, lacks="€Ω", transliterate=transliterate)
    assert composed.text == text
    assert (composed.encoding is Encoding.UCS2) == any(char in "€Ω" for char in text)
    assert {culprit.char for culprit in composed.culprits} == set(text) & set("€Ω")
    assert composed.encoding is Encoding.UCS2 or composed == compose(text)


def test_a_letter_that_an_account_lacks_is_replaced_by_what_it_has() -> None:
    composed = compose("Élève absent", lacks=gsm.NOT_ASCII)
    assert (composed.text, composed.encoding) == ("Eleve absent", Encoding.GSM7)
    assert compose("Prix : 3 €", lacks=gsm.NOT_ASCII).culprits == (Culprit("€", 9, False),)


@given(text=gsm_texts)
def test_gsm7_parts_are_as_full_as_they_go(text: str) -> None:
    composed = compose(text)
    for part, following in zip(composed.parts, composed.parts[1:], strict=False):
        assert units(part + following[0], Encoding.GSM7) > 153


@given(atoms=st.lists(st.sampled_from([*CLUSTERS, "a", "ж", "👍"]), min_size=1, max_size=100))
def test_no_grapheme_is_cut(atoms: list[str]) -> None:
    # A separator keeps neighbours from joining (two flags, a letter and a mark of the next).
    text = "|".join(atoms)
    ends: set[int] = set()
    place = 0
    for atom in atoms:
        ends.update((place, place + len(atom)))
        place += len(atom) + 1
    cut = 0
    for part in compose(text, encoding="ucs2").parts[:-1]:
        cut += len(part)
        assert cut in ends


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_what_was_composed_composes_to_itself(text: str) -> None:
    once = compose(text)
    again = compose(once.text)
    assert (again.text, again.encoding, again.parts) == (once.text, once.encoding, once.parts)
    assert again.replacements == ()


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_grapheme_moves_whole_to_the_next_part(cluster: str) -> None:
    composed = compose("ж" * 66 + cluster + "ж" * 10)
    assert composed.parts[0] == "ж" * 66 if units(cluster, Encoding.UCS2) > 1 else "ж" * 66 + cluster


def test_a_grapheme_longer_than_a_part_is_cut_between_code_points() -> None:
    composed = compose("e" + "\u0301\u0323" * 40 + "👍")
    assert "".join(composed.parts) == composed.text
    assert max(units(part, Encoding.UCS2) for part in composed.parts) <= 67
    giant = "👩" + "\u200d👩" * 40
    assert all(encode(part, Encoding.UCS2) for part in compose(giant).parts)
    assert "".join(compose(giant).parts) == giant


def test_two_flags_are_not_torn_into_other_flags() -> None:
    composed = compose("🇫🇷" * 40)
    assert all(len(part) % 2 == 0 for part in composed.parts)


def test_narrow_references_leave_less_room() -> None:
    assert [len(part) for part in compose("x" * 306, narrow=True).parts] == [152, 152, 2]
    assert [len(part) for part in compose("ж" * 134, narrow=True).parts] == [66, 66, 2]
    assert len(compose("x" * 160, narrow=True).parts) == 1


def test_line_ends_become_lf() -> None:
    assert compose("a\r\nb\rc").text == "a\nb\nc"
    assert compose("a\r\nb", encoding="ucs2").text == "a\nb"


def test_accents_are_composed_first() -> None:
    composed = compose("e\u0301le\u0300ve")
    assert (composed.text, composed.encoding, composed.culprits) == ("élève", Encoding.GSM7, ())


def test_ucs2_keeps_every_character() -> None:
    composed = compose("Être", encoding="ucs2")
    assert (composed.text, composed.encoding, composed.units) == ("Être", Encoding.UCS2, 4)
    assert compose("abc", encoding="ucs2").encoding is Encoding.UCS2


def test_replacements_are_told_with_their_count() -> None:
    composed = compose("« Noël » œuvre, fête, bête")
    assert composed.text == '" Noel " oeuvre, fete, bete'
    assert composed.replacements == (
        Replacement("«", '"', 1),
        Replacement("ë", "e", 1),
        Replacement("»", '"', 1),
        Replacement("œ", "oe", 1),
        Replacement("ê", "e", 2),
    )


def test_one_character_that_nothing_replaces_keeps_the_whole_text() -> None:
    composed = compose("fête 👍")
    assert (composed.text, composed.encoding, composed.replacements) == ("fête 👍", Encoding.UCS2, ())
    assert composed.culprits == (Culprit("ê", 1, True), Culprit("👍", 5, False))


def test_culprits_stand_in_the_normalised_text_before_replacement() -> None:
    assert compose("e\u0301\r\n«").culprits == (Culprit("«", 2, True),)


def test_gsm7_asked_for_and_impossible() -> None:
    with pytest.raises(NotGsm7) as caught:
        compose("ok 👍", encoding="gsm7")
    assert caught.value.culprits == (Culprit("👍", 3, False),)
    with pytest.raises(NotGsm7):
        compose("fête", encoding="gsm7", transliterate=False)
    assert compose("fête", encoding="gsm7").text == "fete"


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x7f", "\x9f", "\ud83d"])
def test_what_no_phone_can_show_is_refused_where_it_stands(char: str) -> None:
    for encoding in ("auto", "gsm7", "ucs2"):
        with pytest.raises(Unencodable) as caught:
            compose(f"e\u0301{char}", encoding=encoding)
        assert caught.value.position == 1


def test_a_sensitive_value_is_sent_but_not_shown() -> None:
    composed = compose(merge("Accès #LOGIN / #PASS, à bientôt", {"LOGIN": "jean", "PASS": "s3c€ret"}, ["PASS"]))
    assert composed.text == "Accès jean / s3c€ret, à bientot"
    assert composed.shown == "Accès jean / •••, à bientot"
    assert composed.culprits == (Culprit("ô", 29, True),)


def test_a_sensitive_value_is_never_transliterated() -> None:
    with pytest.raises(SensitiveNotGsm7) as caught:
        compose(merge("#A #B #C", {"A": "ê", "B": "ok", "C": "ç"}, ["A", "B", "C"]))
    assert caught.value.names == ("A", "C")
    assert "ê" not in str(caught.value)
    composed = compose(merge("mot #A", {"A": "ête"}, ["A"]), encoding="ucs2")
    assert (composed.text, composed.shown) == ("mot ête", "mot •••")
    assert composed.culprits == (Culprit("•", 4, False),)


def test_a_sensitive_value_that_fits_goes_with_a_text_that_does_not() -> None:
    composed = compose(merge("👍 ê #A", {"A": "ab"}, ["A"]))
    assert (composed.text, composed.encoding, composed.shown) == ("👍 ê ab", Encoding.UCS2, "👍 ê •••")


def test_an_accent_before_or_after_a_sensitive_value_does_not_change_it() -> None:
    assert compose(merge("#A\u0301 ж", {"A": "e"}, ["A"])).text == "e\u0301 ж"
    with pytest.raises(SensitiveNotGsm7):
        compose(merge("e#A", {"A": "\u0301"}, ["A"]))


def test_empty_sensitive_values_are_hidden_like_others() -> None:
    assert compose(merge("#A#B.", {"A": "", "B": ""}, ["A", "B"])).shown == "••••••."


@pytest.mark.parametrize(
    ("text", "left"), [("", 160), ("x" * 150, 10), ("x" * 160, 0), ("x" * 161, 145), ("ж" * 60, 10), ("ж" * 71, 63)]
)
def test_remaining(text: str, left: int) -> None:
    assert remaining(compose(text)) == left


def test_remaining_with_narrow_references() -> None:
    assert remaining(compose("x" * 161, narrow=True), narrow=True) == 143


@given(text=st.text(alphabet=GSM_CHARS))
def test_septets_come_back(text: str) -> None:
    octets = encode(text, Encoding.GSM7)
    assert len(octets) == compose(text).units
    assert max(octets, default=0) < 0x80
    assert decode(octets, Encoding.GSM7) == text


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_utf16_comes_back(text: str) -> None:
    assert decode(encode(text, Encoding.UCS2), Encoding.UCS2) == text
