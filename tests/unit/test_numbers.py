"""Numbers as people type them; how they are shown; senders."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import numbers
from gateway.numbers import FRENCH_REGIONS, Number, Unusable, mask, national, read, read_sender

MAINLAND = Number("+33612345678", "FR")


@pytest.mark.parametrize(
    "raw",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06/12/34/56/78",
        " 0612 345 678 ",
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "+330612345678",
        "0033612345678",
        "0033 (0) 612345678",
        "33612345678",
        "612345678",
        "06\u00a012\u202f34\u200956\u201178",
        "\u202a06 12 34 56 78\u202c",
        "06–12–34–56–78",
        "06·12·34·56·78",
        "０６１２３４５６７８",
        "＋33612345678",
        "+336١٢٣٤٥٦٧٨",
    ],
)
@pytest.mark.parametrize("region", ["FR", "RE", "NC"])
def test_every_form_of_a_mainland_mobile(raw: str, region: str) -> None:
    assert read(raw, region) == MAINLAND


@pytest.mark.parametrize(
    ("national_number", "e164", "place"),
    [
        ("0690123456", "+590690123456", "GP"),
        ("0691221234", "+590691221234", "GP"),
        ("0709001234", "+590709001234", "GP"),
        ("0692123456", "+262692123456", "RE"),
        ("0693001234", "+262693001234", "RE"),
        ("0709201234", "+262709201234", "RE"),
        ("0639012345", "+262639012345", "YT"),
        ("0694201234", "+594694201234", "GF"),
        ("0709301234", "+594709301234", "GF"),
        ("0696123456", "+596696123456", "MQ"),
        ("0697123456", "+596697123456", "MQ"),
        ("0709101234", "+596709101234", "MQ"),
        ("0695123456", "+33695123456", "FR"),
        ("0638123456", "+33638123456", "FR"),
        ("0712345678", "", ""),
        ("0781234567", "+33781234567", "FR"),
        # Not where their prefix says, but there all the same.
        ("0709351234", "+262709351234", "YT"),
        ("0708401234", "+508708401234", "PM"),
    ],
)
@pytest.mark.parametrize("region", sorted(FRENCH_REGIONS))
def test_a_national_mobile_goes_by_its_prefix_in_every_french_region(
    national_number: str, e164: str, place: str, region: str
) -> None:
    expected = Number(e164, place) if e164 else Unusable("invalid_number", "unassigned")
    assert read(national_number, region) == expected
    assert read(national_number[1:], region) == expected


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("+33692123456", "+262692123456"),
        ("0033692123456", "+262692123456"),
        ("+330690123456", "+590690123456"),
        ("+262612345678", "+33612345678"),
        ("262692123456", "+262692123456"),
    ],
)
def test_the_prefix_is_right_where_the_country_code_is_not(raw: str, e164: str) -> None:
    found = read(raw, "FR")
    assert isinstance(found, Number)
    assert found.e164 == e164


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        ("", "empty_mobile", ""),
        (" \u00a0 ", "empty_mobile", ""),
        ("-", "empty_mobile", ""),
        ("+", "invalid_number", "characters"),
        ("néant", "invalid_number", "characters"),
        ("06 12 34 56 7O", "invalid_number", "characters"),
        ("06²", "invalid_number", "characters"),
        ("++33612345678", "invalid_number", "characters"),
        ("0612345678;0698765432", "invalid_number", "characters"),
        ("0612345678 / 0698765432", "invalid_number", "too_long"),
        ("06 12 34 56 7", "invalid_number", "short"),
        ("061234567890", "invalid_number", "too_long"),
        ("15", "invalid_number", "short"),
        ("36111", "invalid_number", "short"),
        ("+999123456", "invalid_number", "country"),
        ("0639081234", "invalid_number", "unassigned"),
        ("03 87 00 00 00", "not_mobile", "landline"),
        ("+33 (0)1 70 00 00 00", "not_mobile", "landline"),
        ("0262123456", "not_mobile", "landline"),
        ("0899123456", "not_mobile", "premium"),
        ("0800123456", "not_mobile", "toll_free"),
        ("0970123456", "not_mobile", "voip"),
        ("0700123456", "not_mobile", "m2m"),
        ("07001234567890", "not_mobile", "m2m"),
        ("+337001234567890", "not_mobile", "m2m"),
        ("+352621123456", "foreign_not_allowed", "LU"),
        ("00352621123456", "foreign_not_allowed", "LU"),
        ("+881612345678", "foreign_not_allowed", "001"),
    ],
)
def test_refused_with_a_reason(raw: str, reason: str, detail: str) -> None:
    assert read(raw, "RE" if raw.startswith("0262") else "FR") == Unusable(reason, detail)


def test_other_countries_where_the_school_says_so() -> None:
    assert read("+352 621 123 456", "FR", ["LU", "DE"]) == Number("+352621123456", "LU")
    assert read("0049 1512 3456789", "FR", ["LU", "DE"]) == Number("+4915123456789", "DE")
    assert read("+32 470 12 34 56", "FR", ["LU", "DE"]) == Unusable("foreign_not_allowed", "BE")
    assert read("+1 212 555 1234", "FR", ["US"]) == Number("+12125551234", "US")


def test_a_school_abroad_has_its_own_numbers_and_the_french_ones() -> None:
    assert read("621 123 456", "LU") == Number("+352621123456", "LU")
    assert read("0033 6 12 34 56 78", "LU") == MAINLAND
    assert read("+33692123456", "LU") == Number("+262692123456", "RE")
    assert read("+352621123456", "LU") == Number("+352621123456", "LU")


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [("55 12 34", "PM", "+508551234"), ("75 12 34", "NC", "+687751234"), ("87 12 34 56", "PF", "+68987123456")],
)
def test_short_numbers_of_the_territories(raw: str, region: str, e164: str) -> None:
    assert read(raw, region) == Number(e164, region)
    assert read(e164, "FR") == Number(e164, region)


def test_dummy_numbers_are_numbers() -> None:
    assert read("06.00.00.00.00", "FR") == Number("+33600000000", "FR")
    assert read("06 60 00 00 00", "FR") == Number("+33660000000", "FR")


mobiles = st.builds(
    lambda code, digits: f"+{code}{digits}",
    st.sampled_from(["33", "262", "590", "594", "596", "508"]),
    st.from_regex(r"(6[0-9]{2}|7[0-9]{2}|709[0-9]|639|69[0-9]{2})[0-9]{4,6}", fullmatch=True),
)


@given(mobiles)
def test_a_clean_number_is_read_as_phonenumbers_reads_it(e164: str) -> None:
    short_cut = numbers._is_french(e164)
    parsed = phonenumbers.parse(e164)
    mobile = phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in (1, 2)
    if short_cut:
        assert mobile
        assert read(e164, "FR") == Number(e164, phonenumbers.region_code_for_number(parsed) or "")
    else:
        assert not mobile or e164.startswith("+508")


@given(mobiles, st.sampled_from(sorted(FRENCH_REGIONS | {"LU"})))
def test_what_was_read_is_read_again_and_shown_and_read(raw: str, region: str) -> None:
    found = read(raw, region)
    if isinstance(found, Number):
        assert read(found.e164, region) == found
        assert read(national(found.e164), "FR") == found
        assert found.region in FRENCH_REGIONS
        assert not re.match(r"\+33(69[0-4]|69[67]|639)", found.e164)


@given(st.text(max_size=64), st.sampled_from(["FR", "RE", "LU"]))
def test_anything_gets_an_answer(raw: str, region: str) -> None:
    found = read(raw, region)
    assert isinstance(found, Unusable) or re.fullmatch(r"\+[0-9]{7,15}", found.e164)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33612345678", "+336******78"),
        ("+262692123456", "+2626******56"),
        ("+508551234", "+5085***34"),
        ("+12125551234", "+12*******34"),
        ("+352621123456", "+3526******56"),
        ("06 12 34", "******34"),
        ("+331", "****"),
        ("+33612", "****12"),
        ("abcd", "****"),
        ("", ""),
    ],
)
def test_mask(number: str, shown: str) -> None:
    assert mask(number) == shown


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+33612345678", "06 12 34 56 78"),
        ("+262692123456", "06 92 12 34 56"),
        ("+508708401234", "07 08 40 12 34"),
        ("+687751234", "+687 75.12.34"),
        ("+352621123456", "+352 621 123 456"),
        ("abc", "abc"),
    ],
)
def test_national(e164: str, shown: str) -> None:
    assert national(e164) == shown


@pytest.mark.parametrize(
    ("sender", "verdict"),
    [
        ("CLGPASTEUR", None),
        ("a", None),
        ("Ecole2Metz1", None),
        ("36111", None),
        ("", "empty"),
        ("VAGUEMESTRE1", "too_long"),
        ("CLG PASTEUR", "bad_character"),
        ("COLLÈGE", "bad_character"),
        ("CLG\n", "bad_character"),
        ("+33612345678", "bad_character"),
        ("0612345678", "digits_only"),
        ("123456", "digits_only"),
        ("38111", "short_code_not_listed"),
    ],
)
def test_senders(sender: str, verdict: str | None) -> None:
    assert read_sender(sender, ["36111"]) == verdict


@pytest.mark.parametrize(
    ("said", "ours", "expected"),
    [
        ("+33612345678", "+33612345678", True),
        ("33612345678", "+33612345678", True),
        ("0033612345678", "+33612345678", True),
        ("0612345678", "+33612345678", True),
        ("612345678", "+33612345678", True),
        ("+330612345678", "+33612345678", True),
        ("01433612345678", "+33612345678", True),  # digits of routing
        ("+33612345678/TYPE=PLMN", "+33612345678", True),
        ("0692123456", "+262692123456", True),
        ("352621123456", "+352621123456", True),
        ("+262692123456", "+33692123456", False),  # they end alike
        ("0712345678", "+33612345678", False),
        ("12345678", "+33612345678", False),
        ("33612345679", "+33612345678", False),
        ("87123456", "+68987123456", True),
        ("36111", "+33612345678", None),
        ("CLGPASTEUR", "+33612345678", None),
        ("33612****78", "+33612345678", None),
        ("", "+33612345678", None),
    ],
)
def test_a_number_as_a_provider_writes_it(said: str, ours: str, expected: bool | None) -> None:
    assert numbers.same(said, ours) is expected


@given(st.from_regex(r"\+33[67][0-9]{8}", fullmatch=True), st.from_regex(r"\+33[67][0-9]{8}", fullmatch=True))
def test_the_writings_of_one_number_are_those_of_no_other(one: str, other: str) -> None:
    writings = (one, one[1:], f"00{one[1:]}", f"0{one[3:]}", one[3:], f"+330{one[3:]}")
    assert [numbers.same(each, one) for each in writings] == [True] * len(writings)
    assert [numbers.same(each, other) for each in writings] == [one == other] * len(writings)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        *((form, "+33612345678") for form in ("+33612345678", "33612345678", "0033612345678", "06 12 34 56 78")),
        ("0692123456", "+262692123456"),
        ("352621123456", "+352621123456"),  # a country that no school writes to may write
        ("+352621123456", "+352621123456"),
        ("0387123456", "+33387123456"),  # and so may a landline
        *((same, same) for same in ("36111", "Orange", "LYCCURIE", "", "007", "+123")),
    ],
)
def test_an_address_as_a_provider_writes_it(raw: str, address: str) -> None:
    assert numbers.read_address(raw, "FR") == address


@given(st.text(max_size=30))
def test_any_address_is_kept_or_read(raw: str) -> None:
    address = numbers.read_address(raw, "FR")
    assert address == raw or re.fullmatch(r"\+\d+", address)
