"""What the simulator has for one system_id: receipts and messages, each due at a time. No clock and no socket."""

import heapq
from itertools import count
from math import inf

from adapters.smpp.simulator_receipts import Delivery


class Outbox:
    """Ordered by when each is due; at most ``window`` of them are unanswered."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._heap: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._unanswered: set[Delivery] = set()
        self._withdrawn: set[Delivery] = set()

    @property
    def deadline(self) -> float:
        """When the first is due, be it past; ``inf`` when there is none, or the window is full."""
        return self._heap[0][0] if self._heap and len(self._unanswered) < self._window else inf

    def add(self, delivery: Delivery, when: float) -> None:
        """Deliver this at ``when``."""
        heapq.heappush(self._heap, (when, next(self._order), delivery))

    def due(self, now: float) -> list[Delivery]:
        """What must be sent now; it stays here until ``settle`` or ``again``."""
        found: list[Delivery] = []
        while self._heap and self._heap[0][0] <= now and len(self._unanswered) < self._window:
            delivery = heapq.heappop(self._heap)[2]
            if delivery in self._withdrawn:
                self._withdrawn.discard(delivery)
                continue
            found.append(delivery)
            self._unanswered.add(delivery)
        return found

    def withdraw(self, delivery: Delivery) -> None:
        """It is not to be delivered any more, if it was not yet."""
        if any(delivery is waiting for _, _, waiting in self._heap):
            self._withdrawn.add(delivery)

    def settle(self, delivery: Delivery) -> None:
        """It was taken, or refused for good."""
        self._unanswered.discard(delivery)

    def again(self, delivery: Delivery, when: float) -> None:
        """It was not taken: deliver it once more."""
        self._unanswered.discard(delivery)
        self.add(delivery, when)
