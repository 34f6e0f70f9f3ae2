"""A configuration with a simulator behind it, a process that serves it, a client of its API."""

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import yaml

METZ = "0570051W"
KEY = "vgm_essai"

#: Seconds that anything here may last.
DEADLINE = 30.0


def configuration(folder: Path, port: int, drain: str = "3s", **account: Any) -> Path:
    """A file for one school whose messages leave by a simulator on ``port``."""
    declared = {
        "store": {"url": f"sqlite:///{folder}/gateway.db"},
        "http": {"listen": "127.0.0.1:0"},
        "log": {"level": "warning"},
        "stop": {"http": "1s", "lanes": drain},
        "schools": [{"uai": METZ, "name": "Lycée Pierre et Marie Curie", "sender": "LYCCURIE"}],
        "apps": [
            {
                "name": "vie-scolaire",
                "key_sha256": hashlib.sha256(KEY.encode()).hexdigest(),
                "schools": [METZ],
                "scopes": ["admin"],
            }
        ],
        "accounts": [
            {
                **{"name": "a", "adapter": "smpp", "host": "127.0.0.1", "port": port, "system_id": "essai"},
                **{"rate": 5000, "window": 20, "price": "0.045", "reconnect_min": "0.05s", "reconnect_max": "0.2s"},
                **account,
            }
        ],
        "modes": {"standard": ["a"]},
        "actions": [
            {"code": "INFO", "short_label": "Info", "long_label": "Information"},
            {"code": "ABSENCE", "short_label": "Abs.", "long_label": "Absence", "release": "manual"},
        ],
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(declared, allow_unicode=True), "utf-8")
    return file


def number(place: int) -> str:
    """A mobile of its own for each place."""
    return f"06{10_000_000 + place:08}"


@dataclass(slots=True)
class Client:
    """Speaks to the API with the key of the configuration."""

    session: aiohttp.ClientSession
    port: int

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and parsed body."""
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, orjson.loads(raw) if raw else None

    async def message(self, place: int, **more: Any) -> tuple[int, Any]:
        """Post one message to a number of its own."""
        body = {"to": number(place), "action": "INFO", "text": f"Message {place}", "reference": str(place), **more}
        return await self.ask("POST", "/v1/messages", body)

    async def batch(self, first: int, count: int, **more: Any) -> tuple[int, Any]:
        """Post a group to as many numbers."""
        recipients = [{"to": number(place), "reference": str(place)} for place in range(first, first + count)]
        return await self.ask(
            "POST", "/v1/batches", {"action": "INFO", "text": "À tous", "recipients": recipients, **more}
        )


class Process:
    """``vaguemestre serve`` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, end: socket.socket) -> None:
        self.process = process
        self.port = port
        self._end = end

    async def reloaded(self) -> None:
        """SIGHUP, and wait until it is ready again."""
        self.process.send_signal(signal.SIGHUP)
        for word in (b"RELOADING=1", b"READY=1"):
            await _told(self._end, word)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def _told(end: socket.socket, word: bytes) -> bytes:
    """What it tells systemd, with this word in it."""
    async with asyncio.timeout(DEADLINE):
        while word not in (message := await asyncio.get_running_loop().sock_recv(end, 4096)):
            pass
    return message


@asynccontextmanager
async def serving(file: Path, *words: str) -> AsyncIterator[Process]:
    """Started and ready, as it tells systemd; killed at the end if it still runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        name = f"\0vaguemestre-{os.getpid()}-{id(end)}"
        end.bind(name)
        end.setblocking(False)
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(file), *words]
        environment = {**os.environ, "NOTIFY_SOCKET": f"@{name[1:]}"}
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        try:
            ready = await _told(end, b"READY=1")
            yield Process(process, int(ready.decode().rpartition(" ")[2]), end)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
