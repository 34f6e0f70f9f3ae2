"""Debian's Kannel, bearerbox and smsbox, as the client of an SMSC on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.adapters.peers import PATIENCE, require

PASSWORD = "essai"

#: Everything that does not depend on the SMSC. Kannel wants its groups in this order.
_CORE = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
admin-allow-ip = 127.0.0.1
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
sms-resend-freq = 1
sms-resend-retry = -1

group = smsc
smsc = smpp
smsc-id = peer
host = 127.0.0.1
{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = {password}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{heard}/mo?from=%p&to=%P&text=%b"
"""

_SMSC = {
    "transceiver-mode": "true",
    "system-type": '""',
    "reconnect-delay": "1",
    "source-addr-autodetect": "true",
    "dest-addr-ton": "1",
    "dest-addr-npi": "1",
}


@dataclass(slots=True)
class Kannel:
    """A running Kannel: what it told us over HTTP, and how to make it send."""

    session: aiohttp.ClientSession
    http: int
    admin: int
    heard: int
    receipts: list[dict[str, str]] = field(default_factory=list)  # type (1: delivered, 2: not), to
    incoming: list[dict[str, str]] = field(default_factory=list)  # from, to, text
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, to: str, text: str, sender: str = "ECOLE", **more: str) -> int:
        """Post to smsbox, receipts of every kind wanted; its HTTP status, 202 when it is accepted."""
        callback = f"http://127.0.0.1:{self.heard}/dlr?type=%d&to={to}"
        wanted = {"from": sender, "to": to, "text": text, "dlr-mask": "31", "dlr-url": callback, "charset": "UTF-8"}
        query = {"username": PASSWORD, "password": PASSWORD, **wanted, **more}
        async with self.session.get(f"http://127.0.0.1:{self.http}/cgi-bin/sendsms", params=query) as answer:
            return answer.status

    async def until(self, count: int, kind: str = "1") -> None:
        """Wait until it told us of so many receipts of this kind. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while sum(each["type"] == kind for each in self.receipts) < count:
                self._news.clear()
                await self._news.wait()

    async def until_incoming(self, count: int) -> None:
        """Wait until it told us of so many messages from telephones. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while len(self.incoming) < count:
                self._news.clear()
                await self._news.wait()

    async def status(self) -> str:
        """Its own report in words."""
        url = f"http://127.0.0.1:{self.admin}/status.txt?password={PASSWORD}"
        try:
            async with self.session.get(url) as answer:
                return await answer.text()
        except aiohttp.ClientError:
            return ""

    async def told(self, request: web.Request) -> web.Response:
        """Kannel calls this for each receipt and each incoming message."""
        (self.receipts if request.path == "/dlr" else self.incoming).append(dict(request.query))
        self._news.set()
        return web.Response(text="")


@asynccontextmanager
async def running(folder: Path, port: int, **smsc: str) -> AsyncIterator[Kannel]:
    """Kannel bound to the SMSC on ``port``, in a folder of its own. ``smsc`` are keys of its SMSC, ``_`` for ``-``."""
    bearerbox, smsbox = require("bearerbox"), require("smsbox")
    admin, box, http = _free_ports(3)
    async with aiohttp.ClientSession() as session:
        kannel = Kannel(session, http, admin, 0)
        async with _listening(kannel):
            keys = {**_SMSC, "port": str(port), **{key.replace("_", "-"): value for key, value in smsc.items()}}
            words = "\n".join(f"{key} = {value}" for key, value in keys.items())
            places: dict[str, Any] = {"admin": admin, "box": box, "http": http, "heard": kannel.heard}
            file = folder / "kannel.conf"
            file.write_text(_CORE.format(smsc=words, password=PASSWORD, **places))
            async with _process(bearerbox, folder, file):
                await _says(kannel, "peer")
                async with _process(smsbox, folder, file):
                    await _says(kannel, "smsbox:")
                    yield kannel


@asynccontextmanager
async def _listening(kannel: Kannel) -> AsyncIterator[None]:
    app = web.Application()
    app.add_routes([web.get("/dlr", kannel.told), web.get("/mo", kannel.told)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kannel.heard = runner.addresses[0][1]
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _process(program: str, folder: Path, file: Path) -> AsyncIterator[None]:
    """Run until left, then killed: it would wait ten seconds for itself, and keeps nothing."""
    with (folder / f"{Path(program).name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-v", "2", str(file)), stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, cwd=folder
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _says(kannel: Kannel, word: str) -> None:
    """Wait until its status names this, with the SMSC online."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while word not in (said := await kannel.status()) or "(online" not in said:
            again = loop.create_future()
            loop.call_later(0.1, again.set_result, None)  # it tells nobody: it must be asked
            await again


def _free_ports(count: int) -> Sequence[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
