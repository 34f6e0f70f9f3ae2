"""The asyncio shell around a session: sockets, one timer and nothing else.

Rules: events are handed over in order and at once, on the loop; everything they caused is written in one go.
A peer that does not read what we write is cut, so that memory stays bounded.
"""

import asyncio
import ssl
from collections.abc import Callable
from math import inf
from typing import Final, cast

from adapters.smpp.events import Event
from adapters.smpp.session import Session
from adapters.smpp.states import State
from adapters.smpp.troubles import broken
from gateway.timer import CLOCK, Alarm, Timer

#: Octets written but not taken by the peer, beyond which it is cut.
_UNREAD_LIMIT: Final = 8 * 1024 * 1024


Handle = Callable[["Link", Event], None]


class Link(asyncio.Protocol):
    """One connection. ``handle`` gets every event; ``settled`` is called after each burst of them.

    ``opened`` is called first of all, and not for a connection whose encryption could not be agreed upon: nothing
    at all is ever told of that one.
    """

    def __init__(
        self,
        make: Callable[[float], Session],
        handle: Handle,
        settled: Callable[[], None] = lambda: None,
        opened: Callable[["Link"], None] = lambda _: None,
        timer: Timer = CLOCK,
    ) -> None:
        self._timer = timer
        self.session = make(timer.now())
        self._handle = handle
        self._settled = settled
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._alarm: Alarm | None = None
        self._alarm_at = inf
        self._busy = False
        self.congested = False  # the socket's buffer is full
        self.peer = ""  # the address of the other side
        self.encrypted = False
        self.tls_fault = False  # it broke because of its encryption
        self.over = asyncio.Event()  # the connection is closed

    @property
    def now(self) -> float:
        """The clock of the session."""
        return self._timer.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # not a subclass of it on every loop
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.encrypted = transport.get_extra_info("ssl_object") is not None
        self._opened(self)
        self.flush()

    def data_received(self, data: bytes) -> None:
        self.session.receive(data, self.now)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.tls_fault = isinstance(exc, ssl.SSLError)
        self.session.lost(broken(exc) if exc else "connection closed by the other side")
        self.flush()
        self.over.set()

    def adopt(self, handle: Handle, settled: Callable[[], None]) -> None:
        """From now on events go to somebody else."""
        self._handle, self._settled = handle, settled

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        self._settled()

    def pause_reading(self) -> None:
        """Take nothing more from the peer for now."""
        if self._transport:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take from the peer again."""
        if self._transport:
            self._transport.resume_reading()

    def abort(self, why: str) -> None:
        """Cut the connection without a word."""
        self.session.lost(why)
        if self._transport:
            self._transport.abort()
        self.flush()

    def flush(self) -> None:
        """Hand over what happened and write what must go. Call it after any call on ``session``."""
        if self._busy:
            return  # an event's handler called: the loop below goes on
        self._busy = True
        try:
            happened, fault = False, None
            while events := self.session.events():
                happened = True
                for event in events:
                    try:
                        self._handle(self, event)
                    except Exception as error:  # costs the connection, and not the events that follow
                        fault = fault or error
        finally:
            self._busy = False
        self._write()
        self._arm()
        if happened:
            self._settled()
        if fault:
            raise fault

    def _write(self) -> None:
        out = self.session.outgoing()
        if not self._transport or self._transport.is_closing():
            return
        if out:
            self._transport.write(out)
        if self.session.state is State.CLOSED:
            self._transport.close()
        elif self.congested and self._transport.get_write_buffer_size() > _UNREAD_LIMIT:
            self.abort("the other side does not read")

    def _arm(self) -> None:
        """Keep one timer, at the deadline or before it: moving it at each PDU would cost more than it saves."""
        deadline = self.session.deadline
        if self._alarm and (deadline == inf or self._alarm_at > deadline):
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None and deadline < inf:
            self._alarm, self._alarm_at = self._timer.call_at(deadline, self._tick), deadline

    def _tick(self) -> None:
        self._alarm = None
        self.session.tick(self.now)
        self.flush()
