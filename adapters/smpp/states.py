"""The states of an SMPP session and what may arrive in each: one table, after SMPP 3.4 section 2.3.

Everything that decides whether a request is legal stands here. Answers are not in the table: an answer is
legal when its request is open.
"""

from enum import Enum
from typing import Final

from adapters.smpp import codes


class Role(Enum):
    """Which side of the link we are."""

    ESME = "esme"  # the client, that submits
    SMSC = "smsc"  # the server, that delivers

    __hash__ = object.__hash__  # looked up for every PDU: Enum's own hash is a call of Python


class State(Enum):
    """Where a session stands."""

    OPEN = "open"  # connected, not bound
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"  # we asked to leave; answers still come
    DISMISSED = "dismissed"  # the other side asked us to leave; what is in flight may still be answered, both ways
    CLOSED = "closed"

    __hash__ = object.__hash__


BOUND: Final = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})

#: Those in which an ESME submits.
SENDERS: Final = frozenset({State.BOUND_TX, State.BOUND_TRX})

#: The state that an accepted bind leads to.
BINDS_TO: Final[dict[int, State]] = {
    codes.BIND_TRANSMITTER: State.BOUND_TX,
    codes.BIND_RECEIVER: State.BOUND_RX,
    codes.BIND_TRANSCEIVER: State.BOUND_TRX,
}

#: Requests that get no answer.
UNANSWERED: Final = frozenset({codes.OUTBIND, codes.ALERT_NOTIFICATION})

#: Every request that the standard knows. One that is not here, or that our side does not serve, is answered by
#: generic_nack with RINVCMDID; one that may not be made in this state by its own answer.
REQUESTS: Final = frozenset(
    {
        *codes.BINDS,
        *UNANSWERED,
        *(codes.UNBIND, codes.ENQUIRE_LINK, codes.SUBMIT_SM, codes.SUBMIT_MULTI, codes.DATA_SM, codes.DELIVER_SM),
        *(codes.QUERY_SM, codes.CANCEL_SM, codes.REPLACE_SM),
    }
)

_ALWAYS = frozenset({codes.ENQUIRE_LINK, codes.UNBIND})
_SUBMIT = _ALWAYS | {
    *(codes.SUBMIT_SM, codes.SUBMIT_MULTI, codes.DATA_SM),
    *(codes.QUERY_SM, codes.CANCEL_SM, codes.REPLACE_SM),
}
_DELIVER = _ALWAYS | {codes.DELIVER_SM, codes.DATA_SM, codes.ALERT_NOTIFICATION}

#: The requests that each side accepts from the other in each state.
RECEIVES: Final[dict[Role, dict[State, frozenset[int]]]] = {
    Role.SMSC: {
        State.OPEN: _ALWAYS | codes.BINDS,
        State.BOUND_TX: _SUBMIT,
        State.BOUND_RX: _ALWAYS,
        State.BOUND_TRX: _SUBMIT,
        State.UNBINDING: _ALWAYS,
        State.DISMISSED: _ALWAYS,
        State.CLOSED: frozenset(),
    },
    Role.ESME: {
        State.OPEN: _ALWAYS | {codes.OUTBIND},
        State.BOUND_TX: _ALWAYS,
        State.BOUND_RX: _DELIVER,
        State.BOUND_TRX: _DELIVER,
        State.UNBINDING: _ALWAYS,
        State.DISMISSED: _ALWAYS,
        State.CLOSED: frozenset(),
    },
}

#: The requests that each side may send in each state: what the other accepts in the same state.
SENDS: Final[dict[Role, dict[State, frozenset[int]]]] = {
    Role.ESME: RECEIVES[Role.SMSC],
    Role.SMSC: RECEIVES[Role.ESME],
}

#: What a side serves when it is not told otherwise; the session itself sees to binds, unbind and enquire_link.
SERVES: Final[dict[Role, frozenset[int]]] = {
    Role.SMSC: frozenset({codes.SUBMIT_SM}),
    Role.ESME: frozenset({codes.DELIVER_SM, codes.DATA_SM}),
}

_MESSAGES: Final = frozenset({codes.SUBMIT_SM, codes.SUBMIT_MULTI, codes.DATA_SM, codes.DELIVER_SM})
#: How each side refuses a message for now: the other keeps it.
_PUT_OFF: Final[dict[Role, int]] = {Role.SMSC: codes.RSYSERR, Role.ESME: codes.RX_T_APPN}


def out_of_place(role: Role, state: State, command: int) -> int:
    """The status of a request that may not be made in a state; a message that crossed our unbind is to come again."""
    if command in codes.BINDS and state in BOUND:
        return codes.RALYBND
    crossed = state is State.UNBINDING and command in _MESSAGES
    return _PUT_OFF[role] if crossed else codes.RINVBNDSTS
