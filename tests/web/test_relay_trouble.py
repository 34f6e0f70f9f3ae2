"""Relays that stop, hang or cannot start, connections that vanish: the gateway goes on, and nothing is left open."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from gateway.relay.wire import pass_socket, passed_sockets
from gateway.web import relays
from gateway.web.protocol import BUSY
from tests.web.conftest import METZ, Gateway
from tests.web.relaying import (
    BODY,
    DEADLINE,
    Line,
    addresses,
    at_relay,
    helpers,
    line,
    open_files,
    plainly,
    post,
    relayed,
    with_relays,
)

LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def relaying(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """A gateway with one relay, which may be replaced at once and is not waited for long."""
    monkeypatch.setattr(relays, "AGAIN", 0.0)
    monkeypatch.setattr(relays, "LAST", 0.1)
    async with with_relays(gateway, 1) as its:
        yield its


# ---- relays that stop, hang, or cannot start ----


async def test_a_relay_that_is_stopped_does_not_hold_the_gateway_up(relaying: Gateway) -> None:
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
        os.kill(helpers()[0], signal.SIGSTOP)
        one.writer.write(post())  # which nobody reads
    # leaving ends it all the same, as the fixture sees


async def test_a_relay_that_says_nothing_is_given_nothing_then_killed(
    relaying: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line(relaying.port) as one, line(relaying.port) as two:
        await at_relay(relaying, one)
        (first,) = helpers()
        os.kill(first, signal.SIGSTOP)
        with monkeypatch.context() as silent:
            silent.setattr(relays, "QUIET", -1.0)
            for _ in range(BUSY * 3):
                assert (await two.ask(post())).status == 202
            assert relayed(relaying.parts, "passed") == 1
            silent.setattr(relays, "DEAD", -1.0)
            assert (await two.ask(post())).status == 202
            assert await one.reader.read() == b""
        await at_relay(relaying, two)
        assert first not in helpers()


async def test_as_many_relays_are_started_as_are_wanted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "AGAIN", 0.0)
    async with with_relays(gateway, 3) as its, asyncio.timeout(DEADLINE):
        while len(helpers()) < 3:
            async with line(its.port) as one:
                await at_relay(its, one)
        async with line(its.port) as one:
            await at_relay(its, one)
            assert (await one.ask(post())).status == 202
        assert len(helpers()) == 3


async def test_without_a_relay_everything_is_answered(
    relaying: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    async with line(relaying.port) as one:
        assert (await one.ask(post())).status == 202
        before = open_files()
        while len(caplog.records) < 5 or open_files() != before:
            assert (await one.ask(post())).status == 202
    assert {record.message for record in caplog.records} == {"no relay could be started"}
    assert helpers() == []


def test_when_there_is_no_room_nothing_is_passed_and_nothing_waits() -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, other, socket.socket() as some:
        passed = 0
        while pass_socket(one, some.fileno(), b"%d" % passed):
            passed += 1
        for place, (taken, octets) in enumerate(passed_sockets(other)):
            taken.close()
            assert octets == b"%d" % place
        assert place + 1 == passed
        other.close()
        assert not pass_socket(one, some.fileno(), b"nobody")


# ---- connections ----


async def test_nothing_stays_open_of_connections_that_have_gone(
    relaying: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with line(relaying.port) as first:
        await at_relay(relaying, first)
        (relay,) = helpers()
        before = open_files(), open_files(relay)
        for turn in range(60):
            async with line(relaying.port) as one:
                await at_relay(relaying, one)
                match turn % 4:
                    case 0:  # given back, and used on
                        assert (await one.ask(LIVE)).status == 200
                    case 1:  # given back, and cut
                        one.writer.write(LIVE)
                        one.writer.transport.abort()
                    case 2:  # cut amid a request
                        one.writer.write(post()[:-1])
                        one.writer.transport.abort()
                    case _:  # cut before its answer
                        one.writer.write(post())
                        one.writer.transport.abort()
        async with asyncio.timeout(DEADLINE):
            while (open_files(), open_files(relay)) != before:
                assert (await first.ask(post())).status == 202
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_connection_is_passed_when_its_answers_have_left(
    relaying: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, take = list[relays.Relays](), relays.Relays.take

    def noted(its: relays.Relays, transport: asyncio.Transport, octets: bytes) -> bool:
        seen.append(its)
        return take(its, transport, octets)

    monkeypatch.setattr(relays.Relays, "take", noted)
    async with line(relaying.port) as one:
        await at_relay(relaying, one)
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader, writer = await asyncio.open_connection(*server.getsockname())
        served, _ = server.accept()
    transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, served)
    transport.write(b"x" * 16_000_000)
    async with asyncio.timeout(DEADLINE):
        assert not take(seen[0], transport, post())
        assert len(await reader.readexactly(16_000_000)) == 16_000_000
        assert take(seen[0], transport, post())
        assert (await Line(reader, writer).read()).status == 202
    writer.close()


async def test_the_address_of_a_client_is_noted_whatever_its_form(gateway: Gateway) -> None:
    async with with_relays(gateway, 1, "[::1]:0") as its, line(its.port, "::1") as one:
        await at_relay(its, one)
        wish = {"override": {"reason": "Accord de la famille"}, "recipient": {"do_not_sms": True}}
        assert (await one.ask(post({**BODY, **wish, "school": METZ}))).json["status"] == "queued"
    assert await gateway.parts.store.read(addresses) == ["::1"]


async def test_what_is_tedious_to_read_holds_nobody_up(relaying: Gateway) -> None:
    for place in range(100):
        async with line(relaying.port) as one:
            blanks = b"X-%d:" % place + b" " * 8_000 + b"\x80"
            assert (await one.ask(post(BODY, "X:").replace(b"X:", blanks))).status == 202


# ---- the same octets, with a relay and without ----

KINDS = [
    post(),
    post({**BODY, "to": "rien"}),
    post({**BODY, "text": "x" * 40_000}),
    post({**BODY, "text": "x" * 70_000}),
    post(BODY, "X-Request-Id: demande-1"),
    post(BODY, "Connection: Keep-Alive"),
    post(BODY, "Accept:"),
    post(BODY, "Host: y").replace(b"Host: x\r\n", b"").replace(b"POST", b"PUT"),
    post(b"{"),
    post(key=None),
    LIVE,
    post(b"0\r\n\r\n", "Transfer-Encoding: chunked").replace(b"Content-Length", b"X-Length"),
]
LAST = [post(BODY, "Connection: close"), post().replace(b"HTTP/1.1", b"HTTP/1.0")]


@pytest.mark.parametrize("seed", range(12))
async def test_the_same_octets_get_the_same_answers_however_they_are_cut(relaying: Gateway, seed: int) -> None:
    chance = random.Random(seed)
    stream = b"".join(chance.choices(KINDS, k=chance.randint(1, 8))) + chance.choice(LAST)
    cuts = sorted(chance.sample(range(len(stream)), k=chance.randint(0, 12)))
    async with line(relaying.port) as there, line(relaying.port) as here, line(relaying.port) as by:
        await at_relay(relaying, there)
        await at_relay(relaying, by)
        assert (await here.ask(LIVE)).status == 200
        for begin, end in pairwise((0, *cuts, len(stream))):
            for one in (there, here):
                one.writer.write(stream[begin:end])
                await one.writer.drain()
            assert (await by.ask(post())).status == 202  # by then both have read it
        assert [plainly(answer) for answer in await there.rest()] == [plainly(answer) for answer in await here.rest()]
