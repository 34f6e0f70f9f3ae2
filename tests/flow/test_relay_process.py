"""A relay ends with its gateway, whatever ends that; a client that was cut knows what to ask again."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import orjson
import pytest

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.exits import Exit
from tests.flow.gatewayside import DEADLINE, KEY, Client, configuration, number, serving

BODY = '{"to":"%s","action":"INFO","text":"Bonjour"}'


def relays_of(parent: int) -> list[int]:
    """The relays of a gateway."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            its_parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if its_parent == parent and b"gateway.relay" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


async def gone(pidfd: int) -> None:
    """Wait for the end of a process that is not our child."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    await ended.wait()
    loop.remove_reader(pidfd)
    os.close(pidfd)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_relay_ends_with_its_gateway(tmp_path: Path, how: signal.Signals) -> None:
    sent = 0
    async with asyncio.timeout(DEADLINE), Simulator(SimulatorOptions(receipt_delay=0)) as simulator:
        file = configuration(tmp_path, simulator.port)
        file.write_text(file.read_text("utf-8").replace("http:\n", "http:\n  relays: 1\n"), "utf-8")
        async with serving(file) as gateway:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            async with aiohttp.ClientSession() as session:
                while 'way="passed"} 1.0' not in await _metrics(session, gateway.port):
                    await _post(reader, writer, sent)
                    sent += 1
            (relay,) = relays_of(gateway.process.pid)
            pidfd = os.pidfd_open(relay)
            os.kill(relay, signal.SIGTERM)  # as systemd may, to the whole group: it waits for its gateway
            await _post(reader, writer, sent)
            gateway.process.send_signal(how)
            await gone(pidfd)
            assert await reader.read() == b""
            writer.close()
            assert await gateway.process.wait() == (Exit.FINE if how is signal.SIGTERM else -how)
        await simulator.until(lambda: simulator.counts.taken >= sent, DEADLINE)


async def test_what_comes_after_a_request_that_is_not_plain_comes_after_it(tmp_path: Path) -> None:
    recipients = [{"to": number(place), "reference": "x" * 200} for place in range(2_000)]
    body = orjson.dumps({"action": "INFO", "text": "Bonjour", "recipients": recipients})
    head = f"POST /v1/batches?dry_run=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    batch = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    file = configuration(tmp_path, 9)  # where nobody listens
    file.write_text(file.read_text("utf-8").replace("http:\n", "http:\n  relays: 1\n"), "utf-8")
    async with asyncio.timeout(DEADLINE), serving(file) as gateway, aiohttp.ClientSession() as session:
        for turn in range(1, 9):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            while f'way="passed"}} {turn}.0' not in await _metrics(session, gateway.port):
                await _post(reader, writer, turn)
            writer.write(batch)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.close()
        assert f'way="back"}} {turn}.0' in await _metrics(session, gateway.port)


async def test_what_came_before_a_client_left_is_done_though_it_is_not_plain(tmp_path: Path) -> None:
    file = configuration(tmp_path, 9)  # where nobody listens
    file.write_text(file.read_text("utf-8").replace("http:\n", "http:\n  relays: 1\n"), "utf-8")
    async with asyncio.timeout(DEADLINE), serving(file) as gateway, aiohttp.ClientSession() as session:
        for turn in range(1, 9):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            while f'way="passed"}} {turn}.0' not in await _metrics(session, gateway.port):
                await _post(reader, writer, 0)
            writer.write(_request(turn, "Connection: close\r\n"))
            writer.transport.abort()
        client = Client(session, gateway.port)
        for turn in range(1, 9):
            while not (await client.ask("GET", f"/v1/messages?number=%2B33{number(turn)[1:]}"))[1]["data"]:
                assert (await client.message(0))[0] == 202


async def _metrics(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {KEY}"}) as answer:
        return await answer.text()


def _request(place: int, more: str = "") -> bytes:
    body = (BODY % number(place)).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: int) -> None:
    writer.write(_request(place))
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202 ")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
