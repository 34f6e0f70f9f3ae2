"""What the simulator delivers: receipts as SMPP 3.4 appendix B has them, and when each is due."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final

from adapters.smpp import codes, pdu
from adapters.smpp.simulator_records import Submit

_STATES: Final = {"DELIVRD": 2, "UNDELIV": 5}


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """The body of one deliver_sm; ``state`` is what it reports, empty when it is no receipt."""

    body: bytes
    state: str = ""


class Outbox:
    """What waits for one system_id: due at a time, and at most ``window`` unanswered."""

    def __init__(self, window: int, wake: Callable[[], None]) -> None:
        self._window = window
        self._wake = wake
        self._heap: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._unanswered: set[Delivery] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def add(self, delivery: Delivery, delay: float) -> None:
        """Deliver this in ``delay`` seconds."""
        now = self._loop.time()
        heapq.heappush(self._heap, (now + delay, next(self._order), delivery))
        self._arm(now)

    def due(self, now: float) -> list[Delivery]:
        """What must be sent now; it stays here until ``settle`` or ``again``."""
        found: list[Delivery] = []
        while self._heap and self._heap[0][0] <= now and len(self._unanswered) < self._window:
            found.append(heapq.heappop(self._heap)[2])
            self._unanswered.add(found[-1])
        self._arm(now)
        return found

    def settle(self, delivery: Delivery) -> None:
        """It was taken, or refused for good."""
        self._unanswered.discard(delivery)

    def again(self, delivery: Delivery, delay: float) -> None:
        """It was not taken: deliver it once more."""
        self._unanswered.discard(delivery)
        self.add(delivery, delay)

    def stop(self) -> None:
        """Deliver nothing more."""
        self._heap.clear()
        if self._timer:
            self._timer.cancel()

    def _arm(self, now: float) -> None:
        """One timer for the first that was not due at ``now``; what was due waits for an answer or a bind.

        ``now`` is the caller's, not a later one: what became due in between would be waited for by nobody.
        """
        if self._timer or not self._heap or self._heap[0][0] <= now:
            return
        self._timer = self._loop.call_at(self._heap[0][0], self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._wake()
        self._arm(now)


def receipt_of(submit: Submit, *, undelivered: bool, tlvs: bool) -> Delivery:
    """The receipt of a submit, its text as providers write it: with the first twenty characters."""
    state = "UNDELIV" if undelivered else "DELIVRD"
    error, reached = ("011", 0) if undelivered else ("000", 1)
    at = f"{datetime.now(UTC):%y%m%d%H%M%S}"
    words = (
        f"id:{submit.message_id} sub:001 dlvrd:{reached:03d} submit date:{at} done date:{at} "
        f"stat:{state} err:{error} text:{submit.text[:20]}"
    )
    parameters = {
        codes.RECEIPTED_MESSAGE_ID: submit.message_id.encode() + b"\0",
        codes.MESSAGE_STATE: bytes((_STATES[state],)),
    }
    asked = submit.pdu
    body = pdu.body_of(
        codes.DELIVER_SM,
        {
            "source_addr_ton": asked.number("dest_addr_ton"),
            "source_addr_npi": asked.number("dest_addr_npi"),
            "source_addr": submit.to,
            "dest_addr_ton": asked.number("source_addr_ton"),
            "dest_addr_npi": asked.number("source_addr_npi"),
            "destination_addr": submit.source,
            "esm_class": codes.RECEIPT,
            "short_message": words.encode("latin-1", "replace"),
        },
        parameters if tlvs else None,
    )
    return Delivery(body, state)
