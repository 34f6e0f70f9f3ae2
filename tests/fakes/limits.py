"""Virtual SMSCs that refuse what is too fast, and a virtual lane in front of them: no sockets, no clock of their own.

A lane claims what the throttle has room for, its commit takes a moment, all of it leaves at once, and a part is in hand
until its outcome is committed too: as ``gateway.sender.Lane`` does. Everything is decided by a seed.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.throttle import Throttle


class Limit(Protocol):
    """An SMSC's limit."""

    def takes(self, at: float) -> bool:
        """Whether it takes a part that arrives now; instants never go back."""


class FixedSeconds:
    """At most so many in each second of a clock that is not ours."""

    def __init__(self, limit: float, phase: float = 0.37) -> None:
        self._limit, self._phase = limit, phase
        self._second, self._used = -1, 0

    def takes(self, at: float) -> bool:
        """In this second there is room."""
        second = int(at + self._phase)
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._limit


class TokenBucket:
    """So many a second, and ``burst`` saved up."""

    def __init__(self, limit: float, burst: float) -> None:
        self._limit, self._burst, self._left, self._at = limit, burst, burst, 0.0

    def takes(self, at: float) -> bool:
        """A token is left."""
        self._left = min(self._burst, self._left + (at - self._at) * self._limit)
        self._at = at
        taken = self._left >= 1 - 1e-9
        self._left -= taken
        return taken


class SlidingSecond:
    """At most so many in any second."""

    def __init__(self, limit: float) -> None:
        self._limit, self._last = limit, deque[float]()

    def takes(self, at: float) -> bool:
        """In the second that ends now there is room."""
        while self._last and self._last[0] <= at - 1:
            self._last.popleft()
        if len(self._last) >= self._limit:
            return False
        self._last.append(at)
        return True


class Changing:
    """A limit that changes at given instants."""

    def __init__(self, make: Callable[[float], Limit], steps: Sequence[tuple[float, float]]) -> None:
        self._make, self._steps = make, list(steps)
        self._now = make(self._steps.pop(0)[1])

    def takes(self, at: float) -> bool:
        """As the limit of this instant says."""
        if self._steps and at >= self._steps[0][0]:
            self._now = self._make(self._steps.pop(0)[1])
        return self._now.takes(at)


class Closed:
    """Takes nothing between two instants."""

    def __init__(self, limit: Limit, begin: float, end: float) -> None:
        self._limit, self._begin, self._end = limit, begin, end

    def takes(self, at: float) -> bool:
        """Not while it is closed."""
        return not self._begin <= at < self._end and self._limit.takes(at)


@dataclass(frozen=True, slots=True)
class Course:
    """What arrived at the SMSC: when, and whether it was taken."""

    arrivals: Sequence[tuple[float, bool]]

    def taken(self, begin: float, end: float) -> int:
        """Parts taken between two instants."""
        return sum(taken for at, taken in self.arrivals if begin <= at < end)

    def refused(self, begin: float, end: float) -> int:
        """Parts refused between two instants."""
        return sum(not taken for at, taken in self.arrivals if begin <= at < end)

    def share_refused(self, begin: float, end: float) -> float:
        """Of all that arrived between two instants."""
        refused = self.refused(begin, end)
        return refused / max(1, refused + self.taken(begin, end))


@dataclass(slots=True)
class Lane:
    """A lane with more waiting than it can send. ``commit``: seconds that a transaction takes, at least and at most."""

    limit: Limit
    rate: float = 1000.0
    window: int = 200
    latency: float = 0.0  # there and back
    jitter: float = 0.0  # of each way, at most
    commit: tuple[float, float] = (0.002, 0.004)
    pause: float = 0.0  # asked for by the refusal
    stall: tuple[float, float] = (0.0, 0.0)  # every so many seconds, a commit takes so long
    seed: int = 1
    throttle: Throttle = field(init=False)
    _events: list[tuple[float, int, str, float, bool]] = field(init=False, default_factory=list)
    _count: int = field(init=False, default=0)
    _claiming: int = field(init=False, default=0)
    _in_hand: int = field(init=False, default=0)
    _plan: int = field(init=False, default=0)
    _arrived: float = field(init=False, default=0.0)
    _answered: float = field(init=False, default=0.0)
    _chance: random.Random = field(init=False)
    _arrivals: list[tuple[float, bool]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.throttle = Throttle(self.rate, 0.0)
        self._chance = random.Random(self.seed)

    def run(self, seconds: float) -> Course:
        """Send from 0 until ``seconds``."""
        self._look(0.0)
        for now, kind, left_at, taken in self._happening(seconds):
            if kind == "send":
                self._send(now)
            elif kind == "answer":
                self._answer(left_at, now, taken=taken)
                self._at(now + self._commit(now), "stored")
            elif kind == "stored":
                self._in_hand -= 1
            self._look(now)
        return Course(self._arrivals)

    def _happening(self, until: float) -> Iterator[tuple[float, str, float, bool]]:
        while self._events:
            now, number, kind, left_at, taken = heapq.heappop(self._events)
            if now > until:
                return
            if kind != "wake" or number == self._plan:
                yield now, kind, left_at, taken

    def _at(self, instant: float, kind: str, left_at: float = 0.0, *, taken: bool = False) -> None:
        self._count += 1
        heapq.heappush(self._events, (instant, self._count, kind, left_at, taken))

    def _commit(self, now: float) -> float:
        every, long = self.stall
        usual = self._chance.uniform(*self.commit)
        return long if every and int(now / every) != int((now - usual) / every) else usual

    def _look(self, now: float) -> None:
        if self._claiming:
            return
        free = self.window - self._in_hand
        self._claiming = max(0, min(self.throttle.room(now), free))
        self._in_hand += self._claiming
        if self._claiming:
            self._at(now + self._commit(now), "send")
        elif free:
            self._at(max(now + 1e-5, self.throttle.next(now)), "wake")
            self._plan = self._count

    def _send(self, now: float) -> None:
        parts, self._claiming = self._claiming, 0
        self.throttle.spend(parts, now)
        self.throttle.left(parts, now)
        for _ in range(parts):
            self._arrived = max(self._arrived, now + self.latency / 2 + self._chance.uniform(0, self.jitter))
            taken = self.limit.takes(self._arrived)
            self._arrivals.append((self._arrived, taken))
            back = self._arrived + self.latency / 2 + self._chance.uniform(0, self.jitter)
            self._answered = max(self._answered, back)
            self._at(self._answered, "answer", now, taken=taken)

    def _answer(self, left_at: float, now: float, *, taken: bool) -> None:
        if taken:
            self.throttle.taken(1, left_at, now)
        else:
            self.throttle.too_fast(1, left_at, now, self.pause)
