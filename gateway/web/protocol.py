"""What never reaches a route: not HTTP, headers without end, an expectation that nobody knows.

It is answered as a problem, counted under the route ``unknown``, and not logged: it is the client's fault, and what
it sent may hold anything.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from gateway.parts import Parts
from gateway.problem import Problem
from gateway.relay.plain import is_one
from gateway.web.endpoint import as_problem, named
from gateway.web.problems import problem_response
from gateway.web.relays import Relays

#: Plain requests, one after the other and nothing else, after which a connection is busy.
BUSY = 8

log = logging.getLogger(__name__)

_NOT_HTTP = "Ce n'est pas une demande HTTP/1.1 valide : vérifiez la première ligne, les en-têtes et leur longueur."
_EXPECT = "L'en-tête Expect n'est prévu qu'avec 100-continue : retirez-le."


class Server(web.Server):
    """The server of an application as aiohttp makes it, but for its refusals. ``options`` are aiohttp's."""

    relays: Relays | None = None  #: who takes over busy connections

    def __init__(self, application: web.Server, parts: Parts, **options: Any) -> None:
        super().__init__(self._handle, request_factory=application.request_factory)
        self._application = application.request_handler
        self._parts = parts
        self._options = {"loop": asyncio.get_running_loop(), "logger": log, **options}

    def __call__(self) -> web.RequestHandler:
        """The protocol of one connection."""
        return _Protocol(self, self._refuse, self.relays, **self._options)

    def come_back(self, octets: bytes) -> web.RequestHandler:
        """The protocol of a connection that a relay gave back, with what it had read: it stays here."""
        return _Protocol(self, self._refuse, None, octets, **self._options)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._application(request)
        except web.HTTPNotFound:  # an address that begins with no « / », such as * has
            return self._refuse(nowhere())
        except web.HTTPExpectationFailed:
            return self._refuse(Problem("malformed_request", _EXPECT))

    def _refuse(self, problem: Problem) -> web.Response:
        request_id = named(None)
        response = problem_response(problem, request_id)
        response.headers["X-Request-Id"] = request_id
        self._parts.metrics.http_request("unknown", "other", response.status, 0)
        return response


def nowhere() -> Problem:
    """No route has this address."""
    return Problem("not_found", "Cette adresse n'existe pas : voir /docs.")


class _Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ("_before", "_plain", "_refuse", "_relays")

    def __init__(
        self,
        server: Server,
        refuse: Callable[[Problem], web.Response],
        relays: Relays | None,
        before: bytes = b"",
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self._refuse, self._relays, self._before = refuse, relays, before
        self._plain = 0  # requests, of which each was a plain one

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection begins, or comes back: what was read of it comes before anything that is read here."""
        super().connection_made(transport)
        if self._before:
            self.data_received(self._before)
            self._before = b""
            self._loop.call_soon(self._hold)

    def _hold(self) -> None:
        """Wait with reading if that much had been read: the transport began to read after it was told so."""
        if self._buffer_paused or self._reading_paused:
            self._pause_transport_reading()

    def data_received(self, data: bytes) -> None:
        """Some octets; those of a connection that turned out to be busy go to a relay, and it with them."""
        if self._relays is not None and data:  # aiohttp itself says nothing, to go on reading
            if not is_one(data):
                self._relays = None
            elif self._plain < BUSY:
                self._plain += 1
            elif self.transport is not None and self._rests() and self._relays.take(self.transport, data):
                return
        super().data_received(data)

    def _rests(self) -> bool:
        """Whether nothing is being read or answered."""
        return self._waiter is not None and not self._waiter.done() and not self._messages

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be read, or to a fault outside every route. Closes the connection."""
        del message  # it repeats what the client sent
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer has left")
        if status < 500:
            response = self._refuse(Problem("malformed_request", _NOT_HTTP))
        else:
            log.error("internal error before a route", exc_info=exc)
            response = self._refuse(as_problem(exc if isinstance(exc, Exception) else RuntimeError()))
        response.force_close()
        return response
