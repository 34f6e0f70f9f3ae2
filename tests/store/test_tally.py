"""Whatever happens in whatever order, the counters say what the ledger says, and every message is judged."""

import random
from pathlib import Path
from typing import Any

import pytest

from gateway.provider import Accepted, Cause, Outcome, Part, Prepared, Refused, Throttled, Unavailable, Unknown
from gateway.states import FINAL, Status
from gateway.store import moves, parked, queue
from tests.heart import DAY, HOUR, LONG, METZ, MINUTE, REUNION, Heart, opened, ready

STEPS = 120


class Walk:
    """A school's life at random: every step is one that people, providers or the clock may take."""

    def __init__(self, heart: Heart, seed: int) -> None:
        self.heart = heart
        self.chance = random.Random(seed)
        self.hand: dict[str, list[Part]] = {"a": [], "b": []}
        self.known: list[tuple[str, Part]] = []  # every part that ever left, and by which account
        self.ids: list[int] = []

    async def step(self) -> None:
        """One of them."""
        steps = [self.accept, self.accept, self.claim, self.answer, self.answer, self.receipt, self.receipt]
        steps += [self.person, self.late, self.wait, self.settle]
        await self.chance.choice(steps)()
        if self.chance.random() < 0.02:
            await self.crash()

    async def accept(self) -> None:
        """One message of any kind."""
        more: dict[str, Any] = {
            "action": self.chance.choice(["INFO", "ABSENCE", "RESEND", "WAIT"]),
            "priority": self.chance.choice(["alert", "normal", "bulk"]),
            "mode": self.chance.choice(["standard", "premium", "economique"]),
            "school": self.chance.choice([METZ, REUNION]),
        }
        if self.chance.random() < 0.3:
            more |= {"text": "Code #CODE", "variables": {"CODE": "4217"}, "sensitive": ["CODE"]}
        elif self.chance.random() < 0.4:
            more["text"] = LONG
        to = self.chance.choice(["0611111111", "0622222222", "0692333333", "", "0155555555"])
        self.ids.append(await self.heart.accept(to, **more))

    async def claim(self) -> None:
        """A lane claims; now and then its adapter cannot build something."""
        account = self.chance.choice(["a", "b"])
        modes = ("standard", "economique") if account == "a" else ("standard", "premium")
        bad = self.chance.random() < 0.1

        def prepare(part: Part) -> Prepared | Refused:
            return Refused("bad") if bad and part.id % 3 == 0 else ready(part)

        parts = await self.heart.claim(self.chance.randint(1, 6), account, modes, prepare)
        self.hand[account] += parts
        self.known += [(account, part) for part in parts]

    async def answer(self) -> None:
        """The provider answers some of what is in hand."""
        account = self.chance.choice(["a", "b"])
        some, self.hand[account] = self.hand[account][:3], self.hand[account][3:]
        lot = [queue.Settled(part.id, account, self.outcome(part), self.heart.now, self.heart.rules) for part in some]
        if lot:
            await self.heart.store.join(queue.record, lot)

    def outcome(self, part: Part) -> Outcome:
        """Any."""
        outcomes: list[Outcome] = [Unknown("cut"), Throttled("0x58"), Unavailable("no link")]
        outcomes += [Refused("0x0B", Cause.DESTINATION), Refused("0x45"), Unavailable("0x14", counts=True, tries=2)]
        outcomes += [Accepted(f"id-{part.id}", f"id-{part.id}")] * 6
        return self.chance.choice(outcomes)

    async def receipt(self) -> None:
        """Something arrives, of a part that left at some time, by its id or by another."""
        if not self.known:
            return
        account, part = self.chance.choice(self.known)
        status = self.chance.choice([Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED, None])
        more = {} if self.chance.random() < 0.7 else {"id": f"x{self.chance.randint(1, 9)}"}
        await self.heart.receipt(part, status, account=account, **more)

    async def late(self) -> None:
        """An answer after all."""
        if self.known:
            account, part = self.chance.choice(self.known)
            if part not in self.hand[account]:
                await self.heart.late(part, self.outcome(part), account)

    async def person(self) -> None:
        """Somebody presses a button."""
        verb = self.chance.choice([moves.release, moves.release, moves.cancel, moves.resend])
        if self.ids:
            await self.heart.act(verb, *self.chance.sample(self.ids, min(3, len(self.ids))))

    async def wait(self) -> None:
        """Time passes."""
        await self.heart.due(self.heart.now + self.chance.choice([MINUTE, MINUTE, HOUR, 20 * HOUR, 2 * DAY]))

    async def settle(self) -> None:
        """The janitor looks at parked receipts."""
        for account in ("a", "b"):
            await self.heart.store.write(
                lambda conn: parked.settle_parked(conn, account, self.heart.now, self.heart.rules)  # noqa: B023
            )

    async def crash(self) -> None:
        """The sending process dies and comes back."""
        for account in ("a", "b"):
            self.hand[account] = []
            await self.heart.store.write(
                lambda conn: queue.doubt_orphans(conn, account, self.heart.now, self.heart.rules, "killed")  # noqa: B023
            )

    async def end(self) -> None:
        """Everything comes to its end when time passes and nobody does anything any more."""
        await self.crash()
        for _ in range(12):
            await self.heart.due(self.heart.now + 3 * DAY)


@pytest.mark.parametrize("seed", range(8))
async def test_a_random_walk_stays_sound_and_ends(tmp_path: Path, seed: int) -> None:
    async with opened(tmp_path) as heart:
        walk = Walk(heart, seed)
        for place in range(STEPS):
            await walk.step()
            if place % 10 == 0:
                await heart.is_sound()
        await walk.end()
        await heart.is_sound()
        assert {await heart.status(id_) for id_ in walk.ids} <= FINAL


async def test_the_counters_of_a_small_story(heart: Heart) -> None:
    await heart.accept_many(3)
    await heart.accept(text=LONG)
    parts = await heart.send()
    for part in parts[:2]:
        await heart.receipt(part)
    ids = await heart.accept_many(2, action="WAIT")
    await heart.act(moves.cancel, ids[0])
    rows = await heart.rows(
        "SELECT action, account, total, delivered, parts, amount, not_submitted FROM tally ORDER BY 1"
    )
    assert rows == [("INFO", "a", 4, 2, 6, 270_000, 0), ("WAIT", "", 0, 0, 0, 0, 1)]
