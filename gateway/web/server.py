"""The HTTP server: the routes of every resource and the console, mounted once, and the listeners they answer on."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import cast

from aiohttp import web

from gateway.parts import Parts
from gateway.problem import Problem
from gateway.relay.plain import START
from gateway.web import console
from gateway.web.auth import Keys
from gateway.web.endpoint import Answerer, Desk, Endpoint, MethodNotAllowed, guarded
from gateway.web.health import OPEN_ROUTES
from gateway.web.idempotency import Answers
from gateway.web.protocol import Server, nowhere
from gateway.web.relays import Relays
from gateway.web.resources import ROUTES
from gateway.web.route import Route

#: The route whose requests a relay may read.
PLAIN = ("POST", START.split()[1].decode())

#: Seconds that an idle connection is kept open.
KEEP_ALIVE = 75


def make_desk(parts: Parts) -> Desk:
    """What the endpoints of one server share."""
    return Desk(parts, Keys(parts), Answers(parts.store))


def make_app(parts: Parts, routes: Iterable[Route] = ROUTES, desk: Desk | None = None) -> web.Application:
    """The application: ``routes``, 405 for their other methods, 404 for the rest."""
    desk = desk or make_desk(parts)
    app = web.Application(client_max_size=0)
    methods: dict[str, set[str]] = {}
    for route in routes:
        names = {route.method, "HEAD"} if route.method == "GET" else {route.method}
        for method in names:
            app.router.add_route(method, route.path, Endpoint(route, desk).handle)
        methods.setdefault(route.path, set()).update(names)
    for path, names in methods.items():
        refusal = partial(MethodNotAllowed, ", ".join(sorted(names)))
        app.router.add_route("*", path, _always(parts, path, refusal))
    if routes is ROUTES and parts.settings.console.enabled:
        console.mount(app, parts, desk.answers)
    app.router.add_route("*", "/{tail:.*}", _always(parts, "unknown", nowhere))
    return app


def _always(parts: Parts, route: str, problem: Callable[[], Problem]) -> Answerer:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        raise problem()

    async def answer(request: web.Request) -> web.StreamResponse:
        return await guarded(parts, route, request, refuse)

    return answer


@asynccontextmanager
async def serve_http(parts: Parts, listen: str, seconds: float, routes: Iterable[Route] = ROUTES) -> AsyncIterator[int]:
    """Listen on ``host:port`` while entered; gives the port, which is chosen by the system for port 0.

    Leaving shuts the listener first, then waits ``seconds`` for open requests. Raises OSError when the address
    cannot be had.
    """
    async with AsyncExitStack() as stack:
        desk = make_desk(parts)
        application = web.AppRunner(make_app(parts, routes, desk))
        stack.push_async_callback(application.cleanup)
        await application.setup()
        made = cast("web.Server", application.server)  # there is one: it was set up
        server = Server(made, parts, access_log=None, keepalive_timeout=KEEP_ALIVE, auto_decompress=False)
        runner = web.ServerRunner(server, shutdown_timeout=seconds)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        plain = next((route for route in routes if (route.method, route.path) == PLAIN), None)
        if plain is not None and (most := parts.settings.http.relays_here):
            endpoint = Endpoint(plain, desk)
            server.relays = await stack.enter_async_context(
                Relays(parts, endpoint, most, server.come_back).running(seconds)
            )
        host, _, port = listen.rpartition(":")
        await web.TCPSite(runner, host.strip("[]") or None, int(port), backlog=1024).start()
        yield runner.addresses[0][1]


@asynccontextmanager
async def serve_health(parts: Parts, listen: str) -> AsyncIterator[int]:
    """``/livez``, ``/readyz`` and ``/metrics`` without a key, on their own address; gives the port."""
    async with serve_http(parts, listen, 1, OPEN_ROUTES) as port:
        yield port
