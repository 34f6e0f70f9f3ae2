"""A hint between processes of one machine: a datagram on a socket beside the database says "there is work".

Losing one costs a poll; a full or absent socket is no error.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Doorbell:
    """Rings the process that sends. ``path`` is the database's."""

    def __init__(self, path: Path) -> None:
        self._address = str(_beside(path))
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._end.setblocking(False)

    def ring(self) -> None:
        """Hint; never waits, never fails."""
        with suppress(OSError):
            self._end.sendto(b"!", self._address)

    def close(self) -> None:
        """Give the socket back."""
        self._end.close()


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, rung: Callable[[], None]) -> None:
        self._rung = rung

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Somebody rang."""
        del data, addr
        self._rung()


@asynccontextmanager
async def answering(path: Path, rung: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``rung`` whenever another process rings; the last process to listen is the one that hears."""
    address = _beside(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
        end.setblocking(False)
        try:
            address.unlink(missing_ok=True)
            end.bind(str(address))
            ours = address.stat().st_ino
        except OSError:  # a path too long for a socket, for instance: polling is enough
            yield
            return
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Listener(rung), sock=end)
        try:
            yield
        finally:
            transport.close()
            with suppress(OSError):
                if address.stat().st_ino == ours:  # else another process has come since, and hears
                    address.unlink()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.bell")
