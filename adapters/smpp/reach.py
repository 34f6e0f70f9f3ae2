"""How a connection to a provider comes about: we dial it.

Rules: all the addresses of a name are tried, IPv6 and IPv4 by turns, a quarter of a second apart, and the first that
answers is taken: a dead address costs no more than that.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol

from aiohappyeyeballs import start_connection

from adapters.smpp.connection import Handle, Link
from adapters.smpp.options import SmppAccount
from adapters.smpp.session import Session
from adapters.smpp.tls import unusable
from adapters.smpp.troubles import Failure, NoLink, unreachable
from gateway.provider import Trouble

#: Seconds after which the next address of a name is tried beside the one that has not answered.
NEXT_ADDRESS: Final = 0.25


class Reach(Protocol):
    """A way to get connections."""

    @property
    def doing(self) -> str:
        """What is being done while there is no link, in plain English."""

    async def link(self, handle: Handle, settled: Callable[[], None]) -> Link:
        """A connection whose events go to ``handle``, with nothing said on it yet by us. Raises NoLink."""


class Dial:
    """Connects to the account's host, encrypted if it says so."""

    def __init__(self, options: SmppAccount, session: Callable[[float], Session]) -> None:
        self._options, self._session = options, session
        self._place = place(options.host, options.port)
        self.doing = f"connecting to {self._place}"

    async def link(self, handle: Handle, settled: Callable[[], None]) -> Link:
        """Connect. Raises NoLink."""

        def make() -> Link:
            return Link(self._session, handle, settled)

        try:
            async with asyncio.timeout(self._options.connect_timeout.total_seconds()):
                return await self._connected(make)
        except (OSError, ValueError) as error:  # ValueError: what is no name of a host
            raise NoLink(unreachable(self._place, error)) from error

    async def _connected(self, make: Callable[[], Link]) -> Link:
        options, loop = self._options, asyncio.get_running_loop()
        context = self._context()
        found = await loop.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)
        connected = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS, interleave=1, loop=loop)
        try:
            _, link = await loop.create_connection(
                make, sock=connected, ssl=context, server_hostname=self._server_name if context else None
            )
        except BaseException:
            connected.close()
            raise
        return link

    @property
    def _server_name(self) -> str:
        tls = self._options.tls
        return tls.server_name if tls and tls.server_name else self._options.host

    def _context(self) -> ssl.SSLContext | None:
        try:
            return self._options.tls.context() if self._options.tls else None
        except OSError as error:
            raise NoLink(Failure(Trouble.TLS, unusable(error))) from error


def place(host: str, port: int) -> str:
    """Where to, as people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
