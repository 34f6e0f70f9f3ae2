"""The throttle of an account: a token bucket in parts per second. Pure: time in seconds is an argument.

Rules: exact over time at any rate (0.5, 1, 20, 500): instants are whole numbers of ticks, of which a part costs a
whole number, so nothing is ever rounded and added up. A bucket holds one part and a fiftieth of a second's worth:
after a quiet hour the first second brings no more than that above the rate, and a loop that wakes or commits some
milliseconds late makes up for it.
"""

_NANOS = 1_000_000_000
_MICRO_RATE = 1_000_000

#: Nanoseconds of credit beyond one part.
_SLACK = _NANOS // 50

#: Ticks of one part. A nanosecond is ``rate * 1,000,000`` of them.
_PART = _NANOS * _MICRO_RATE


class Throttle:
    """How many parts may leave now, and when the next may. ``rate`` is parts per second."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._nano = _ticks_of_nano(rate)
        self._full_at = self._ticks(now)  # when the bucket is, or will be, full
        self._not_before = now

    @property
    def capacity(self) -> int:
        """Parts that may leave at once after a rest."""
        return self._depth // _PART

    @property
    def _depth(self) -> int:
        """Ticks that the bucket holds."""
        return _PART + _SLACK * self._nano

    def change(self, rate: float, now: float) -> None:
        """Take another rate; what was spent stays spent."""
        owed = self._full_at - self._ticks(now)
        self.rate, self._nano = rate, _ticks_of_nano(rate)
        self._full_at = self._ticks(now) + owed

    def room(self, now: float) -> int:
        """Whole parts that may leave at ``now``."""
        if now < self._not_before:
            return 0
        owed = max(0, self._full_at - self._ticks(now))
        return max(0, (self._depth - owed) // _PART)

    def spend(self, parts: int, now: float) -> None:
        """Count parts that leave."""
        self._full_at = max(self._full_at, self._ticks(now)) + parts * _PART

    def give_back(self, parts: int) -> None:
        """Count back parts that did not leave after all."""
        self._full_at -= parts * _PART

    def pause(self, seconds: float, now: float) -> None:
        """Nothing leaves for so long: the provider said so."""
        self._not_before = max(self._not_before, now + seconds)

    def next(self, now: float) -> float:
        """The instant (seconds) from which one part may leave."""
        ticks = self._full_at - _SLACK * self._nano
        return max(now, self._not_before, ticks / self._nano / _NANOS)

    def _ticks(self, seconds: float) -> int:
        return round(seconds * _NANOS) * self._nano


def _ticks_of_nano(rate: float) -> int:
    return max(1, round(rate * _MICRO_RATE))
