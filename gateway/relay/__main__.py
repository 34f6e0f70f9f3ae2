"""The relay itself: ``python -m gateway.relay STREAM SOCKETS``, two file descriptors, started by the gateway.

It imports next to nothing, so that it is there in a moment and small.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from itertools import count
from typing import Any, cast

from gateway.relay.plain import Request, Unfinished, read
from gateway.relay.wire import ALIVE, LAST, Channel, pass_socket, passed_sockets

#: Seconds that a request may stay unfinished here, and a connection idle.
UNFINISHED, IDLE = 5.0, 75.0

#: Seconds between two looks for those, of which the gateway is told.
LOOK = 2.5

#: Octets that are read at once, and of further requests while one is being answered. With a whole plain request they
#: stay below what can be passed back with a socket.
AT_ONCE, AHEAD = 32_768, 32_768


class Connection(asyncio.BufferedProtocol):
    """A client's connection: one request at a time, and the next when the answer has left."""

    __slots__ = ("_busy", "_deaf", "_octets", "_peer", "_relay", "_unsent", "number", "since", "transport")

    def __init__(self, relay: "Relay", number: int, octets: bytes) -> None:
        self._relay, self.number, self._octets = relay, number, octets
        self._busy = self._unsent = self._deaf = False  # being answered; not all written; not reading
        self.since = relay.loop.time()
        self._peer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was passed; what the gateway had read of it comes first."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(0)  # so that what the client does not read is known, and waited for
        peer = transport.get_extra_info("peername")
        self._peer = f"\n{peer[0]}".encode() if isinstance(peer, tuple) else b"\n"
        self._next()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read into: one for all, for it is emptied at once."""
        del sizehint
        return self._relay.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """More of a request."""
        data = bytes(self._relay.buffer[:nbytes])
        if self._octets:
            self._octets += data
        else:
            self._octets, self.since = data, self._relay.loop.time()
        self._next()

    def pause_writing(self) -> None:
        """The client does not read: no further request of it is begun."""
        self._unsent = True

    def resume_writing(self) -> None:
        """All that was answered has left."""
        self._unsent = False
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        del exc
        self.transport = None
        self._relay.forget(self.number)

    def answered(self, octets: bytes) -> None:
        """The gateway's answer."""
        if self.transport is None:
            return
        self._busy, self.since = False, self._relay.loop.time()
        self.transport.write(octets)
        self._next()

    def look(self, now: float) -> None:
        """Pass a request back that does not come to its end; close where none begins, or no answer is read."""
        if self._busy or self.transport is None:
            return
        waited = now - self.since
        if self._octets and not self._unsent:
            if waited > UNFINISHED:
                self.hand_back()
        elif waited > IDLE:
            self.transport.abort()

    def hand_back(self) -> None:
        """Give the socket to the gateway, with what was read of it. All answers have left."""
        transport = self.transport
        if transport is None:
            return
        transport.pause_reading()
        self._relay.give(transport.get_extra_info("socket").fileno(), self._octets)
        self.transport = None
        transport.abort()

    def _next(self) -> None:
        """Begin the next request, if it can be; read no further than ``AHEAD`` while it cannot."""
        if self.transport is None:
            return
        if self._octets and not self._busy and not self._unsent:
            found = read(self._octets)
            if isinstance(found, Request):
                self._busy, self._octets = True, self._octets[found.end :]
                self._relay.channel.send(self.number, found.fields + self._peer, found.body)
            elif not isinstance(found, Unfinished):
                self.hand_back()
                return
        full = (self._busy or self._unsent) and len(self._octets) > AHEAD
        if full is not self._deaf:
            self._deaf = full
            (self.transport.pause_reading if full else self.transport.resume_reading)()


class Relay:
    """All the connections that were passed."""

    def __init__(self, sockets: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        self.channel = Channel(self._heard, self._lost)
        self._sockets = sockets
        self._numbers = count(1)
        self.connections: dict[int, Connection] = {}
        self._ended, self._empty = asyncio.Event(), asyncio.Event()
        self._making: set[asyncio.Task[None]] = set()
        self.buffer = memoryview(bytearray(AT_ONCE))

    async def run(self, stream: socket.socket) -> None:
        """Until the gateway is gone, or tells to end; answers that have come are written first."""
        await self.loop.connect_accepted_socket(lambda: self.channel, stream)
        self.loop.add_reader(self._sockets.fileno(), self._passed)
        self._look()
        await self._ended.wait()
        self.loop.remove_reader(self._sockets.fileno())
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST):
                await self._close()

    async def _close(self) -> None:
        """Close every connection when what was written has left."""
        for connection in list(self.connections.values()):
            if connection.transport is not None:
                connection.transport.close()
        while self.connections:
            self._empty.clear()
            await self._empty.wait()

    def forget(self, number: int) -> None:
        """That connection is closed."""
        self.connections.pop(number, None)
        if not self.connections:
            self._empty.set()

    def give(self, fd: int, octets: bytes) -> None:
        """Pass a socket back; where the gateway is gone it is closed."""
        pass_socket(self._sockets, fd, octets, wait=True)

    def _heard(self, number: int, _first: bytes, answer: bytes) -> None:
        connection = self.connections.get(number)
        if connection is not None:
            connection.answered(answer)

    def _lost(self) -> None:
        self._ended.set()

    def _passed(self) -> None:
        for taken, octets in passed_sockets(self._sockets):
            connection = Connection(self, next(self._numbers), octets)
            self.connections[connection.number] = connection
            task = self.loop.create_task(self._connect(connection, taken))
            self._making.add(task)
            task.add_done_callback(self._making.discard)

    async def _connect(self, connection: Connection, taken: socket.socket) -> None:
        taken.setblocking(False)
        try:
            await self.loop.connect_accepted_socket(lambda: connection, taken)
        except OSError:  # the client has gone meanwhile
            taken.close()
            self.forget(connection.number)

    def _look(self) -> None:
        self.channel.send(ALIVE, b"", b"")
        now = self.loop.time()
        for connection in list(self.connections.values()):
            connection.look(now)
        self.loop.call_later(LOOK, self._look)


def main(stream: int, sockets: int) -> None:
    """Relay until the gateway ends. It alone decides that: signals to the whole group are for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()

    async def run() -> None:
        await Relay(socket.socket(fileno=sockets)).run(socket.socket(fileno=stream))

    _run(run())


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(coroutine)
        return
    uvloop.run(coroutine)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
