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

#: To whoever receives.
ANYBODY: Final = ""

#: What a session is handed with a delivery: where it is to be settled.
Token = tuple[Outbox, Delivery]


class Post:
    """Delivers what is due on any session that receives; what is not taken comes again."""

    def __init__(self, settings: SmscSettings, ends: Iterable[End], counts: Counts) -> None:
        self.deadline = inf  # when something that can be delivered is due
        self._retry: Final = settings.receipt_retry
        self._outboxes: Final[defaultdict[str, Outbox]] = defaultdict(lambda: Outbox(settings.receipt_window))
        self._ends: Final = ends
        self._counts: Final = counts

    def add(self, system_id: str, delivery: Delivery, when: float) -> None:
        """Deliver this to a system_id, or to ANYBODY, at ``when`` or on the next bind."""
        self._outboxes[system_id].add(delivery, when)

    def withdraw(self, system_id: str, deliveries: Iterable[Delivery]) -> None:
        """Do not deliver these, if it is not too late."""
        for delivery in deliveries:
            self._outboxes[system_id].withdraw(delivery)

    def pump(self, now: float) -> None:
        """Deliver what is due."""
        self.deadline = inf
        for system_id, outbox in self._outboxes.items():
            if outbox.deadline <= now:
                self._deliver(system_id, outbox, now)
            if outbox.deadline > now:  # else it waits for an answer or a bind, which wake us
                self.deadline = min(self.deadline, outbox.deadline)

    def answered(self, token: Token, pdu: Pdu, now: float) -> None:
        """The client answered a delivery."""
        outbox, delivery = token
        if pdu.status in _FOR_GOOD:
            self._count(delivery, "dropped")
            outbox.settle(delivery)
        elif pdu.status != codes.ROK or pdu.command == codes.GENERIC_NACK:
            self._count(delivery, "refused")
            outbox.again(delivery, now + self._retry)
        else:
            self._count(delivery, "acknowledged")
            self._counts.delivered += delivery.state == "DELIVRD"
            self._counts.undelivered += delivery.state == "UNDELIV"
            outbox.settle(delivery)

    def unanswered(self, token: Token, now: float) -> None:
        """The client did not answer a delivery."""
        outbox, delivery = token
        outbox.again(delivery, now)

    def _deliver(self, system_id: str, outbox: Outbox, now: float) -> None:
        mine = [end for end in self._ends if system_id in (ANYBODY, end.system_id) and _receives(end)]
        if not mine:
            return
        for delivery in outbox.due(now):
            end = next((each for each in mine if each is not delivery.not_on), mine[0])
            self._count(delivery, "sent")
            command, body = delivery.told(tlvs=end.session.takes_tlvs)
            end.session.request(command, body, (outbox, delivery), now)

    def _count(self, delivery: Delivery, what: str) -> None:
        name = f"{'incoming' if delivery.incoming else 'receipts'}_{what}"
        setattr(self._counts, name, getattr(self._counts, name) + 1)


def _receives(end: End) -> bool:
    return end.session.state in _RECEIVERS and end.line is Line.WELL and not end.congested
