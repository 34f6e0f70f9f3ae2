"""One lane per account: claim what may leave now, hand it over, record what became of it, drain.

Rules: a lane claims only what the throttle and the window have room for, and counts a part as in hand until its
outcome is committed: a crash leaves at most a window of them in doubt. Outcomes that cannot be stored are kept and
tried again. Who holds the lane's lock is the only one to send for the account.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from gateway.fairness import Turns
from gateway.guard import Guard
from gateway.inbound import Inbound
from gateway.inhand import InHand
from gateway.metrics import Metrics
from gateway.model import AccountSettings
from gateway.pacing import Pacing
from gateway.provider import Outcome, Part, Prepared, Provider, Throttled, Unavailable
from gateway.receipts import Receipts
from gateway.recorder import Recorder
from gateway.routing import may_continue, modes_for
from gateway.store.claim import Claimed, ClaimOrder, Whole, claim
from gateway.store.database import Store, StoreUnavailable
from gateway.store.desk import Rules
from gateway.store.lock import lane_lock
from gateway.store.queue import Settled
from gateway.straight import FOLLOWED, Departure, Reservation, Sight
from gateway.timer import CLOCK, Timer
from gateway.wake import Nudge
from gateway.watch import Watch

log = logging.getLogger(__name__)

#: Seconds after which a lane looks by itself: nudges are hints.
POLL = 1.0

#: Seconds between two tries to take a lane that another process holds, or to begin it anew.
AGAIN = 0.5

#: Seconds that the last outcomes may take to be stored when a lane ends; what is not stored will be uncertain.
LAST = 5.0


class Lane:
    """The loop of one account. It is also the ``Upstream`` of its provider's adapter."""

    def __init__(
        self,
        settings: AccountSettings,
        provider: Provider,
        store: Store,
        rules: Rules,
        metrics: Metrics,
        clock: Callable[[], int],
        modes: Callable[[], Mapping[str, tuple[str, ...]]],
        lanes: Mapping[str, "Lane"],
        timer: Timer = CLOCK,
        poll: float = POLL,
    ) -> None:
        self.name = settings.name
        self.settings = settings
        self.provider = provider
        self.paused = False
        self._timer, self._poll, self._wake = timer, poll, Nudge(timer)
        self._sight = Sight()
        self._leaving: list[tuple[Prepared, int]] = []  # committed, and written in this turn of the loop
        self._store, self._rules, self._metrics = store, rules, metrics
        self._clock = clock
        self._modes, self._lanes = modes, lanes
        self._pacing = Pacing(self.name, settings.rate, metrics, timer.now())
        self._throttle = self._pacing.throttle
        self._guard = Guard(self.name, provider)
        self._turns = Turns()
        self._in_hand = InHand()
        self._recorder = Recorder(self.name, store, rules, metrics, clock, self._stored, timer)
        self.late = self._recorder.late
        self.receipt = Receipts(self.name, store, rules, metrics, clock).take
        self.inbound = Inbound(self.name, store, rules, metrics, clock).take
        self._recorded = Nudge(timer)
        self._claiming, self._holds = True, False
        self._watch = Watch(self.name, metrics, timer.now())
        self.failed, self.lost, self.noticed = self._watch.failed, self._watch.lost, self._watch.noticed

    # ---- what others see ----

    @property
    def down_since(self) -> float | None:
        """Since when (monotonic seconds) it cannot send; None while it can."""
        return self._watch.down_since

    @property
    def failover_after(self) -> float:
        """Seconds of that after which the next account of the mode takes over."""
        return self.settings.failover_after.total_seconds()

    @property
    def in_hand(self) -> int:
        """Parts claimed whose outcome is not committed yet."""
        return len(self._in_hand)

    def describe(self) -> dict[str, object]:
        """The account for /readyz and /v1/accounts: no secrets."""
        why = "paused" if self.paused else self.provider.why
        if not self._holds:
            why = "another process holds this account's lane"
        return {
            "name": self.name,
            "adapter": self.settings.adapter,
            "bound": self.provider.bound,
            "ready": self._can_send(),
            "why": why,
            "paused": self.paused,
            **self._pacing.describe(),
            "window": self.settings.window,
            "in_hand": self.in_hand,
        }

    def pause(self) -> None:
        """Hand nothing over any more; what is in hand is waited for."""
        self.paused = True
        self.changed()

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False
        self._sight.hint()
        self.changed()

    def nudge(self) -> None:
        """There may be something to send."""
        self._sight.hint()
        self._wake()

    # ---- running ----

    @asynccontextmanager
    async def running(self, drain: float) -> AsyncIterator[None]:
        """Send until left; leaving waits ``drain`` seconds for answers, then unbinds."""
        keeper = asyncio.create_task(self._keep(drain), name=f"lane {self.name}")
        try:
            yield
        finally:
            self._claiming = False
            self.nudge()
            await keeper

    async def _keep(self, drain: float) -> None:
        async with lane_lock(self._store.url, self.name) as held:
            while self._claiming and not held():
                await self._wake.wait(AGAIN)
            while self._claiming:
                self._holds = True
                await self._safely_serve(drain)
        self._holds = False

    async def _safely_serve(self, drain: float) -> None:
        """A lane whose adapter fails as a whole begins anew: it would keep its messages until the next restart."""
        try:
            await self._serve(drain)
        except Exception:
            log.exception("the adapter ended", extra={"account": self.name})
            await self._wake.wait(AGAIN)

    async def _serve(self, drain: float) -> None:
        recorder = asyncio.create_task(self._recorder.run(), name=f"recorder {self.name}")
        try:
            while self._claiming and not await self._recorder.doubt_orphans():
                await self._wake.wait(AGAIN)
            async with self.provider.running(self):
                while self._claiming:
                    await self._wake.wait(await self._safe_turn())
                await self._drain(drain)
        finally:
            # The provider is gone: whatever it had in hand was answered Unknown. Record that before leaving.
            until = self._timer.now() + LAST
            while self._in_hand and self._store.writable and self._timer.now() < until:
                await self._recorded.wait(AGAIN)
            recorder.cancel()
            with suppress(asyncio.CancelledError):
                await recorder

    async def _drain(self, seconds: float) -> None:
        """Claim nothing more; wait for the answers of what is in hand."""
        until = self._timer.now() + seconds
        while (self._in_hand or self._in_hand.expected) and self._timer.now() < until:
            await self._recorded.wait(min(self._poll, until - self._timer.now()))
        if self._in_hand:
            log.warning("left without answer", extra={"account": self.name, "parts": len(self._in_hand)})

    # ---- claiming ----

    async def _safe_turn(self) -> float:
        try:
            return await self._turn()
        except StoreUnavailable:  # which the store tells
            return self._poll
        except Exception:  # a lane that stopped would keep its messages until the next restart
            log.exception("a claim failed", extra={"account": self.name})
        return self._poll

    async def _turn(self) -> float:
        """Claim and hand over what may leave now; seconds until there may be more."""
        now = self._timer.now()
        self._note_health(now)
        if not self._can_send():
            self._throttle.rest()
            return self._poll
        if not (room := self._room(now)):
            return self._rest(now)
        modes = modes_for(self.name, self._modes(), self._lanes, now)
        if not modes:
            self._sight.empty = frozenset()
            return self._poll
        if self._sight.empty.issuperset(modes) and now < self._sight.looked + self._poll:
            return self._sight.looked + self._poll - now
        claimed = await self._look(now, room, modes)
        if claimed.more:
            return 0 if not claimed.blocked and self._room(self._timer.now()) else self._rest(self._timer.now())
        self._throttle.rest()
        if claimed.next_due is not None:
            return min(self._poll, max(0.0, (claimed.next_due - self._clock()) / 1000))
        return self._poll

    async def _look(self, now: float, room: int, modes: tuple[str, ...]) -> Claimed:
        """Claim and hand over. Meanwhile no lane knows that nothing waits for these modes."""
        self._sight.begins(modes, self.settings.most_in_hand if self.settings.whole else room, now)
        for lane in (self, *self._lanes.values()):
            lane._sight.empty -= self._sight.asking
        try:
            claimed = await self._claim(room, modes)
        finally:
            self._sight.over()
        if claimed.prepared:  # written in the turn in which its commit returned
            self._throttle.spend(claimed.parts, self._timer.now())
            self._send(claimed.prepared, claimed.accepted_at)
        return claimed

    def _can_send(self) -> bool:
        return self._holds and not self.paused and self.provider.ready

    def _room(self, now: float) -> int:
        coming = self._in_hand.expected + self._sight.asked
        taken, window = coming + len(self._leaving), self.settings.most_in_hand - len(self._in_hand) - coming
        return max(0, min(self._throttle.room(now) - self._sight.asked, self.provider.room - taken, window))

    def _rest(self, now: float) -> float:
        """Until the throttle lets one part go, if that is what is waited for; else until a nudge, or a poll."""
        if not self._throttle.room(now):
            return max(0.0, min(self._poll, self._throttle.next(now) - now))
        return self._poll

    async def _claim(self, room: int, modes: tuple[str, ...]) -> Claimed:
        busy = len(self._in_hand) + self._in_hand.expected
        whole = Whole(self.settings.most_in_hand - busy, idle=not busy) if self.settings.whole else None
        order = ClaimOrder(
            *(self.name, modes, room, self._clock(), self._turns, self._guard.prepare, self._rules),
            *(whole, partial(may_continue, self.settings, self._lanes), self.settings.ahead > 0),
            self._in_hand.waits,
        )

        def begins() -> None:
            order.now = self._clock()

        def committed(claimed: Claimed | None) -> None:
            if claimed is not None:
                left = claimed.more or claimed.held or claimed.next_due is not None
                self._sight.committed(claimed.parts, left=left)
                for ready in claimed.prepared:
                    self._in_hand.take(ready.part)

        return await self._store.join(claim, order, committed, room, before=begins, last=True)

    def _send(self, prepared: Sequence[Prepared], since: Mapping[int, int]) -> None:
        now, wall = self._timer.now(), self._clock()
        self._in_hand.left([ready.part for ready in prepared], now)
        for ready in prepared:
            self._metrics.accept_to_submit.observe(max(0, wall - since[ready.part.id]) / 1000)
        self._throttle.left(sum(ready.part.carries for ready in prepared), now)
        self._guard.submit(prepared, self._answer)

    # ---- straight through ----

    def reserve(self, mode: str, parts: int, number: str) -> Departure | None:
        """How a message leaves whose transaction begins now: with it, if nothing waits and all of it fits.

        ``number``: empty for a group, which is queued. What is queued now is not overtaken by what comes next.
        """
        if mode in self._sight.asking:
            return FOLLOWED
        now = self._timer.now()
        free = number and self._in_hand.free(number)
        if not free or mode not in self._sight.empty or not self._can_send() or self._room(now) < parts:
            self._sight.empty -= {mode}
            return None
        self._in_hand.expect(number, parts)
        self._throttle.spend(parts, now)
        return Reservation(self.name, parts, number, self._clock(), self._guard.prepare, self, self.settings.whole)

    def leave(self, prepared: Sequence[Prepared], since: int) -> None:
        """Hand over what was claimed with its acceptance: together with all else of the same commit."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._leave)
        for ready in prepared:
            self._in_hand.arrived(ready.part)
            self._leaving.append((ready, since))

    def _leave(self) -> None:
        leaving, self._leaving = self._leaving, []
        self._send([ready for ready, _ in leaving], {ready.part.id: since for ready, since in leaving})

    def let_go(self, number: str, parts: int) -> None:
        """What was reserved goes through the queue, or nowhere."""
        self._in_hand.unexpected(number, parts)
        self._throttle.give_back(parts)
        self.nudge()

    # ---- answers ----

    def _answer(self, part: Part, outcome: Outcome) -> None:
        """The outcome of a part in hand, once; a second word on it is not taken."""
        left_at = self._in_hand.answered(part)
        if left_at is not None:
            self._pacing.answered(part, outcome, left_at, self._timer.now())
            self._recorder.answer(part, outcome)

    def _stored(self, settled: Sequence[Settled]) -> None:
        """Outcomes are committed: those parts are in hand no more."""
        for one in settled:
            self._in_hand.stored(one.part)
            if isinstance(one.outcome, Throttled | Unavailable):
                self._sight.hint()
        self._recorded()
        self._wake()

    # ---- Upstream: what the adapter tells ----

    def changed(self) -> None:
        """Bound, unbound, or there is room again."""
        self._note_health(self._timer.now())
        self._wake()

    def congested(self, share: float) -> None:
        """The provider says how busy it is."""
        self._pacing.congested(share, self._timer.now())

    def _note_health(self, now: float) -> None:
        self._watch.look(now, sends=self._can_send(), bound=self.provider.bound, why=self.provider.why)
