"""A door where upstream systems bind by SMPP, as to any SMSC: the SMSC role of the same session.

Rules: a delivery without an answer, or cut off, goes back to be delivered again on any bind that receives. Leaving:
nobody new, nothing new, what is open is answered, then unbind.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from adapters.smpp import codes, events
from adapters.smpp.connection import Link
from adapters.smpp.door_entrance import Penalties, Unwelcome, judge, may_stay
from adapters.smpp.door_options import SmppDoorSettings
from adapters.smpp.door_phone import phone_bodies
from adapters.smpp.door_report import report_body
from adapters.smpp.door_requests import SERVES, Requests, Visit
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.states import BOUND, Role, State
from adapters.smpp.timers import Timers
from gateway.door import Answer, Delivery, Got, Reception, Report
from gateway.model import split_address

#: Seconds that the answer to our unbind may take.
LEAVE: Final = 2.0

#: Answers to a deliver_sm after which it is not tried again.
_NEVER: Final = frozenset({codes.RX_P_APPN, codes.RX_R_APPN})


class SmppDoor:
    """One listening address. See ``gateway.door.Door``."""

    def __init__(
        self,
        settings: SmppDoorSettings,
        reception: Reception,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings: Final = settings
        self.port = 0
        self._reception = reception
        self._requests = Requests(reception, wall)
        self._timers = Timers(
            init=settings.bind_timeout.total_seconds(),
            quiet=settings.enquire_link.total_seconds(),
            response=settings.response_timeout.total_seconds(),
            leave=LEAVE,
        )
        self._context: ssl.SSLContext | None = None
        self._visits: dict[Link, Visit] = {}
        self._penalties = Penalties()
        self._news = asyncio.Event()

    # ---- what the gateway asks ----

    @property
    def binds(self) -> Mapping[str, int]:
        """How many binds each application has."""
        bound = (visit for visit in self._visits.values() if visit.link.session.state in BOUND)
        return Counter(visit.app for visit in bound)

    def describe(self) -> Mapping[str, object]:
        """The door for /readyz."""
        settings, host = self.settings, self.settings.listen.rpartition(":")[0]
        return {
            "name": settings.name,
            "kind": settings.kind,
            "listen": f"{host}:{self.port}",
            "encrypted": settings.tls is not None,
            "binds": dict(self.binds),
        }

    def running(self, drain: float) -> AbstractAsyncContextManager[None]:
        """Listen until left; leaving takes at most ``drain`` + LEAVE seconds."""
        return self._running(drain)

    @asynccontextmanager
    async def _running(self, drain: float) -> AsyncIterator[None]:
        host, port = split_address(self.settings.listen)
        self._context = self.settings.tls.context() if self.settings.tls else None
        server = await asyncio.get_running_loop().create_server(
            lambda: Link(self._session, self._happened, self._settled, self._opened),
            host or None,
            port,
            ssl=self._context,
            ssl_handshake_timeout=self._timers.init if self._context else None,
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await self._leave(drain)

    def refresh(self) -> None:
        """Who is not welcome any more goes; the others are treated as the configuration says now."""
        guests = self._reception.guests()
        for visit in list(self._visits.values()):
            login = guests.get(visit.app)
            if visit.login is None:
                continue
            if login is None or not may_stay(visit.link.peer, visit.login, login):
                visit.link.session.unbind(visit.link.now)
                visit.link.flush()
            else:
                visit.login = login
        self._requests.renew()
        if self._context and self.settings.tls:
            with suppress(OSError):  # what cannot be read now was told when the configuration was
                self.settings.tls.renew(self._context)

    def room(self, app: str) -> int:
        """What the windows of its receiving binds have room for."""
        return 0 if self._requests.closed else sum(visit.room for visit in self._of(app))

    def deliver(self, deliveries: Sequence[Delivery], answer: Answer) -> None:
        """Write them, to the bind that has most room each time; what finds none goes back."""
        used: dict[Link, None] = {}
        for delivery in deliveries:
            visit = max(self._of(delivery.app), key=lambda one: one.room, default=None)
            if visit is None or visit.room == 0:
                answer(delivery, Got.AGAIN)
                continue
            link = visit.link
            bodies = _bodies(visit, delivery)
            carried = _Carried(len(bodies), partial(answer, delivery))
            for body in bodies:
                link.session.request(codes.DELIVER_SM, body, carried, link.now)
            used[link] = None
        for link in used:
            link.flush()

    def _of(self, app: str) -> list[Visit]:
        return [visit for visit in self._visits.values() if visit.app == app]

    # ---- connections ----

    def _session(self, now: float) -> Session:
        """The session of a new connection."""
        return Session(Role.SMSC, self._timers, now, serves=SERVES)

    def _opened(self, link: Link) -> None:
        """Somebody connected; who is too many is cut."""
        self._visits[link] = Visit(link)
        if len(self._visits) > self.settings.max_connections:
            self._reception.turned_away("too many connections", "")
            link.session.lost("too many connections")

    def _settled(self) -> None:
        """A burst of events is over, or a socket takes octets again."""
        self._news.set()
        self._reception.changed()

    def _happened(self, link: Link, event: events.Event) -> None:
        """What a session tells."""
        visit = self._visits[link]
        match event:
            case events.BindRequested(pdu):
                self._knock(visit, pdu)
            case events.Requested(pdu):
                self._requests.take(visit, pdu)
            case events.Answered(carried, pdu):
                carried.answered(_got(pdu))
            case events.Unanswered(carried, _):
                carried.answered(Got.AGAIN if link.session.state is State.CLOSED else Got.LATER)
            case events.Closed(why, ending):
                del self._visits[link]
                if visit.app:
                    self._reception.left(visit.app, why)
                elif ending is events.Ending.BROKEN:
                    self._reception.turned_away("not SMPP", "")

    # ---- the entrance ----

    def _knock(self, visit: Visit, pdu: Pdu) -> None:
        """Somebody asks to bind; where wrong guesses came from lately, it is judged later."""
        if visit.judging:
            return
        visit.judging = True
        wait = self._penalties.wait((visit.link.peer, pdu.text("system_id")), visit.link.now)
        asyncio.get_running_loop().call_later(wait, self._judge, visit, pdu)

    def _judge(self, visit: Visit, pdu: Pdu) -> None:
        link = visit.link
        if link.session.state is not State.OPEN:
            return
        verdict = judge(pdu, link.peer, self._reception.guests(), self.binds)
        if self._requests.closed:
            verdict = Unwelcome(codes.RSYSERR, "leaving")
        if isinstance(verdict, Unwelcome):
            self._reception.turned_away(verdict.why, verdict.app)
            guesser = link.peer, pdu.text("system_id")
            wait = self._penalties.failed(guesser, link.now) if verdict.guessed else 0.0
            asyncio.get_running_loop().call_later(wait, self._refuse, link, pdu, verdict.status)
            return
        visit.judging, visit.app, visit.login = False, verdict.app, verdict.login
        modern = pdu.number("interface_version") >= codes.VERSION_50
        version = codes.VERSION_50 if modern else codes.VERSION_34
        link.session.accept_bind(pdu, self.settings.system_id, link.now, version)
        self._reception.came(visit.app)
        link.flush()
        self._settled()

    def _refuse(self, link: Link, pdu: Pdu, status: int) -> None:
        if link.session.state is State.OPEN:
            link.session.refuse_bind(pdu, status)
            link.flush()

    # ---- leaving ----

    async def _leave(self, drain: float) -> None:
        self._requests.closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(drain):
                await self._requests.idle()
                await self._until(lambda: not any(link.session.in_flight for link in self._visits))
        for link in list(self._visits):
            link.session.unbind(link.now)
            link.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE):
                await self._until(lambda: not self._visits)
        for link in list(self._visits):
            link.abort("left")

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._news.clear()
            await self._news.wait()


def _bodies(visit: Visit, delivery: Delivery) -> list[bytes]:
    """The deliver_sm that carry a delivery."""
    tlvs = visit.link.session.takes_tlvs
    if isinstance(delivery, Report):
        return [report_body(delivery, tlvs=tlvs)]
    assert visit.login is not None  # else it would have no room
    return phone_bodies(delivery, visit.login, tlvs=tlvs)


@dataclass(slots=True)
class _Carried:
    """A delivery in one or several requests: answered once all of them are, as the worst of them."""

    open: int
    answer: Callable[[Got], None]
    worst: Got = Got.TAKEN

    def answered(self, got: Got) -> None:
        """One of them was."""
        self.open -= 1
        self.worst = max(self.worst, got, key=_WORSE.index)
        if not self.open:
            self.answer(self.worst)


_WORSE: Final = (Got.TAKEN, Got.AGAIN, Got.LATER, Got.NEVER)


def _got(pdu: Pdu) -> Got:
    """What an answer to a deliver_sm means."""
    if pdu.command == codes.GENERIC_NACK:
        return Got.LATER
    if pdu.status == codes.ROK:
        return Got.TAKEN
    return Got.NEVER if pdu.status in _NEVER else Got.LATER
