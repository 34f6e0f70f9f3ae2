"""What a provider really takes, learned from what it refuses as too fast. Pure: time in seconds is an argument.

Why not halve and add: a saw between half and whole uses three quarters. Here the limit is measured, held, and tried.

- FREE: it never said "too fast"; the configured rate is the only bound.
- SEEK: it did. From one moment at which it takes again to a later such moment it has taken exactly what it allows,
  whether it counts in fixed seconds or fills a bucket: the parts between, by the seconds between, are its limit. Until
  two such moments lie far enough apart the pace stays above what is known so far.
- HOLD: just below the limit. A small share refused all the same corrects it; a large one (the limit fell) seeks anew.
- CLIMB: after some patience the pace rises in steps that double, each long enough for three parts too many. What is
  refused there ends it: the last clean step is the limit. A limit found again makes the next patience longer.

Each step counts only parts handed over since it began, so that a provider half a second away is not misjudged, and
only a pace that was used: an account with little to send learns nothing and forgets nothing.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

from gateway.flights import Flight

#: Of the known limit, what is handed over.
MARGIN: Final = 0.99
#: Of what is handed over, what may be refused before the limit is corrected, and before it is sought anew.
TOLERATED: Final = 0.015
FALLEN: Final = 0.3
#: Refused parts that are no accident any more; so many are also what each step of a climb would have refused.
_ENOUGH: Final = 3
#: Refused one after the other: its allowance is used up.
_BLOCKED: Final = 3
#: A measurement: its error at most, and how many seconds and parts it takes at least.
_ERROR, _SECONDS, _PARTS = 0.03, 0.9, 10
#: Seconds before a climb: at first, after a step that was clean, at most; and where a large bucket feigns such steps.
_FIRST, _SOON, _LONGEST, _HIDDEN = 0.5, 1.0, 45.0, 20.0
#: The first step of a climb, in shares of the limit: at first and at least. A step's seconds, at least and at most.
_STRIDE, _SMALLEST = 0.08, 0.01
_STEP, _STEP_LONGEST = 1.0, 10.0
#: congestion_state of SMPP 5.0: from here on the pace does not rise, falls, stops.
BUSY, NEAR, FULL = 80, 90, 100


class Phase(Enum):
    """What the ceiling does; see above."""

    FREE = auto()
    SEEK = auto()
    HOLD = auto()
    CLIMB = auto()


class Ceiling:
    """The pace of one account, never above ``most``. ``rate``: parts a second now. ``known``: the limit, if any."""

    def __init__(self, most: float, now: float) -> None:
        self._most = most
        self.rate = most
        self.known: float | None = None
        self.phase = Phase.FREE
        self._recent: deque[Flight] = deque()
        self._taken = 0  # of all flights so far
        self._row = 0  # refused one after the other
        self._refused_at: float | None = None  # the last refused, if nothing was taken since
        self._anchor: tuple[float, float, int] | None = None  # taking again: when, give or take, and _taken then
        self._since = now  # of this rate
        self._used = 0  # taken of what left since
        self._seen = 0.0  # and over how many seconds
        self._patience, self._stride, self._step = _FIRST, _STRIDE, 0
        self._clean = most  # the highest step of this climb of which nothing was refused
        self._trial = False  # holding the clean step of a climb, which a large bucket may have feigned
        self._hidden = False  # it did
        self._level = 0  # congestion

    @property
    def blocked(self) -> bool:
        """Whether the provider takes nothing at this moment."""
        return self._row >= _BLOCKED

    def told(self, flight: Flight, now: float) -> None:
        """What became of parts that were handed over, in the order of their departure."""
        self._remember(flight)
        if flight.taken:
            self._row = 0
            if self._refused_at is not None:
                self._taking_again((self._refused_at + flight.at) / 2, (flight.at - self._refused_at) / 2, now)
            self._taken += flight.taken
        if flight.refused:
            self._row += flight.refused
            self._refused_at = flight.at
            self._too_fast(flight, now)
        self._rise(now)

    def congested(self, level: int, now: float) -> None:
        """The provider says how busy it is, 0 to 100 and more: slow down, once a second at most."""
        self._level = level
        if level >= NEAR and now >= self._since + 1:
            last = self._recent[-1].at if self._recent else now
            used = min(self.rate, self._taken_since(last - 1) or self.rate)
            self._hold(used * (0.5 if level >= FULL else 0.9), now)

    # ---- what is seen ----

    def _remember(self, flight: Flight) -> None:
        self._recent.append(flight)
        oldest = flight.at - max(3.0, 100 / self.rate)
        while self._recent[0].at < oldest:
            self._recent.popleft()
        if flight.at >= self._since:
            self._used += flight.taken
            self._seen = flight.at - self._since

    def _taken_since(self, instant: float) -> int:
        return sum(flight.taken for flight in self._recent if flight.at > instant)

    def _taking_again(self, at: float, doubt: float, now: float) -> None:
        """It takes again, since ``at`` give or take ``doubt`` seconds: measure from the last such moment."""
        self._refused_at = None
        if self.phase is not Phase.SEEK:
            return
        if self._anchor is None:
            self._anchor = (at, doubt, self._taken)
            return
        began, doubt_then, before = self._anchor
        seconds, parts = at - began, self._taken - before
        if parts < 2 or seconds <= 0.2:
            return
        error = (doubt + doubt_then) / seconds
        if error <= _ERROR and seconds >= _SECONDS and parts >= _PARTS:
            self._patience = max(self._patience, _HIDDEN) if self._hidden else self._patience
            self._hold(parts / seconds, now)
        else:
            self._set(min(self.rate, (1.25 if error > 0.1 else 1.1) * parts / seconds), now)

    # ---- too fast ----

    def _too_fast(self, flight: Flight, now: float) -> None:
        match self.phase:
            case Phase.FREE:
                self._seek(max(self._taken_since(flight.at - 1), self._most / 8), now)
            case Phase.SEEK:
                self._set(self.rate, now)
            case Phase.CLIMB if flight.at >= self._since:
                self._fell_back(now)
            case Phase.HOLD if flight.at >= self._since:
                self._correct(flight.at, now)

    def _correct(self, at: float, now: float) -> None:
        """Parts are refused at the pace that is held."""
        held = [flight for flight in self._recent if flight.at >= self._since]
        refused = sum(flight.refused for flight in held)
        share = refused / (refused + sum(flight.taken for flight in held))
        if refused < _ENOUGH or share < TOLERATED:
            return
        if self._trial and share > 2 * TOLERATED:
            self._trial, self._hidden = False, True
            self._stride, self._patience = _SMALLEST, min(max(_HIDDEN, 2 * self._patience), _LONGEST)
        if share > FALLEN and refused >= 3 * _ENOUGH:
            self._seek(max(1.25 * self._taken_since(at - 1), self.rate / 8), now)
        elif at - self._since >= max(2.0, 30 / self.rate):
            self._hold(self.rate * (1 - share), now)

    def _fell_back(self, now: float) -> None:
        """A climb met the limit: it is the last clean step."""
        found = self.known or self._most
        again = self._clean <= found
        self._stride = max(_SMALLEST, self._stride / 2)
        if again:
            self._patience = min(_LONGEST, 2 * self._patience)
        self._hold(self._clean, now)
        self._trial = not again

    # ---- the pace ----

    def _seek(self, rate: float, now: float) -> None:
        self.phase, self._anchor = Phase.SEEK, None
        self._set(min(self.rate, rate), now)

    def _hold(self, limit: float, now: float) -> None:
        self.phase, self._trial = Phase.HOLD, False
        self.known = min(limit, self._most)
        self._set(MARGIN * self.known, now)

    def _free(self, now: float) -> None:
        self.phase, self.known, self._hidden = Phase.FREE, None, False
        self._patience, self._stride = _FIRST, _STRIDE
        self._set(self._most, now)

    def _set(self, rate: float, now: float) -> None:
        self.rate = min(rate, self._most)
        self._since, self._used, self._seen = now, 0, 0.0

    def _rise(self, now: float) -> None:
        """Go up where nothing was refused for long enough, at a pace that was used."""
        if self.phase is Phase.SEEK:
            self._seek_higher(now)
        elif self.known is None or self._level >= BUSY or self._used < 0.8 * self.rate * self._seen - 2:
            return
        elif self.phase is Phase.HOLD and self._seen > self._wait() and self._used >= _PARTS:
            self._climb(self.known, now)
        elif self.phase is Phase.CLIMB and self._seen > self._step_seconds():
            self._climb_on(now)

    def _seek_higher(self, now: float) -> None:
        if self._used < max(_ENOUGH, 0.1 * self.rate):
            return
        if self.rate < self._most:
            self._set(self.rate * 1.5, now)
        elif self._seen > 2:
            self._free(now)

    def _wait(self) -> float:
        return _SOON if self._trial else self._patience

    def _climb(self, known: float, now: float) -> None:
        if self._trial:  # and nothing was refused: the limit is higher than it was
            self._patience = _SOON
        self.phase, self._step, self._clean = Phase.CLIMB, 0, known
        self._set(known * (1 + self._stride), now)

    def _step_seconds(self) -> float:
        """How long this step takes to refuse enough to be noticed."""
        rise = self._stride * 2.0**self._step
        return min(max(_STEP, _ENOUGH / (rise * self.rate)), _STEP_LONGEST)

    def _climb_on(self, now: float) -> None:
        if self.rate >= self._most:
            self._free(now)
            return
        self._clean = self.rate
        self._step += 1
        self._set((self.known or self._most) * (1 + self._stride * 2.0**self._step), now)
