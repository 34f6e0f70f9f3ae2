"""Whose turn it is: schools share an account message by message. Pure.

Rules: within a priority, the school served longest ago goes first; then one message each in turn, the parts of
a message staying together: a school whose message did not leave whole goes on first. A school with one message
never waits behind another's ten thousand.
"""

from collections import deque
from collections.abc import Mapping, Sequence


class Turns:
    """Remembers, for one account, in which order schools were served."""

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._clock = 0

    def order(self, schools: Sequence[str]) -> list[str]:
        """The schools, the one served longest ago first."""
        return sorted(schools, key=lambda school: (self._served.get(school, -1), school))

    def served(self, school: str) -> None:
        """Note that a school had its turn."""
        self._clock += 1
        self._served[school] = self._clock

    def unfinished(self, school: str) -> None:
        """Note that the last message of a school's turn did not leave whole."""
        self._served.pop(school, None)

    def deal(self, waiting: Mapping[str, Sequence[int]], room: int) -> list[int]:
        """The next parts to leave, at most ``room``, of each school's queue (part ids in order)."""
        queues = {school: deque(parts) for school, parts in waiting.items() if parts}
        dealt: list[int] = []
        while queues and len(dealt) < room:
            for school in self.order(list(queues)):
                dealt += _one_message(queues[school], room - len(dealt))
                self.served(school)
                if not queues[school]:
                    del queues[school]
                if len(dealt) >= room:
                    break
        return dealt


def _one_message(queue: deque[int], room: int) -> list[int]:
    """Take the parts of the first message of a queue, as many as there is room for."""
    message = queue[0] >> 8
    taken: list[int] = []
    while queue and queue[0] >> 8 == message and len(taken) < room:
        taken.append(queue.popleft())
    return taken
