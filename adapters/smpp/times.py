"""Times of SMPP 3.4 section 7.1.1: absolute with quarter hours from UTC, or relative. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_TIME: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])", re.ASCII)
_DAYS_OF_YEAR, _DAYS_OF_MONTH = 365, 30
_MOST_QUARTERS: Final = 48
_LONGEST: Final = 30 * 86_400 + 86_399  # what we write as relative has no month


def read_time(text: str, now: datetime) -> datetime | None:
    """The instant that ``YYMMDDhhmmsstnnp`` means; None when the field is empty. Raises ValueError."""
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("not a time of SMPP")
    year, month, day, hour, minute, second, tenth, quarters = map(int, found.groups()[:8])
    if found[9] == "R":
        days = year * _DAYS_OF_YEAR + month * _DAYS_OF_MONTH + day
        return now + timedelta(days=days, hours=hour, minutes=minute, seconds=second)
    if quarters > _MOST_QUARTERS:
        raise ValueError("no zone is so far from UTC")
    offset = timedelta(minutes=15 * quarters) * (-1 if found[9] == "-" else 1)
    local = datetime(2000 + year, month, day, hour, minute, second, tenth * 100_000, timezone(offset))
    return local.astimezone(UTC)


def write_time(instant: datetime) -> str:
    """An instant as the absolute form, in UTC."""
    utc = instant.astimezone(UTC)
    return f"{utc:%y%m%d%H%M%S}{utc.microsecond // 100_000}00+"


@lru_cache(maxsize=256)
def relative_time(seconds: int) -> bytes:
    """A time from now on, ``YYMMDDhhmmss000R``: needs no clock in common. At most 30 days."""
    minutes, second = divmod(min(max(seconds, 1), _LONGEST), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)
