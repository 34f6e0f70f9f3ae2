"""An upstream system: binds at a door with our own session in its client's role, submits, takes deliveries."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from adapters.smpp import codes, events, pdu
from adapters.smpp.connection import Link
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.states import Role, State
from adapters.smpp.timers import Timers

PATIENCE = 15.0


class Refused(Exception):
    """The bind was refused: its status."""

    def __init__(self, status: int) -> None:
        super().__init__(codes.describe(status))
        self.status = status


class Esme:
    """A bound client. ``take`` says what a deliver_sm is answered; None answers nothing."""

    def __init__(self) -> None:
        self.link: Link
        self.delivered: list[Pdu] = []
        self.take: Callable[[Pdu], int | None] = lambda _: codes.ROK
        self.why = ""
        self._news = asyncio.Event()
        self._bound: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def over(self) -> bool:
        """Whether the session ended."""
        return self.link.session.state is State.CLOSED

    def happened(self, link: Link, event: events.Event) -> None:
        match event:
            case events.Bound():
                self._bound.set_result(None)
            case events.BindRefused(status):
                self._bound.set_exception(Refused(status))
            case events.Requested(asked):
                self.delivered.append(asked)
                if (answer := self.take(asked)) is not None:
                    link.session.respond(asked, answer)
            case events.Answered(future, answer) if not future.done():
                future.set_result(answer)
            case events.Unanswered(future, why) if not future.done():
                future.set_exception(ConnectionError(why))
            case events.Closed(why):
                self.why = why
                if not self._bound.done():
                    self._bound.set_exception(ConnectionError(why))
        self._news.set()

    async def bound(self) -> None:
        """Wait until bound. Raises Refused, ConnectionError."""
        async with asyncio.timeout(PATIENCE):
            await self._bound

    def ask(self, command: int, values: Mapping[str, Value], tlvs: Mapping[int, bytes] | None = None) -> Any:
        """Make a request; the future of its answer."""
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self.link.session.request(command, pdu.body_of(command, values, tlvs), future, self.link.now)
        self.link.flush()
        return future

    async def submit(self, text: bytes = b"Bonjour", tlvs: Mapping[int, bytes] | None = None, **fields: Value) -> Pdu:
        """Submit; the answer."""
        values: dict[str, Value] = {
            **{"destination_addr": "33612345678", "dest_addr_ton": 1, "dest_addr_npi": 1},
            **{"registered_delivery": 1, "short_message": text, **fields},
        }
        async with asyncio.timeout(PATIENCE):
            answer: Pdu = await self.ask(codes.SUBMIT_SM, values, tlvs)
        return answer

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds()``, asked after each thing that happens."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def unbind(self) -> None:
        """Leave in good order."""
        self.link.session.unbind(self.link.now)
        self.link.flush()
        await self.until(lambda: self.over)


@asynccontextmanager
async def esme(
    port: int,
    system_id: str = "erp",
    password: str = "secret",
    bind: int = codes.BIND_TRANSCEIVER,
    version: int = codes.VERSION_34,
    tls: ssl.SSLContext | None = None,
    timers: Timers | None = None,
) -> AsyncIterator[Esme]:
    """A client that connected and asked to bind; cut at the end."""
    made = Esme()
    values: dict[str, Value] = {"system_id": system_id, "password": password, "interface_version": version}

    def session(now: float) -> Session:
        new = Session(Role.ESME, timers or Timers(), now)
        new.bind(bind, values, now)
        return new

    factory = partial(Link, session, made.happened)
    hostname = "localhost" if tls else None
    _, made.link = await asyncio.get_running_loop().create_connection(
        factory, "127.0.0.1", port, ssl=tls, server_hostname=hostname
    )
    try:
        yield made
    finally:
        made.link.abort("done")
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await made.link.over.wait()
        if made._bound.done() and not made._bound.cancelled():
            made._bound.exception()  # whoever waited for it knows


def text_of(delivered: Pdu) -> str:
    """The words of a deliver_sm."""
    return delivered.octets("short_message").decode("ascii")


def field_of(delivered: Pdu, key: str) -> str:
    """A field of a receipt's text."""
    words = text_of(delivered)
    return words.split(f"{key}:", 1)[1].split(" ", 1)[0]
