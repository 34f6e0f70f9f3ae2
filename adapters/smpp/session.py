"""An SMPP session without sockets: bytes and time in, bytes and events out. Both roles share it.

Rules:
- the shell feeds ``receive``, calls ``tick`` when ``deadline`` has come and ``lost`` when the link is gone; after
  each it takes ``events()`` and writes ``outgoing()``;
- every request made ends in exactly one of Answered or Unanswered; what answers later is a LateAnswer;
- when Closed has been told, the shell writes what is left and hangs up.
Times are seconds of any clock that never goes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, Final

from adapters.smpp import codes, fields, pdu
from adapters.smpp.events import (
    Answered,
    BindRefused,
    BindRequested,
    Bound,
    Closed,
    Event,
    LateAnswer,
    Requested,
    Unanswered,
)
from adapters.smpp.pdu import Pdu
from adapters.smpp.states import BINDS_TO, BOUND, RECEIVES, SENDS, Role, State

_LAST_SEQUENCE: Final = 0x7FFFFFFF
_LATE_KEPT: Final = 10_000  # requests given up on whose late answer is still recognised


class _Own(Enum):
    """Requests of the session itself, which the shell never hears of; what it means when no answer comes."""

    BIND = "no answer to our bind"
    PING = "the other side does not answer enquire_link"
    LEAVE = "no answer to our unbind"


@dataclass(frozen=True, slots=True)
class Timers:
    """How long the session waits, in seconds. ``inf`` waits for ever."""

    init: float = 30.0  # SMSC: from connection to bind
    quiet: float = 30.0  # silence before an enquire_link
    response: float = 60.0  # a request's answer
    leave: float = 2.0  # the answer to our unbind
    inactivity: float = inf  # without any message: we unbind


@dataclass(slots=True)
class _Open:
    """A request that waits for its answer."""

    command: int
    token: Any
    deadline: float


class WrongState(RuntimeError):
    """This request cannot be made now: the shell's mistake, not the peer's."""


class Session:
    """One link's protocol, from connection to Closed."""

    def __init__(self, role: Role, timers: Timers, now: float, last_sequence: int = 0) -> None:
        self.state = State.OPEN
        self.role: Final = role
        self._timers = timers
        self._reader = pdu.PduReader()
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._sequence = last_sequence
        self._open: dict[int, _Open] = {}  # by sequence, in the order they were made
        self._late: dict[int, _Open] = {}
        self._heard = self._busy = self._since = now
        self._own: dict[int, _Open] = {}  # by sequence

    @property
    def in_flight(self) -> int:
        """Messages that wait for their answer."""
        return len(self._open)

    @property
    def deadline(self) -> float:
        """When ``tick`` must be called next."""
        if self.state is State.CLOSED:
            return inf
        due = [next(iter(self._open.values())).deadline] if self._open else []
        due += [asked.deadline for asked in self._own.values()]
        if self.state is State.OPEN and self.role is Role.SMSC:
            due.append(self._since + self._timers.init)
        if self.state in BOUND:
            due.append(self._busy + self._timers.inactivity)
            if not self._own:
                due.append(self._heard + self._timers.quiet)
        return min(due, default=inf)

    def events(self) -> list[Event]:
        """What happened since the last call, oldest first."""
        events, self._events = self._events, []
        return events

    def outgoing(self) -> bytes:
        """What must be written now."""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def bind(self, command: int, values: Mapping[str, fields.Value], now: float) -> None:
        """ESME: ask to bind. Ends in Bound, BindRefused or Closed."""
        self._ask(_Own.BIND, command, pdu.body_of(command, values), now + self._timers.response)

    def request(self, command: int, body: bytes, token: Any, now: float) -> None:
        """Send a message; its answer comes with ``token``. ``body`` is as ``pdu.body_of`` makes it."""
        self._busy = now
        self._open[self._send(command, body)] = _Open(command, token, now + self._timers.response)

    def respond(self, asked: Pdu, status: int, values: Mapping[str, fields.Value] | None = None) -> None:
        """Answer a Requested. Nothing is sent when the session is over: the peer will ask again."""
        if self.state is State.CLOSED:
            return
        command = asked.command | codes.RESPONSE
        self._out.append(pdu.frame(command, status, asked.sequence, pdu.body_of(command, values or {})))

    def accept_bind(self, asked: Pdu, system_id: str, now: float) -> None:
        """SMSC: let the other side in, under our ``system_id``."""
        command = asked.command | codes.RESPONSE
        version = {codes.SC_INTERFACE_VERSION: bytes((codes.VERSION_34,))}
        self._out.append(
            pdu.frame(command, codes.ROK, asked.sequence, pdu.body_of(command, {"system_id": system_id}, version))
        )
        self.state = BINDS_TO[asked.command]
        self._busy = now

    def refuse_bind(self, asked: Pdu, status: int) -> None:
        """SMSC: answer the bind with an error, and close."""
        self._out.append(pdu.frame(asked.command | codes.RESPONSE, status, asked.sequence, b""))
        self._close(f"bind refused: {codes.describe(status)}")

    def unbind(self, now: float) -> None:
        """Leave in good order: ends in Closed, at the latest after ``Timers.leave``."""
        if self.state is State.UNBINDING:
            return
        if self.state not in BOUND:
            self._close("left")
            return
        self._ask(_Own.LEAVE, codes.UNBIND, b"", now + self._timers.leave)
        self.state = State.UNBINDING

    def lost(self, why: str) -> None:
        """The link is gone."""
        self._close(why)

    def receive(self, data: bytes, now: float) -> None:
        """Octets arrived."""
        self._heard = now
        for found in self._reader.feed(data):
            if self.state is State.CLOSED:
                return
            if found.is_response:
                self._answered(found, now)
            else:
                self._asked(found, now)
        if self._reader.broken and self.state is not State.CLOSED:
            self._out.append(pdu.frame(codes.GENERIC_NACK, codes.RINVCMDLEN, 0, b""))
            self._close(f"not SMPP: {self._reader.broken}")

    def tick(self, now: float) -> None:
        """Time passed: give up on what is overdue, ask whether the other side is alive."""
        if self.state is State.CLOSED:
            return
        if self._overdue(now):
            return
        self._expire(now)
        if self.state not in BOUND:
            return
        if now >= self._busy + self._timers.inactivity:
            self.unbind(now)
        elif now >= self._heard + self._timers.quiet and not self._own:
            self._ask(_Own.PING, codes.ENQUIRE_LINK, b"", now + self._timers.response)

    def _overdue(self, now: float) -> bool:
        """Close when the session itself waited too long."""
        if self.state is State.OPEN and self.role is Role.SMSC and now >= self._since + self._timers.init:
            self._close("no bind in time")
        for asked in list(self._own.values()):
            if now >= asked.deadline:
                self._close(asked.token.value)
        return self.state is State.CLOSED

    def _expire(self, now: float) -> None:
        while self._open:
            sequence, oldest = next(iter(self._open.items()))
            if now < oldest.deadline:
                break
            del self._open[sequence]
            self._late[sequence] = oldest
            self._events.append(Unanswered(oldest.token, "no answer in time"))
        while len(self._late) > _LATE_KEPT:
            del self._late[next(iter(self._late))]

    def _ask(self, own: _Own, command: int, body: bytes, deadline: float) -> None:
        self._own[self._send(command, body)] = _Open(command, own, deadline)

    def _send(self, command: int, body: bytes) -> int:
        if command not in SENDS[self.role][self.state]:
            raise WrongState(f"{codes.NAMES[command]} cannot be sent when {self.state.value}")
        sequence = self._next_sequence()
        self._out.append(pdu.HEADER.pack(16 + len(body), command, 0, sequence) + body)
        return sequence

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        while self._sequence in self._open or self._sequence in self._own:
            self._sequence = self._sequence % _LAST_SEQUENCE + 1
        self._late.pop(self._sequence, None)
        return self._sequence

    def _answered(self, answer: Pdu, now: float) -> None:
        """An answer: to an open request, to one given up on, or to nothing we know (ignored)."""
        for waiting in (self._open, self._own, self._late):
            asked = waiting.get(answer.sequence)
            if asked and answer.command in (asked.command | codes.RESPONSE, codes.GENERIC_NACK):
                break
        else:
            return
        del waiting[answer.sequence]
        if waiting is self._open:
            self._busy = now
            self._events.append(Answered(asked.token, answer))
        elif waiting is self._late:
            self._events.append(LateAnswer(asked.token, answer))
        elif asked.token is _Own.BIND:
            self._bind_answered(asked, answer)
        elif asked.token is _Own.LEAVE:
            self._close("unbound")

    def _bind_answered(self, asked: _Open, answer: Pdu) -> None:
        if answer.status == codes.ROK and answer.command != codes.GENERIC_NACK:
            self.state = BINDS_TO[asked.command]
            self._events.append(Bound(answer.text("system_id")))
        else:
            self._events.append(BindRefused(answer.status))
            self._close(f"bind refused: {codes.describe(answer.status)}")

    def _asked(self, asked: Pdu, now: float) -> None:
        """A request: legal ones are carried out or handed to the shell, others answered with an error."""
        if asked.command in (codes.OUTBIND, codes.ALERT_NOTIFICATION):
            return  # these have no answer, and nothing here needs them
        if asked.command not in fields.BODIES:
            self._out.append(pdu.frame(codes.GENERIC_NACK, codes.RINVCMDID, asked.sequence, b""))
        elif asked.command not in RECEIVES[self.role][self.state]:
            bound = asked.command in codes.BINDS and self.state in BOUND
            self._refuse(asked, codes.RALYBND if bound else codes.RINVBNDSTS)
        elif asked.fault and "short_message" not in asked.body:
            # A fault after the message is in the optional parameters: what is there is enough.
            self._refuse(asked, codes.RINVMSGLEN)
        else:
            self._carry_out(asked, now)

    def _refuse(self, asked: Pdu, status: int) -> None:
        self._out.append(pdu.frame(asked.command | codes.RESPONSE, status, asked.sequence, b""))

    def _carry_out(self, asked: Pdu, now: float) -> None:
        if asked.command == codes.ENQUIRE_LINK:
            self._out.append(pdu.frame(codes.ENQUIRE_LINK_RESP, codes.ROK, asked.sequence, b""))
        elif asked.command == codes.UNBIND:
            self._out.append(pdu.frame(codes.UNBIND_RESP, codes.ROK, asked.sequence, b""))
            self._close("unbound by the other side")
        elif asked.command in codes.BINDS:
            self._events.append(BindRequested(asked))
        else:
            self._busy = now
            self._events.append(Requested(asked))

    def _close(self, why: str) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        left, self._open = self._open, {}
        self._events += [Unanswered(asked.token, why) for asked in left.values()]
        self._own.clear()
        self._events.append(Closed(why))
