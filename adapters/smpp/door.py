"""A door where upstream systems bind by SMPP, as to any SMSC: the SMSC role of the same session.

Rules:
- a submit_sm is answered ROK after what it submits is on the disk, and RMSGQFUL when that cannot be done now;
- more than the window or the rate allows is answered RTHROTTLED, and nothing is kept of it;
- a deliver_sm without an answer, or cut off, goes back to be delivered again on any bind that receives;
- leaving: nobody new, nothing new, what is open is answered, then unbind.
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
from adapters.smpp.door_allowance import Allowance
from adapters.smpp.door_entrance import Penalties, Unwelcome, judge
from adapters.smpp.door_options import SmppDoorSettings, SmppLogin
from adapters.smpp.door_report import report_body, status_of
from adapters.smpp.door_submit import Wrong, read_submission
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.states import BOUND, Role, State
from adapters.smpp.timers import Timers
from gateway.door import Answer, Delivery, Got, Reception, Submission, Taken
from gateway.model import split_address

#: Seconds that the answer to our unbind may take.
LEAVE: Final = 2.0

_RECEIVERS: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})
#: Answers to a deliver_sm after which it is not tried again.
_NEVER: Final = frozenset({codes.RX_P_APPN, codes.RX_R_APPN})


@dataclass(slots=True, eq=False)
class _Visit:
    """A connection; ``login`` None until it is bound."""

    link: Link
    app: str = ""
    login: SmppLogin | None = None
    judging: bool = False
    submits: int = 0  # unanswered

    @property
    def room(self) -> int:
        """How many more deliveries it takes."""
        link = self.link
        if self.login is None or link.session.state not in _RECEIVERS or link.congested:
            return 0
        return max(0, self.login.window - link.session.in_flight)


class SmppDoor:
    """One listening address. See ``gateway.door.Door``."""

    def __init__(self, settings: SmppDoorSettings, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.settings: Final = settings
        self.port = 0
        self._wall = wall
        self._timers = Timers(
            init=settings.bind_timeout.total_seconds(),
            quiet=settings.enquire_link.total_seconds(),
            response=settings.response_timeout.total_seconds(),
            leave=LEAVE,
        )
        self._reception: Reception | None = None
        self._visits: dict[Link, _Visit] = {}
        self._penalties = Penalties()
        self._allowances: dict[str, Allowance] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered = asyncio.Event()  # by an upstream system, since this was last looked at
        self._leaving = False

    # ---- what the gateway asks ----

    @property
    def binds(self) -> Mapping[str, int]:
        """How many binds each application has."""
        return Counter(visit.app for visit in self._visits.values() if self._is_bound(visit))

    def running(self, reception: Reception, drain: float) -> AbstractAsyncContextManager[None]:
        """Listen until left; leaving takes at most ``drain`` + LEAVE seconds."""
        return self._running(reception, drain)

    @asynccontextmanager
    async def _running(self, reception: Reception, drain: float) -> AsyncIterator[None]:
        self._reception, self._leaving = reception, False
        host, port = split_address(self.settings.listen)
        context = _context(self.settings)
        server = await asyncio.get_running_loop().create_server(self._enter, host or None, port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await self._leave(drain)

    def refresh(self) -> None:
        """Who is not welcome any more goes; the others are treated as the configuration says now."""
        guests = self._guests()
        for visit in list(self._visits.values()):
            if visit.login is None:
                continue
            login = guests.get(visit.app)
            if login is None or (login.system_id, login.password) != (visit.login.system_id, visit.login.password):
                visit.link.session.unbind(visit.link.now)
                visit.link.flush()
            else:
                visit.login = login
        self._allowances.clear()

    def room(self, app: str) -> int:
        """What the windows of its receiving binds have room for."""
        return 0 if self._leaving else sum(visit.room for visit in self._of(app))

    def deliver(self, deliveries: Sequence[Delivery], answer: Answer) -> None:
        """Write them, to the bind that has most room each time; what finds none goes back."""
        used: set[Link] = set()
        for delivery in deliveries:
            visit = max(self._of(delivery.app), key=lambda one: one.room, default=None)
            if visit is None or visit.room == 0:
                answer(delivery, Got.AGAIN)
                continue
            body = report_body(delivery, tlvs=visit.link.session.takes_tlvs)
            link = visit.link
            link.session.request(codes.DELIVER_SM, body, (delivery, answer), link.now)
            used.add(link)
        for link in used:
            link.flush()

    def _of(self, app: str) -> list[_Visit]:
        return [visit for visit in self._visits.values() if visit.app == app]

    # ---- connections ----

    def _enter(self) -> Link:
        link = Link(partial(Session, Role.SMSC, self._timers), self._happened, self._settled)
        self._visits[link] = _Visit(link)
        if len(self._visits) > self.settings.max_connections:
            self._turn_away("too many connections", "")
            link.session.lost("too many connections")
        return link

    def _settled(self) -> None:
        """A burst of events is over, or a socket takes octets again."""
        self._answered.set()
        if self._reception:
            self._reception.changed()

    def _happened(self, link: Link, event: events.Event) -> None:
        visit = self._visits[link]
        match event:
            case events.BindRequested(pdu):
                self._knock(visit, pdu)
            case events.Requested(pdu):
                self._submitted(visit, pdu)
            case events.Answered((delivery, answer), pdu):
                answer(delivery, _got(pdu))
            case events.Unanswered((delivery, answer), _):
                answer(delivery, Got.AGAIN)
            case events.Closed():
                del self._visits[link]

    # ---- the entrance ----

    def _knock(self, visit: _Visit, pdu: Pdu) -> None:
        """Somebody asks to bind; who guessed wrong lately is judged later."""
        if visit.judging:
            return
        visit.judging = True
        wait = self._penalties.wait(visit.link.peer, visit.link.now)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._judge, visit, pdu)
        else:
            self._judge(visit, pdu)

    def _judge(self, visit: _Visit, pdu: Pdu) -> None:
        link = visit.link
        visit.judging = False
        if link.session.state is not State.OPEN:
            return
        verdict = judge(pdu, link.peer, self._guests(), self.binds)
        if self._leaving:
            verdict = Unwelcome(codes.RSYSERR, "leaving")
        if isinstance(verdict, Unwelcome):
            self._refuse(visit, pdu, verdict)
            return
        visit.app, visit.login = verdict.app, verdict.login
        modern = pdu.number("interface_version") >= codes.VERSION_50
        version = codes.VERSION_50 if modern else codes.VERSION_34
        link.session.accept_bind(pdu, self.settings.system_id, link.now, version)
        link.flush()
        self._settled()

    def _refuse(self, visit: _Visit, pdu: Pdu, verdict: Unwelcome) -> None:
        link = visit.link
        self._turn_away(verdict.why, verdict.app)
        wait = 0.0
        if verdict.guessed:
            self._penalties.failed(link.peer, link.now)
            wait = self._penalties.wait(link.peer, link.now)
        visit.judging = True

        def refuse() -> None:
            if link.session.state is State.OPEN:
                link.session.refuse_bind(pdu, verdict.status)
                link.flush()

        asyncio.get_running_loop().call_later(wait, refuse)

    def _turn_away(self, why: str, app: str) -> None:
        if self._reception:
            self._reception.turned_away(why, app)

    def _guests(self) -> Mapping[str, SmppLogin]:
        return self._reception.guests() if self._reception else {}

    @staticmethod
    def _is_bound(visit: _Visit) -> bool:
        return visit.login is not None and visit.link.session.state in BOUND

    # ---- submissions ----

    def _submitted(self, visit: _Visit, pdu: Pdu) -> None:
        login = visit.login
        assert login is not None  # nothing is requested before the bind
        if self._leaving:
            self._answer(visit, pdu, codes.RMSGQFUL)
            return
        allowance = self._allowances.setdefault(visit.app, Allowance(login.rate))
        if visit.submits >= login.window or not allowance.take(visit.link.now):
            self._answer(visit, pdu, codes.RTHROTTLED)
            return
        try:
            submission = read_submission(pdu, visit.app, login, visit.link.session.version, self._wall())
        except Wrong as wrong:
            self._answer(visit, pdu, wrong.status)
            return
        visit.submits += 1
        task = asyncio.create_task(self._submit(visit, pdu, submission))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, visit: _Visit, pdu: Pdu, submission: Submission) -> None:
        assert self._reception is not None
        reply = await self._reception.submit(submission)
        visit.submits -= 1
        if isinstance(reply, Taken):
            self._answer(visit, pdu, codes.ROK, reply.id)
        else:
            self._answer(visit, pdu, status_of(reply))
        visit.link.flush()

    def _answer(self, visit: _Visit, pdu: Pdu, status: int, id: str = "") -> None:
        if self._reception:
            self._reception.answered(visit.app, codes.STATUS_NAMES.get(status, "other"))
        visit.link.session.respond(pdu, status, {"message_id": id})

    # ---- leaving ----

    async def _leave(self, drain: float) -> None:
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(drain):
                while self._tasks:
                    await asyncio.wait(self._tasks)
                await self._deliveries_answered()
        links = list(self._visits)
        for link in links:
            link.session.unbind(link.now)
            link.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE):
                for link in links:
                    await link.over.wait()
        for link in list(self._visits):
            link.abort("left")

    async def _deliveries_answered(self) -> None:
        while any(link.session.in_flight for link in self._visits):
            self._answered.clear()
            await self._answered.wait()


def _got(pdu: Pdu) -> Got:
    """What an answer to a deliver_sm means."""
    if pdu.command == codes.GENERIC_NACK:
        return Got.LATER
    if pdu.status == codes.ROK:
        return Got.TAKEN
    return Got.NEVER if pdu.status in _NEVER else Got.LATER


def _context(settings: SmppDoorSettings) -> ssl.SSLContext | None:
    """How the door is encrypted. Raises OSError when a file cannot be read."""
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls.cert_file, settings.tls.key_file)
    if settings.tls.client_ca_file is not None:
        context.load_verify_locations(settings.tls.client_ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
