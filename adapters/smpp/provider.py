"""A provider reached over SMPP: a set of links, kept up side by side, behind the gateway's port.

Rules:
- a part handed over while there is no link is Unavailable; one written and not answered is Unknown;
- what goes to one telephone keeps to one link while that has room, so that it arrives in order;
- a receipt may come on any link; it is acknowledged after it was stored, and refused for now (RX_T_APPN) when it
  could not be; so is a message from a telephone.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from math import inf

from adapters.smpp import codes, events
from adapters.smpp.backoff import Backoff
from adapters.smpp.connection import Link
from adapters.smpp.fields import Value
from adapters.smpp.inbox import Inbox
from adapters.smpp.keeper import LEAVE_UNBIND, Keeper
from adapters.smpp.mo import writing_of
from adapters.smpp.options import SmppAccount
from adapters.smpp.outbind import Outbind
from adapters.smpp.pdu import Pdu
from adapters.smpp.questions import Question, Questions
from adapters.smpp.reach import Dial, Reach
from adapters.smpp.receipt import reading_of
from adapters.smpp.session import Session
from adapters.smpp.states import BOUND, Role
from adapters.smpp.status import REBIND, verdict
from adapters.smpp.submit import PreparedSubmit, SubmitBuilder
from adapters.smpp.timers import Timers
from gateway.idforms import stored_key
from gateway.provider import (
    Accepted,
    Answer,
    Apart,
    CancelOutcome,
    Notice,
    Outcome,
    Part,
    Prepared,
    Refused,
    Sent,
    Told,
    Unavailable,
    Unknown,
    Upstream,
)
from gateway.timer import CLOCK, Timer

_NO_PARAMETERS = (
    "it does not say that it takes optional parameters, which this account asks for: long messages go in parts, "
    "`tlvs` are left out; if it takes them all the same, write optional_parameters: always"
)
#: Seconds at least that late answers are waited for when nothing at all is answered any more, before we bind anew.
STALL = 1.0

_Token = tuple[PreparedSubmit, Answer]


def _wall() -> datetime:
    """The clock on the wall, as providers write it: without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class SmppProvider:
    """The links of one account. See ``gateway.provider.Provider``."""

    def __init__(
        self,
        options: SmppAccount,
        chance: Callable[[], float] = random.random,
        timer: Timer = CLOCK,
        dial: Callable[[SmppAccount, Callable[[float], Session]], Reach] = Dial,
        wall: Callable[[], datetime] = _wall,
    ) -> None:
        self._options = options
        self._chance, self._timer, self._dial, self._wall = chance, timer, dial, wall
        self._always = options.optional_parameters == "always"
        self._builder = SubmitBuilder(options)
        self._questions = Questions(options)
        self._timers = Timers(
            quiet=options.enquire_link.total_seconds(),
            response=options.response_timeout.total_seconds(),
            leave=LEAVE_UNBIND,
            stall=max(options.response_timeout.total_seconds(), STALL),
            inactivity=options.inactivity.total_seconds() if options.inactivity else inf,
        )
        self._upstream: Upstream | None = None
        self.outbind: Outbind | None = None  # while it runs
        self._keepers: list[Keeper] = []
        self._senders: list[Keeper] = []

    @property
    def ready(self) -> bool:
        """Whether parts can be handed over now, on any link."""
        return any(keeper.ready for keeper in self._senders)

    @property
    def room(self) -> int:
        """Over all links, the window less what is in flight."""
        return sum(keeper.room for keeper in self._senders)

    @property
    def why(self) -> str:
        """Why it is not ready, or not all of its links are up; empty when all is well."""
        if not self._keepers:
            return "not started"
        if not self._senders:
            return "a receiver bind brings receipts only: nothing can be sent"
        down = [keeper.why for keeper in self._keepers if not (keeper.ready if keeper.sends else keeper.is_bound)]
        words = "; ".join(dict.fromkeys(down))
        some = 0 < len(down) < len(self._keepers)
        return f"{len(down)} of {len(self._keepers)} links are down: {words}" if some else words

    @property
    def bound(self) -> int:
        """How many links are up."""
        return sum(keeper.is_bound for keeper in self._keepers)

    @property
    def peer(self) -> str:
        """Whom our links lead to, as it says of itself."""
        return "; ".join(dict.fromkeys(keeper.peer for keeper in self._keepers if keeper.peer))

    def running(self, upstream: Upstream) -> AbstractAsyncContextManager[None]:
        """Connect, and stay connected until left; leaving takes at most LEAVE_RECEIPTS + LEAVE_UNBIND."""
        return self._running(upstream)

    @asynccontextmanager
    async def _running(self, upstream: Upstream) -> AsyncIterator[None]:
        self._upstream = upstream
        async with self._reaches() as (sending, receiving):
            binds = [
                (command, sending if command == codes.BIND_TRANSMITTER else receiving)
                for command in self._options.commands
            ]
            self._keepers = [self._keeper(command, reach, upstream) for command, reach in binds]
            self._senders = [keeper for keeper in self._keepers if keeper.sends]
            keeping = [asyncio.create_task(keeper.run(), name=f"smpp {self._options.name}") for keeper in self._keepers]
            try:
                yield
            finally:
                for task in keeping:
                    task.cancel()
                await asyncio.gather(*keeping, return_exceptions=True)

    @asynccontextmanager
    async def _reaches(self) -> AsyncIterator[tuple[Reach, Reach]]:
        """How the links come about that send only, and those that receive."""

        def session(now: float) -> Session:
            return Session(Role.ESME, self._timers, now)

        dial = self._dial(self._options, session)
        if self._options.outbind:
            async with Outbind(self._options, session) as self.outbind:
                yield dial, self.outbind
        else:
            yield dial, dial

    def _keeper(self, command: int, reach: Reach, upstream: Upstream) -> Keeper:
        options = self._options
        shortest, longest = options.reconnect_min.total_seconds(), options.reconnect_max.total_seconds()
        return Keeper(
            command,
            self._bind,
            options.window,
            Backoff(shortest, longest, self._chance),
            reach,
            upstream,
            lambda: Inbox(reading_of(options), writing_of(options), upstream, self._wall, self._up),
            self._happened,
            self._timer,
        )

    def _up(self) -> list[str]:
        """The names of the links that are up."""
        return [keeper.inbox.name for keeper in self._keepers if keeper.is_bound]

    def prepare(self, part: Part) -> PreparedSubmit | Refused | Apart:
        """Build the submit_sm, as the links that are up may be sent it."""
        optional = all(map(self._may_say, self._senders))
        return self._builder.build(part, optional=optional)

    def submit(self, parts: Sequence[Prepared], answer: Answer) -> None:
        """Write all of them at once. What is beyond the windows is Unavailable, and nothing of it leaves."""
        room = {keeper: keeper.room for keeper in self._senders}
        used: dict[Keeper, Link] = {}
        for prepared in parts:
            keeper = self._choose(prepared.part.to, room)
            if not (keeper and keeper.link and isinstance(prepared, PreparedSubmit)):
                answer(prepared.part, Unavailable(self.why or "the window is full"))
            elif prepared.optional and not self._may_say(keeper):
                answer(prepared.part, Unavailable("the link that it was made for is gone"))
            else:
                room[keeper] -= 1
                link = used[keeper] = keeper.link
                link.session.request(codes.SUBMIT_SM, prepared.body, (prepared, answer), link.now)
        for link in used.values():
            link.flush()

    def _choose(self, to: str, room: dict[Keeper, int]) -> Keeper | None:
        """The link of this number while it has room, else the one with most of it; None when there is none."""
        if not room:
            return None
        usual = self._senders[hash(to) % len(self._senders)]
        keeper = usual if room[usual] > 0 else max(room, key=room.__getitem__)
        return keeper if room[keeper] > 0 else None

    def _may_say(self, keeper: Keeper) -> bool:
        """Whether optional parameters may be sent on a link."""
        return self._always or keeper.takes_optional

    # ---- questions ----

    @property
    def queries(self) -> bool:
        """Whether this account's provider takes query_sm."""
        return "query_sm" in self._options.operations

    @property
    def cancels(self) -> bool:
        """Whether this account's provider takes cancel_sm."""
        return "cancel_sm" in self._options.operations

    async def query(self, sent: Sent) -> Told | None:
        """Ask what became of a part; None when there is no link with room to ask."""
        link = self._asking()
        return await self._questions.query(link, sent) if link else None

    async def cancel(self, sent: Sent) -> CancelOutcome:
        """Ask for a part to be taken back."""
        link = self._asking()
        return await self._questions.cancel(link, sent) if link else Unknown(self.why or "the window is full")

    def _asking(self) -> Link | None:
        return next((keeper.link for keeper in self._senders if keeper.room > 0), None)

    # ---- what the links tell ----

    def _bind(self) -> dict[str, Value]:
        options = self._options
        return {
            "system_id": options.system_id,
            "password": options.password.get_secret_value(),
            "system_type": options.kind,
            "interface_version": options.version,
        }

    def _happened(self, keeper: Keeper, link: Link, event: events.Event) -> None:
        match event:
            case events.Answered(Question() as asked, pdu):
                asked.answered(pdu)
            case events.Unanswered(Question() as asked):
                asked.answered(None)
            case events.Answered(token, pdu):
                self._answered(link, token, pdu)
            case events.Bound() if self._upstream and self._options.asks_for_optional and not self._may_say(keeper):
                self._upstream.noticed(Notice.NO_PARAMETERS, _NO_PARAMETERS)
            case events.Requested(pdu):
                keeper.inbox.take(link, pdu)
            case events.Unanswered((prepared, answer), why):
                answer(prepared.part, Unknown(why))
            case events.LateAnswer((PreparedSubmit() as prepared, _), pdu):
                self._late(prepared.part, pdu)
            case events.Odd(what, pdu) if self._upstream:
                self._upstream.noticed(Notice(what.value), codes.name_of(pdu.command))

    def _answered(self, link: Link, token: _Token, pdu: Pdu) -> None:
        prepared, answer = token
        outcome = self._outcome(pdu)
        if isinstance(outcome, Unavailable) and link.session.state not in BOUND:
            outcome = Unavailable(outcome.why)  # it crossed an unbind: that was no try
        answer(prepared.part, outcome)
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
