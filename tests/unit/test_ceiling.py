"""The limit that nobody tells: learned from refusals, used to 97 %, found again when it moves. A simulation."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from gateway.ceiling import Phase
from tests.fakes.limits import Changing, Closed, Course, FixedSeconds, Lane, Limit, SlidingSecond, TokenBucket

#: Of the limit, what must be used; of what is handed over, what may be refused, after the first seconds.
USED, REFUSED = 0.97, 0.03


def full(limit: float) -> Limit:
    """A bucket of one second's worth."""
    return TokenBucket(limit, limit)


def tenth(limit: float) -> Limit:
    """A bucket of one part and a tenth of a second's worth."""
    return TokenBucket(limit, 1 + limit / 10)


def one(limit: float) -> Limit:
    """A bucket of one part."""
    return TokenBucket(limit, 1)


def used(course: Course, limit: float, begin: float, end: float) -> float:
    """The share of the limit that was used."""
    return course.taken(begin, end) / limit / (end - begin)


#: latency, window and limit, where the window and the latency leave room for the limit.
ROADS = [
    *((0.0, 200, limit) for limit in (5, 20, 50, 200, 500, 1000)),
    *((0.05, 200, limit) for limit in (5, 200, 1000)),
    *((0.5, 200, limit) for limit in (5, 20, 50, 200)),
    *((0.05, 10, limit) for limit in (20, 50)),
    *((0.0, 1, limit) for limit in (5, 50)),
]


@pytest.mark.parametrize("kind", [FixedSeconds, full, tenth, SlidingSecond])
@pytest.mark.parametrize(("latency", "window", "limit"), ROADS)
def test_the_limit_is_used(kind: Callable[[float], Limit], latency: float, window: int, limit: float) -> None:
    """Ours is a thousand or two, theirs is less; their answers take up to half a second."""
    slow = latency >= 0.5 or limit < 20
    begin, end = (25.0, 25.0 + max(20.0, 300 / limit)) if slow else (8.0, 16.0)
    lane = Lane(kind(limit), 2 * max(limit, 500), window, latency, jitter=0.001)
    course = lane.run(end)
    coarse = 1 / limit  # at 5/s a window of whole parts is no finer
    assert used(course, limit, begin, end) >= USED - 0.1 * coarse - (0.02 if kind is SlidingSecond else 0)
    assert course.share_refused(begin, end) <= REFUSED + 0.1 * coarse


@pytest.mark.parametrize("latency", [0.0, 0.05])
@pytest.mark.parametrize("limit", [5, 20, 50, 200])
def test_even_of_a_bucket_that_holds_one_part(latency: float, limit: float) -> None:
    """Two parts closer together than its rate are one too many: it needs a steady line, and a minute to be known."""
    course = Lane(one(limit), 1000, 200, latency, commit=(0.0005, 0.0005)).run(100)
    assert used(course, limit, 60, 100) >= USED - 0.01
    assert course.share_refused(60, 100) <= REFUSED


@pytest.mark.parametrize("kind", [FixedSeconds, full, tenth])
def test_two_hundred_a_second_where_a_thousand_are_configured_learning_included(
    kind: Callable[[float], Limit],
) -> None:
    """The peers' benchmark: one uses 62 % and another 4 %."""
    course = Lane(kind(200), 1000, 200, 0.002).run(20)
    assert used(course, 200, 0, 20) >= USED
    assert course.share_refused(0, 20) <= 0.04


def test_a_limit_that_is_none_is_never_learned() -> None:
    lane = Lane(full(1e9), 300)
    course = lane.run(20)
    assert lane.throttle.learned is None
    assert course.taken(0, 20) == pytest.approx(6000, rel=0.01)


@pytest.mark.parametrize("kind", [FixedSeconds, full, tenth])
@pytest.mark.parametrize("rate", [0.5, 20, 150])
def test_the_configured_rate_is_never_exceeded(kind: Callable[[float], Limit], rate: float) -> None:
    """Whatever was learned, no window of seconds sees more than the rate and what a late lane makes up."""
    course = Lane(Changing(kind, [(0, max(1.0, rate / 3)), (20, 10 * rate)]), rate, latency=0.05).run(80)
    instants = [at for at, _ in course.arrivals]
    for seconds in (1, 10, 60):
        for first, later in zip(instants, instants[int(rate * (seconds + 0.25)) + 2 :], strict=False):
            assert later - first >= seconds - 0.001


@pytest.mark.parametrize("kind", [FixedSeconds, full, tenth])
@pytest.mark.parametrize(("before", "after"), [(200, 50), (350, 5), (50, 20)])
def test_a_limit_that_falls_is_followed_at_once(kind: Callable[[float], Limit], before: float, after: float) -> None:
    lane = Lane(Changing(kind, [(0, before), (20, after)]), 1000, latency=0.02, jitter=0.001)
    course = lane.run(60)
    assert course.refused(20, 24) <= before * 0.5 + 60
    assert course.share_refused(30, 60) <= 0.06
    assert used(course, after, 24, 60) >= 0.94


@pytest.mark.parametrize("kind", [FixedSeconds, full, tenth])
@pytest.mark.parametrize(("before", "after"), [(60, 200), (5, 20), (20, 800)])
def test_a_limit_that_rises_is_found_within_two_minutes(
    kind: Callable[[float], Limit], before: float, after: float
) -> None:
    lane = Lane(Changing(kind, [(0, before), (60, after)]), 1000, latency=0.02, jitter=0.001)
    course = lane.run(190)
    assert used(course, after, 180, 190) >= 0.9


def test_the_configured_rate_comes_back_when_the_limit_is_gone() -> None:
    lane = Lane(Changing(FixedSeconds, [(0, 20), (30, 1e9)]), 100)
    lane.run(150)
    assert (lane.throttle.rate, lane.throttle.learned) == (100, None)


def test_a_provider_that_takes_nothing_is_asked_ever_more_seldom() -> None:
    """And when it opens again, all is as before."""
    course = Lane(Closed(FixedSeconds(200), 10, 70), 1000).run(100)
    assert course.refused(11, 20) <= 100
    assert course.refused(40, 70) <= 31
    assert used(course, 200, 75, 100) >= 0.95


def test_a_queue_that_is_full_is_left_alone_for_seconds() -> None:
    """It holds a thousand and drains a hundred a second. Each refusal asks for five seconds."""
    course = Lane(TokenBucket(100, 1000), 1000, pause=5.0).run(200)
    refusals = [at for at, taken in course.arrivals if not taken]
    assert used(course, 100, 60, 200) >= 0.9
    assert course.share_refused(60, 200) <= 0.01
    assert all(later - first < 0.3 or later - first > 4.9 for first, later in pairwise(refusals))


@pytest.mark.parametrize("kind", [FixedSeconds, tenth])
def test_a_disk_that_stalls_is_not_taken_for_the_provider(kind: Callable[[float], Limit]) -> None:
    """Every two seconds a commit takes a tenth of a second."""
    course = Lane(kind(200), 1000, latency=0.02, stall=(2.0, 0.1)).run(60)
    assert used(course, 200, 10, 60) >= 0.96
    assert course.share_refused(10, 60) <= REFUSED


def test_the_right_rate_stays_what_it_is() -> None:
    for limit in (FixedSeconds(20), TokenBucket(20, 3)):
        lane = Lane(limit, 20, 10, 0.05, jitter=0.005)
        course = lane.run(120)
        assert used(course, 20, 0, 120) >= 0.98
        assert course.refused(0, 120) <= 5


@pytest.mark.parametrize(("limit", "rate"), [(0.5, 100), (1, 100), (0.5, 1)])
def test_very_slow_providers(limit: float, rate: float) -> None:
    kind: Limit = FixedSeconds(limit) if limit >= 1 else TokenBucket(limit, 1)
    course = Lane(kind, rate, 10, 0.05).run(400)
    assert used(course, limit, 100, 400) >= 0.95
    assert course.refused(100, 400) <= 30


def test_an_account_with_little_to_send_learns_nothing_and_forgets_nothing() -> None:
    lane = Lane(FixedSeconds(50), 1000)
    lane.run(20)
    throttle = lane.throttle
    learned = throttle.learned
    for second in range(100, 700):
        throttle.spend(1, float(second))
        throttle.left(1, float(second))
        throttle.taken(1, float(second), second + 0.01)
    assert throttle.learned == learned
    assert throttle.rate <= 60


def test_all_of_it_is_decided_by_its_seed() -> None:
    first, second = (Lane(FixedSeconds(50), 1000, jitter=0.01, seed=7).run(10) for _ in range(2))
    assert first == second


def test_answers_that_never_come_do_not_stop_the_learning() -> None:
    """One part in a hundred is lost without a word; an answer may overtake another by less than a second."""
    lane, now, taken = Lane(FixedSeconds(50), 1000), 0.0, 0
    throttle, limit = lane.throttle, FixedSeconds(50)
    while now < 30:
        if throttle.room(now):
            throttle.spend(1, now)
            throttle.left(1, now)
            fine = limit.takes(now)
            taken += fine
            if fine and taken % 100:
                throttle.taken(1, now, now)
            elif not fine:
                throttle.too_fast(1, now, now)
        now += 0.001
    assert throttle.learned == pytest.approx(50, rel=0.06)
    assert throttle._ceiling.phase in (Phase.HOLD, Phase.CLIMB)
