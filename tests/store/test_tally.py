"""Whatever happens in whatever order, the counters say what the ledger says, and every message is judged."""

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from gateway.provider import Accepted, Cause, Outcome, Part, Prepared, Refused, Throttled, Unavailable, Unknown
from gateway.states import FINAL, Status
from gateway.store import months, moves, parked, queue
from gateway.store.bulk import fetch
from tests.heart import DAY, HOUR, LONG, METZ, MINUTE, MORNING, REUNION, Heart, opened, ready, settings

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

    async def close(self) -> None:
        """The accountant closes every month that is over."""
        for school in (METZ, REUNION):
            current = self.heart.rules.month(school, self.heart.now)
            rows = await self.heart.rows(
                "SELECT DISTINCT month FROM tally WHERE school = ? AND month < ?", school, current
            )
            for (month,) in rows:
                await self.heart.store.write(
                    lambda conn: months.close(conn, school, month, "{}", "compta", self.heart.now)  # noqa: B023
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


OWN = """SELECT tally.* FROM tally JOIN month_close AS c ON c.school = tally.school AND c.month = tally.month
  WHERE of_month = '' ORDER BY 1, 2, 3, 4, 5"""


@pytest.mark.parametrize("seed", [1, 2, 4, 5])  # in each of these, something comes after the close
async def test_closed_months_never_move_and_all_agrees(tmp_path: Path, seed: int) -> None:
    accounts = [{**account, "bills": []} for account in settings().model_dump(mode="json", by_alias=True)["accounts"]]
    declared = settings(accounts=[{k: v for k, v in one.items() if v is not None} for one in accounts])
    async with opened(tmp_path, declared) as heart:
        walk = Walk(heart, seed)
        closed: dict[tuple[Any, ...], Any] = {}
        heart.now += 6 * DAY  # two days before December
        for place in range(2 * STEPS):
            await walk.step()
            if place % 8 == 0:
                await walk.close()
                await heart.is_sound()
            rows = {row[:6]: row for row in await heart.rows(OWN)}
            assert {key: rows[key] for key in closed} == closed
            closed = rows
        await walk.end()
        await heart.is_sound()
        assert closed
        assert await heart.rows("SELECT 1 FROM tally WHERE of_month <> ''")


async def test_the_ledger_is_append_only(heart: Heart) -> None:
    await heart.accept()
    await heart.send()
    for sql in ("UPDATE ledger SET amount = 0", "DELETE FROM ledger"):
        with pytest.raises(DBAPIError, match="append-only"):
            await heart.store.write(lambda conn: fetch(conn, sql))  # noqa: B023


@pytest.mark.parametrize(("bills", "parts", "amount"), [(["undelivered"], 1, 45_000), ([], 0, 0)])
async def test_what_an_account_does_not_bill(tmp_path: Path, bills: list[str], parts: int, amount: int) -> None:
    account = {"adapter": "fake", "rate": 10_000, "window": 100, "name": "a", "price": "0.045", "bills": bills}
    declared = settings(accounts=[account], modes={"standard": ["a"]})
    async with opened(tmp_path, declared) as heart:
        await heart.accept()
        (part,) = await heart.send()
        await heart.receipt(part, Status.UNDELIVERED)
        assert await heart.rows("SELECT total, delivered, parts, amount FROM tally") == [(1, 0, parts, amount)]
        await heart.receipt(part, Status.DELIVERED)
        assert await heart.rows("SELECT total, delivered, parts, amount FROM tally") == [(1, 1, 1, 45_000)]
        await heart.is_sound()


async def test_a_receipt_after_the_close_is_a_regularisation(heart: Heart) -> None:
    await heart.accept()
    (part,) = await heart.send()
    december = MORNING + 10 * DAY
    await heart.store.write(lambda conn: months.close(conn, METZ, "2026-11", "{}", "compta", december))
    heart.now = december + HOUR
    await heart.receipt(part)
    rows = await heart.rows("SELECT month, of_month, total, delivered, parts, amount FROM tally ORDER BY month")
    assert rows == [("2026-11", "", 1, 0, 1, 45_000), ("2026-12", "2026-11", 0, 1, 0, 0)]
    await heart.is_sound()


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
