"""What upstream systems are told: taken from the store, handed to the door, kept until they took it.

Rules: a delivery is in hand from the moment it is read until what became of it is committed, so it is not handed
over twice meanwhile; after a crash it is. One process at a time delivers to an application.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from gateway.door import Delivery, Door, Got
from gateway.parts import Parts
from gateway.reception import Reception
from gateway.store import door_outbox as outbox
from gateway.store.database import StoreUnavailable
from gateway.store.door_outbox import Done
from gateway.store.lock import lane_lock
from gateway.wake import Nudge

log = logging.getLogger(__name__)

#: Seconds after which it looks by itself: nudges are hints.
POLL = 0.5

#: Seconds between two looks at least: what ends in between is looked at together.
PAUSE = 0.02

#: Seconds between two looks at pieces of texts that wait for the rest, and at what is old.
SWEEP, FORGET = 1.0, 600.0

#: Seconds before what was refused for now comes again; doubled each time, up to the longest.
SHORTEST, LONGEST = 5.0, 600.0


def put_off(tries: int) -> float:
    """Seconds until a delivery that was refused ``tries`` times before, and now again, comes once more."""
    return float(min(SHORTEST * 2.0 ** min(tries, 32), LONGEST))


class Deliveries:
    """The loop of one door."""

    def __init__(self, parts: Parts, door: Door, reception: Reception, wake: Nudge) -> None:
        self._parts, self._door, self._reception, self._wake = parts, door, reception, wake
        self._event = self._inbound = 0  # the newest that were looked at
        self._in_hand: set[int] = set()
        self._answered: list[tuple[Delivery, Got]] = []
        self._held: dict[str, AsyncExitStack] = {}  # applications that this process delivers to
        self._due: dict[str, float] = {}
        self._leaving = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver until left; what was answered by then is stored."""
        task = asyncio.create_task(self._run(), name="deliveries")
        try:
            yield
        finally:
            self._leaving = True
            self._wake()
            await task
            for stack in self._held.values():
                await stack.aclose()

    async def _run(self) -> None:
        started = False
        while not self._leaving:
            try:
                if not started:
                    await self._begin()
                    started = True
                await self._turn()
            except StoreUnavailable:  # which the store tells
                pass
            except Exception:
                log.exception("deliveries failed")
            if await self._wake.wait(POLL):
                await asyncio.sleep(PAUSE)
        with suppress(StoreUnavailable):
            await self._settle()

    async def _begin(self) -> None:
        """What ended while no door was open."""
        store = self._parts.store
        self._event = await store.read(outbox.latest_event)
        await self._end(await store.read(outbox.left_over))
        await self._take_inbound()

    async def _turn(self) -> None:
        await self._settle()
        await self._look()
        if await self._parts.store.read(outbox.latest_inbound) != self._inbound:
            await self._take_inbound()
        if self._is_time("sweep", SWEEP):
            await self._reception.sweep()
            await self._progress()
            await self._measure()
        if self._is_time("forget", FORGET):
            await self._forget()
        for app in list(self._held.keys() - self._door.binds.keys()):
            await self._held.pop(app).aclose()
        for app in self._door.binds:
            await self._deliver(app)

    def _is_time(self, chore: str, every: float) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._due.get(chore, 0.0):
            return False
        self._due[chore] = now + every
        return True

    # ---- what there is to tell ----

    async def _look(self) -> None:
        """Make reports of the submissions that ended since the last look."""
        until = await self._parts.store.read(outbox.latest_event)
        if until == self._event:
            return
        await self._end(await self._parts.store.read(lambda conn: outbox.ended_since(conn, self._event, until)))
        self._event = until

    async def _end(self, ids: list[int]) -> None:
        if ids:
            await self._parts.store.write(partial(outbox.end, ids=ids, now=self._parts.clock()))

    async def _take_inbound(self) -> None:
        """What telephones wrote and an application is to have."""
        newest = await self._parts.store.read(outbox.latest_inbound)
        apps, of_school = self._reception.guests(), self._reception.of_school()
        now = self._parts.clock()
        await self._parts.store.write(partial(outbox.take_inbound, apps=apps, of_school=of_school, now=now))
        self._inbound = newest

    async def _progress(self) -> None:
        if ids := await self._parts.store.read(outbox.under_way):
            await self._parts.store.write(partial(outbox.note_progress, ids=ids, now=self._parts.clock()))

    async def _forget(self) -> None:
        before = self._parts.clock() - outbox.KEPT_MS
        if lost := await self._parts.store.write(partial(outbox.forget, before=before)):
            log.warning("deliveries that nobody came for were dropped", extra={"deliveries": lost})

    async def _measure(self) -> None:
        waiting, binds = await self._parts.store.read(outbox.waiting), self._door.binds
        for app in self._reception.guests():
            self._parts.metrics.door_binds.labels(app).set(binds.get(app, 0))
            self._parts.metrics.door_outbox.labels(app).set(waiting.get(app, 0))

    # ---- telling ----

    async def _deliver(self, app: str) -> None:
        room = self._door.room(app)
        if room <= 0 or not await self._holds(app):
            return
        now, limit = self._parts.clock(), room + len(self._in_hand)
        found = await self._parts.store.read(partial(outbox.due, app=app, now=now, limit=limit))
        fresh = [one for one in found if one.delivery not in self._in_hand][: self._door.room(app)]
        if fresh:
            self._in_hand.update(one.delivery for one in fresh)
            self._door.deliver(fresh, self._answer)

    async def _holds(self, app: str) -> bool:
        """Whether this process is the one that delivers to an application."""
        if app in self._held:
            return True
        async with AsyncExitStack() as stack:
            held = await stack.enter_async_context(lane_lock(self._parts.store.url, f"{app}.door"))
            if held():
                self._held[app] = stack.pop_all()
        return app in self._held

    def _answer(self, delivery: Delivery, got: Got) -> None:
        self._parts.metrics.door_deliveries.labels(delivery.app, got.value).inc()
        self._answered.append((delivery, got))
        self._wake()

    async def _settle(self) -> None:
        """Store what became of deliveries; what cannot be stored stays in hand and is tried again."""
        answered, self._answered = self._answered, []
        if not answered:
            return
        now = self._parts.clock()
        over = [one.delivery for one, got in answered if got in (Got.TAKEN, Got.NEVER)]
        later = [(one.delivery, now + int(put_off(one.tries) * 1000)) for one, got in answered if got is Got.LATER]
        try:
            await self._parts.store.join(outbox.settle, Done(over, later))
        except BaseException:
            self._answered = answered + self._answered
            raise
        self._in_hand.difference_update(one.delivery for one, _ in answered)
