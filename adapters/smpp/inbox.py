"""What the provider delivers on one link: receipts, stored before they are acknowledged.

Rules: receipts are stored side by side, as many as ``AT_ONCE``; beyond that the link is not read. One that could
not be stored is answered RX_T_APPN: the provider delivers it again. So is an incoming message, for now.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from adapters.smpp import codes
from adapters.smpp.connection import Link
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt import Reading, is_receipt, read_receipt
from gateway.provider import Upstream

AT_ONCE: Final = 1000


class Inbox:
    """The receipts of one link that are being stored."""

    def __init__(self, reading: Reading, upstream: Upstream, wall: Callable[[], datetime]) -> None:
        self._reading = reading
        self._upstream = upstream
        self._wall = wall
        self._tasks: set[asyncio.Task[None]] = set()
        self._full = False

    def take(self, link: Link, pdu: Pdu) -> bool:
        """Take a deliver_sm; True when it was an incoming message, which is refused."""
        if not is_receipt(pdu, by_text=self._reading.by_text):
            link.session.respond(pdu, codes.RX_T_APPN)
            return True
        task = asyncio.create_task(self._store(link, pdu))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(link, done))
        if len(self._tasks) >= AT_ONCE and not self._full:
            self._full = True
            link.pause_reading()
        return False

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
            await self._upstream.receipt(read_receipt(pdu, self._wall(), self._reading))
            status = codes.ROK
        finally:
            link.session.respond(pdu, status)
            link.flush()

    def _done(self, link: Link, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to the provider by the status; the gateway logs its own failures
        if self._full and len(self._tasks) < AT_ONCE // 2:
            self._full = False
            link.resume_reading()
