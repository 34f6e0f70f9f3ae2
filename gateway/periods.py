"""Days, periods and years of a school, as instants and accounting months. Pure.

Rules: a date means the whole local day, ``to`` included; a timestamp must carry its offset and, as ``to``, is
excluded. A school year begins on the first of September. Years far from ours are refused: no zone can show the
first and the last ones that a date may have.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeVar

D = TypeVar("D", date, datetime)

#: The years in which something can happen.
FIRST_YEAR, LAST_YEAR = 1970, 2199

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: In an address, an unescaped ``+`` arrives as a space.
_LOST_PLUS = re.compile(r" (\d{2}:\d{2})$")


def begin(text: str, zone: tzinfo) -> int:
    """The first instant of a period that begins with ``text``, in milliseconds. Raises ValueError."""
    return _midnight(_day(text), zone) if _DAY.fullmatch(text) else _instant(text)


def end(text: str, zone: tzinfo) -> int:
    """The instant before which a period that ends with ``text`` lies, in milliseconds. Raises ValueError."""
    if _DAY.fullmatch(text):
        return _midnight(_day(text) + timedelta(days=1), zone)
    return _instant(text)


def answer_due(sent_at: int, days: int, zone: tzinfo) -> int:
    """When an answer that may take ``days`` becomes overdue: at the end of the last of them, in milliseconds.

    The day of sending does not count: sent on Monday at any hour, with two days, it is overdue on Thursday at 0:00.
    """
    return _midnight(local(sent_at, zone).date() + timedelta(days=days + 1), zone)


def local(instant: int, zone: tzinfo) -> datetime:
    """An instant in milliseconds, as the school's clocks show it."""
    return datetime.fromtimestamp(instant / 1000, zone)


def months(year: int, *, school_year: bool) -> tuple[str, ...]:
    """The twelve accounting months (``2026-11``) of a calendar year, or of the school year that begins in it."""
    first = 9 if school_year else 1
    return tuple(f"{year + (first + n - 1) // 12:04}-{(first + n - 1) % 12 + 1:02}" for n in range(12))


def covering(first: date, last: date) -> list[str]:
    """The fewest years (``2026``), months (``2026-11``) and days (``2026-11-23``) that make up these days."""
    found, day = list[str](), first
    while day <= last:
        year_end = date(day.year, 12, 31)
        month_end = (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if (day.month, day.day) == (1, 1) and year_end <= last:
            found.append(f"{day.year:04}")
            day = year_end
        elif day.day == 1 and month_end <= last:
            found.append(f"{day.year:04}-{day.month:02}")
            day = month_end
        else:
            found.append(day.isoformat())
        day += timedelta(days=1)
    return found


def first_day(month: str) -> date:
    """The first day of an accounting month."""
    return date(int(month[:4]), int(month[5:]), 1)


def beside(month: str) -> tuple[str, str]:
    """The months before and after."""
    first = first_day(month)
    return (first - timedelta(days=1)).isoformat()[:7], (first + timedelta(days=31)).isoformat()[:7]


def year_of(day: date, *, school_year: bool) -> int:
    """The calendar year of a day, or the one in which its school year began."""
    return day.year - 1 if school_year and day.month < 9 else day.year


def _day(text: str) -> date:
    return _in_our_time(date.fromisoformat(text))


def _in_our_time(day: D) -> D:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("expected a year of our time")
    return day


def _midnight(day: date, zone: tzinfo) -> int:
    return round(datetime.combine(day, time.min, zone).timestamp() * 1000)


def _instant(text: str) -> int:
    moment = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs its offset")
    return round(_in_our_time(moment).timestamp() * 1000)
