"""What the clock asks for: deadlines, parked receipts, pauses decided elsewhere, gauges, what is kept too long.

Rules: each chore stands alone, says how often it is due, and may fail without harming the others: a store that
cannot be written is tried again at the next round. Deadlines are slept until, not polled for.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from gateway import retention
from gateway.asking import ask_of_late
from gateway.inbound import tell
from gateway.parts import Parts
from gateway.store import catalogue, idempotency, inbound, labels, maintenance, moves, parked, standing, users
from gateway.store import retention as kept
from gateway.store.database import StoreUnavailable
from gateway.store.engine import database_size

log = logging.getLogger(__name__)

#: Messages judged in one transaction.
LOT = 500


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done every so many seconds."""

    name: str
    every: float
    run: Callable[[], Awaitable[None]]


class Janitor:
    """The chores of a process. ``dispatch`` says whether this one sends; ``follow`` takes changed accounts."""

    def __init__(self, parts: Parts, *, dispatch: bool, follow: Callable[[], Awaitable[None]] | None = None) -> None:
        self._parts = parts
        self.chores = [
            Chore("declared things", 1.0, self._refresh),
            Chore("store", 1.0, self._probe),
            Chore("old idempotency keys", 3600.0, self._forget),
            Chore("old sessions", 3600.0, self._forget_sessions),
            Chore("gauges", 5.0, self._measure),
        ]
        if dispatch:
            self.chores += [
                Chore("deadlines", 0.5, self.judge),
                Chore("parked receipts", 2.0, self.settle),
                Chore("late messages", 5.0, self._ask),
                Chore("messages without all their parts", 5.0, self.show_torn),
                Chore("pauses", 1.0, self._pauses),
                Chore("words of labels", 1.0, self.index_labels),
                Chore("write-ahead log", 60.0, self._empty_log),
                Chore("retention", 60.0, self.purge),
            ]
        if dispatch and follow is not None:
            self.chores.append(Chore("lanes", 1.0, follow))
        parts.metrics.set_store_bytes(lambda: database_size(parts.store.url))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do the chores until left; one that is under way is finished."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._repeat(chore, stop), name=f"chore {chore.name}") for chore in self.chores]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def _repeat(self, chore: Chore, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await chore.run()
            except StoreUnavailable as error:  # which the store tells, once
                log.debug("chore put off", extra={"chore": chore.name, "why": str(error)})
            except Exception:
                log.exception("chore failed", extra={"chore": chore.name})
            with suppress(TimeoutError):
                async with asyncio.timeout(chore.every):
                    await stop.wait()

    async def judge(self) -> None:
        """Move every message whose deadline has passed: due, expired, sent once more, without receipt."""
        parts = self._parts
        while (first := await parts.store.read(moves.next_deadline)) is not None:
            now = parts.clock()
            if first > now or not await parts.store.write(lambda conn: moves.due(conn, now, parts.rules, LOT)):  # noqa: B023
                return
            for lane in parts.lanes.values():
                lane.nudge()

    async def settle(self) -> None:
        """Settle uncertain parts by receipts that came before they were uncertain."""
        parts = self._parts
        for account in tuple(parts.lanes):  # one may be stopped meanwhile
            if await parts.store.read(lambda conn: parked.to_settle(conn, account, parts.clock())):  # noqa: B023
                await parts.store.write(
                    lambda conn: parked.settle_parked(conn, account, parts.clock(), parts.rules)  # noqa: B023
                )

    async def _ask(self) -> None:
        await ask_of_late(self._parts)

    async def show_torn(self) -> None:
        """Show messages from telephones whose other parts were waited for long enough."""
        parts, now = self._parts, self._parts.clock()
        if await parts.store.read(lambda conn: inbound.torn(conn, now, parts.rules)):
            tell(parts.metrics, await parts.store.write(lambda conn: inbound.show_torn(conn, now, parts.rules)))

    async def index_labels(self) -> None:
        """Make the names of recipients of new messages quick to find."""
        store = self._parts.store
        while await store.read(labels.behind):
            await store.write(labels.index)

    async def _pauses(self) -> None:
        """A pause may have been decided in another process, or before a restart."""
        paused = await self._parts.store.read(catalogue.pauses)
        for name, lane in self._parts.lanes.items():
            if lane.paused != (name in paused):
                lane.pause() if name in paused else lane.resume()

    async def _refresh(self) -> None:
        await self._parts.registry.refresh(self._parts.store)

    async def _probe(self) -> None:
        if not self._parts.store.writable:
            await self._parts.store.probe()

    async def _forget(self) -> None:
        before = self._parts.clock() - idempotency.KEPT_MS
        await self._parts.store.write(lambda conn: idempotency.forget(conn, before))

    async def _forget_sessions(self) -> None:
        limits, now = self._parts.settings.console, self._parts.clock()
        created, seen = (now - int(limit.total_seconds() * 1000) for limit in (limits.session, limits.idle))
        await self._parts.store.write(lambda conn: users.forget_sessions(conn, created, seen))

    async def purge(self) -> None:
        """Erase what was kept long enough; a large arrear in several rounds, each put aside when the process leaves."""
        parts, now = self._parts, self._parts.clock()
        due = retention.limits(parts.settings.retention, now)
        if await parts.store.read(lambda conn: kept.is_due(conn, due)):
            await retention.purge(parts.store, due, now, "retention", lambda: not parts.draining)

    async def _empty_log(self) -> None:
        await maintenance.empty_log(self._parts.store.url)

    async def _measure(self) -> None:
        """Gauges that are asked of the store."""
        metrics, now = self._parts.metrics, self._parts.clock()
        standings = await self._parts.store.read(standing.ask)
        for (mode, state), count in standings.waiting.items():
            metrics.queue_messages.labels(mode, state).set(count)
        for mode, oldest in standings.oldest.items():
            metrics.queue_oldest_seconds.labels(mode).set(max(0, now - oldest) / 1000 if oldest is not None else 0)
        for account in self._parts.registry.accounts():
            metrics.uncertain.labels(account.name).set(standings.uncertain.get(account.name, 0))
            metrics.receipts_unmatched.labels(account.name).set(standings.unmatched.get(account.name, 0))
