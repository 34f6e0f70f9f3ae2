"""The cells of an invoice: numbers, quantities, amounts and dates as providers and spreadsheets write them. Pure."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from gateway import numbers
from gateway.piles import DAY, MINUTE
from gateway.pricing import MICROS


class Bad(ValueError):
    """A cell that cannot be read; its message is the cure, in French."""


_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_HIDDEN = re.compile(r"[xX*•.]{2,}|[*•]")
_BLANKS = re.compile(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}']+")


@lru_cache(maxsize=100_000)
def telephone(text: str) -> str:
    """A number in any usual form as E.164; empty for one that is masked or a short code."""
    if _SCIENTIFIC.fullmatch(text):
        raise Bad("le tableur a arrondi ce numéro : mettez la colonne au format Texte et exportez de nouveau.")
    if _HIDDEN.search(text):
        return ""
    found = numbers.read(text, "FR")
    if isinstance(found, numbers.Number):
        return found.e164
    digits = re.sub(r"[\s./()_+\-]+", "", text.replace("(0)", ""))
    if not digits.isdecimal():
        raise Bad("un numéro de téléphone est attendu, comme 0612345678 ou +33612345678.")
    digits = digits.removeprefix("00")
    return f"+{digits}" if len(digits) > 8 else ""


def quantity(text: str) -> int:
    """A number of parts; ``2,0`` is 2."""
    value = _decimal(text)
    if value is None or value != value.to_integral_value() or not -1_000 <= value <= 1_000:
        raise Bad("un nombre entier de SMS est attendu, comme 1 ou 2.")
    return int(value)


def money(text: str) -> int:
    """An amount in millionths of a euro: ``0,0450``, ``1 234,50 €``."""
    value = _decimal(re.sub(r"€|eur(os?)?$", "", text, flags=re.IGNORECASE))
    if value is None or abs(value) > 10_000_000:
        raise Bad("un montant en euros est attendu, comme 0,0450.")
    return round(value * MICROS)


def _decimal(text: str) -> Decimal | None:
    """A decimal number with a comma or a point; of two kinds of marks, the last is the decimal one."""
    bare = _BLANKS.sub("", text).replace("\N{MINUS SIGN}", "-")
    if "," in bare and "." in bare:
        bare = bare.replace(",", "") if bare.rindex(".") > bare.rindex(",") else bare.replace(".", "")
    try:
        value = Decimal(bare.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


_DAY = r"(?P<day>\d{1,2})[/.\-](?P<month>\d{1,2})[/.\-](?P<year>\d{4}|\d{2})"
_ISO_DAY = r"(?P<year>\d{4})[/.\-](?P<month>\d{1,2})[/.\-](?P<day>\d{1,2})"
_HOUR = (
    r"(?:[ T,à]*(?P<hour>\d{1,2})[:hH](?P<minute>\d{2})(?:[:m](?P<second>\d{2})(?:[.,]\d+)?s?)?"
    r"\s*(?P<offset>Z|UTC|[+\-]\d{2}:?\d{2})?)?"
)
_FORMS = tuple(re.compile(day + _HOUR, re.ASCII) for day in (_ISO_DAY, _DAY))
_RUN = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
)
_EPOCH = re.compile(r"\d{10}(\d{3})?")
_DATE_CURE = "une date est attendue, le jour d'abord, comme 23/11/2026 08:30, ou 2026-11-23 08:30."


def moment(text: str, zone: tzinfo) -> tuple[int, int]:
    """The middle of what a date (with its time, or without) says, and how far it reaches, both in milliseconds."""
    if _EPOCH.fullmatch(text):
        return int(text) * (1 if len(text) == 13 else 1000), 500
    found = next(filter(None, (form.fullmatch(text.strip()) for form in (*_FORMS, _RUN))), None)
    if found is None:
        raise Bad(_DATE_CURE)
    said: dict[str, Any] = found.groupdict()
    try:
        year = int(said["year"]) + (2000 if len(said["year"]) == 2 else 0)
        day = date(year, int(said["month"]), int(said["day"]))
        at = time(int(said["hour"] or 0), int(said["minute"] or 0), int(said["second"] or 0))
        begin = round(datetime.combine(day, at, _offset(said.get("offset"), zone)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise Bad(_DATE_CURE) from error
    half = DAY // 2 if said["hour"] is None else MINUTE // 2 if said["second"] is None else 500
    return begin + half, half


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if not text:
        return zone
    return UTC if text in ("Z", "UTC") else datetime.strptime(text.replace(":", ""), "%z").tzinfo or zone
