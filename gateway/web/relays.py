"""The gateway's side of its relays: they are started when a connection is busy, given its socket, and answered.

A relay that ends takes its connections with it, as a gateway that ends does: an answer that a client did not get is
asked for again with the same ``Idempotency-Key``. What was accepted is accepted.
"""

import asyncio
import logging
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from math import inf
from time import perf_counter
from typing import Any

from gateway.parts import Parts
from gateway.relay.wire import ALIVE, LAST, Channel, pass_socket, passed_sockets
from gateway.web.endpoint import Endpoint, named, octets_of, told_problem
from gateway.web.media import JSON
from gateway.web.plain import told, written
from gateway.web.problems import problem_written

log = logging.getLogger(__name__)

#: Seconds between two starts.
AGAIN = 5.0

#: Seconds after which a relay that says nothing is given no connection, and is killed; it says that it is there in 2.5.
QUIET, DEAD = 10.0, 30.0

#: Makes the protocol of a connection that comes back with these octets.
Make = Callable[[bytes], asyncio.Protocol]


class _Relay:
    """One process, and the two sockets to it."""

    channel: Channel

    def __init__(self, sockets: socket.socket, process: Process, now: float) -> None:
        self.sockets, self.process = sockets, process
        self.ready = False
        self.heard = now  # when it last said that it is there


class Relays:
    """At most ``most`` of them. ``endpoint`` answers; ``make`` takes over the connections that come back."""

    def __init__(self, parts: Parts, endpoint: Endpoint, most: int, make: Make) -> None:
        self._parts, self._endpoint, self._make = parts, endpoint, make
        self._most = most
        self._relays: list[_Relay] = []
        self._turn = 0
        self._open = False
        self._not_before = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    @asynccontextmanager
    async def running(self, seconds: float) -> AsyncIterator["Relays"]:
        """Leaving waits ``seconds`` for what is being answered, then ends them, within ``LAST`` more."""
        self._open = True
        try:
            yield self
        finally:
            self._open = False
            if self._tasks:
                await asyncio.wait(list(self._tasks), timeout=seconds)
            relays = list(self._relays)
            for relay in relays:
                relay.channel.close()
            await asyncio.gather(*(_end(relay.process) for relay in relays))

    def take(self, transport: asyncio.Transport, octets: bytes) -> bool:
        """Pass a connection on, with the request that was read of it; False: it stays here."""
        if not self._open:
            return False
        if len(self._relays) < self._most:
            self._start()
        if transport.get_write_buffer_size() or not (ready := self._ready()):
            return False
        self._turn += 1
        relay = ready[self._turn % len(ready)]
        if not pass_socket(relay.sockets, transport.get_extra_info("socket").fileno(), octets):
            return False
        self._parts.metrics.relayed.labels("passed").inc()
        transport.pause_reading()
        transport.abort()  # closes our descriptor; the connection goes on at the relay's
        return True

    # ---- their processes ----

    def _ready(self) -> list[_Relay]:
        now = self._loop.time()
        for relay in self._relays:
            if now - relay.heard > DEAD:
                _kill(relay.process)
        return [relay for relay in self._relays if relay.ready and now - relay.heard <= QUIET]

    def _start(self) -> None:
        if self._loop.time() >= self._not_before:
            self._not_before = inf  # until this one is there
            self._keep(self._started())

    async def _started(self) -> None:
        """Start one; it is given connections from when it says that it is there."""
        try:
            await self._launched()
        except OSError as error:
            log.warning("no relay could be started", extra={"why": error.strerror})
        finally:
            self._not_before = self._loop.time() + AGAIN

    async def _launched(self) -> None:
        with ExitStack() as ours:
            stream, its_stream = map(ours.enter_context, socket.socketpair())
            sockets, its_sockets = map(ours.enter_context, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            fds = (its_stream.fileno(), its_sockets.fileno())
            command = (sys.executable, "-P", "-m", "gateway.relay", *map(str, fds))
            process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, pass_fds=fds)
            ours.pop_all()
            its_stream.close()
            its_sockets.close()
        relay = _Relay(sockets, process, self._loop.time())
        relay.channel = Channel(lambda *frame: self._heard(relay, *frame), lambda: self._lost(relay))
        self._relays.append(relay)
        self._loop.add_reader(sockets.fileno(), self._back, relay)
        await self._loop.connect_accepted_socket(lambda: relay.channel, stream)
        if not self._open:  # leaving did not see it
            relay.channel.close()

    def _lost(self, relay: _Relay) -> None:
        self._back(relay)  # what it gave back before it ended
        self._loop.remove_reader(relay.sockets.fileno())
        relay.sockets.close()
        self._relays.remove(relay)
        if self._open:
            log.warning("a relay has ended: its connections are cut")
        self._keep(_end(relay.process))

    def _back(self, relay: _Relay) -> None:
        """Connections that a relay does not want."""
        for taken, octets in passed_sockets(relay.sockets):
            self._parts.metrics.relayed.labels("back").inc()
            self._keep(self._home(taken, octets))

    async def _home(self, taken: socket.socket, octets: bytes) -> None:
        taken.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(lambda: self._make(octets), taken)
        except OSError:  # the client has gone meanwhile
            taken.close()

    # ---- their requests ----

    def _heard(self, relay: _Relay, number: int, fields: bytes, body: bytes) -> None:
        if number == ALIVE:
            relay.ready, relay.heard = True, self._loop.time()
            return
        self._keep(self._answer(relay.channel, number, fields, body))

    async def _answer(self, channel: Channel, number: int, fields: bytes, body: bytes) -> None:
        began = perf_counter()
        asked, route = told(fields), self._endpoint.route
        request_id = named(asked.request_id)
        try:
            reply = await self._endpoint.plain(asked, body)
            status, headers, answer = reply.status, {**reply.headers, "Content-Type": JSON}, octets_of(reply.body)
        except Exception as error:
            problem = told_problem(error, request_id, route.path)
            status, (answer, headers) = problem.status, problem_written(problem, request_id)
        headers["X-Request-Id"] = request_id
        self._parts.metrics.http_request(route.path, route.method, status, perf_counter() - began)
        channel.send(number, b"", written(status, headers, answer))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _end(process: Process) -> None:
    """Wait until it has ended, as it was told to; kill it when it does not."""
    try:
        async with asyncio.timeout(LAST):
            await process.wait()
    except TimeoutError:
        _kill(process)
        await process.wait()


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
