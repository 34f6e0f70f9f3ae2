"""What the provider delivers on one link: receipts and messages from telephones, stored before they are acknowledged.

Rules: they are stored side by side, as many as ``AT_ONCE``; beyond that the link is not read. One that could not be
stored is answered RX_T_APPN: the provider delivers it again.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Final

from adapters.smpp import codes
from adapters.smpp.connection import Link
from adapters.smpp.mo import Writing, read_message
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt import Reading, is_receipt, read_receipt
from gateway.provider import Upstream

AT_ONCE: Final = 1000


class Inbox:
    """What came on one link and is being stored."""

    def __init__(
        self,
        reading: Reading,
        writing: Writing,
        upstream: Upstream,
        wall: Callable[[], datetime],
        up: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.name = secrets.token_hex(8)  # of the link: what comes again comes on another
        self._reading, self._writing = reading, writing
        self._up = up  # the names of the account's links that are up
        self._upstream = upstream
        self._wall = wall
        self._tasks: set[asyncio.Task[None]] = set()
        self._full = False

    def take(self, link: Link, pdu: Pdu) -> None:
        """Take a receipt or a message from a telephone; it is answered when it is stored."""
        task = asyncio.create_task(self._store(link, pdu))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(link, done))
        if len(self._tasks) >= AT_ONCE and not self._full:
            self._full = True
            link.pause_reading()

    async def idle(self) -> None:
        """Wait until everything taken is stored or refused."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Drop what is not stored: it was not acknowledged, so it comes again."""
        for task in self._tasks:
            task.cancel()

    async def _store(self, link: Link, pdu: Pdu) -> None:
        status = codes.RX_T_APPN
        try:
            await self._handed_on(pdu)
            status = codes.ROK
        finally:
            link.session.respond(pdu, status)
            link.flush()

    def _handed_on(self, pdu: Pdu) -> Awaitable[None]:
        if is_receipt(pdu, by_text=self._reading.by_text):
            return self._upstream.receipt(read_receipt(pdu, self._wall(), self._reading))
        return self._upstream.inbound(read_message(pdu, self.name, self._writing, self._up()))

    def _done(self, link: Link, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to the provider by the status; the gateway logs its own failures
        if self._full and len(self._tasks) < AT_ONCE // 2:
            self._full = False
            link.resume_reading()
