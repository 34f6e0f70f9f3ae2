"""Receipts and messages on their way to the clients of the simulator, each system_id's in its outbox."""

from collections import defaultdict
from collections.abc import Iterable
from math import inf
from typing import Final

from adapters.smpp import codes
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario import SmscSettings
from adapters.smpp.simulator_end import End, Line
from adapters.smpp.simulator_outbox import Outbox
from adapters.smpp.simulator_receipts import Delivery
from adapters.smpp.simulator_records import Counts
from adapters.smpp.states import State

_RECEIVERS: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})
_FOR_GOOD: Final = frozenset({codes.RX_P_APPN, codes.RX_R_APPN, codes.RINVMSGLEN})


class Post:
    """Delivers what is due on any session that receives; what is not taken comes again."""

    def __init__(self, settings: SmscSettings, ends: Iterable[End], counts: Counts) -> None:
        self.deadline = inf  # when something that can be delivered is due
        self._retry: Final = settings.receipt_retry
        self._outboxes: Final[defaultdict[str, Outbox]] = defaultdict(lambda: Outbox(settings.receipt_window))
        self._ends: Final = ends
        self._counts: Final = counts

    def add(self, system_id: str, delivery: Delivery, when: float) -> None:
        """Deliver this to a system_id at ``when``, or on its next bind."""
        self._outboxes[system_id].add(delivery, when)

    def pump(self, now: float) -> None:
        """Deliver what is due."""
        self.deadline = inf
        for system_id, outbox in self._outboxes.items():
            if outbox.deadline <= now:
                self._deliver(system_id, outbox, now)
            if outbox.deadline > now:  # else it waits for an answer or a bind, which wake us
                self.deadline = min(self.deadline, outbox.deadline)

    def answered(self, end: End, delivery: Delivery, pdu: Pdu, now: float) -> None:
        """The client answered a delivery."""
        outbox, counts = self._outboxes[end.system_id], self._counts
        if pdu.status in _FOR_GOOD:
            counts.receipts_dropped += 1
            outbox.settle(delivery)
        elif pdu.status != codes.ROK or pdu.command == codes.GENERIC_NACK:
            counts.receipts_refused += 1
            outbox.again(delivery, now + self._retry)
        else:
            counts.receipts_acknowledged += 1
            counts.delivered += delivery.state == "DELIVRD"
            counts.undelivered += delivery.state == "UNDELIV"
            outbox.settle(delivery)

    def unanswered(self, end: End, delivery: Delivery, now: float) -> None:
        """The client did not answer a delivery."""
        self._outboxes[end.system_id].again(delivery, now)

    def _deliver(self, system_id: str, outbox: Outbox, now: float) -> None:
        mine = [end for end in self._ends if end.system_id == system_id and _receives(end)]
        if not mine:
            return
        for delivery in outbox.due(now):
            end = next((each for each in mine if each is not delivery.not_on), mine[0])
            self._counts.receipts_sent += 1
            end.session.request(codes.DELIVER_SM, delivery.body, delivery, now)


def _receives(end: End) -> bool:
    return end.session.state in _RECEIVERS and end.line is Line.WELL and not end.congested
