"""What every request meets before and after its handler: order of the checks, limits, ids, unexpected errors."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from gateway.caller import Scope
from gateway.parts import Parts
from gateway.requests import Body
from gateway.store.database import StoreUnavailable
from gateway.web.route import Call, Reply, Route
from gateway.web.server import serve_http
from tests.web.conftest import Gateway

SEND = frozenset({Scope.SEND})
OPEN: frozenset[Scope] = frozenset()


class Small(Body):
    word: str


class Words(Body):
    word: str = ""


async def echo(call: Call) -> Reply:
    return Reply({"word": call.body.word if call.body else call.query.word})


async def broken(call: Call) -> Reply:
    raise ValueError(f"0660000000 {call.path}")


async def no_store(call: Call) -> Reply:
    del call
    raise StoreUnavailable("disk full")


ECHO = Route("POST", "/echo", echo, SEND, "", body=Small, max_bytes=100)
ROUTES = (
    ECHO,
    Route("GET", "/echo", echo, OPEN, "", query=Words),
    Route("GET", "/plain", broken, OPEN, ""),
    Route("GET", "/broken/{name}", broken, OPEN, ""),
    Route("GET", "/no-store", no_store, OPEN, ""),
)


@asynccontextmanager
async def serving(parts: Parts, *routes: Route) -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve_http(parts, "127.0.0.1:0", 1, routes))
        yield Gateway(parts, port, await stack.enter_async_context(aiohttp.ClientSession()))


@pytest.fixture
async def small(parts: Parts) -> AsyncIterator[Gateway]:
    async with serving(parts, *ROUTES) as gateway:
        yield gateway


async def test_the_checks_are_made_in_order(small: Gateway) -> None:
    worst: dict[str, Any] = {"data": b"{" * 200, "headers": {"Content-Type": "text/plain"}}
    assert (await small.post("/echo?x=1", key=None, **worst)).status == 401
    assert (await small.post("/echo?x=1", key="vgm_read", **worst)).status == 403
    assert (await small.post("/echo?x=1", **worst)).status == 415
    assert (await small.post("/echo?x=1", data=b"{" * 200)).status == 413
    assert (await small.post("/echo?x=1", data=b"{")).code == "malformed_query"
    assert (await small.post("/echo", data=b"{")).code == "malformed_json"
    assert (await small.post("/echo", data=b"{}")).code == "invalid_field"
    assert (await small.post("/echo", {"word": "oui"})).json == {"word": "oui"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("application/json; charset=UTF-8", 200),
        ('application/json;charset="utf-8"', 200),
        ("application/json; charset=iso-8859-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("json", 415),
    ],
)
async def test_the_type_of_a_body(small: Gateway, content_type: str, status: int) -> None:
    answer = await small.post("/echo", data=b'{"word":"x"}', headers={"Content-Type": content_type})
    assert answer.status == status


async def test_a_packed_body_is_not_unpacked(small: Gateway) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = await small.post("/echo", data=b"\x1f\x8b", headers=headers)
    assert answer.code == "unsupported_media_type"


@pytest.mark.parametrize("size", [101, 2_000_000])
async def test_a_body_too_large_names_the_limit(small: Gateway, size: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, size, 65_536):
            yield b" " * min(65_536, size - start)

    stated = await small.post("/echo", data=b" " * size)
    chunked = await small.post("/echo", data=chunks(), headers={"Content-Type": "application/json"})
    for answer in (stated, chunked):
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert "100 octets" in answer.json["detail"]


@pytest.mark.parametrize("raw", [b'{"word": NaN}', b'{"word": -Infinity}', b"\xff", b"", b"nul", b'{"word":"x"} x'])
async def test_what_is_not_json(small: Gateway, raw: bytes) -> None:
    answer = await small.post("/echo", data=raw)
    assert (answer.status, answer.code) == (400, "malformed_json")


async def test_a_word_may_say_nan(small: Gateway) -> None:
    assert (await small.post("/echo", {"word": "NaN"})).status == 200


async def test_a_body_cut_short(small: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    head = "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer vgm_all\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert b" 400 " in answer


@pytest.mark.parametrize("query", ["?word=a&word=b", "?other=1", "?wrod=1"])
async def test_the_address_is_checked(small: Gateway, query: str) -> None:
    answer = await small.get(f"/echo{query}")
    assert (answer.status, answer.code) == (400, "malformed_query")


async def test_an_address_without_parameters_takes_none(small: Gateway) -> None:
    assert (await small.get("/plain?a=1")).code == "malformed_query"


async def test_nothing_there(small: Gateway) -> None:
    answer = await small.get("/nowhere")
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH"])
async def test_another_method(small: Gateway, method: str) -> None:
    answer = await small.ask(method, "/echo")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


async def test_head_is_get_without_the_body(small: Gateway) -> None:
    answer = await small.ask("HEAD", "/echo?word=x")
    assert (answer.status, answer.raw) == (200, b"")


async def test_the_unexpected_says_nothing_of_itself(small: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "gateway.web.endpoint"):
        answer = await small.get("/broken/pauline", headers={"X-Request-Id": "req-7"})
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"0660000000" not in answer.raw
    (record,) = caplog.records
    assert record.getMessage() == "internal error"
    assert vars(record)["request_id"] == "req-7"
    assert vars(record)["route"] == "/broken/{name}"


async def test_the_store_cannot_be_written(small: Gateway) -> None:
    answer = await small.get("/no-store")
    assert (answer.status, answer.code) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_process_that_stops_takes_nothing_more(small: Gateway) -> None:
    small.parts.draining = True
    answer = await small.post("/echo", {"word": "x"})
    assert (answer.status, answer.code) == (503, "draining")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_request_keeps_its_name(small: Gateway) -> None:
    kept = await small.get("/echo", headers={"X-Request-Id": "abc-1"})
    assert kept.headers["X-Request-Id"] == "abc-1"
    for insane in ("x" * 129, "a b", "é"):
        answer = await small.get("/echo", headers={"X-Request-Id": insane})
        assert answer.headers["X-Request-Id"] not in ("", insane)
    first, second = await small.get("/echo"), await small.get("/echo")
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


async def test_requests_are_counted_by_route(small: Gateway) -> None:
    await small.get("/broken/a")
    await small.get("/nowhere/0660000000")
    text = small.parts.metrics.render().decode()
    assert 'http_requests_total{method="GET",route="/broken/{name}",status="500"} 1.0' in text
    assert 'http_requests_total{method="GET",route="unknown",status="404"} 1.0' in text
    assert "0660000000" not in text


async def refuses(port: int) -> None:
    """Returns once nobody listens there."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        writer.close()
        await writer.wait_closed()


async def test_leaving_lets_an_open_request_finish(parts: Parts) -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def slow(call: Call) -> Reply:
        del call
        entered.set()
        await go.wait()
        return Reply({"done": True})

    async with aiohttp.ClientSession() as session:
        serving = serve_http(parts, "127.0.0.1:0", 5, (Route("GET", "/slow", slow, OPEN, ""),))
        port = await serving.__aenter__()
        asked = asyncio.create_task(Gateway(parts, port, session).get("/slow"))
        await asyncio.wait_for(entered.wait(), 5)
        leaving = asyncio.create_task(serving.__aexit__(None, None, None))
        await asyncio.wait_for(refuses(port), 5)
        go.set()
        assert (await asyncio.wait_for(asked, 5)).json == {"done": True}
        await asyncio.wait_for(leaving, 5)


async def test_a_port_that_is_taken(small: Gateway) -> None:
    with pytest.raises(OSError, match="address already in use"):
        async with serving(small.parts, *ROUTES) as one, serve_http(small.parts, f"127.0.0.1:{one.port}", 1):
            pass


async def test_who_does_not_speak_http_is_not_logged(small: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    writer.write(b"\x00\x01 0660000000\r\n\r\n")
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert not caplog.records
