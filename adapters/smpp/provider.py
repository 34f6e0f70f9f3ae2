"""A provider reached over SMPP 3.4: one transceiver bind, kept up, behind the gateway's port.

Rules:
- a part handed over while there is no bind is Unavailable; one written and not answered is Unknown;
- a receipt is acknowledged after it was stored, and refused for now (RX_T_APPN) when it could not be;
- so is a message from a telephone.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from adapters.smpp import codes, events
from adapters.smpp.backoff import Backoff
from adapters.smpp.connection import Link
from adapters.smpp.fields import Value
from adapters.smpp.ids import stored_key
from adapters.smpp.inbox import Inbox
from adapters.smpp.mo import Writing
from adapters.smpp.options import SmppAccount
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt import reading_of
from adapters.smpp.session import Session
from adapters.smpp.states import Role, State
from adapters.smpp.status import REBIND, verdict
from adapters.smpp.submit import PreparedSubmit, SubmitBuilder
from adapters.smpp.timers import Timers
from gateway.provider import (
    Accepted,
    Answer,
    Notice,
    Outcome,
    Part,
    Prepared,
    Refused,
    Unavailable,
    Unknown,
    Upstream,
)

#: Seconds that leaving may take: receipts being stored, then the answer to our unbind.
LEAVE_RECEIPTS: Final = 3.0
LEAVE_UNBIND: Final = 2.0

_Token = tuple[PreparedSubmit, Answer]


class SmppProvider:
    """The link of one account. See ``gateway.provider.Provider``."""

    def __init__(self, options: SmppAccount, chance: Callable[[], float] = random.random) -> None:
        self._options = options
        self._builder = SubmitBuilder(options)
        self._backoff = Backoff(options.reconnect_min.total_seconds(), options.reconnect_max.total_seconds(), chance)
        self._timers = Timers(
            quiet=options.enquire_link.total_seconds(),
            response=options.response_timeout.total_seconds(),
            leave=LEAVE_UNBIND,
        )
        self._upstream: Upstream | None = None
        self._link: Link | None = None
        self._refused = False
        self._why = "not started"

    @property
    def ready(self) -> bool:
        """Whether parts can be handed over now."""
        return bool(self._link and self._link.session.state is State.BOUND_TRX)

    @property
    def room(self) -> int:
        """The window less what is in flight; 0 when not bound, or when the socket takes no more."""
        if not self._link or not self.ready or self._link.congested:
            return 0
        return max(0, self._options.window - self._link.session.in_flight)

    @property
    def why(self) -> str:
        """Why it is not ready, in plain English; empty when it is."""
        return "" if self.ready else self._why

    @property
    def bound(self) -> int:
        """How many links are up: 0 or 1."""
        return int(self.ready)

    def running(self, upstream: Upstream) -> AbstractAsyncContextManager[None]:
        """Connect, and stay connected until left; leaving takes at most LEAVE_RECEIPTS + LEAVE_UNBIND."""
        return self._running(upstream)

    @asynccontextmanager
    async def _running(self, upstream: Upstream) -> AsyncIterator[None]:
        self._upstream = upstream
        self._why = f"connecting to {self._options.host}:{self._options.port}"
        keeper = asyncio.create_task(self._keep(upstream), name=f"smpp {self._options.name}")
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    def prepare(self, part: Part) -> PreparedSubmit | Refused:
        """Build the submit_sm. Pure."""
        return self._builder.build(part)

    def submit(self, parts: Sequence[Prepared], answer: Answer) -> None:
        """Write all of them at once. What is beyond the window is Unavailable, and nothing of it leaves."""
        link, room = self._link, self.room
        for place, prepared in enumerate(parts):
            if link and place < room and isinstance(prepared, PreparedSubmit):
                link.session.request(codes.SUBMIT_SM, prepared.body, (prepared, answer), link.now)
            else:
                answer(prepared.part, Unavailable(self.why or "the window is full"))
        if link:
            link.flush()

    async def _keep(self, upstream: Upstream) -> None:
        while True:
            self._refused = False
            await self._one_link(upstream)
            upstream.changed()
            await asyncio.sleep(self._backoff.next(refused=self._refused))

    async def _one_link(self, upstream: Upstream) -> None:
        """From connecting to the end of the session, whatever ends it."""
        options = self._options
        writing = Writing(id_tag=options.inbound_id)
        inbox = Inbox(reading_of(options), writing, upstream, lambda: datetime.now(UTC).replace(tzinfo=None))
        link = await self._connect(upstream, inbox)
        if not link:
            return
        try:
            await link.over.wait()
        finally:
            await self._leave(link, inbox)
            self._link = None

    async def _connect(self, upstream: Upstream, inbox: Inbox) -> Link | None:
        options = self._options
        place = f"{options.host}:{options.port}"

        def make() -> Link:
            return Link(self._session, lambda link, event: self._happened(link, event, inbox), upstream.changed)

        try:
            async with asyncio.timeout(options.connect_timeout.total_seconds()):
                _, link = await asyncio.get_running_loop().create_connection(make, options.host, options.port)
        except TimeoutError:
            self._why = f"cannot connect to {place}: no answer"
        except OSError as error:
            self._why = f"cannot connect to {place}: {_reason(error)}"
        except UnicodeError:  # labels that are empty or too long
            self._why = f"cannot connect to {place}: this is no host name"
        else:
            self._link = link
            return link
        return None

    def _session(self, now: float) -> Session:
        options = self._options
        session = Session(Role.ESME, self._timers, now)
        bind: dict[str, Value] = {
            "system_id": options.system_id,
            "password": options.password.get_secret_value(),
            "system_type": options.system_type,
            "interface_version": codes.VERSION_34,
        }
        session.bind(codes.BIND_TRANSCEIVER, bind, now)
        return session

    async def _leave(self, link: Link, inbox: Inbox) -> None:
        """Store what is being stored, unbind, hang up. Harmless when the link is already gone."""
        if link.over.is_set():
            inbox.cancel()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_RECEIPTS):
                await inbox.idle()
        inbox.cancel()
        link.session.unbind(link.now)
        link.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_UNBIND + 1):
                await link.over.wait()
        link.abort("left")

    def _happened(self, link: Link, event: events.Event, inbox: Inbox) -> None:
        match event:
            case events.Answered(token, pdu):
                self._answered(link, token, pdu)
            case events.Requested(pdu):
                inbox.take(link, pdu)
            case events.Unanswered((prepared, answer), why):
                answer(prepared.part, Unknown(why))
            case events.LateAnswer((prepared, _), pdu):
                self._late(prepared.part, pdu)
            case events.Bound():
                self._backoff.reset()
            case events.BindRefused(status):
                self._refused = True
                self._why = f"bind refused: {codes.describe(status)}"
            case events.Odd(what, pdu) if self._upstream:
                self._upstream.noticed(Notice(what.value), codes.name_of(pdu.command))
            case events.Closed(why) if not self._refused:
                self._why = why

    def _answered(self, link: Link, token: _Token, pdu: Pdu) -> None:
        prepared, answer = token
        answer(prepared.part, self._outcome(pdu))
        if self._upstream and (said := pdu.tlvs.get(codes.CONGESTION_STATE)):
            self._upstream.congested(min(1.0, said[0] / 100))
        if pdu.status in REBIND:
            link.session.unbind(link.now)

    def _late(self, part: Part, pdu: Pdu) -> None:
        if self._upstream:
            self._upstream.late(part, self._outcome(pdu))

    def _outcome(self, pdu: Pdu) -> Outcome:
        if pdu.status != codes.ROK:
            return verdict(pdu.status)
        if pdu.command == codes.GENERIC_NACK:
            return Refused("generic_nack without a status")
        message_id = pdu.text("message_id")
        return Accepted(message_id, stored_key(message_id))


def _reason(error: OSError) -> str:
    """The system's own words, which asyncio replaces by others."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
