"""Dates of receipts, in any of the forms that are met. They carry no zone and are naive."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

#: With signs between: the year first (of two or four digits), or last (of four).
_YEAR_FIRST: Final = re.compile(r"(\d{4}|\d\d)[-/.](\d\d)[-/.](\d\d)(?:[ T](\d\d):?(\d\d)(?::?(\d\d))?)?(?!\d)")
_YEAR_LAST: Final = re.compile(r"(\d\d)[-/.](\d\d)[-/.](\d{4})(?:[ T](\d\d):?(\d\d)(?::?(\d\d))?)?(?!\d)")
_DIGITS: Final = re.compile(r"(\d{6,16})(?!\d)")
_DAY_AND_TIME: Final = re.compile(r"(\d{8}|\d{6})[T ](\d{6}|\d{4})(?!\d)")
#: By the number of digits: how many of them are the year, and how many are read at all.
_LAYOUTS: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    6: ((2, 6),),
    8: ((4, 8),),
    10: ((2, 10),),
    12: ((2, 12), (4, 12)),
    14: ((4, 14),),
    15: ((2, 12),),  # SMPP's absolute time: tenths and zone follow
}
#: Ten digits may be Unix seconds: only when that is near and the calendar's reading is not.
_NEAR: Final = timedelta(days=10)


def read_date(value: str, near: datetime) -> datetime | None:
    """The date that ``value`` begins with: of several readings, the one nearest to ``near`` (naive)."""
    value = value.strip()
    if found := _YEAR_LAST.match(value):
        day, month, year, *time = found.groups()
        return _date(year, month, day, *time)
    if found := _YEAR_FIRST.match(value):
        year, month, day, *time = found.groups()
        days = [(year, month, day), (day, month, year)] if len(year) == 2 else [(year, month, day)]
        return _nearest([_date(*each, *time) for each in days], near)
    if found := _DAY_AND_TIME.match(value):
        return _of_digits(found[1] + found[2], near)
    found = _DIGITS.match(value)
    return _of_digits(found[1], near) if found else None


def _nearest(readings: Iterable[datetime | None], near: datetime) -> datetime | None:
    return min((each for each in readings if each), key=lambda each: abs(each - near), default=None)


def _of_digits(digits: str, near: datetime) -> datetime | None:
    best = _nearest((_parse(digits, layout) for layout in _LAYOUTS.get(len(digits), ())), near)
    unix = _unix(digits)
    if unix and (best is None or abs(unix - near) < _NEAR <= abs(best - near)):
        return unix
    return best


def _parse(digits: str, layout: tuple[int, int]) -> datetime | None:
    year, used = layout
    return _date(digits[:year], *(digits[at : at + 2] for at in range(year, used, 2)))


def _date(year: str, month: str, day: str, *time: str | None) -> datetime | None:
    hour, minute, second = [int(part or 0) for part in (*time, 0, 0, 0)[:3]]
    century = 2000 if len(year) == 2 else 0
    try:
        return datetime(century + int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None


def _unix(digits: str) -> datetime | None:
    if len(digits) not in (10, 13) or digits.startswith("0"):
        return None
    seconds = int(digits[:10])
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
