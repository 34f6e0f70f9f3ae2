"""A relay in this process, on either loop; the gateway's side and the client's are in the test's hands."""

import asyncio
import resource
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
import uvloop

from gateway.relay import __main__ as process
from gateway.relay.wire import ALIVE, PASSED_MOST, Channel, pass_socket, passed_sockets

Loop = asyncio.AbstractEventLoop

DEADLINE = 20.0
BODY = b'{"to":"0612345678"}'
PLAIN = (
    b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
) + BODY
OTHER = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

#: More than the sockets' buffers hold.
LARGE = b"x" * 16_000_000


class Beside:
    """A relay, and the gateway's ends of its sockets."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.sockets, its_sockets = self._pair(socket.SOCK_SEQPACKET)
        self.stream, self.its_stream = self._pair(socket.SOCK_STREAM)
        self.relay = process.Relay(its_sockets)
        self.asked: asyncio.Queue[tuple[int, bytes, bytes]] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.channel = Channel(self._heard, self.ended.set)
        self._given = asyncio.Event()

    def _pair(self, kind: socket.SocketKind) -> tuple[socket.socket, socket.socket]:
        one, other = socket.socketpair(socket.AF_UNIX, kind)
        return self._stack.enter_context(one), self._stack.enter_context(other)

    def _heard(self, number: int, fields: bytes, body: bytes) -> None:
        if number != ALIVE:
            self.asked.put_nowait((number, fields, body))

    def client(self, octets: bytes = b"") -> socket.socket:
        """A new connection, passed to the relay with these octets."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = self._stack.enter_context(socket.create_connection(server.getsockname()))
            with server.accept()[0] as served:
                assert pass_socket(self.sockets, served.fileno(), octets)
        client.setblocking(False)
        return client

    async def ask(self) -> int:
        """The number of the connection that asks next."""
        return (await self.asked.get())[0]

    async def back(self) -> tuple[socket.socket, bytes]:
        """The next connection that is given back, with its octets."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.sockets.fileno(), self._given.set)
        await self._given.wait()
        loop.remove_reader(self.sockets.fileno())
        ((taken, octets),) = passed_sockets(self.sockets)
        return self._stack.enter_context(taken), octets


@asynccontextmanager
async def running() -> AsyncIterator[Beside]:
    """A relay, which ends when the gateway's end is closed."""
    with ExitStack() as stack:
        beside = Beside(stack)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DEADLINE):
            await loop.connect_accepted_socket(lambda: beside.channel, beside.stream)
            relaying = loop.create_task(beside.relay.run(beside.its_stream))
            yield beside
            beside.channel.close()
            await relaying


def on_both_loops(scene: Callable[[Beside], Coroutine[Any, Any, None]]) -> Callable[[Callable[[], Loop]], None]:
    """A test that plays this scene, on either loop on which a relay may run."""

    @pytest.mark.parametrize("make", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
    def test(make: Callable[[], Loop]) -> None:
        async def play() -> None:
            async with running() as beside:
                await scene(beside)

        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(play())

    return test


async def read(client: socket.socket, size: int) -> bytes:
    """So many octets."""
    found, loop = bytearray(), asyncio.get_running_loop()
    while len(found) < size:
        data = await loop.sock_recv(client, 1_000_000)
        assert data, f"cut after {len(found)} octets"
        found += data
    return bytes(found)


@on_both_loops
async def test_a_client_that_does_not_read_is_asked_for_nothing_more(beside: Beside) -> None:
    loop = asyncio.get_running_loop()
    lazy, other = beside.client(), beside.client()
    await loop.sock_sendall(lazy, PLAIN * 20)
    lazily = await beside.ask()
    beside.channel.send(lazily, b"", LARGE)
    for _ in range(20):  # all that is there to be done is done meanwhile
        await loop.sock_sendall(other, PLAIN)
        assert await beside.ask() != lazily
        beside.channel.send(lazily + 1, b"", b"fine")
        await read(other, 4)
    await read(lazy, len(LARGE))
    for _ in range(19):
        assert await beside.ask() == lazily
        beside.channel.send(lazily, b"", b"fine")
        await read(lazy, 4)


@on_both_loops
async def test_a_connection_is_given_back_when_its_answers_have_left(beside: Beside) -> None:
    client = beside.client(PLAIN)
    await asyncio.get_running_loop().sock_sendall(client, OTHER)
    beside.channel.send(await beside.ask(), b"", LARGE)
    assert await read(client, len(LARGE)) == LARGE
    taken, octets = await beside.back()
    assert octets == OTHER
    taken.send(b"fine")
    assert await read(client, 4) == b"fine"


@on_both_loops
async def test_no_more_is_read_ahead_than_can_be_given_back(beside: Beside) -> None:
    client = beside.client()
    stream = PLAIN * 5_000 + OTHER * 5_000
    sending = asyncio.get_running_loop().create_task(asyncio.get_running_loop().sock_sendall(client, stream))
    for _ in range(5_000):
        beside.channel.send(await beside.ask(), b"", b".")
    taken, octets = await beside.back()
    assert len(octets) < PASSED_MOST
    rest = await read(taken, len(OTHER) * 5_000 - len(octets))
    assert octets + rest == OTHER * 5_000
    assert await read(client, 5_000) == b"." * 5_000
    await sending


@on_both_loops
async def test_a_request_that_drips_is_given_back_in_time(beside: Beside) -> None:
    client = beside.client(PLAIN)
    number = await beside.ask()
    connection = beside.relay.connections[number]
    beside.channel.send(number, b"", b"fine")
    await read(client, 4)
    for octet in PLAIN[:4]:
        beside.relay.buffer[:1] = bytes((octet,))
        connection.buffer_updated(1)
        if octet == PLAIN[0]:
            connection.since = began = connection.since - 1
    assert connection.since == began
    connection.look(began + process.UNFINISHED)
    connection.look(began + process.UNFINISHED + 1)
    assert (await beside.back())[1] == PLAIN[:4]


@on_both_loops
async def test_an_idle_connection_is_closed(beside: Beside) -> None:
    client = beside.client(PLAIN)
    number = await beside.ask()
    connection = beside.relay.connections[number]
    connection.look(connection.since + process.IDLE + 1)  # not while it is answered
    beside.channel.send(number, b"", b"fine")
    await read(client, 4)
    connection.look(connection.since + process.IDLE)
    connection.look(connection.since + process.IDLE + 1)
    assert await asyncio.get_running_loop().sock_recv(client, 1) == b""


@on_both_loops
async def test_a_client_that_never_reads_is_cut(beside: Beside) -> None:
    client = beside.client(PLAIN + PLAIN)
    number = await beside.ask()
    beside.channel.send(number, b"", LARGE)
    connection = beside.relay.connections[number]
    await asyncio.get_running_loop().sock_recv(client, 1)
    connection.look(connection.since + process.UNFINISHED + 1)
    connection.look(connection.since + process.IDLE + 1)
    with pytest.raises(AssertionError, match="cut after"):
        await read(client, len(LARGE))


@on_both_loops
async def test_the_end_waits_for_nobody_long(beside: Beside) -> None:
    client = beside.client(PLAIN)
    beside.channel.send(await beside.ask(), b"", LARGE)
    await asyncio.get_running_loop().sock_recv(client, 1)


def test_a_socket_for_which_there_is_no_room_is_cut_and_the_others_come(caplog: pytest.LogCaptureFixture) -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, other, socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        with client, server.accept()[0] as served:
            assert pass_socket(one, served.fileno(), b"a")
            assert pass_socket(one, served.fileno(), b"b")
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            with socket.socket() as highest:
                resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno(), hard))
            try:
                found = passed_sockets(other)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert found == []
            assert [record.message for record in caplog.records] == ["a connection is cut: too many open files"] * 2
            assert pass_socket(one, served.fileno(), b"c")
            ((taken, octets),) = passed_sockets(other)
            with taken:
                assert (octets, taken.get_inheritable()) == (b"c", False)
                assert taken.getpeername() == client.getsockname()


def test_a_relay_waits_for_room_on_a_socket_that_its_loop_has_made_never_wait() -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, other, socket.socket() as some, ThreadPoolExecutor() as beside:
        one.setblocking(False)
        for _ in range(20):
            while pass_socket(one, some.fileno(), b"first"):
                pass
            begun, found = threading.Event(), list[bytes]()

            def give(begun: threading.Event = begun) -> bool:
                begun.set()
                return pass_socket(one, some.fileno(), b"last", wait=True)

            giving = beside.submit(give)
            assert begun.wait(DEADLINE)
            while b"last" not in found and not (giving.done() and not giving.result()):
                for taken, octets in passed_sockets(other):
                    taken.close()
                    found.append(octets)
            assert giving.result(DEADLINE)
