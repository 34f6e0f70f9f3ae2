"""The two sides' sockets: a stream of frames, written once a turn; sockets that are passed with what was read."""

import asyncio
import logging
import select
import socket
from array import array
from collections.abc import Callable
from typing import cast

from gateway.relay.frames import Frames, frame

#: Octets that are passed along with a socket, at most.
PASSED_MOST = 131_072

#: The number of the frames that say that a relay is there.
ALIVE = 0

#: Seconds that the last answers have to be written when the gateway has told a relay to end, or is gone.
LAST = 1.0

#: Before the octets, for a message without any would look like the end.
_MARK = b"+"

_FD = array("i", [0]).itemsize

log = logging.getLogger(__name__)


class Channel(asyncio.Protocol):
    """Frames both ways. ``heard`` is told each that comes, ``lost`` the end of the other side."""

    def __init__(self, heard: Callable[[int, bytes, bytes], None], lost: Callable[[], None]) -> None:
        self._heard, self._lost = heard, lost
        self._frames, self._out = Frames(), list[bytes]()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The other side is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some octets of frames."""
        for number, first, second in self._frames.feed(data):
            self._heard(number, first, second)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone."""
        del exc
        self._transport = None
        self._lost()

    def send(self, number: int, first: bytes, second: bytes) -> None:
        """Write a frame, together with the others of this turn; after the end it goes nowhere."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame(number, first, second))

    def close(self) -> None:
        """Write what waits, then end."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        if self._transport is not None and self._out:
            self._transport.write(b"".join(self._out))
        self._out.clear()


def pass_socket(over: socket.socket, passed: int, octets: bytes, *, wait: bool = False) -> bool:
    """Pass the socket of a file descriptor, which stays open here; False if nobody is there, or no room.

    For room it may be waited: the other side makes some in each turn of its loop.
    """
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [passed]))]
    while True:
        try:
            over.sendmsg([_MARK + octets], rights, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not wait:
                return False
            room = select.poll()
            room.register(over, select.POLLOUT)
            room.poll()
        except OSError:
            return False
        else:
            return True


def passed_sockets(over: socket.socket) -> list[tuple[socket.socket, bytes]]:
    """All the sockets that were passed, each with its octets."""
    found: list[tuple[socket.socket, bytes]] = []
    flags = socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
    while True:
        try:
            octets, rights, _, _ = over.recvmsg(PASSED_MOST, socket.CMSG_SPACE(_FD), flags)
        except OSError:
            return found
        if not octets:  # the end
            return found
        if not rights:  # the system has closed it
            log.warning("a connection is cut: too many open files")
            continue
        fds = array("i", rights[0][2][:_FD])
        found.append((socket.socket(fileno=fds[0]), octets[len(_MARK) :]))
