"""``/livez``, ``/readyz`` and ``/metrics``: whether this process lives, can do its role, and what it counts.

``/readyz`` is 503 only when this process cannot do its role; a provider that is down is told with 200.
"""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.caller import Scope
from gateway.parts import Parts
from gateway.web.answers.operations import Alive, Readiness
from gateway.web.route import Call, Reply, Route


def reasons(parts: Parts) -> list[str]:
    """Why this process cannot do its role now, in English; empty when it can."""
    found = ["draining"] if parts.draining else []
    if not parts.store.writable:
        found.append(f"store not writable: {parts.store.why}")
    return found


async def livez(call: Call) -> Reply:
    """The loop turns."""
    del call
    return Reply({"status": "ok"})


async def readyz(call: Call) -> Reply:
    """Ready or not, why, and the state of each provider account and door that this process serves."""
    if not call.parts.draining and not call.parts.store.writable:
        await call.parts.store.probe()  # it may be well again, with nobody writing to find out
    why = reasons(call.parts)
    accounts = [lane.describe() for lane in call.parts.lanes.values()]
    doors = [door.describe() for door in call.parts.doors]
    body = {"status": "unavailable" if why else "ready", "reasons": why, "accounts": accounts, "doors": doors}
    return Reply(body, status=503 if why else 200)


async def metrics(call: Call) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=call.parts.metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _routes(metrics_scopes: frozenset[Scope]) -> tuple[Route, ...]:
    return (
        Route(*("GET", "/livez", livez, frozenset(), "Le processus vit"), answer=Alive, tag="operations"),
        Route(
            *("GET", "/readyz", readyz, frozenset(), "Le processus peut faire son travail"),
            answer=Readiness,
            also=(503,),
            tag="operations",
        ),
        Route("GET", "/metrics", metrics, metrics_scopes, "Les mesures, pour Prometheus", tag="operations"),
    )


#: On the API's address; and on ``metrics_listen``, where no key is asked.
ROUTES = _routes(frozenset({Scope.ADMIN}))
OPEN_ROUTES = _routes(frozenset())
