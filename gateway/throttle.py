"""The throttle of an account: its configured rate, and below it what the provider really takes. Pure.

Rules: the configured rate is never exceeded (``Bucket``). What the provider refuses as too fast pauses the account for
a moment, at first a tenth of the time between two parts, doubling while nothing is taken; a queue that is full pauses
it as long as its answer asks, doubling up to a minute. The pace goes on at what the ceiling has learned; while nothing
at all is taken, single parts ask, 20 a second at most, fewer the longer it lasts. Time is an argument, in seconds.
"""

from typing import Final

from gateway.bucket import Bucket, Pace
from gateway.ceiling import FULL, Ceiling, Phase
from gateway.flights import Flight, Flights

#: Seconds between parts that ask whether anything is taken: at least, at most.
_ASK, _ASK_SELDOM = 0.05, 1.0
#: The longest pause that a provider's answer comes to, in seconds.
LONGEST: Final = 60.0


class Throttle:
    """How many parts may leave now, and when the next may. ``rate`` is the configured one, in parts per second."""

    def __init__(self, rate: float, now: float) -> None:
        self._bucket = Bucket(rate, now)
        self._pace = Pace(now)
        self._ceiling = Ceiling(rate, now)
        self._flights = Flights()
        self._not_before = self._paused_at = self._left_at = now
        self._pauses = 0  # since something was taken
        self._blocked_at = now  # the first of these

    @property
    def rate(self) -> float:
        """Parts a second that leave at most now."""
        return self._ceiling.rate

    @property
    def learned(self) -> float | None:
        """The provider's own limit as it was learned; None while the configured rate was never too fast."""
        return self._ceiling.known

    # ---- leaving ----

    def room(self, now: float) -> int:
        """Whole parts that may leave at ``now``."""
        if now < self._not_before:
            return 0
        room = self._bucket.room(now)
        if self._ceiling.phase is Phase.FREE:
            return room
        paced = self._pace.room(now, self._ceiling.rate)
        return min(room, paced, 1) if self._ceiling.blocked else min(room, paced)

    def spend(self, parts: int, now: float) -> None:
        """Count parts that leave."""
        self._bucket.spend(parts, now)
        self._pace.spend(parts, now, self._speed(now))

    def rest(self) -> None:
        """Nothing more is waiting: what is not used from now on is not saved up."""
        self._bucket.rest()

    def give_back(self, parts: int) -> None:
        """Count back parts that did not leave after all."""
        self._bucket.give_back(parts)
        self._pace.spend(-parts, 0.0, self._ceiling.rate)

    def next(self, now: float) -> float:
        """The instant (seconds) from which one part may leave."""
        paced = now if self._ceiling.phase is Phase.FREE else self._pace.next()
        return max(now, self._not_before, self._bucket.next(), paced)

    def _speed(self, now: float) -> float:
        return min(self._ceiling.rate, 1 / self._asking(now)) if self._ceiling.blocked else self._ceiling.rate

    def _asking(self, now: float) -> float:
        return min(max(_ASK, (now - self._blocked_at) / 20), _ASK_SELDOM)

    # ---- what became of it ----

    def left(self, parts: int, now: float) -> None:
        """Parts were handed over at ``now``; each is told below, with this instant."""
        self._left_at = now
        self._flights.left(parts, now)

    def taken(self, parts: int, left_at: float, now: float) -> None:
        """The provider looked at parts: it took them, or refused them for what they are."""
        self._pauses = 0
        self._told(self._flights.answered(left_at, parts, taken=parts), now)

    def lost(self, parts: int, left_at: float, now: float) -> None:
        """Parts did not leave, or nobody knows what became of them."""
        self._told(self._flights.answered(left_at, parts), now)

    def too_fast(self, parts: int, left_at: float, now: float, pause: float = 0.0) -> None:
        """The provider refused parts as too fast, and asks for ``pause`` seconds."""
        if left_at >= self._paused_at:
            self._pause(left_at, now, pause)
        self._told(self._flights.answered(left_at, parts, refused=parts), now)

    def congested(self, level: int, now: float) -> None:
        """The provider says how busy it is (congestion_state of SMPP 5.0, 0 to 100)."""
        if level >= FULL:
            self._stop(now, 1.0)
        self._ceiling.congested(level, now)

    def _told(self, flights: list[Flight], now: float) -> None:
        for flight in flights:
            blocked = self._ceiling.blocked
            self._ceiling.told(flight, now)
            if blocked and not self._ceiling.blocked:
                self._pace.wait(now + 1 / self._ceiling.rate)

    def _pause(self, left_at: float, now: float, asked: float) -> None:
        """Parts that left before this pause began do not make it longer."""
        if now < self._not_before:
            return
        if self._pauses == 0:
            self._blocked_at = now
        double = 2.0 ** min(self._pauses, 30)
        self._pauses += 1
        own = min(0.1 / self._ceiling.rate * double, self._asking(now))
        self._paused_at = now
        self._stop(now, max(own, min(asked * double, LONGEST)))
        if left_at >= self._left_at:  # it was the last to leave, so it has used nothing
            self._pace.wait(self._not_before)

    def _stop(self, now: float, seconds: float) -> None:
        self._not_before = max(self._not_before, now + seconds)
        self._pace.wait(max(self._pace.next(), self._not_before))
        self.rest()
