"""The throttle: exact over an hour and a day, never above its rate by more than what the bucket holds."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.throttle import Throttle

HOUR = 3600.0
DAY = 24 * HOUR


def departures(throttle: Throttle, start: float, end: float, late: float = 0.0) -> list[float]:
    """When parts leave, one claim after the other, each ``late`` seconds after the instant asked for."""
    now, left = start, []
    while now < end:
        room = throttle.room(now)
        throttle.spend(room, now)
        left += [now] * room
        now = max(now + 1e-6, throttle.next(now)) + late
    return left


@pytest.mark.parametrize(("rate", "seconds"), [(0.5, DAY), (1, DAY), (20, HOUR), (500, 300), (0.1, DAY), (33.3, HOUR)])
def test_exact_over_time(rate: float, seconds: float) -> None:
    left = departures(Throttle(rate, 1000.0), 1000.0, 1000.0 + seconds)
    assert abs(len(left) - rate * seconds) <= 1 + rate / 50


@pytest.mark.parametrize("late", [0.003, 0.03, 0.1, 0.24])
@pytest.mark.parametrize("rate", [0.5, 1, 20, 500])
def test_a_loop_that_wakes_and_commits_late_still_reaches_its_rate(rate: float, late: float) -> None:
    left = departures(Throttle(rate, 0.0), 0.0, 600.0, late)
    assert abs(len(left) - rate * 600) <= 2 + rate / 4


def test_a_stall_is_made_up_a_quarter_of_a_second_at_most() -> None:
    throttle = Throttle(100, 0.0)
    throttle.spend(throttle.room(0.0), 0.0)
    assert throttle.room(60.0) == 26


@given(
    st.sampled_from([0.5, 1.0, 20.0, 500.0, 3.7]),
    st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 40)), min_size=1, max_size=80),
    st.floats(0.05, 3),
)
def test_no_window_sees_more_than_the_rate_and_a_bucket(
    rate: float, asks: list[tuple[float, int]], window: float
) -> None:
    """Of a lane that has nothing more waiting after each claim; one that has may be a quarter of a second late."""
    throttle, hurried, now, left, late = Throttle(rate, 0.0), Throttle(rate, 0.0), 0.0, [], []
    for pause, wanted in asks:
        now += pause
        taken = min(wanted, throttle.room(now))
        throttle.spend(taken, now)
        throttle.rest()
        left += [now] * taken
        taken = min(wanted, hurried.room(now))
        hurried.spend(taken, now)
        late += [now] * taken
    for instants, slack in ((left, 1 / 50), (late, 1 / 4)):
        for place, first in enumerate(instants):
            assert bisect_left(instants, first + window) - place <= rate * window + 1 + rate * slack + 1e-6


def test_a_rest_saves_up_one_bucket_and_no_more() -> None:
    for rate, bucket in ((0.5, 1), (1, 1), (20, 1), (500, 11)):
        throttle = Throttle(rate, 0.0)
        assert throttle.room(HOUR) == bucket


def test_when_the_next_may_leave() -> None:
    throttle = Throttle(1, 0.0)
    assert throttle.next(0.0) == 0.0
    throttle.spend(throttle.room(0.0), 0.0)
    assert throttle.room(0.9) == 0
    assert throttle.next(0.0) == pytest.approx(0.98)
    assert throttle.room(0.981) == 1


def test_a_pause_said_by_the_provider() -> None:
    throttle = Throttle(20, 0.0)
    throttle.pause(2.0, 1.0)
    throttle.pause(0.5, 1.0)  # a shorter one does not end it
    assert throttle.room(2.9) == 0
    assert throttle.next(1.0) == 3.0
    assert throttle.room(3.0) == 1


def test_what_did_not_leave_is_given_back() -> None:
    throttle = Throttle(1, 0.0)
    throttle.spend(1, 0.0)
    assert throttle.room(0.0) == 0
    throttle.give_back(1)
    assert throttle.room(0.0) == 1
    throttle.rest()
    throttle.give_back(100)
    assert throttle.room(HOUR) == 1
