"""The simulator's SMSC and the gateway's links on one clock moved by hand: octets in memory, no sockets."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, Final, cast

from adapters.smpp.connection import Handle, Link
from adapters.smpp.options import SmppAccount
from adapters.smpp.scenario import Scenario
from adapters.smpp.session import Session
from adapters.smpp.simulator_core import Smsc
from adapters.smpp.simulator_end import End, Line
from adapters.smpp.troubles import Failure, NoLink
from gateway.provider import Trouble
from gateway.timer import Alarm
from tests.fakes.hand import HandTimer


class Exchange:
    """An SMSC and the lines to it. ``latency``: seconds that octets take, each way."""

    def __init__(self, scenario: Scenario, timer: HandTimer, epoch: float, latency: float = 0.02) -> None:
        self.smsc: Final = Smsc(scenario, timer.now(), epoch=epoch)
        self.timer, self.latency = timer, latency
        self.wires: Final[set[Wire]] = set()
        self._alarm: Alarm | None = None
        self._due = inf  # when it rings
        self.settle()

    def dial(self, options: SmppAccount, session: Callable[[float], Session]) -> "Dialled":
        """What an account's provider connects with."""
        del options
        return Dialled(self, session)

    def hang_up(self) -> None:
        """Every line is gone at once, as when the gateway's process dies; what is under way is lost."""
        for wire in list(self.wires):
            wire.lose("the process died")

    def settle(self) -> None:
        """Something happened at the SMSC: carry what it says, and set the alarm."""
        for wire in list(self.wires):
            wire.carry()
        due = self.smsc.deadline
        if due < self._due:
            if self._alarm:
                self._alarm.cancel()
            self._alarm, self._due = self.timer.call_at(due, self._tick), due

    def _tick(self) -> None:
        self._alarm, self._due = None, inf
        self.smsc.tick(self.timer.now())
        self.settle()


class Dialled:
    """See ``adapters.smpp.reach.Reach``."""

    def __init__(self, exchange: Exchange, session: Callable[[float], Session]) -> None:
        self._exchange, self._session = exchange, session
        self.doing = "connecting"

    async def link(self, handle: Handle, settled: Callable[[], None]) -> Link:
        """A line to the SMSC. Raises NoLink while it does not listen."""
        exchange = self._exchange
        if not exchange.smsc.listening:
            raise NoLink(Failure(Trouble.UNREACHABLE, "connection refused"))
        link = Link(self._session, handle, settled, timer=exchange.timer)
        wire = Wire(exchange, link, exchange.smsc.connect(exchange.timer.now()))
        link.connection_made(cast(asyncio.BaseTransport, wire))
        exchange.settle()
        return link


class Wire:
    """One line, as a transport to our end of it."""

    def __init__(self, exchange: Exchange, link: Link, end: End) -> None:
        self._exchange, self._link, self._end = exchange, link, end
        self._up = True  # octets pass
        self._ours = True  # our end is open
        exchange.wires.add(self)

    # ---- the transport that our end knows ----

    def write(self, data: bytes) -> None:
        """To the SMSC."""
        self._later(lambda: self._heard(data))

    def close(self) -> None:
        """Hang up once all is written."""
        self._later(lambda: self.lose("closed"))

    def abort(self) -> None:
        """Hang up at once."""
        self.lose("aborted")

    def is_closing(self) -> bool:
        """Whether it is over."""
        return not self._up

    def get_write_buffer_size(self) -> int:
        """Nothing ever waits."""
        return 0

    def get_extra_info(self, name: str) -> Any:
        """There is nothing to tell."""
        del name

    def pause_reading(self) -> None:
        """A thousand receipts at once are more than these tests have."""
        raise AssertionError("the link is not read")

    # ---- what the line does ----

    def carry(self) -> None:
        """Carry what the SMSC says."""
        if not self._up:
            return
        said = self._end.outgoing()
        if said:
            self._later(lambda: self._link.data_received(said))
        if self._end.line is Line.CUT:
            self.lose("cut")
        elif self._end.over:
            self._later(lambda: self.lose("closed"))

    def lose(self, why: str) -> None:
        """Nothing passes any more, and both ends are told."""
        if not self._up:
            return
        self._up = False
        self._exchange.wires.discard(self)
        now = self._exchange.timer.now()
        self._end.lost(why, now)
        self._link.connection_lost(None)
        self._exchange.settle()

    def _heard(self, data: bytes) -> None:
        self._end.receive(data, self._exchange.timer.now())
        self._exchange.settle()

    def _later(self, act: Callable[[], None]) -> None:
        def arrive() -> None:
            if self._up:
                act()

        timer = self._exchange.timer
        timer.call_at(timer.now() + self._exchange.latency, arrive)
