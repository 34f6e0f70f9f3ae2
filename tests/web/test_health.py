"""Alive, ready, counted."""

from dataclasses import dataclass
from typing import cast

import aiohttp
import pytest

from gateway.parts import Parts
from gateway.sender import Lane
from gateway.web.server import serve_health
from tests.fakes.door import FakeDoor
from tests.web.conftest import Gateway


@dataclass
class DownLane:
    """An account whose provider does not answer."""

    name: str

    def describe(self) -> dict[str, object]:
        return {"name": self.name, "bound": 0, "why": "connection refused"}


async def test_alive_and_ready(gateway: Gateway) -> None:
    assert (await gateway.get("/livez", key=None)).json == {"status": "ok"}
    ready = await gateway.get("/readyz", key=None)
    assert (ready.status, ready.json) == (200, {"status": "ready", "reasons": [], "accounts": [], "doors": []})


async def test_a_provider_that_is_down_is_told_with_200(gateway: Gateway) -> None:
    gateway.parts.lanes = {"operateur-a": cast(Lane, DownLane("operateur-a"))}
    ready = await gateway.get("/readyz", key=None)
    assert ready.status == 200
    assert ready.json["accounts"] == [{"name": "operateur-a", "bound": 0, "why": "connection refused"}]


async def test_doors_are_told(gateway: Gateway) -> None:
    gateway.parts.doors = (FakeDoor(),)
    ready = await gateway.get("/readyz", key=None)
    assert ready.json["doors"] == [
        {"name": "fake", "kind": "smpp", "listen": ":0", "encrypted": False, "binds": {"erp": 1}}
    ]


async def test_stopping_is_not_ready_but_alive(gateway: Gateway) -> None:
    gateway.parts.draining = True
    ready = await gateway.get("/readyz", key=None)
    assert (ready.status, ready.json["reasons"]) == (503, ["draining"])
    assert (await gateway.get("/livez", key=None)).status == 200


async def test_a_store_that_is_well_again_is_found_out(gateway: Gateway) -> None:
    gateway.parts.store.why = "disk full"
    assert (await gateway.get("/readyz", key=None)).json["reasons"] == []
    assert gateway.parts.store.writable


async def test_metrics_need_admin(gateway: Gateway) -> None:
    assert (await gateway.get("/metrics", key=None)).status == 401
    assert (await gateway.get("/metrics", key="vgm_all")).status == 403
    answer = await gateway.get("/metrics", key="vgm_admin")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert b"vaguemestre_build_info" in answer.raw


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_their_own_address_asks_no_key(parts: Parts, path: str) -> None:
    async with serve_health(parts, "127.0.0.1:0") as port, aiohttp.ClientSession() as session:
        gateway = Gateway(parts, port, session)
        assert (await gateway.get(path, key=None)).status == 200
        assert (await gateway.post("/v1/messages", {}, key="vgm_admin")).status == 404
