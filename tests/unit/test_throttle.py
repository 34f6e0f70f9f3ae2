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


def refused(throttle: Throttle, now: float, pause: float = 0.0) -> None:
    """One part leaves and is refused as too fast at once."""
    throttle.spend(1, now)
    throttle.left(1, now)
    throttle.too_fast(1, now, now, pause)


def test_what_is_refused_as_too_fast_pauses_for_less_than_the_time_of_a_part() -> None:
    throttle = Throttle(20, 0.0)
    refused(throttle, 1.0)
    assert throttle.room(1.0) == 0
    assert 1.0 < throttle.next(1.0) <= 1.06


def test_a_pause_asked_for_is_kept_and_doubles_while_nothing_is_taken() -> None:
    throttle, now, pauses = Throttle(20, 0.0), 1.0, []
    for _ in range(6):
        refused(throttle, now, 5.0)
        pauses.append(round(throttle.next(now) - now, 3))
        assert throttle.room(now + pauses[-1] - 0.01) == 0
        now = throttle.next(now)
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    throttle.left(1, now)
    throttle.taken(1, now, now)
    refused(throttle, now + 0.1, 5.0)
    assert throttle.next(now + 0.1) == pytest.approx(now + 5.1)


def test_parts_on_their_way_when_it_paused_do_not_make_the_pause_longer() -> None:
    throttle = Throttle(20, 0.0)
    for instant in (0.0, 0.05, 0.1):
        throttle.spend(1, instant)
        throttle.left(1, instant)
    for instant in (0.0, 0.05, 0.1):
        throttle.too_fast(1, instant, 1.0 + instant, 5.0)
    assert throttle.next(1.1) == pytest.approx(6.0)


def test_a_full_provider_is_left_alone_for_a_second_and_a_busy_one_gets_less() -> None:
    throttle = Throttle(20, 0.0)
    throttle.congested(100, 2.0)
    assert (throttle.room(2.9), throttle.next(2.0)) == (0, 3.0)
    assert throttle.rate == pytest.approx(9.9)
    throttle.congested(95, 3.5)
    throttle.congested(95, 3.6)  # said with every answer: once a second counts
    assert throttle.rate == pytest.approx(8.82, abs=0.01)
    assert throttle.learned == pytest.approx(8.9, abs=0.02)


def test_what_did_not_leave_is_given_back() -> None:
    throttle = Throttle(1, 0.0)
    throttle.spend(1, 0.0)
    assert throttle.room(0.0) == 0
    throttle.give_back(1)
    assert throttle.room(0.0) == 1
    throttle.rest()
    throttle.give_back(100)
    assert throttle.room(HOUR) == 1
