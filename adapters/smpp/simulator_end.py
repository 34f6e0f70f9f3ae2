"""The SMSC's side of one connection, without a socket: octets in, octets out, and what a line can do to them."""

from collections import deque
from collections.abc import Callable
from enum import Enum

from adapters.smpp import codes
from adapters.smpp.events import Event
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.simulator_agenda import Agenda
from adapters.smpp.states import State


class Line(Enum):
    """What the line does."""

    WELL = "well"
    STALLED = "stalled"  # what comes and goes waits
    SILENT = "silent"  # what comes and goes is lost
    CUT = "cut"  # there is none any more


class DeafSession(Session):
    """A session that may leave enquire_link unanswered."""

    deaf = False

    def _carry_out(self, asked: Pdu, now: float) -> None:
        if not (self.deaf and asked.command == codes.ENQUIRE_LINK):
            super()._carry_out(asked, now)


class End:
    """One connection. ``line`` says whether octets pass; who shovels them calls ``receive`` and ``outgoing``.

    ``settle`` is called after each thing that may have made events, ``congested`` is set by who cannot write more.
    """

    def __init__(self, session: DeafSession, agenda: Agenda, settle: Callable[[float], None]) -> None:
        self.session = session
        self.system_id = ""
        self.congested = False
        self.pending = 0  # requests that are not answered yet
        self.line = Line.WELL
        self._agenda = agenda
        self._settle = settle
        self._ready = bytearray()
        self._dripping: deque[int] = deque()
        self._behind = bytearray()  # waits for the drip
        self._held = bytearray()  # arrived while stalled

    @property
    def over(self) -> bool:
        """Whether the connection is to be closed once ``outgoing`` is written."""
        return self.session.state is State.CLOSED

    @property
    def deadline(self) -> float:
        """When the session wants ``tick``."""
        return self.session.deadline if self.line is Line.WELL else float("inf")

    def receive(self, data: bytes, now: float) -> None:
        """Octets arrived from the client."""
        if self.line is Line.STALLED:
            self._held += data
        elif self.line is Line.WELL:
            self.session.receive(data, now)
            self._settle(now)

    def lost(self, why: str, now: float) -> None:
        """The client hung up."""
        self.session.lost(why)
        self._settle(now)

    def events(self) -> list[Event]:
        """What the session tells."""
        return self.session.events()

    def outgoing(self) -> bytes:
        """What must be written to the client now."""
        self._put(self.session.outgoing())
        if self.line is Line.STALLED:
            return b""
        out = bytes(self._ready) if self.line is Line.WELL else b""
        self._ready.clear()
        return out

    def say(self, octets: bytes) -> None:
        """Write these, behind what the session has said so far."""
        self._put(self.session.outgoing())
        self._put(octets)

    def drip(self, octets: bytes, every: float, now: float) -> None:
        """Write these one at a time; what is said later waits behind them."""
        self.say(b"")
        if self._dripping:
            self._behind += octets
            return
        self._dripping.extend(octets)
        self._drop(every, now)

    def deaf(self, deaf: bool) -> None:
        """Whether enquire_link is left unanswered."""
        self.session.deaf = deaf

    def cut(self, why: str = "cut") -> None:
        """Cut the connection without a word."""
        self.line = Line.CUT
        self.session.lost(why)

    def silence(self) -> None:
        """From now on nothing is heard or said, and nobody is told."""
        self.line = Line.SILENT

    def stall(self) -> None:
        """Nothing is heard or said until ``resume``."""
        self.line = Line.STALLED

    def resume(self, now: float) -> None:
        """What waited goes on."""
        if self.line is Line.STALLED:
            self.line = Line.WELL
            held, self._held = bytes(self._held), bytearray()
            self.receive(held, now)

    def _put(self, octets: bytes) -> None:
        (self._behind if self._dripping else self._ready).extend(octets)

    def _drop(self, every: float, now: float) -> None:
        self._ready.append(self._dripping.popleft())
        if self._dripping:
            self._agenda.at(now + every, lambda then: self._drop(every, then))
        else:
            self._ready += self._behind
            self._behind.clear()
