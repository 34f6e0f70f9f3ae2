"""The asyncio shell: a peer that does not read, and timers that go with the link."""

import asyncio
import socket
from math import inf

import uvloop

from adapters.smpp import codes, events, pdu
from adapters.smpp.connection import Link
from adapters.smpp.session import Session
from adapters.smpp.states import Role
from adapters.smpp.timers import Timers

BODY = pdu.body_of(codes.SUBMIT_SM, {"short_message": b"x" * 254})
PATIENCE = 10.0
USUAL = Timers()


class Told:
    """What a link told, in order."""

    def __init__(self) -> None:
        self.events: list[events.Event] = []
        self.settled = asyncio.Event()

    def handle(self, _: Link, event: events.Event) -> None:
        self.events.append(event)

    async def link(self, port: int) -> Link:
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: Link(bound_session, self.handle, self.settled.set), "127.0.0.1", port
        )
        return link


def bound_session(now: float, timers: Timers = USUAL) -> Session:
    """A session that was let in already."""
    session = Session(Role.ESME, timers, now)
    session.bind(codes.BIND_TRANSCEIVER, {}, now)
    session.receive(pdu.frame(codes.BIND_TRANSCEIVER | codes.RESPONSE, 0, 1, b"\0"), now)
    return session


def fill(link: Link, submits: int) -> None:
    for token in range(submits):
        link.session.request(codes.SUBMIT_SM, BODY, token, link.now)
    link.flush()


async def test_a_peer_that_never_reads_is_cut_before_memory_fills() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = Told()
        link = await told.link(server.getsockname()[1])
        made = 0
        async with asyncio.timeout(PATIENCE):
            while not isinstance(told.events[-1], events.Closed):
                fill(link, 10_000)
                made += 10_000
            await link.over.wait()
    assert told.events[-1] == events.Closed("the other side does not read")
    assert sum(isinstance(event, events.Unanswered) for event in told.events) == made


async def test_a_session_that_waits_for_nothing_stays() -> None:
    for_ever = Timers(quiet=inf)
    with socket.create_server(("127.0.0.1", 0)) as server:
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: Link(lambda now: bound_session(now, for_ever), lambda *_: None), *server.getsockname()
        )
        with server.accept()[0] as peer:
            assert link.session.deadline == inf
            link.flush()
            peer.setblocking(False)
            asked = await asyncio.get_running_loop().sock_recv(peer, 100)
            assert pdu.HEADER.unpack_from(asked)[1] == codes.BIND_TRANSCEIVER
            link.session.request(codes.SUBMIT_SM, BODY, 1, link.now)
            link.flush()
            assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(peer, 100), PATIENCE)
            link.abort("done")


async def test_a_full_socket_is_told_and_so_is_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = Told()
        link = await told.link(server.getsockname()[1])
        while not link.congested:
            fill(link, 100)
        told.settled.clear()
        reader, writer = await asyncio.open_connection(sock=server.accept()[0])
        async with asyncio.timeout(PATIENCE):
            while not told.settled.is_set():
                await reader.read(1 << 20)
        assert not link.congested
        link.abort("enough")
        await link.over.wait()
        writer.close()


async def test_what_is_cut_says_nothing_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = Told()
        link = await told.link(server.getsockname()[1])
        link.abort("cut")
        link.abort("again")
        await link.over.wait()
        link.flush()
    assert [event for event in told.events if isinstance(event, events.Closed)] == [events.Closed("cut")]


def test_what_is_due_at_once_is_armed_on_the_fastest_loop_too() -> None:
    """uvloop hands out another kind of handle for it, which cannot be asked for its time."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            told = Told()
            _, link = await asyncio.get_running_loop().create_connection(
                lambda: Link(lambda now: bound_session(now, Timers(response=0)), told.handle),
                *server.getsockname(),
            )
            fill(link, 1)
            link.flush()
            link.abort("done")
            await link.over.wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def test_a_fault_in_who_listens_costs_the_connection_and_no_event() -> None:
    """Whatever is wrong with one answer, each of the other requests is told its end, once."""
    told = Told()

    def stumbling(link: Link, event: events.Event) -> None:
        told.handle(link, event)
        if isinstance(event, events.Answered) and event.token == 1:
            raise RuntimeError("a bug")

    loop, faults = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        _, link = await loop.create_connection(lambda: Link(bound_session, stumbling), *server.getsockname())
        with server.accept()[0] as peer:
            fill(link, 5)
            answers = [pdu.frame(codes.SUBMIT_SM_RESP, 0, sequence, b"7\0") for sequence in (2, 3, 4)]
            peer.sendall(b"".join(answers))
            await asyncio.wait_for(link.over.wait(), PATIENCE)
    assert [event.token for event in told.events if isinstance(event, events.Answered)] == [0, 1, 2]
    assert [event.token for event in told.events if isinstance(event, events.Unanswered)] == [3, 4]
    assert [str(fault) for fault in faults] == ["a bug"]
