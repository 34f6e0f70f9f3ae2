"""Connections that the provider makes to us: SMPP 3.4 section 2.2.1, outbind.

It connects, says outbind, and we bind on that connection. Rules: only an address of the account's ``host`` is bound
to, for our password goes there; who says no outbind in time is cut, and so is one more than we have binds for.
"""

import asyncio
import hmac
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from adapters.smpp import events
from adapters.smpp.addresses import address
from adapters.smpp.connection import Handle, Link
from adapters.smpp.options import SmppAccount
from adapters.smpp.session import Session
from adapters.smpp.troubles import Failure, NoLink, system_words
from gateway.provider import Trouble

#: Connections at once that have not said outbind yet.
STRANGERS: Final = 16


class Outbind:
    """Listens for one account while its context is entered; each ``link`` waits for one outbind."""

    def __init__(self, options: SmppAccount, session: Callable[[float], Session]) -> None:
        assert options.outbind
        self._options, self._outbind, self._session = options, options.outbind, session
        self.doing = f"waiting for an outbind on {self._outbind.listen}"
        self.port = 0  # once it listens
        self._server: asyncio.Server | None = None
        self._listening = asyncio.Lock()
        self._strangers: dict[Link, None] = {}
        self._given: list[Link] = []  # to who waited for them
        self._asked: asyncio.Queue[Link] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        for link in list(self._strangers):
            link.abort("left")

    async def link(self, handle: Handle, settled: Callable[[], None]) -> Link:
        """The next connection on which the provider asks us to bind. Raises NoLink when we cannot listen."""
        await self._listen()
        settled()
        while True:
            link = await self._asked.get()
            if await self._is_known(link):
                link.adopt(handle, settled)
                self._given.append(link)
                return link
            link.abort("an outbind from an address that is not the provider's")

    async def _listen(self) -> None:
        async with self._listening:
            if self._server:
                return
            host, port = self._outbind.address
            try:
                self._server = await asyncio.get_running_loop().create_server(self._new_link, host, port)
            except OSError as error:
                why = f"cannot listen on {self._outbind.listen}: {system_words(error)}"
                raise NoLink(Failure(Trouble.UNREACHABLE, why)) from error
            self.port = self._server.sockets[0].getsockname()[1]

    def _new_link(self) -> Link:
        return Link(self._session, self._happened, opened=self._opened)

    def _opened(self, link: Link) -> None:
        if len(self._strangers) >= STRANGERS:
            next(iter(self._strangers)).abort("too many connections that say no outbind")
        self._strangers[link] = None

    def _happened(self, link: Link, event: events.Event) -> None:
        match event:
            case events.OutbindRequested(pdu):
                self._strangers.pop(link, None)
                if self._is_wanted() and self._trusts(pdu.text("password")):
                    self._asked.put_nowait(link)
                else:
                    link.abort("an outbind that is not wanted")
            case events.Closed():
                self._strangers.pop(link, None)

    def _is_wanted(self) -> bool:
        """Whether there is a bind left that this connection may be of."""
        self._given = [link for link in self._given if not link.over.is_set()]
        return len(self._given) + self._asked.qsize() < self._options.binds

    def _trusts(self, password: str) -> bool:
        expected = self._outbind.password.get_secret_value()
        return not expected or hmac.compare_digest(password.encode("latin-1"), expected.encode())

    async def _is_known(self, link: Link) -> bool:
        """Whether the other side has an address of the account's host, and is still there."""
        try:
            host = self._options.host
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        return bool(link.peer) and address(link.peer) in {address(str(entry[4][0])) for entry in found}
