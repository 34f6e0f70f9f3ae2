"""The throttle of an account: a token bucket in parts per second. Pure: time in seconds is an argument.

Rules: exact over time at any rate (0.5, 1, 20, 500): instants are whole numbers of ticks, of which a part costs a
whole number, so nothing is ever rounded and added up. A bucket holds one part and a fiftieth of a second's worth:
after a quiet hour the first second brings no more than that above the rate. While parts are waiting it holds a
quarter of a second's worth, so that what our own commits and a busy loop cost in time is made up.
"""

_NANOS = 1_000_000_000
_MICRO_RATE = 1_000_000

#: Ticks of one part. A nanosecond is ``rate * 1,000,000`` of them.
_PART = _NANOS * _MICRO_RATE

#: Nanoseconds of credit beyond one part: after a rest, and while parts are waiting.
_RESTED = _NANOS // 50
_LATE = _NANOS // 4


class Throttle:
    """How many parts may leave now, and when the next may. ``rate`` is parts per second."""

    def __init__(self, rate: float, now: float) -> None:
        self._nano = _ticks_of_nano(rate)
        self._even_at = self._ticks(now) - _RESTED * self._nano  # when exactly one part may leave
        self._not_before = now
        self._slack = _RESTED

    def room(self, now: float) -> int:
        """Whole parts that may leave at ``now``."""
        if now < self._not_before:
            return 0
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

    def pause(self, seconds: float, now: float) -> None:
        """Nothing leaves for so long: the provider said so."""
        self._not_before = max(self._not_before, now + seconds)
        self.rest()

    def next(self, now: float) -> float:
        """The instant (seconds) from which one part may leave."""
        return max(now, self._not_before, self._even_at / self._nano / _NANOS)

    def _floor(self, now: float) -> int:
        """``_even_at``, but no longer ago than credit is kept."""
        return max(self._even_at, self._ticks(now) - self._slack * self._nano)

    def _ticks(self, seconds: float) -> int:
        return round(seconds * _NANOS) * self._nano


def _ticks_of_nano(rate: float) -> int:
    return max(1, round(rate * _MICRO_RATE))
