"""Connections by hand to a gateway that has relays, and what is seen of these from outside."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.parts import Parts
from gateway.store.bulk import fetch
from gateway.web.server import serve_http
from tests.web.conftest import Answer, Gateway

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

    async def rest(self) -> list[Answer]:
        """All that are to come until the end."""
        answers = []
        with suppress(asyncio.IncompleteReadError):
            while True:
                answers.append(await self.read())
        return answers

    async def read(self) -> Answer:
        """One answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(int(headers["Content-Length"])))


@asynccontextmanager
async def line(port: int, host: str = "127.0.0.1") -> AsyncIterator[Line]:
    """A connection to the gateway, under a deadline."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(host, port)
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


async def addresses(conn: AsyncConnection) -> list[str]:
    """Whence wishes were lifted."""
    return [row[0] for row in await fetch(conn, "SELECT address FROM audit WHERE act = 'override'")]


MADE = ("id", "serial", "request_id", "status_label")


def plainly(answer: Answer) -> object:
    """An answer without what is made anew each time."""
    made = ("Date", "Location", "Content-Length", "X-Request-Id")
    headers = {name: value for name, value in answer.headers.items() if name not in made}
    named = answer.headers["X-Request-Id"] if "demande" in answer.headers["X-Request-Id"] else ""
    return (answer.status, headers, named, {k: v for k, v in answer.json.items() if k not in MADE})


def helpers() -> list[int]:
    """The relays of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"gateway.relay" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def open_files(pid: int | None = None) -> int:
    """How many files a process has open; this one, if none is said."""
    return len(list(Path(f"/proc/{pid or os.getpid()}/fd").iterdir()))


@asynccontextmanager
async def with_relays(gateway: Gateway, most: int, listen: str = "127.0.0.1:0") -> AsyncIterator[Gateway]:
    """A second listener of this gateway, with so many relays at most, whatever the machine."""
    declared = gateway.parts.settings
    http = declared.http.model_copy(update={"relays": most})
    gateway.parts.settings = declared.model_copy(update={"http": http})
    async with serve_http(gateway.parts, listen, 5) as port:
        yield Gateway(gateway.parts, port, gateway.session)
    assert helpers() == []
