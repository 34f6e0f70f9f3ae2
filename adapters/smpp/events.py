"""What a session tells its shell."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from adapters.smpp.pdu import Pdu


@dataclass(frozen=True, slots=True)
class Bound:
    """We are bound; ``peer`` is the system_id that the other side gave, ``version`` what it speaks (0: unsaid)."""

    peer: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class BindRefused:
    """The other side does not want us. The session closes."""

    status: int


@dataclass(frozen=True, slots=True)
class BindRequested:
    """Somebody wants to bind: call ``accept_bind`` or ``refuse_bind`` with this PDU."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class OutbindRequested:
    """An SMSC that connected to us asks us to bind: call ``bind``, or hang up."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Requested:
    """A request that this side serves (submit_sm, deliver_sm, data_sm…), to be answered with ``respond``."""

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


class Oddity(Enum):
    """What a peer may say that concerns no message."""

    ALERT = "alert_notification"  # a telephone can be reached again
    NACK = "generic_nack"  # it did not understand something, and none of our requests has that number
    UNKNOWN = "unknown_command"  # it asked for something that SMPP 3.4 does not know, or that we do not serve
    MISPLACED = "misplaced"  # a request that it may not make now, or that cannot be read


@dataclass(frozen=True, slots=True)
class Odd:
    """Something to count; it was answered as the standard says, and the session goes on."""

    what: Oddity
    pdu: Pdu


class Ending(Enum):
    """How a session ended."""

    LEFT = "left"  # we asked, or hung up on purpose
    DISMISSED = "dismissed"  # the other side asked: nothing went wrong
    REFUSED = "refused"  # our bind, or the peer's
    SILENT = "silent"  # an answer that the session itself waited for did not come
    LOST = "lost"  # the connection broke
    BROKEN = "broken"  # what came is not SMPP


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over; always the last event."""

    why: str
    ending: Ending = Ending.LOST


Event = (
    Bound
    | BindRefused
    | BindRequested
    | OutbindRequested
    | Requested
    | Answered
    | Unanswered
    | LateAnswer
    | Odd
    | Closed
)
