"""Days and years of a school."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.periods import answer_due, begin, covering, end, local, months, year_of

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Cayenne", "Pacific/Noumea", "America/Miquelon"])


def test_a_date_is_the_whole_local_day() -> None:
    assert local(begin("2026-11-23", PARIS), PARIS) == datetime(2026, 11, 23, tzinfo=PARIS)
    assert local(end("2026-11-23", PARIS), PARIS) == datetime(2026, 11, 24, tzinfo=PARIS)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)])
def test_days_are_as_long_as_the_clocks_make_them(day: str, hours: int) -> None:
    assert end(day, PARIS) - begin(day, PARIS) == hours * 3_600_000


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), ZONES)
def test_days_follow_one_another(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    assert end(day.isoformat(), zone) == begin((day + timedelta(days=1)).isoformat(), zone)


@pytest.mark.parametrize(
    "text", ["2026-11-23T08:30:00+01:00", "2026-11-23T07:30:00Z", "2026-11-23T08:30:00 01:00", "2026-11-23 08:30+01:00"]
)
def test_a_timestamp_is_an_instant_on_both_sides(text: str) -> None:
    assert begin(text, PARIS) == end(text, PARIS) == 1_795_419_000_000


@pytest.mark.parametrize(
    "text", ["", "hier", "2026-11-31", "2026-11-23T08:30:00", "23/11/2026", "20261123", "0000-00-00"]
)
def test_what_is_neither_is_refused(text: str) -> None:
    for side in (begin, end):
        with pytest.raises(ValueError, match=r".+"):
            side(text, PARIS)


def test_a_school_year_begins_in_september() -> None:
    assert months(2026, school_year=False) == tuple(f"2026-{month:02}" for month in range(1, 13))
    school = months(2026, school_year=True)
    assert (school[0], school[3], school[4], school[-1], len(school)) == (
        "2026-09",
        "2026-12",
        "2027-01",
        "2027-08",
        12,
    )


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.booleans())
def test_a_day_is_in_the_months_of_its_year(day: date, school_year: bool) -> None:
    year = year_of(day, school_year=school_year)
    assert f"{day:%Y-%m}" in months(year, school_year=school_year)


@pytest.mark.parametrize(
    ("sent", "days", "due"),
    [
        ("2026-11-23T08:30:00+01:00", 2, "2026-11-26"),  # Monday, whatever the hour: overdue on Thursday
        ("2026-11-23T00:00:00+01:00", 2, "2026-11-26"),
        ("2026-11-23T23:59:59+01:00", 2, "2026-11-26"),
        ("2026-11-23T08:30:00+01:00", 1, "2026-11-25"),
        ("2026-10-24T08:30:00+02:00", 1, "2026-10-26"),  # a day of 25 hours in between
        ("2026-12-30T08:30:00+01:00", 2, "2027-01-02"),
    ],
)
def test_an_answer_is_overdue_at_the_end_of_its_last_day(sent: str, days: int, due: str) -> None:
    assert answer_due(begin(sent, PARIS), days, PARIS) == begin(due, PARIS)


def test_days_are_made_up_of_the_fewest_years_months_and_days() -> None:
    day = date.fromisoformat
    assert covering(day("2024-02-28"), day("2024-03-01")) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    found = covering(day("2023-11-30"), day("2025-02-01"))
    assert found == ["2023-11-30", "2023-12", "2024", "2025-01", "2025-02-01"]
    assert covering(day("2024-01-01"), day("2024-12-31")) == ["2024"]
    assert covering(day("2024-01-02"), day("2024-01-01")) == []
