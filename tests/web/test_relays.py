"""Busy connections go to a relay and come back; what is answered is what the gateway itself would answer."""

import os
import signal
from collections.abc import AsyncIterator

import pytest

from gateway.web import relays
from gateway.web.protocol import BUSY
from tests.web.conftest import METZ, Gateway
from tests.web.relaying import BODY, addresses, at_relay, helpers, line, plainly, post, relayed, with_relays


@pytest.fixture
async def relaying(gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway with one relay."""
    async with with_relays(gateway, 1) as its:
        yield its


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
    async with with_relays(gateway, 0) as its, line(its.port) as one:
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
    rows = await relaying.parts.store.read(addresses)
    assert rows == ["127.0.0.1"]


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
