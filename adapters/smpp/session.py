"""An SMPP session without sockets: bytes and time in, bytes and events out. Both roles share it.

Rules:
- the shell feeds ``receive``, calls ``tick`` when ``deadline`` has come and ``lost`` when the link is gone; after
  each it takes ``events()`` and writes ``outgoing()``;
- every request made ends in exactly one of Answered or Unanswered; what answers later is a LateAnswer;
- asked to leave, it answers once what is in flight was answered, or after ``Timers.linger``;
- when Closed has been told, the shell writes what is left and hangs up.
Times are seconds of any clock that never goes back.
"""

from collections.abc import Mapping
from math import inf
from typing import Any, Final

from adapters.smpp import codes, fields, pdu, states
from adapters.smpp.events import (
    Answered,
    BindRefused,
    BindRequested,
    Bound,
    Closed,
    Ending,
    Event,
    LateAnswer,
    Odd,
    Oddity,
    OutbindRequested,
    Requested,
    Unanswered,
)
from adapters.smpp.pdu import Pdu
from adapters.smpp.pending import Own, Pending, Request
from adapters.smpp.states import BINDS_TO, BOUND, RECEIVES, REQUESTS, SENDS, SERVES, UNANSWERED, Role, State
from adapters.smpp.timers import Timers

_LAST_SEQUENCE: Final = 0x7FFFFFFF

#: Requests that the session sees to, whatever the shell serves.
_OURS: Final = frozenset({*codes.BINDS, *UNANSWERED, codes.UNBIND, codes.ENQUIRE_LINK})


class WrongState(RuntimeError):
    """This request cannot be made now: the shell's mistake, not the peer's."""


class Session:
    """One link's protocol, from connection to Closed. ``serves``: the requests of the peer that the shell answers."""

    def __init__(
        self, role: Role, timers: Timers, now: float, last_sequence: int = 0, serves: frozenset[int] | None = None
    ) -> None:
        self.state = State.OPEN
        self.role: Final = role
        self.version = 0  # what both sides speak, once bound: 0x34 for SMPP 3.4
        self._serves = SERVES[role] if serves is None else serves
        self._timers = timers
        self._reader = pdu.PduReader()
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._sequence = last_sequence
        self._pending = Pending()
        self._owed = 0  # requests handed to the shell and not answered yet
        self._heard = self._busy = self._since = now
        self._own: dict[int, Request] = {}  # by sequence; the token is an Own
        self._dismissal: Pdu | None = None  # the unbind that waits for our answer

    @property
    def in_flight(self) -> int:
        """Messages that wait for their answer, with those given up on that may still be with the other side."""
        return self._pending.waiting + self._pending.doubtful

    @property
    def doubtful(self) -> int:
        """Messages given up on since the other side last showed that it answers."""
        return self._pending.doubtful

    @property
    def asks(self) -> bool:
        """Whether the other side owes an answer: to a message, a bind, an unbind, a sign of life."""
        return bool(self._pending.waiting or self._own)

    @property
    def takes_tlvs(self) -> bool:
        """Whether the other side said that it knows optional parameters (SMPP 3.4 section 5.3.2.25)."""
        return self.version >= codes.VERSION_34

    @property
    def deadline(self) -> float:
        """When ``tick`` must be called next."""
        if self.state is State.CLOSED:
            return inf
        due = [self._pending.deadline, *(asked.deadline for asked in self._own.values())]
        if self.state is State.OPEN and not self._own:
            due.append(self._since + self._timers.init)
        elif self.state is State.DISMISSED:
            due.append(self._since + self._timers.linger)
        elif self.state in BOUND:
            due += self._bound_deadlines()
        return min(due)

    def _bound_deadlines(self) -> list[float]:
        due = [self._busy + self._timers.inactivity]
        if not self._own:
            due.append(self._heard + self._timers.quiet)
        if not self._pending.waiting:
            due.append(self._pending.doubtful_since + self._timers.stall)
        return due

    def events(self) -> list[Event]:
        """What happened since the last call, oldest first."""
        events, self._events = self._events, []
        return events

    def outgoing(self) -> bytes:
        """What must be written now."""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    # ---- what the shell asks for ----

    def bind(self, command: int, values: Mapping[str, fields.Value], now: float) -> None:
        """ESME: ask to bind. Ends in Bound, BindRefused or Closed."""
        said = values.get("interface_version", 0)
        self.version = said if isinstance(said, int) else 0
        self._ask(Own.BIND, command, pdu.body_of(command, values), now + self._timers.response)

    def outbind(self, system_id: str, password: str) -> None:
        """SMSC: ask the ESME that we connected to to bind."""
        self._send(codes.OUTBIND, pdu.body_of(codes.OUTBIND, {"system_id": system_id, "password": password}))

    def request(self, command: int, body: bytes, token: Any, now: float, *, doubts: bool = True) -> None:
        """Send a message, its ``body`` as ``pdu.body_of`` makes it; the answer comes with ``token``.

        ``doubts`` False: that it is not answered does not mean that the other side stalls.
        """
        self._busy = now
        self._pending.add(self._send(command, body), Request(command, token, now + self._timers.response, doubts))

    def respond(
        self,
        asked: Pdu,
        status: int,
        values: Mapping[str, fields.Value] | None = None,
        tlvs: Mapping[int, bytes] | None = None,
    ) -> None:
        """Answer a Requested, once. Nothing is sent when the session is over: the peer will ask again."""
        if self.state is State.CLOSED:
            return
        command = asked.command | codes.RESPONSE
        self._out.append(pdu.frame(command, status, asked.sequence, pdu.body_of(command, values or {}, tlvs)))
        self.ignore()

    def ignore(self) -> None:
        """Say that one Requested will not be answered."""
        self._owed -= 1
        self._depart()

    def accept_bind(self, asked: Pdu, system_id: str, now: float, version: int = codes.VERSION_34) -> None:
        """SMSC: let the other side in, under our ``system_id``; one that speaks 3.3 is sent no TLV."""
        command = asked.command | codes.RESPONSE
        self.version = min(version, asked.number("interface_version"))
        tlvs = {codes.SC_INTERFACE_VERSION: bytes((version,))} if self.takes_tlvs else None
        body = pdu.body_of(command, {"system_id": system_id}, tlvs)
        self._out.append(pdu.frame(command, codes.ROK, asked.sequence, body))
        self.state = BINDS_TO[asked.command]
        self._busy = now

    def refuse_bind(self, asked: Pdu, status: int) -> None:
        """SMSC: answer the bind with an error, and close."""
        self._out.append(pdu.frame(asked.command | codes.RESPONSE, status, asked.sequence, b""))
        self._close(f"bind refused: {codes.describe(status)}", Ending.REFUSED)

    def unbind(self, now: float) -> None:
        """Leave in good order: ends in Closed, at the latest after ``Timers.leave``."""
        if self.state in BOUND:
            self._ask(Own.LEAVE, codes.UNBIND, b"", now + self._timers.leave)
            self.state = State.UNBINDING
        elif self.state not in (State.UNBINDING, State.DISMISSED):
            self._close("left", Ending.LEFT)

    def lost(self, why: str) -> None:
        """The link is gone."""
        gone = {State.UNBINDING: Ending.LEFT, State.DISMISSED: Ending.DISMISSED}
        self._close(why, gone.get(self.state, Ending.LOST))

    # ---- what comes in ----

    def receive(self, data: bytes, now: float) -> None:
        """Octets arrived. Only a whole PDU shows that the other side is alive: one that drips octets is not."""
        pdus = self._reader.feed(data)
        if pdus:
            self._heard = now
        for found in pdus:
            if self.state is State.CLOSED:
                return
            if found.is_response:
                self._answered(found, now)
            else:
                self._asked(found, now)
        if self._reader.broken and self.state is not State.CLOSED:
            self._out.append(pdu.frame(codes.GENERIC_NACK, codes.RINVCMDLEN, 0, b""))
            self._close(f"not SMPP: {self._reader.broken}", Ending.BROKEN)

    def tick(self, now: float) -> None:
        """Time passed: give up on what is overdue, ask whether the other side is alive."""
        if self.state is State.CLOSED or self._overdue(now):
            return
        self._events += [Unanswered(asked.token, "no answer in time") for asked in self._pending.overdue(now)]
        self._depart()
        if self.state not in BOUND:
            return
        stalled = not self._pending.waiting and now >= self._pending.doubtful_since + self._timers.stall
        if stalled or now >= self._busy + self._timers.inactivity:
            self.unbind(now)
        elif now >= self._heard + self._timers.quiet and not self._own:
            self._ask(Own.PING, codes.ENQUIRE_LINK, b"", now + self._timers.response)

    def _overdue(self, now: float) -> bool:
        """Close when the session itself waited too long."""
        if self.state is State.OPEN and not self._own and now >= self._since + self._timers.init:
            self._close("no bind in time", Ending.SILENT)
        elif self.state is State.DISMISSED and now >= self._since + self._timers.linger:
            self._dismissed()
        for asked in list(self._own.values()):
            if now >= asked.deadline:
                self._close(asked.token.value, Ending.LEFT if asked.token is Own.LEAVE else Ending.SILENT)
        return self.state is State.CLOSED

    def _ask(self, own: Own, command: int, body: bytes, deadline: float) -> None:
        self._own[self._send(command, body)] = Request(command, own, deadline)

    def _send(self, command: int, body: bytes) -> int:
        if command not in SENDS[self.role][self.state]:
            raise WrongState(f"{codes.name_of(command)} cannot be sent when {self.state.value}")
        sequence = self._next_sequence()
        self._out.append(pdu.HEADER.pack(16 + len(body), command, 0, sequence) + body)
        return sequence

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        while self._sequence in self._pending or self._sequence in self._own:
            self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _answered(self, answer: Pdu, now: float) -> None:
        """An answer: to an open request, to one given up on, or to nothing we know (ignored)."""
        if found := self._pending.answered(answer):
            asked, late = found
            if late:
                self._events.append(LateAnswer(asked.token, answer))
            else:
                self._busy = now
                self._events.append(Answered(asked.token, answer))
            self._depart()
            return
        own = self._own.get(answer.sequence)
        if own and own.is_answered_by(answer):
            del self._own[answer.sequence]
            if own.token is Own.BIND:
                self._bind_answered(own, answer)
            elif own.token is Own.LEAVE:
                self._close("unbound", Ending.LEFT)
        elif answer.command == codes.GENERIC_NACK:
            self._events.append(Odd(Oddity.NACK, answer))

    def _bind_answered(self, asked: Request, answer: Pdu) -> None:
        if answer.status != codes.ROK or answer.command == codes.GENERIC_NACK:
            self._events.append(BindRefused(answer.status))
            self._close(f"bind refused: {codes.describe(answer.status)}", Ending.REFUSED)
            return
        said = answer.tlvs.get(codes.SC_INTERFACE_VERSION, b"")[:1]
        theirs = said[0] if said else 0
        self.version = min(self.version, theirs)
        self.state = BINDS_TO[asked.command]
        self._events.append(Bound(answer.text("system_id"), theirs))

    def _asked(self, asked: Pdu, now: float) -> None:
        """A request: legal ones are carried out or handed to the shell, others answered with an error."""
        command = asked.command
        if command not in REQUESTS:
            self._not_understood(asked)
        elif command not in RECEIVES[self.role][self.state]:
            self._refuse(asked, states.out_of_place(self.role, self.state, command))
        elif command in _OURS:
            self._carry_out(asked, now)
        elif command not in self._serves:
            self._not_understood(asked)
        elif asked.fault and fields.BODIES[command][-1].name not in asked.body:
            # A fault after the last field is in the optional parameters: what is there is enough.
            self._refuse(asked, codes.RINVMSGLEN)
        else:
            self._busy = now
            self._owed += 1
            self._events.append(Requested(asked))

    def _not_understood(self, asked: Pdu) -> None:
        self._events.append(Odd(Oddity.UNKNOWN, asked))
        self._out.append(pdu.frame(codes.GENERIC_NACK, codes.RINVCMDID, asked.sequence, b""))

    def _refuse(self, asked: Pdu, status: int) -> None:
        self._events.append(Odd(Oddity.MISPLACED, asked))
        if asked.command not in UNANSWERED:
            self._out.append(pdu.frame(asked.command | codes.RESPONSE, status, asked.sequence, b""))

    def _carry_out(self, asked: Pdu, now: float) -> None:
        """What the session sees to by itself, or tells in an event of its own."""
        if asked.command == codes.ENQUIRE_LINK:
            self._out.append(pdu.frame(codes.ENQUIRE_LINK_RESP, codes.ROK, asked.sequence, b""))
        elif asked.command == codes.UNBIND:
            self._dismiss(asked, now)
        elif asked.command == codes.OUTBIND:
            self._events.append(OutbindRequested(asked))
        elif asked.command == codes.ALERT_NOTIFICATION:
            self._events.append(Odd(Oddity.ALERT, asked))
        else:
            self._events.append(BindRequested(asked))

    # ---- the end ----

    def _dismiss(self, asked: Pdu, now: float) -> None:
        """The other side asks us to leave: at once, or when what is in flight was answered."""
        if self.state in BOUND:
            self.state, self._dismissal, self._since = State.DISMISSED, asked, now
            self._own.clear()
            self._depart()
        else:
            self._out.append(pdu.frame(codes.UNBIND_RESP, codes.ROK, asked.sequence, b""))
            if self.state is State.OPEN:
                self._close("unbound by the other side", Ending.DISMISSED)

    def _depart(self) -> None:
        """Leave as we were asked to, once nothing is in flight in either direction."""
        if self.state is State.DISMISSED and not self._pending.waiting and self._owed <= 0:
            self._dismissed()

    def _dismissed(self) -> None:
        if self._dismissal:
            self._out.append(pdu.frame(codes.UNBIND_RESP, codes.ROK, self._dismissal.sequence, b""))
        self._close("unbound by the other side", Ending.DISMISSED)

    def _close(self, why: str, ending: Ending) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self._events += [Unanswered(asked.token, why) for asked in self._pending.abandon()]
        self._own.clear()
        self._events.append(Closed(why, ending))
