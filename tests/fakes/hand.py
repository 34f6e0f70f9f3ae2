"""A clock moved by hand, that can be waited for."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class _Alarm:
    when: float
    number: int
    act: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Do not call after all."""
        self.cancelled = True


class HandTimer:
    """See ``gateway.timer.Timer``. Nothing passes but what ``move`` lets pass."""

    def __init__(self, now: float = 0.0) -> None:
        self._now = now
        self._alarms: list[_Alarm] = []
        self.calls = 0  # how often something was to be waited for

    def now(self) -> float:
        """Seconds."""
        return self._now

    def call_at(self, when: float, act: Callable[[], None]) -> _Alarm:
        """Call ``act`` when the clock is moved there."""
        self.calls += 1
        alarm = _Alarm(max(when, self._now), self.calls, act)
        heapq.heappush(self._alarms, alarm)
        return alarm

    @property
    def deadline(self) -> float | None:
        """When the next alarm is due."""
        while self._alarms and self._alarms[0].cancelled:
            heapq.heappop(self._alarms)
        return self._alarms[0].when if self._alarms else None

    def ring(self) -> bool:
        """Carry out the next alarm, moving the clock to it; False when there is none."""
        if self.deadline is None:
            return False
        alarm = heapq.heappop(self._alarms)
        self._now = max(self._now, alarm.when)
        alarm.act()
        return True

    def move(self, seconds: float) -> None:
        """Let so much pass, with all the alarms on the way."""
        until = self._now + seconds
        while (due := self.deadline) is not None and due <= until:
            self.ring()
        self._now = until
