"""An SMSC for tests, demonstrations and load runs: the SMSC role of the same session.

Rules:
- what is taken is recorded before it is answered, so that a cut or a silence leaves it taken;
- a receipt is delivered until it is acknowledged: refused for now it comes again after ``receipt_retry``, and
  one without an answer when its session ends comes again on the next bind of the same system_id.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, Self

from adapters.smpp import codes, events
from adapters.smpp.connection import Link
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery, Outbox, receipt_of
from adapters.smpp.simulator_records import Counts, Submit
from adapters.smpp.states import BOUND, Role, State
from adapters.smpp.timers import Timers

_RECEIVERS: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})


class Simulator:
    """An SMSC that listens while its context is entered."""

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options: Final = options or SimulatorOptions()
        self.port = self.options.port
        self.counts: Final = Counts()
        self.submits: Final[list[Submit]] = []
        self._chance: Final = random.Random(self.options.seed)
        self._next_id = self.options.first_id or int(time.time() * 1000)
        self._outboxes: Final[defaultdict[str, Outbox]] = defaultdict(self._new_outbox)
        self._allowances: Final[dict[str, tuple[float, float]]] = {}  # system_id -> (parts allowed, at)
        self._links: Final[dict[Link, str]] = {}  # and who is bound
        self._waiting: Final[list[tuple[Callable[[], bool], asyncio.Future[None]]]] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_link, self.options.host, self.options.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        for outbox in self._outboxes.values():
            outbox.stop()
        links = list(self._links)
        self.cut()
        for link in links:
            await link.over.wait()

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(link.session.state in BOUND for link in self._links)

    def cut(self) -> None:
        """Cut every connection without a word."""
        for link in list(self._links):
            link.abort("cut")

    async def unbind(self) -> None:
        """Ask every session to leave, and wait until they are gone."""
        links = list(self._links)
        for link in links:
            link.session.unbind(link.now)
            link.flush()
        for link in links:
            await link.over.wait()

    def deliver(self, system_id: str, delivery: Delivery) -> None:
        """Deliver this to a system_id, now or on its next bind: a receipt of one's own making, or a message."""
        self._outboxes[system_id].add(delivery, 0.0)
        self._pump(system_id)

    async def until(self, holds: Callable[[], bool], patience: float = 10.0) -> None:
        """Wait until ``holds()``, asked after each thing that happens. Raises TimeoutError after ``patience``."""
        if holds():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (holds, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(patience):
                await future
        finally:
            self._waiting.remove(entry)

    def _new_outbox(self) -> Outbox:
        return Outbox(self.options.receipt_window, self._pump_all)

    def _new_link(self) -> Link:
        timers = Timers(quiet=self.options.enquire_link, response=self.options.response_timeout)
        link = Link(partial(Session, Role.SMSC, timers), self._happened, self._settled)
        self._links[link] = ""
        return link

    def _settled(self) -> None:
        """A burst of events is over, or a socket takes octets again."""
        self._pump_all()
        for holds, future in self._waiting:
            if not future.done() and holds():
                future.set_result(None)

    def _happened(self, link: Link, event: events.Event) -> None:
        match event:
            case events.BindRequested(pdu):
                self._bind(link, pdu)
            case events.Requested(pdu):
                self._submitted(link, pdu)
            case events.Answered(delivery, pdu):
                self._acknowledged(link, delivery, pdu)
            case events.Unanswered(delivery, _):
                self._outboxes[self._links[link]].again(delivery, 0.0)
            case events.Closed():
                del self._links[link]

    def _bind(self, link: Link, pdu: Pdu) -> None:
        options = self.options
        system_id = pdu.text("system_id")
        if options.system_id and system_id != options.system_id:
            status = codes.RINVSYSID
        elif options.password and pdu.text("password") != options.password:
            status = codes.RINVPASWD
        else:
            self.counts.binds += 1
            link.session.accept_bind(pdu, options.name, link.now)
            self._links[link] = system_id
            return
        self.counts.binds_refused += 1
        link.session.refuse_bind(pdu, status)

    def _submitted(self, link: Link, pdu: Pdu) -> None:
        options, counts = self.options, self.counts
        if link.session.state not in BOUND:
            link.session.ignore()
            return  # came together with one that had the connection cut
        system_id = self._links[link]
        counts.submits += 1
        if options.rate and not self._allowed(system_id, link.now):
            counts.throttled += 1
            link.session.respond(pdu, codes.RTHROTTLED)
            return
        submit = self._take(system_id, pdu)
        if options.cut_every and counts.submits % options.cut_every == 0:
            counts.cuts += 1
            counts.unanswered += 1
            link.abort("cut")
        elif self._is_silent():
            counts.unanswered += 1
            link.session.ignore()
        elif options.latency:
            asyncio.get_running_loop().call_later(options.latency, self._answer_later, link, submit)
        else:
            self._answer(link, submit)

    def _allowed(self, system_id: str, now: float) -> bool:
        """A bucket that holds one second's worth."""
        rate = self.options.rate
        burst = max(1.0, rate)
        left, since = self._allowances.get(system_id, (burst, now))
        left = min(burst, left + (now - since) * rate)
        self._allowances[system_id] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def _take(self, system_id: str, pdu: Pdu) -> Submit:
        message_id = str(self._next_id)
        self._next_id += 1
        submit = Submit(system_id, message_id, pdu)
        if len(self.submits) < self.options.remember:
            self.submits.append(submit)
        self.counts.taken += 1
        self.counts.destinations[submit.to] += 1
        if self.options.receipts and (delivery := self._receipt(submit)):
            self._outboxes[system_id].add(delivery, self.options.receipt_delay + self.options.latency)
        return submit

    def _receipt(self, submit: Submit) -> Delivery | None:
        """What will be delivered of it, as its registered_delivery asks."""
        undelivered = self.options.undelivered > 0 and self._chance.random() < self.options.undelivered
        wanted = submit.pdu.number("registered_delivery") & 3
        if wanted == 0 or (wanted == 2 and not undelivered):
            return None
        return receipt_of(submit, undelivered=undelivered, tlvs=self.options.receipt_tlvs)

    def _is_silent(self) -> bool:
        options = self.options
        if options.no_answer_every and self.counts.submits % options.no_answer_every == 0:
            return True
        return options.no_answer > 0 and self._chance.random() < options.no_answer

    def _answer(self, link: Link, submit: Submit) -> None:
        message_id = f"{int(submit.message_id):x}" if self.options.hex_ids else submit.message_id
        link.session.respond(submit.pdu, codes.ROK, {"message_id": message_id})

    def _answer_later(self, link: Link, submit: Submit) -> None:
        self._answer(link, submit)
        link.flush()

    def _acknowledged(self, link: Link, delivery: Delivery, pdu: Pdu) -> None:
        outbox = self._outboxes[self._links[link]]
        counts = self.counts
        if pdu.status in (codes.RX_P_APPN, codes.RX_R_APPN, codes.RINVMSGLEN):
            counts.receipts_dropped += 1
            outbox.settle(delivery)
        elif pdu.status != codes.ROK or pdu.command == codes.GENERIC_NACK:
            counts.receipts_refused += 1
            outbox.again(delivery, self.options.receipt_retry)
        else:
            counts.receipts_acknowledged += 1
            counts.delivered += delivery.state == "DELIVRD"
            counts.undelivered += delivery.state == "UNDELIV"
            outbox.settle(delivery)

    def _pump_all(self) -> None:
        for system_id in list(self._outboxes):
            self._pump(system_id)

    def _pump(self, system_id: str) -> None:
        """Deliver what is due, on any session of this system_id that receives."""
        if system_id not in self._outboxes:
            return
        outbox = self._outboxes[system_id]
        bound = (link for link, who in self._links.items() if who == system_id)
        link = next((link for link in bound if link.session.state in _RECEIVERS and not link.congested), None)
        if link is None:
            return
        for delivery in outbox.due(link.now):
            self.counts.receipts_sent += 1
            link.session.request(codes.DELIVER_SM, delivery.body, delivery, link.now)
        link.flush()
