"""Busy connections go to a relay and come back; what is answered is what the gateway itself would answer."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.parts import Parts
from gateway.store.bulk import fetch
from gateway.web import relays
from gateway.web.protocol import BUSY
from gateway.web.server import serve_http
from tests.web.conftest import METZ, Answer, Gateway

DEADLINE = 20.0
BODY = {"to": "0612345678", "action": "INFO", "text": "Bonjour"}


def post(body: object = BODY, *lines: str, key: str | None = "vgm_all") -> bytes:
    """A plain request."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    head = [
        "POST /v1/messages HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        *([f"Authorization: Bearer {key}"] if key else []),
        f"Content-Length: {len(raw)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + raw


@dataclass(slots=True)
class Line:
    """One connection, by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, raw: bytes) -> Answer:
        """Write these octets, read one answer."""
        self.writer.write(raw)
        return await self.read()

    async def read(self) -> Answer:
        """One answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(int(headers["Content-Length"])))


@asynccontextmanager
async def line(port: int) -> AsyncIterator[Line]:
    """A connection to the gateway, under a deadline."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Line(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def relayed(parts: Parts, way: str) -> float:
    """How many connections were ``passed``, or came ``back``."""
    return parts.metrics.registry.get_sample_value("vaguemestre_relay_connections_total", {"way": way}) or 0.0


async def at_relay(gateway: Gateway, one: Line) -> None:
    """Be busy on a connection until a relay has it."""
    before = relayed(gateway.parts, "passed")
    while relayed(gateway.parts, "passed") == before:
        assert (await one.ask(post())).status == 202


def helpers() -> list[int]:
    """The relays of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"gateway.relay" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@pytest.fixture
async def relaying(gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway with one relay at most, whatever the machine."""
    declared = gateway.parts.settings
    http = declared.http.model_copy(update={"relays": 1})
    gateway.parts.settings = declared.model_copy(update={"http": http})
    async with serve_http(gateway.parts, "127.0.0.1:0", 5) as port:
        yield Gateway(gateway.parts, port, gateway.session)
    assert helpers() == []


async def test_a_busy_connection_goes_to_a_relay_and_nothing_is_lost_or_doubled(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        for _ in range(20):
            assert (await one.ask(post())).status == 202
    answers = relaying.parts.metrics.registry.get_sample_value(
        "vaguemestre_http_requests_total", {"route": "/v1/messages", "method": "POST", "status": "202"}
    )
    found = (await relaying.get("/v1/messages?count=true")).json
    assert found["page"]["total"] == answers
    assert relayed(relaying.parts, "back") == 0


async def test_what_is_not_busy_stays(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        for _ in range(BUSY - 1):
            assert (await one.ask(post())).status == 202
        assert (await one.ask(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")).status == 200
        for _ in range(BUSY * 3):
            assert (await one.ask(post())).status == 202
    assert helpers() == []


async def test_none_where_none_is_wanted(gateway: Gateway) -> None:
    declared = gateway.parts.settings
    gateway.parts.settings = declared.model_copy(update={"http": declared.http.model_copy(update={"relays": 0})})
    async with serve_http(gateway.parts, "127.0.0.1:0", 5) as port, line(port) as one:
        for _ in range(BUSY * 3):
            assert (await one.ask(post())).status == 202
    assert helpers() == []


ALIKE = {
    "accepted": post(),
    "ignored": post({**BODY, "to": "0387000000"}),
    "no key": post(key=None),
    "unknown key": post(key="vgm_none"),
    "wrong scope": post(key="vgm_read"),
    "not JSON": post(b"{"),
    "NaN": post(b'{"to": NaN}'),
    "not UTF-8": post(b'{"to": "\xff"}'),
    "unknown field": post({**BODY, "telephone": "x"}),
    "missing field": post({"action": "INFO"}),
    "unknown action": post({**BODY, "action": "RIEN"}),
    "another school": post({**BODY, "school": "9741046A"}),
    "named": post(BODY, "X-Request-Id: demande-7"),
    "named badly": post(BODY, "X-Request-Id: <script>"),
    "key of a demand": post(BODY, "Idempotency-Key: demande-7"),
    "that key again": post(BODY, "Idempotency-Key: demande-7"),
    "reused": post({**BODY, "text": "Au revoir"}, "Idempotency-Key: demande-7"),
    "bad key of a demand": post(BODY, "Idempotency-Key: a b"),
}
MADE = ("id", "serial", "request_id", "status_label")


def plainly(answer: Answer) -> object:
    """An answer without what is made anew each time."""
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("Date", "Location", "Content-Length")
    }
    named = headers.pop("X-Request-Id") == "demande-7"
    return (answer.status, headers, named, {k: v for k, v in answer.json.items() if k not in MADE})


async def test_a_relay_answers_as_the_gateway_does(relaying: Gateway) -> None:
    other = {name: raw.replace(b"demande-7\r\n\r\n", b"demande-8\r\n\r\n") for name, raw in ALIKE.items()}
    async with line(relaying.port) as one, line(relaying.port) as two:
        await at_relay(relaying, one)
        for name, raw in ALIKE.items():
            direct = await two.ask(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert direct.status == 200
            there, here = await one.ask(raw), await two.ask(other[name] if name != "named" else raw)
            assert plainly(there) == plainly(here), name
            assert ("Location" in there.headers) == ("Location" in here.headers)
            if there.status >= 400:
                assert there.code == here.code
            if "Location" in there.headers:
                assert there.headers["Location"] == f"/v1/messages/{there.json['id']}"
    assert (relayed(relaying.parts, "passed"), relayed(relaying.parts, "back")) == (1, 0)


async def test_a_key_means_the_same_demand_whoever_reads_it(relaying: Gateway) -> None:
    async with line(relaying.port) as one, line(relaying.port) as two:
        await at_relay(relaying, one)
        for name, first, again in (("demande-1", one, two), ("demande-2", two, one)):
            made = await first.ask(post(BODY, f"Idempotency-Key: {name}"))
            same = await again.ask(post(BODY, f"Idempotency-Key: {name}"))
            assert (same.status, same.json, same.headers["Location"]) == (202, made.json, made.headers["Location"])
            assert same.headers["Idempotent-Replayed"] == "true"


async def test_what_lifts_a_wish_is_in_the_journal_with_its_address(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        wish = {"override": {"reason": "Accord de la famille"}, "recipient": {"do_not_sms": True}}
        assert (await one.ask(post({**BODY, **wish, "school": METZ}))).json["status"] == "queued"
    rows = await relaying.parts.store.read(_addresses)
    assert rows == ["127.0.0.1"]


async def _addresses(conn: AsyncConnection) -> list[str]:
    return [row[0] for row in await fetch(conn, "SELECT address FROM audit WHERE act = 'override'")]


async def test_a_request_in_pieces_is_put_together(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        raw = post()
        for place in range(len(raw) - 1):
            one.writer.write(raw[place : place + 1])
            await one.writer.drain()
        assert (await one.ask(raw[-1:])).status == 202
    assert relayed(relaying.parts, "back") == 0


async def test_requests_that_do_not_wait_are_answered_in_turn(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        one.writer.write(b"".join(post(BODY, f"X-Request-Id: {place}") for place in range(500)))
        assert [(await one.read()).headers["X-Request-Id"] for _ in range(500)] == [str(place) for place in range(500)]
    assert relayed(relaying.parts, "back") == 0


BACK: dict[str, tuple[bytes, int]] = {
    "another address": (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    "in pieces": (post(BODY, "Transfer-Encoding: chunked").replace(b"Content-Length", b"X-Length") + b"0\r\n\r\n", 400),
    "the last": (post(BODY, "Connection: close"), 202),
    "not HTTP": (b"\x16\x03\x01\r\n\r\n", 400),
    "a large body": (post({**BODY, "text": "x" * 70_000}), 422),
    "far too large": (post({**BODY, "text": "x" * 600_000}), 413),
}


@pytest.mark.parametrize(("raw", "status"), BACK.values(), ids=BACK.keys())
async def test_what_is_not_plain_is_answered_by_the_gateway(relaying: Gateway, raw: bytes, status: int) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        assert (await one.ask(raw)).status == status
        assert relayed(relaying.parts, "back") == 1
        if status == 200:  # and the connection goes on
            assert (await one.ask(post())).status == 202


async def test_a_plain_request_before_another_kind_is_answered_first(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        one.writer.write(post(BODY, "X-Request-Id: 1") + b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await one.read()).headers["X-Request-Id"] == "1"
        assert (await one.read()).status == 200


async def test_what_a_client_sends_before_it_leaves_is_stored_once(relaying: Gateway) -> None:
    async with line(relaying.port) as one, line(relaying.port) as two:
        await at_relay(relaying, one)
        await at_relay(relaying, two)
        one.writer.write(post({**BODY, "to": "0698765432"}))
        one.writer.close()
        while not (found := (await relaying.get("/v1/messages?number=%2B33698765432")).json["data"]):
            assert (await two.ask(post())).status == 202  # the relay goes on
    assert len(found) == 1


async def test_a_relay_that_is_killed_cuts_its_connections_and_another_one_starts(
    relaying: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "AGAIN", 0.0)
    async with line(relaying.port) as one, line(relaying.port) as two:
        await at_relay(relaying, one)
        (first,) = helpers()
        os.kill(first, signal.SIGKILL)
        assert await one.reader.read() == b""
        await at_relay(relaying, two)
        (second,) = helpers()
        assert second != first
        assert (await two.ask(post())).status == 202


async def test_leaving_answers_what_was_asked_and_ends_the_relay(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        relaying.parts.draining = True
        answer = await one.ask(post())
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "draining", "10")
