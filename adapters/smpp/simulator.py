"""An SMSC for tests, demonstrations, rehearsals and load runs: ``simulator_core.Smsc`` behind sockets."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from math import inf
from types import TracebackType
from typing import Final, Self, cast

from adapters.smpp.scenario import Scenario, of_options
from adapters.smpp.simulator_core import Smsc
from adapters.smpp.simulator_end import End, Line
from adapters.smpp.simulator_fates import Fate
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery
from adapters.smpp.simulator_records import Counts, Submit

#: Octets written but not taken by the client, beyond which it is cut: memory stays bounded.
_UNREAD_LIMIT: Final = 8 * 1024 * 1024


class Simulator:
    """An SMSC that listens while its context is entered. It does what the scenario says, or else the options."""

    def __init__(
        self,
        options: SimulatorOptions | None = None,
        scenario: Scenario | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.options: Final = options or SimulatorOptions()
        self.port = self.options.port
        self._tls = tls
        self._speed: Final = self.options.speed
        self._smsc: Final = Smsc(
            scenario or of_options(self.options), 0.0, remember=self.options.remember, speed=self._speed
        )
        self._wires: Final[set[_Wire]] = set()
        self._waiting: Final[list[tuple[Callable[[], bool], asyncio.Future[None]]]] = []
        self._began = 0.0
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf  # when it does
        self._reopening = False
        self._tasks: Final[set[asyncio.Task[object]]] = set()

    async def __aenter__(self) -> Self:
        self._began = asyncio.get_running_loop().time()
        await self._listen()
        self._arm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        if self._server:
            self._server.close()
        if self._timer:
            self._timer.cancel()
        wires = list(self._wires)
        for wire in wires:
            wire.abort()
        for wire in wires:
            await wire.over.wait()

    @property
    def now(self) -> float:
        """Seconds since it began to listen, ``speed`` times faster: the clock of its scenario."""
        return (asyncio.get_running_loop().time() - self._began) * self._speed

    @property
    def counts(self) -> Counts:
        """What happened so far."""
        return self._smsc.counts

    @property
    def submits(self) -> list[Submit]:
        """What was taken, as many as are remembered."""
        return self._smsc.submits

    @property
    def fates(self) -> list[Fate]:
        """What became of the last messages that were taken."""
        return self._smsc.fates

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return self._smsc.bound

    @property
    def ends(self) -> list[End]:
        """The connections there are, the oldest first."""
        return self._smsc.ends

    @property
    def refuse(self) -> dict[int, int]:
        """By kind of bind, the status that it gets from now on."""
        return self._smsc.refuse

    def cut(self, *ends: End) -> None:
        """Cut these connections without a word, all if none is named."""
        self._smsc.cut(self.now, *ends)
        self._flush()

    async def outbind(self, host: str, port: int) -> End:
        """Connect to a client that listens, and ask it to bind."""
        _, wire = await asyncio.get_running_loop().create_connection(self._new_wire, host, port)
        self._smsc.outbind(wire.end)
        self._flush()
        return wire.end

    async def unbind(self) -> None:
        """Ask every session to leave, and wait until they are gone."""
        wires = list(self._wires)
        self._smsc.unbind(self.now)
        self._flush()
        for wire in wires:
            await wire.over.wait()

    def deliver(self, system_id: str, delivery: Delivery) -> None:
        """Deliver this to a system_id, now or on its next bind: a receipt of one's own making, or a message."""
        self._smsc.deliver(system_id, delivery, self.now)
        self._flush()

    def skip(self, seconds: float) -> bool:
        """Let so much of its time be over at once; false, and nothing, while somebody owes somebody an answer."""
        if not self._smsc.quiet:
            return False
        self._began -= seconds / self._speed
        self._smsc.tick(self.now)
        self._flush()
        return True

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

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_wire, self.options.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._reopening = False

    def _new_wire(self) -> "_Wire":
        return _Wire(self._smsc, lambda: self.now, self._wires, self._flush)

    def _flush(self) -> None:
        """Something may have happened: write what must go, and set the alarm."""
        for wire in list(self._wires):
            wire.write()
        if self._server and not self._smsc.listening:
            self._server.close()
            self._server = None
        elif self._smsc.listening and not self._server and not self._reopening:
            self._reopening = True
            self._start(self._listen())
        for host, port in self._smsc.calls():
            self._start(self._call(host, port))
        self._arm()
        for holds, future in self._waiting:
            if not future.done() and holds():
                future.set_result(None)

    def _start(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, host: str, port: int) -> None:
        """Connect to a client that listens, if it does."""
        with suppress(OSError):
            await self.outbind(host, port)

    def _arm(self) -> None:
        """One timer for whatever comes first; one that is early is kept, as moving it would cost more."""
        when = self._smsc.deadline / self._speed + self._began
        if self._timer and self._rings > when:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and when < inf:
            self._rings = when  # uvloop's handle of what is due at once does not know its time
            self._timer = asyncio.get_running_loop().call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._smsc.tick(self.now)
        self._flush()


class _Wire(asyncio.Protocol):
    """One socket of a simulator: in ``wires`` while it is open, with its ``end`` once it is connected.

    ``flush`` is called after each thing that happens.
    """

    end: End

    def __init__(self, smsc: Smsc, clock: Callable[[], float], wires: set["_Wire"], flush: Callable[[], None]) -> None:
        self._smsc = smsc
        self._clock = clock
        self._wires = wires
        self._flush = flush
        self._transport: asyncio.Transport | None = None
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # not a subclass of it on every loop
        self.end = self._smsc.connect(self._clock())
        self._wires.add(self)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self.end.receive(data, self._clock())
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._wires.discard(self)
        self.end.lost(f"connection closed: {exc}", self._clock())
        self._flush()
        self.over.set()

    def pause_writing(self) -> None:
        self.end.congested = True

    def resume_writing(self) -> None:
        self.end.congested = False
        self._smsc.settle(self._clock())
        self._flush()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport:
            self._transport.abort()

    def write(self) -> None:
        """Write what the client must get; hang up when the session is over."""
        out = self.end.outgoing()
        if not self._transport or self._transport.is_closing():
            return
        if self.end.line is Line.CUT:
            self._transport.abort()
            return
        if out:
            self._transport.write(out)
        if self.end.over:
            self._transport.close()
        elif self._transport.get_write_buffer_size() > _UNREAD_LIMIT:
            self._transport.abort()
