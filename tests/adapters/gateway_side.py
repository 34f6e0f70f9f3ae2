"""A small real gateway for an adapter's tests: it keeps receipts and outcomes, and can be waited for."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adapters.smpp.options import SmppAccount
from adapters.smpp.provider import SmppProvider
from gateway.provider import Apart, FromPhone, Notice, Outcome, Part, Prepared, Receipt, Refused, Trouble
from gateway.text import Encoding

PART = Part(257, "+33660000000", "CLGPASTEUR", "Bonjour", Encoding.GSM7, 1, 1, 0, 21_600, "0")
PATIENCE = 10.0


class StoreFull(Exception):
    """What the gateway raises when a receipt could not be stored."""


class Gateway:
    """Upstream and lane in one. ``refuse`` makes so many deliveries fail; ``gate`` holds them back."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.said: list[FromPhone] = []
        self.lates: list[tuple[Part, Outcome]] = []
        self.outcomes: list[tuple[int, Outcome]] = []
        self.failures: list[tuple[Trouble, str]] = []
        self.losses: list[str] = []
        self.congestion: list[float] = []
        self.notices: list[tuple[Notice, str]] = []
        self.refuse = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Event()

    def changed(self) -> None:
        self._news.set()

    async def receipt(self, receipt: Receipt) -> None:
        await self._stored()
        self.receipts.append(receipt)

    async def inbound(self, said: FromPhone) -> None:
        await self._stored()
        self.said.append(said)

    async def _stored(self) -> None:
        await self.gate.wait()
        self._news.set()
        if self.refuse:
            self.refuse -= 1
            raise StoreFull

    def late(self, part: Part, outcome: Outcome) -> None:
        self.lates.append((part, outcome))
        self._news.set()

    def failed(self, trouble: Trouble, why: str) -> None:
        self.failures.append((trouble, why))
        self._news.set()

    def lost(self, why: str) -> None:
        self.losses.append(why)
        self._news.set()

    def congested(self, share: float) -> None:
        self.congestion.append(share)
        self._news.set()

    def noticed(self, notice: Notice, detail: str) -> None:
        self.notices.append((notice, detail))
        self._news.set()

    def answer(self, part: Part, outcome: Outcome) -> None:
        self.outcomes.append((part.id, outcome))
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds()``, asked after each piece of news. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()


def account(port: int, **options: Any) -> SmppAccount:
    """An account on this machine, that connects again quickly."""
    quick = {"host": "127.0.0.1", "reconnect_min": 0.01, "reconnect_max": 0.05}
    return SmppAccount(name="a", adapter="smpp", port=port, system_id="demo", **quick | options)


def prepared(provider: SmppProvider, id: int, **fields: Any) -> Prepared:
    """Part ``id``, ready."""
    made = provider.prepare(replace(PART, id=id, **fields))
    assert not isinstance(made, Refused | Apart)
    return made
