"""Times as SMPP writes them, read and written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.smpp.times import read_time, write_time

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("000000023000000R", timedelta(hours=2, minutes=30)),
        ("000001000000000R", timedelta(days=1)),
        ("000100000000000R", timedelta(days=30)),
        ("010000000000000R", timedelta(days=365)),
        ("261123083000000+", timedelta()),
        ("261123093000004+", timedelta()),
        ("261123043000016-", timedelta()),
        ("261123083000500+", timedelta(milliseconds=500)),
    ],
)
def test_times_are_read(text: str, later: timedelta) -> None:
    assert read_time(text, NOW) == NOW + later


def test_no_time_is_none() -> None:
    assert read_time("", NOW) is None


@pytest.mark.parametrize(
    "text", ["x", "261123083000000", "261323083000000+", "261123083000049+", "261123083000000Z", "٢61123083000000+"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_time(text, NOW)


@given(some.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=some.just(UTC)))
def test_what_is_written_is_read_back(instant: datetime) -> None:
    tenth = instant.replace(microsecond=instant.microsecond // 100_000 * 100_000)
    assert read_time(write_time(instant), NOW) == tenth
