"""What never reaches a route is a problem like any other; an answer that fails halfway is not passed off as whole."""

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from gateway.parts import Parts
from gateway.store.database import StoreUnavailable
from gateway.web.route import Call, Route
from gateway.web.server import serve_http
from tests.web.conftest import Answer, Gateway

LONG = b"a" * 9_000
NOT_HTTP = {
    "binary": b"\x00\x01 0660000000\r\n\r\n",
    "no version": b"GET /livez HTTP/9\r\n\r\n",
    "no slash": b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n",
    "long address": b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long header": b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + LONG + b"\r\n\r\n",
    "many headers": b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "bad length": b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "unknown expectation": b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 0660000000\r\n\r\n",
}


async def said(port: int, raw: bytes) -> Answer:
    """What is answered to these bytes."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), headers, body)


@pytest.mark.parametrize("raw", NOT_HTTP.values(), ids=NOT_HTTP.keys())
async def test_what_is_not_http(gateway: Gateway, raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    answer = await said(gateway.port, raw)
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert b"0660000000" not in answer.raw
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
    counted = gateway.parts.metrics.render().decode()
    assert 'http_requests_total{method="other",route="unknown",status="400"} 1.0' in counted


async def test_an_address_that_is_no_path(gateway: Gateway) -> None:
    answer = await said(gateway.port, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_client_may_ask_whether_to_go_on(gateway: Gateway) -> None:
    body = {"to": "0612345678", "action": "INFO", "text": "Bonjour"}
    answer = await gateway.ask("POST", "/v1/messages", json=body, expect100=True)
    assert answer.status == 202


# ---- halfway ----


async def half(call: Call) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(call.request)
    await response.write(b"half of a file")
    raise StoreUnavailable("disk full")


@pytest.fixture
async def failing(parts: Parts) -> AsyncIterator[Gateway]:
    """A gateway whose only route fails when part of its answer has left."""
    route = Route("GET", "/half", half, frozenset(), "")
    async with serve_http(parts, "127.0.0.1:0", 1, (route,)) as port, aiohttp.ClientSession() as session:
        yield Gateway(parts, port, session)


async def test_the_reader_sees_that_the_answer_is_not_whole(failing: Gateway) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await failing.get("/half")


async def test_nothing_is_written_after_half_of_an_answer(failing: Gateway) -> None:
    answer = await said(failing.port, b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 200
    assert b"half of a file" in answer.raw
    assert b"HTTP/1.1" not in answer.raw
