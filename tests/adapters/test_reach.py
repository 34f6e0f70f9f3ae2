"""How connections come about: IPv6, names with several addresses, and those that the provider makes to us."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.addresses import address as read_address
from adapters.smpp.outbind import STRANGERS
from adapters.smpp.provider import SmppProvider
from adapters.smpp.reach import place
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.states import State
from gateway.provider import Accepted, Trouble
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.test_provider import receipt, simulator


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
async def test_a_provider_on_ipv6() -> None:
    async with simulator(host="::1") as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, host="[::1]"))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert gateway.outcomes == [(1, Accepted("1000", "1000"))]


@pytest.mark.parametrize(("host", "written"), [("::1", "[::1]:2775"), ("smpp.example", "smpp.example:2775")])
def test_where_to_is_written_as_people_do(host: str, written: str) -> None:
    assert place(host, 2775) == written


@contextmanager
def unanswering() -> Iterator[int]:
    """An address of this machine that takes no connection: its queue of them is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.2", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.2", port))
            yield port
        finally:
            for each in waiting:
                each.close()


async def test_a_dead_address_of_a_name_does_not_keep_us_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that has two addresses, of which the first answers nothing: the second is tried beside it."""
    with unanswering() as port:
        async with Simulator(SimulatorOptions(port=port)) as smsc:
            loop = asyncio.get_running_loop()

            async def two_addresses(*_: Any, **__: Any) -> list[Any]:
                kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
                return [(*kind, ("127.0.0.2", port)), (*kind, ("127.0.0.1", port))]

            monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
            gateway, provider = Gateway(), SmppProvider(account(port, host="smpp.example"))
            async with provider.running(gateway):
                await gateway.until(lambda: provider.ready)
            assert smsc.counts.binds == 1


# ---- outbind ----


def listening(**options: Any) -> SmppProvider:
    return SmppProvider(account(1, outbind="127.0.0.1:0", bind="receiver", **options))


async def test_the_provider_connects_and_we_bind() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), listening()
        async with provider.running(gateway):
            assert provider.outbind
            await gateway.until(lambda: provider.outbind is not None and provider.outbind.port > 0)
            link = await smsc.outbind("127.0.0.1", provider.outbind.port)
            await gateway.until(lambda: provider.bound == 1)
            assert link.session.state is State.BOUND_RX
            smsc.deliver("demo", receipt("id:7 stat:DELIVRD"))
            await gateway.until(lambda: bool(gateway.receipts))
            await smsc.unbind()
            await gateway.until(lambda: provider.bound == 0)
            await smsc.outbind("127.0.0.1", provider.outbind.port)
            await gateway.until(lambda: provider.bound == 1)
    assert (gateway.failures, gateway.losses) == ([], [])
    assert smsc.counts.binds == 2


async def test_of_a_pair_the_receiver_comes_by_outbind() -> None:
    async with simulator() as smsc:
        options = account(smsc.port, outbind="127.0.0.1:0", bind="pair")
        gateway, provider = Gateway(), SmppProvider(options)
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            assert provider.why.startswith("1 of 2 links are down: waiting for an outbind on")
            assert provider.outbind
            await smsc.outbind("127.0.0.1", provider.outbind.port)
            await gateway.until(lambda: provider.bound == 2)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.receipts))


async def cut(provider: SmppProvider, said: bytes) -> bytes:
    """What comes back before the connection is cut."""
    assert provider.outbind
    reader, writer = await asyncio.open_connection("127.0.0.1", provider.outbind.port)
    writer.write(said)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


OUTBIND = pdu.frame(codes.OUTBIND, 0, 1, pdu.body_of(codes.OUTBIND, {"system_id": "smsc", "password": "wrong"}))


@pytest.mark.parametrize(
    "options", [{"host": "192.0.2.1"}, {"outbind": {"listen": "127.0.0.1:0", "password": "right"}}]
)
async def test_a_stranger_does_not_get_our_password(options: dict[str, Any]) -> None:
    gateway = Gateway()
    provider = SmppProvider(account(1, **{"outbind": "127.0.0.1:0", "bind": "receiver"} | options))
    async with provider.running(gateway):
        await gateway.until(lambda: provider.outbind is not None and provider.outbind.port > 0)
        async with asyncio.timeout(10):
            assert await cut(provider, OUTBIND) == b""
        assert provider.bound == 0


async def test_one_more_than_there_are_binds_is_cut() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), listening()
        async with provider.running(gateway):
            await gateway.until(lambda: provider.outbind is not None and provider.outbind.port > 0)
            assert provider.outbind
            await smsc.outbind("127.0.0.1", provider.outbind.port)
            await gateway.until(lambda: provider.bound == 1)
            async with asyncio.timeout(10):
                assert await cut(provider, OUTBIND) == b""
            assert provider.bound == 1


async def test_connections_that_say_nothing_are_bounded() -> None:
    gateway, provider = Gateway(), listening()
    async with provider.running(gateway):
        await gateway.until(lambda: provider.outbind is not None and provider.outbind.port > 0)
        assert provider.outbind
        made = [await asyncio.open_connection("127.0.0.1", provider.outbind.port) for _ in range(STRANGERS + 1)]
        async with asyncio.timeout(10):
            with suppress(ConnectionResetError):
                assert await made[0][0].read() == b""
        for _, writer in made:
            writer.close()


async def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway, provider = Gateway(), SmppProvider(account(1, outbind=f"127.0.0.1:{port}", bind="receiver"))
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
    assert gateway.failures[0] == (Trouble.UNREACHABLE, f"cannot listen on 127.0.0.1:{port}: Address already in use")


@pytest.mark.parametrize(
    ("address", "written"), [("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1")]
)
def test_addresses_have_one_writing(address: str, written: str) -> None:
    assert str(read_address(address)) == written
