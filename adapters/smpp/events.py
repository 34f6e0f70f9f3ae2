"""What a session tells its shell."""

from dataclasses import dataclass
from typing import Any

from adapters.smpp.pdu import Pdu


@dataclass(frozen=True, slots=True)
class Bound:
    """We are bound; ``peer`` is the system_id that the other side gave."""

    peer: str


@dataclass(frozen=True, slots=True)
class BindRefused:
    """The other side does not want us. The session closes."""

    status: int


@dataclass(frozen=True, slots=True)
class BindRequested:
    """Somebody wants to bind: call ``accept_bind`` or ``refuse_bind`` with this PDU."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Requested:
    """A submit_sm or deliver_sm to be answered with ``respond``."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to the request that was made with ``token``."""

    token: Any
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer came, for ``why``: the request may or may not have been carried out. Told once a request."""

    token: Any
    why: str


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """An answer after ``Unanswered`` had been told of the same token."""

    token: Any
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over; always the last event."""

    why: str


Event = Bound | BindRefused | BindRequested | Requested | Answered | Unanswered | LateAnswer | Closed
