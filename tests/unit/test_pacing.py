"""What each outcome says of the rate, and what others see of it."""

import logging

import pytest

from gateway.metrics import Metrics
from gateway.pacing import Pacing
from gateway.provider import Accepted, Outcome, Part, Refused, Throttled, Unavailable, Unknown
from gateway.text import Encoding

PART = Part(1, "+33600000000", "LYCCURIE", "Bonjour", Encoding.GSM7, 1, 1, 0, 60, "0")


def pacing(metrics: Metrics | None = None, rate: float = 100.0) -> Pacing:
    """Of an account that may send a hundred a second."""
    return Pacing("a", rate, metrics or Metrics(), 0.0)


def send(one: Pacing, now: float, outcome: Outcome) -> None:
    """One part leaves and is answered at once."""
    one.throttle.spend(1, now)
    one.throttle.left(1, now)
    one.answered(PART, outcome, now, now)


def saturate(one: Pacing, limit: int, begin: float, end: float) -> None:
    """More wait than leave; the provider takes so many in each second."""
    now, used, second = begin, 0, int(begin)
    while now < end:
        if int(now) != second:
            used, second = 0, int(now)
        if one.throttle.room(now):
            used += 1
            send(one, now, Accepted("1", "1") if used <= limit else Throttled("0x58"))
        now += 0.002


@pytest.mark.parametrize("outcome", [Accepted("1", "1"), Refused("0x0B"), Unavailable("busy", counts=True)])
def test_what_the_provider_looked_at_is_no_pause(outcome: Outcome) -> None:
    one = pacing()
    send(one, 1.0, outcome)
    assert one.throttle.room(1.0) > 0
    assert one.describe() == {"rate": 100.0, "rate_now": 100.0, "rate_learned": None}


def test_what_did_not_leave_is_given_back() -> None:
    one = pacing(rate=1)
    send(one, 1.0, Unavailable("no link"))
    assert one.throttle.room(1.0) == 1
    send(one, 1.0, Unknown("cut"))
    assert one.throttle.room(1.0) == 0


def test_a_full_queue_pauses_for_as_long_as_its_answer_asks() -> None:
    one = pacing()
    send(one, 1.0, Throttled("0x14", pause=5.0))
    assert one.throttle.next(1.0) == 6.0


def test_what_is_learned_is_shown_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    one = pacing(metrics)
    with caplog.at_level(logging.INFO):
        saturate(one, 40, 0.0, 20.0)
        told = [record.getMessage() for record in caplog.records]
        assert told == ["the provider takes another rate than the configured one"]
        assert caplog.records[0].__dict__["configured"] == 100.0
        assert caplog.records[0].__dict__["learned"] == pytest.approx(40, rel=0.05)
        assert one.describe()["rate_learned"] == pytest.approx(40, rel=0.05)
        assert metrics.account_rate.labels("a").value == pytest.approx(one.throttle.rate)
        saturate(one, 100, 20.0, 120.0)
    assert caplog.records[-1].getMessage() == "the provider takes the configured rate again"
    assert one.describe() == {"rate": 100.0, "rate_now": 100.0, "rate_learned": None}
    assert len(caplog.records) <= 6


def test_a_busy_provider_gets_less(caplog: pytest.LogCaptureFixture) -> None:
    one = pacing()
    one.congested(0.89, 2.0)
    assert one.throttle.rate == 100.0
    one.congested(0.95, 3.0)
    assert one.throttle.rate < 91
    one.congested(1.0, 5.0)
    assert one.throttle.next(5.0) == 6.0
    assert "another rate" in caplog.text
