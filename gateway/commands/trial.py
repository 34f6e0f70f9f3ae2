"""A few real messages to one telephone by one account, and everything that came of them.

Rules: what the provider delivers meanwhile that is not of these messages is refused for now, so that it comes again to
the gateway: nothing of it is lost, and nothing is stored here.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway import numbers
from gateway.matching import Choice, Found, Habit, Said, choose
from gateway.provider import (
    Accepted,
    Apart,
    FromPhone,
    Notice,
    Outcome,
    Part,
    Provider,
    Receipt,
    Refused,
    Throttled,
    Trouble,
    Unavailable,
)
from gateway.states import FINAL, Status

#: Seconds that a link may take to come up, and to take a part.
LINK: Final = 30.0

#: Times that a part is handed over before a provider that takes nothing is believed.
TRIES: Final = 5


class NotOurs(Exception):
    """What was delivered is not of the trial: the provider keeps it."""


@dataclass(slots=True)
class Heard:
    """A receipt, and when it came: on our own clocks."""

    receipt: Receipt
    at: float
    wall: datetime


@dataclass(slots=True)
class Sent:
    """A part, and what became of it. ``at`` and ``answered`` are seconds of the loop's clock, ``wall`` is UTC."""

    label: str
    part: Part
    at: float = 0.0
    wall: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcome: Outcome | None = None
    answered: float | None = None
    heard: list[Heard] = field(default_factory=list)
    tries: int = 0

    @property
    def final(self) -> Heard | None:
        """The first receipt that ends it."""
        return next((one for one in self.heard if one.receipt.status in FINAL), None)


@dataclass(slots=True)
class Trial:
    """Everything that happened. ``bound_after``: seconds; None: no link came about, for ``trouble``."""

    bound_after: float | None = None
    peer: str = ""
    trouble: str = ""
    sent: list[Sent] = field(default_factory=list)
    strangers: list[Heard] = field(default_factory=list)  # receipts to this telephone whose id no answer had
    unmarked: int = 0  # receipts that came as if a telephone had written them


class Probe:
    """Hands over ``parts`` (each with its label) and listens. It is the ``Upstream`` of the account's adapter."""

    def __init__(self, provider: Provider, parts: Sequence[tuple[str, Part]]) -> None:
        self.trial = Trial(sent=[Sent(label, part) for label, part in parts])
        self._provider = provider
        self._by_id = {one.part.id: one for one in self.trial.sent}
        self._news = asyncio.Event()
        self._answered = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self, patience: float) -> Trial:
        """Bind, send, wait ``patience`` seconds for the receipts, leave."""
        began = self._loop.time()
        async with self._provider.running(self):
            await self._until(lambda: bool(self.trial.trouble) or self._is_up(), LINK)
            if not self._is_up():
                self.trial.trouble = self.trial.trouble or self._provider.why or "no answer in time"
                return self.trial
            self.trial.bound_after, self.trial.peer = self._loop.time() - began, self._provider.peer
            for one in self.trial.sent:
                await self._hand_over(one)
            self._answered.set()
            await self._until(self._is_over, patience)
        return self.trial

    def _is_up(self) -> bool:
        return self._provider.ready and not self._provider.why

    def _is_over(self) -> bool:
        return all(one.final for one in self.trial.sent if isinstance(one.outcome, Accepted))

    async def _hand_over(self, one: Sent) -> None:
        """Until it is taken, refused for good, or refused for now too often."""
        while one.outcome is None and one.tries < TRIES:
            await self._until(lambda: self._provider.room > 0, LINK)
            prepared = self._provider.prepare(one.part)
            one.tries += 1
            one.at, one.wall = self._loop.time(), datetime.now(UTC)
            if isinstance(prepared, Refused | Apart):
                one.outcome = prepared if isinstance(prepared, Refused) else Refused("not in one piece")
                return
            self._provider.submit([prepared], self._answer)
            await self._until(lambda: one.answered is not None, None)  # which the adapter promises
            if isinstance(one.outcome, Throttled | Unavailable) and one.tries < TRIES:
                pause = one.outcome.pause if isinstance(one.outcome, Throttled) else min(one.outcome.delay, 1.0)
                one.outcome = one.answered = None
                await asyncio.sleep(pause)

    async def _until(self, holds: Callable[[], bool], seconds: float | None) -> None:
        """Wait until it holds, asked after each piece of news; at most so many seconds, if any."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    self._news.clear()
                    await self._news.wait()

    def _answer(self, part: Part, outcome: Outcome) -> None:
        one = self._by_id[part.id]
        one.outcome, one.answered = outcome, self._loop.time()
        self._news.set()

    # ---- Upstream ----

    def changed(self) -> None:
        """Bound, unbound, or there is room again."""
        self._news.set()

    async def receipt(self, receipt: Receipt) -> None:
        """Keep it if it is of ours; else the provider keeps it. Raises NotOurs."""
        heard = Heard(receipt, self._loop.time(), datetime.now(UTC))
        to = self.trial.sent[0].part.to
        if numbers.same(receipt.to, to) is False and not numbers.same(receipt.sender, to):
            raise NotOurs
        await self._answered.wait()  # it may be of a part whose answer, and so whose id, is still to come
        part = match(self.trial.sent, receipt).part
        if part is None:
            self.trial.strangers.append(heard)
            self._news.set()
            raise NotOurs
        self._by_id[part].heard.append(heard)
        self._news.set()

    async def inbound(self, said: FromPhone) -> None:
        """Nothing that a telephone wrote is of the trial. Raises NotOurs."""
        plain = said.raw.replace(b"\0", b"").lower()
        if b"stat:" in plain and b"id:" in plain:
            self.trial.unmarked += 1
            self._news.set()
        raise NotOurs

    def late(self, part: Part, outcome: Outcome) -> None:
        """An answer after all."""
        self._answer(part, outcome)

    def failed(self, trouble: Trouble, why: str) -> None:
        """A link could not be made: it is not tried twice."""
        del trouble
        self.trial.trouble = self.trial.trouble or why
        self._news.set()

    def lost(self, why: str) -> None:
        """A link broke: the adapter makes it again."""
        del why
        self._news.set()

    def congested(self, share: float) -> None:
        """A few messages slow nobody down."""

    def noticed(self, notice: Notice, detail: str) -> None:
        """Nothing that concerns these messages."""


def match(sent: Sequence[Sent], receipt: Receipt) -> Choice:
    """The part of a receipt by any form of its id, and that form."""
    found: dict[str, list[Found]] = {}
    for one in sent:
        if isinstance(one.outcome, Accepted) and one.outcome.key:
            part = Found(one.part.id, one.outcome.key, one.outcome.id, one.part.to, Status.IN_TRANSIT, 0)
            found.setdefault(part.key, []).append(part)
    return choose(Said.of(receipt, 0), Habit(), found)
