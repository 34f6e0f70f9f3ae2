"""Dates of receipts, in any of the forms that are met. They carry no zone and are naive."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_LEADING: Final = re.compile(r"\d{10,16}(?!\d)|\d[\d:/.T-]*(?: \d[\d:/.-]*)?")
#: By the number of digits: how many of them are the year, and how many are read at all.
_LAYOUTS: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    10: ((2, 10),),
    12: ((2, 12), (4, 12)),
    14: ((4, 14),),
    15: ((2, 12),),  # SMPP's absolute time: tenths and zone follow
}
#: Ten digits may be Unix seconds: only when that is near and the calendar's reading is not.
_NEAR: Final = timedelta(days=10)


def read_date(value: str, near: datetime) -> datetime | None:
    """The date that ``value`` begins with: of several readings, the one nearest to ``near`` (naive)."""
    found = _LEADING.match(value.strip())
    if not found:
        return None
    digits = re.sub(r"\D", "", found[0])
    readings = [reading for layout in _LAYOUTS.get(len(digits), ()) if (reading := _parse(digits, layout))]
    best = min(readings, key=lambda reading: abs(reading - near), default=None)
    unix = _unix(digits)
    if unix and (best is None or abs(unix - near) < _NEAR <= abs(best - near)):
        return unix
    return best


def _parse(digits: str, layout: tuple[int, int]) -> datetime | None:
    year, used = layout
    pairs = [int(digits[at : at + 2]) for at in range(year, used, 2)]
    month, day, hour, minute, second = pairs if len(pairs) == 5 else (*pairs, 0)
    century = 2000 if year == 2 else 0
    try:
        return datetime(century + int(digits[:year]), month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None


def _unix(digits: str) -> datetime | None:
    if len(digits) not in (10, 13) or digits.startswith("0"):
        return None
    seconds = int(digits[:10])
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
