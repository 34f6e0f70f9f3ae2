"""Telephone numbers as people type them, read to E.164 or refused with a reason; and senders.

Rules of this file (contract section 4): a French 06 or 07 number goes by its prefix, wherever the school is and
whichever French country code stands before it, because +33 692… belongs to nobody and 0692… to Réunion. Every
French territory is at home; others only where ``foreign`` lists them. The rest is phonenumbers' to say.
"""

import re
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    number_type,
    parse,
    region_code_for_number,
)
from phonenumbers.phonemetadata import PhoneMetadata

#: Every French region, that is every region where a number of another is at home.
FRENCH_REGIONS: Final = frozenset({"FR", "RE", "GP", "GF", "MQ", "YT", "BL", "MF", "PM", "NC", "PF", "WF", "TF"})

#: Country codes whose mobiles are nine digits beginning with 6 or 7, with the regions that have their own.
_COUNTRY_CODES = {"33": ("FR",), "262": ("RE", "YT"), "590": ("GP",), "594": ("GF",), "596": ("MQ",), "508": ("PM",)}

#: Prefix of a national number, without its 0 -> country code. All others: 33.
_PREFIXES = {
    **dict.fromkeys(("690", "691", "7090"), "590"),
    **dict.fromkeys(("692", "693", "639", "7092"), "262"),
    **dict.fromkeys(("694", "7093"), "594"),
    **dict.fromkeys(("696", "697", "7091"), "596"),
}
#: Where a number is looked for that its prefix's country code does not have: Mayotte's 070935, Saint-Pierre's 0708.
_ELSEWHERE = ("262", "508")

#: Digits below which a provider's address is no number of a telephone, but a short code.
_SHORTEST = 7

_NOT_MOBILE = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "premium",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.VOIP: "voip",
}
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_UNPARSABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "country",
    NumberParseException.TOO_SHORT_AFTER_IDD: "short",
    NumberParseException.TOO_SHORT_NSN: "short",
    NumberParseException.TOO_LONG: "too_long",
}
_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "short",
    ValidationResult.TOO_LONG: "too_long",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A mobile that may be written to: E.164 with its plus, and its region."""

    e164: str
    region: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why not. ``reason``: ``empty_mobile``, ``invalid_number``, ``not_mobile`` or ``foreign_not_allowed``.

    ``detail``, of ``invalid_number``: ``characters``, ``country``, ``short``, ``too_long``, ``unassigned``; of
    ``not_mobile``: ``landline``, ``premium``, ``toll_free``, ``voip``, ``m2m``, ``other``; of
    ``foreign_not_allowed``: the region.
    """

    reason: str
    detail: str = ""


def _mobile_pattern(region: str) -> str:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.mobile is None or metadata.mobile.national_number_pattern is None:
        raise LookupError(f"phonenumbers knows no mobiles of {region}")
    return metadata.mobile.national_number_pattern


def _french_pattern() -> str:
    """The French mobiles in E.164 as phonenumbers has them; the group that matches is named as the region."""
    countries = (
        code + "(?:" + "|".join(f"(?P<{region}>{_mobile_pattern(region)})" for region in regions) + ")"
        for code, regions in _COUNTRY_CODES.items()
    )
    return rf"\+(?:{'|'.join(countries)})"


_is_french = re.compile(_french_pattern(), re.ASCII).fullmatch
_CODES = "|".join(code for code in _COUNTRY_CODES if code != "508")
_french_abroad = re.compile(rf"\+(?:{_CODES})0?([67]\d{{8}})", re.ASCII).fullmatch
_french_at_home = re.compile(rf"(?:\+?(?:{_CODES})0?|0)?([67]\d{{8}})", re.ASCII).fullmatch
_machine = re.compile(rf"(?:\+?(?:{_CODES})0?|0)700(?:\d{{6}}|\d{{10}})", re.ASCII).fullmatch
_is_dialled = re.compile(r"\+?[0-9]+").fullmatch
_SEPARATORS = re.compile(r"[\s./()_\-]+")
_maskable = re.compile(rf"(\+(?:{'|'.join(map(str, COUNTRY_CODE_TO_REGION_CODE))})\d)(\d+)(\d\d)", re.ASCII).fullmatch
_nine_digits = re.compile(rf"\+(?:{'|'.join(_COUNTRY_CODES)})(\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII).fullmatch
_is_sender = re.compile(r"[A-Za-z0-9]+").fullmatch


def read(raw: str, region: str, foreign: Collection[str] = ()) -> Number | Unusable:
    """The mobile that ``raw`` means to a school of ``region``, where the regions ``foreign`` are allowed too."""
    if found := _is_french(raw):
        return Number(raw, found.lastgroup or "FR")
    digits = _digits(raw)
    if not digits:
        return Unusable("empty_mobile")
    if not _is_dialled(digits):
        return Unusable("invalid_number", "characters")
    french = region in FRENCH_REGIONS
    if french and digits.startswith("00"):
        digits = "+" + digits[2:]
    if (french or digits[0] == "+") and _machine(digits):
        return Unusable("not_mobile", "m2m")
    if found := (_french_at_home if french else _french_abroad)(digits):
        return _by_prefix(found[1])
    return _parsed(digits, region, foreign)


def _digits(raw: str) -> str:
    """Without separators, dashes, spaces and invisible marks of any script; decimal digits of any script as ASCII."""
    if not raw.isascii():
        raw = "".join(map(_plain, raw))
    return _SEPARATORS.sub("", raw.replace("(0)", ""))


def _plain(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if unicodedata.category(char) in {"Zs", "Cf", "Pd"} or char in "·•−":
        return "-"
    return "+" if char == "＋" else char


def _by_prefix(national: str) -> Number | Unusable:
    code = _PREFIXES.get(national[:3]) or _PREFIXES.get(national[:4]) or "33"
    for country in (code, *_ELSEWHERE):
        if found := _is_french(f"+{country}{national}"):
            return Number(found[0], found.lastgroup or "FR")
    return Unusable("invalid_number", "unassigned")


def _parsed(digits: str, region: str, foreign: Collection[str]) -> Number | Unusable:
    try:
        number = parse(digits, region)
    except NumberParseException as error:
        return Unusable("invalid_number", _UNPARSABLE.get(error.error_type, "characters"))
    if not is_valid_number(number):
        return Unusable("invalid_number", _fault(digits, number))
    kind = number_type(number)
    if kind not in _MOBILE:
        return Unusable("not_mobile", _NOT_MOBILE.get(kind, "other"))
    place = region_code_for_number(number) or ""
    if place != region and place not in FRENCH_REGIONS and place not in foreign:
        return Unusable("foreign_not_allowed", place)
    return Number(format_number(number, PhoneNumberFormat.E164), place)


def _fault(digits: str, number: PhoneNumber) -> str:
    # Of a digit forgotten, phonenumbers takes the leading 0 for one of the number's own.
    if number.country_code == 33 and digits[0] == "0" and len(digits) < 10:
        return "short"
    return _IMPOSSIBLE.get(is_possible_number_with_reason(number), "unassigned")


def same(said: str, e164: str) -> bool | None:
    """Whether a number as a provider writes it is ours; None when it says none (empty, masked, a short code, a name).

    It may be international with or without plus or 00, national with or without its 0, or both (``+33 (0)6…``), and
    have digits of routing in front. Two that merely end alike are not the same.
    """
    digits = said.partition("/")[0].partition("@")[0].lstrip("+").removeprefix("00")
    if not digits.isdecimal() or len(digits) < _SHORTEST:
        return None
    own = e164.removeprefix("+")
    if digits.endswith(own):
        return True
    code = next((own[:size] for size in (1, 2, 3) if int(own[:size] or 0) in COUNTRY_CODE_TO_REGION_CODE), "")
    national = own[len(code) :]
    return digits.removeprefix(code).removeprefix("0") == national or digits.removeprefix("0") == national


def read_address(raw: str, region: str) -> str:
    """A telephone as a provider names it, in E.164 where it can be read; short codes and names as they are."""
    digits = _digits(raw)
    if not _is_dialled(digits):
        return raw
    found = read(raw, region)
    if isinstance(found, Number):
        return found.e164
    for form in (digits, f"+{digits.lstrip('+')}"):
        with suppress(NumberParseException):
            if is_valid_number(number := parse(form, region)):
                return format_number(number, PhoneNumberFormat.E164)
    return raw


def mask(number: str) -> str:
    """``+336******78``: country code, first digit and last two stay. Of what is not E.164, the last two of five."""
    if found := _maskable(number):
        return found[1] + "*" * len(found[2]) + found[3]
    kept = number[-2:] if len(number) > 4 else ""
    return "*" * (len(number) - len(kept)) + kept


def national(e164: str) -> str:
    """As people write it in France: ``06 12 34 56 78``, ``06 92 12 34 56``; others ``+352 621 123 456``.

    What is not E.164 comes back as it is.
    """
    if found := _nine_digits(e164):
        return "0" + " ".join(found.groups())
    try:
        return format_number(parse(e164), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return e164


def read_sender(sender: str, short_codes: Collection[str] = ()) -> str | None:
    """None if ``sender`` may be one, else ``empty``, ``bad_character``, ``too_long``, ``digits_only`` or
    ``short_code_not_listed``.

    1 to 11 ASCII letters or digits with a letter, or a five-digit short code of the account.
    """
    if not sender:
        return "empty"
    if not _is_sender(sender):
        return "bad_character"
    if sender.isdecimal():
        return _read_short_code(sender, short_codes)
    return "too_long" if len(sender) > 11 else None


def _read_short_code(sender: str, short_codes: Collection[str]) -> str | None:
    if len(sender) != 5:
        return "digits_only"
    return None if sender in short_codes else "short_code_not_listed"
