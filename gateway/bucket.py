"""What may leave when: a token bucket that is exact over time, and a pace that may change. Pure: time is an argument.

Rules: ``Bucket`` is exact at any rate (0.5, 1, 20, 500): instants are whole numbers of ticks, of which a part costs
a whole number, so nothing is ever rounded and added up. It holds one part and a fiftieth of a second's worth: after a
quiet hour the first second brings no more than that above the rate. While parts are waiting it holds a quarter of a
second's worth, so that what our own commits and a busy loop cost in time is made up. ``Pace`` spaces parts evenly at
a rate that was learned; it makes up a fiftieth of a second and no more, for providers whose bucket is small.
"""

_NANOS = 1_000_000_000
_MICRO_RATE = 1_000_000

#: Ticks of one part. A nanosecond is ``rate * 1,000,000`` of them.
_PART = _NANOS * _MICRO_RATE

#: Nanoseconds of credit beyond one part: after a rest, and while parts are waiting.
_RESTED = _NANOS // 50
_LATE = _NANOS // 4

#: Seconds of lateness that a pace makes up.
_SLACK = 0.02


class Bucket:
    """How many parts may leave now, and when the next may. ``rate`` is parts per second."""

    def __init__(self, rate: float, now: float) -> None:
        self._nano = _ticks_of_nano(rate)
        self._even_at = self._ticks(now) - _RESTED * self._nano  # when exactly one part may leave
        self._slack = _RESTED

    def room(self, now: float) -> int:
        """Whole parts that may leave at ``now``."""
        return max(0, (self._ticks(now) - self._floor(now) + _PART) // _PART)

    def spend(self, parts: int, now: float) -> None:
        """Count parts that leave."""
        self._even_at = self._floor(now) + parts * _PART
        self._slack = _LATE

    def rest(self) -> None:
        """Nothing more is waiting: what is not used from now on is not saved up."""
        self._slack = _RESTED

    def give_back(self, parts: int) -> None:
        """Count back parts that did not leave after all."""
        self._even_at -= parts * _PART

    def next(self) -> float:
        """The instant (seconds) from which one part may leave; it may be past."""
        return self._even_at / self._nano / _NANOS

    def _floor(self, now: float) -> int:
        """``_even_at``, but no longer ago than credit is kept."""
        return max(self._even_at, self._ticks(now) - self._slack * self._nano)

    def _ticks(self, seconds: float) -> int:
        return round(seconds * _NANOS) * self._nano


def _ticks_of_nano(rate: float) -> int:
    return max(1, round(rate * _MICRO_RATE))


class Pace:
    """Parts one after the other, ``1 / rate`` seconds apart; the rate is said at each call."""

    def __init__(self, now: float) -> None:
        self._even_at = now

    def room(self, now: float, rate: float) -> int:
        """Whole parts that may leave at ``now``."""
        return max(0, int((now - self._floor(now)) * rate + 1 + 1e-9))

    def spend(self, parts: int, now: float, rate: float) -> None:
        """Count parts that leave; fewer than none are given back."""
        self._even_at = self._floor(now) + parts / rate if parts > 0 else self._even_at + parts / rate

    def wait(self, until: float) -> None:
        """One part may leave at ``until``, and no more."""
        self._even_at = until

    def next(self) -> float:
        """The instant (seconds) from which one part may leave; it may be past."""
        return self._even_at

    def _floor(self, now: float) -> float:
        return max(self._even_at, now - _SLACK)
