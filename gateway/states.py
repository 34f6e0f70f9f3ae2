"""The states of a message and of its parts, and every legal move between them.

Rules of this file: whatever decides a state stands here, as a table or a pure function; nothing here reads a
clock, a database or a socket. The words are those of the public contract, section 2.
"""

from collections.abc import Sequence
from enum import StrEnum


class Status(StrEnum):
    """The state of a message or of one of its parts."""

    HELD = "held"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    NO_RECEIPT = "no_receipt"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    IGNORED = "ignored"

    __hash__ = str.__hash__  # states are looked up for every part: Enum's own hash is a call of Python


S = Status

#: The French word staff see for each state.
FRENCH: dict[Status, str] = {
    S.HELD: "À diffuser",
    S.SCHEDULED: "Différé",
    S.QUEUED: "En file",
    S.SENDING: "En cours d'envoi",
    S.IN_TRANSIT: "En transit",
    S.DELIVERED: "Délivré",
    S.UNDELIVERED: "Non remis",
    S.INVALID: "Invalide",
    S.EXPIRED: "Expiré",
    S.REJECTED: "Refusé",
    S.CANCELLED: "Supprimé",
    S.IGNORED: "Ignoré",
    S.UNCERTAIN: "Incertain",
    S.NO_RECEIPT: "Sans accusé",
}

#: From each state, the states a part may move to. A move that is not here is refused.
MOVES: dict[Status, frozenset[Status]] = {
    S.HELD: frozenset({S.SCHEDULED, S.QUEUED, S.CANCELLED, S.EXPIRED}),
    S.SCHEDULED: frozenset({S.QUEUED, S.CANCELLED, S.EXPIRED}),
    # To the last four only when a receipt settles an uncertain part that waits to be sent once more.
    S.QUEUED: frozenset(
        {
            S.SENDING,
            S.CANCELLED,
            S.EXPIRED,
            S.REJECTED,
            S.INVALID,
            S.IN_TRANSIT,
            S.DELIVERED,
            S.UNDELIVERED,
            S.NO_RECEIPT,
        }
    ),
    S.SENDING: frozenset(
        {S.QUEUED, S.IN_TRANSIT, S.UNCERTAIN, S.REJECTED, S.INVALID, S.EXPIRED, S.DELIVERED, S.UNDELIVERED}
    ),
    S.UNCERTAIN: frozenset(
        {
            S.QUEUED,
            S.IN_TRANSIT,
            S.DELIVERED,
            S.UNDELIVERED,
            S.EXPIRED,
            S.REJECTED,
            S.INVALID,
            S.NO_RECEIPT,
        }
    ),
    # To cancelled when its provider takes it back.
    S.IN_TRANSIT: frozenset({S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED, S.NO_RECEIPT, S.CANCELLED}),
    S.NO_RECEIPT: frozenset({S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED, S.QUEUED}),
    S.UNDELIVERED: frozenset({S.DELIVERED}),
    S.EXPIRED: frozenset({S.DELIVERED}),
    S.REJECTED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset(),
    S.INVALID: frozenset(),
    S.CANCELLED: frozenset({S.DELIVERED}),  # a receipt tells that it was too late after all
    S.IGNORED: frozenset(),
}

FINAL: frozenset[Status] = frozenset(
    {S.DELIVERED, S.UNDELIVERED, S.INVALID, S.EXPIRED, S.REJECTED, S.CANCELLED, S.IGNORED, S.NO_RECEIPT}
)

#: Not yet handed to a provider: may still be cancelled.
UNSENT: frozenset[Status] = frozenset({S.HELD, S.SCHEDULED, S.QUEUED})

#: While a part is not final, the least advanced shows: this order.
PROGRESS: tuple[Status, ...] = (S.HELD, S.SCHEDULED, S.QUEUED, S.SENDING, S.UNCERTAIN, S.IN_TRANSIT)

#: When all parts are final, the worst shows: this order.
WORST: tuple[Status, ...] = (
    S.INVALID,
    S.REJECTED,
    S.CANCELLED,
    S.UNDELIVERED,
    S.EXPIRED,
    S.NO_RECEIPT,
    S.DELIVERED,
    S.IGNORED,
)

_RANK = {status: rank for rank, status in enumerate(PROGRESS + WORST)}


def may_move(old: Status, new: Status) -> bool:
    """Whether a part may go from ``old`` to ``new``."""
    return new in MOVES[old]


def judge(parts: Sequence[Status]) -> Status:
    """The state of a message from those of its parts (at least one): contract section 2, "Several parts"."""
    return min(parts, key=_RANK.__getitem__)
