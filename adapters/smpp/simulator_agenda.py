"""What is to be done later, and when. No clock: the time is handed in."""

import heapq
from collections.abc import Callable
from itertools import count
from math import inf


class Agenda:
    """Things to do, each at a time, in the order in which they were noted."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()

    @property
    def deadline(self) -> float:
        """When the next is due; ``inf`` when there is none."""
        return self._heap[0][0] if self._heap else inf

    def at(self, when: float, act: Callable[[float], None]) -> None:
        """Note it; it is called with the time."""
        heapq.heappush(self._heap, (when, next(self._order), act))

    def run(self, now: float) -> None:
        """Do what is due, and what that makes due."""
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2](now)
