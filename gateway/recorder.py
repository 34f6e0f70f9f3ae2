"""What became of the parts in hand is stored, however long the store takes.

Rules: an outcome is never given up; without it a part would be sent again, or be in doubt for nothing. Outcomes
that cannot be stored are kept and tried again; those that came together are stored together.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import assert_never

from gateway.metrics import Metrics
from gateway.provider import Accepted, Outcome, Part, Refused, Throttled, Unavailable, Unknown
from gateway.store import queue
from gateway.store.database import Store, StoreUnavailable
from gateway.store.desk import Rules
from gateway.store.queue import Settled
from gateway.timer import CLOCK, Timer, sleep

log = logging.getLogger(__name__)

#: Seconds between two tries to store outcomes.
AGAIN = 0.5


class Recorder:
    """The outcomes of one account. ``stored`` is told those that are committed."""

    def __init__(
        self,
        account: str,
        store: Store,
        rules: Rules,
        metrics: Metrics,
        clock: Callable[[], int],
        stored: Callable[[Sequence[Settled]], None],
        timer: Timer = CLOCK,
    ) -> None:
        self._account = account
        self._store, self._rules, self._metrics, self._clock = store, rules, metrics, clock
        self._stored, self._timer = stored, timer
        self._answered: list[Settled] = []
        self._late: list[Settled] = []
        self._more = asyncio.Event()

    async def doubt_orphans(self) -> bool:
        """What a dead process had in hand is uncertain: nobody will answer it. False if it must be tried again."""
        why = "the process ended before the answer"
        try:
            count = await self._store.write(
                lambda conn: queue.doubt_orphans(conn, self._account, self._clock(), self._rules, why)
            )
        except StoreUnavailable as error:
            self._not_stored(error)
            return False
        if count:
            log.warning("parts left in doubt", extra={"account": self._account, "parts": count, "why": why})
        return True

    def answer(self, part: Part, outcome: Outcome) -> None:
        """The outcome of a part in hand."""
        self._metrics.parts.labels(self._account, result(outcome)).inc(part.carries)
        self._answered += self._settled(part, outcome)
        self._more.set()

    def late(self, part: Part, outcome: Outcome) -> None:
        """An answer to a part that is uncertain by now."""
        self._metrics.parts.labels(self._account, f"late_{result(outcome)}").inc(part.carries)
        self._late += self._settled(part, outcome)
        self._more.set()

    def _settled(self, part: Part, outcome: Outcome) -> list[Settled]:
        return queue.settled(part, self._account, outcome, self._clock(), self._rules)

    async def run(self) -> None:
        """Store outcomes as they come, until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            if not (await self._record() and await self._record_late()):
                await sleep(self._timer, AGAIN)
                self._more.set()

    async def _record(self) -> bool:
        """Store the outcomes of parts in hand; false if they must be tried again."""
        answered, self._answered = self._answered, []
        try:
            if answered:
                await self._store.join(queue.record, answered, weight=len(answered))
                self._stored(answered)
        except Exception as error:
            self._not_stored(error)
            self._answered = answered + self._answered
            return False
        return True

    async def _record_late(self) -> bool:
        """Store the answers to parts that are uncertain by now; false if they must be tried again."""
        late, self._late = self._late, []
        try:
            if late:
                await self._store.join(queue.late, late)
        except Exception as error:
            self._not_stored(error)
            self._late = late + self._late
            return False
        return True

    def _not_stored(self, error: Exception) -> None:
        """Trouble of the store is the store's to tell, once; anything else is a fault."""
        if not isinstance(error, StoreUnavailable):
            log.error("outcomes cannot be stored", extra={"account": self._account}, exc_info=error)


def result(outcome: Outcome) -> str:
    """The ``result`` label of a part's metric."""
    match outcome:
        case Accepted():
            return "accepted"
        case Refused():
            return "refused"
        case Throttled():
            return "throttled"
        case Unavailable():
            return "unavailable"
        case Unknown():
            return "unknown"
    assert_never(outcome)
