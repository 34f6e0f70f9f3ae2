"""Six hours of bad days: one clock moved by hand, the real lane, store and links, the simulator's session as peer.

Half a minute for one seed: ``SIX_HOURS_SEED`` takes another than the first.
"""

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp.options import SmppAccount
from adapters.smpp.scenario import Scenario
from gateway import accounts
from gateway.states import Status
from tests.fakes.world import World
from tests.heart import DAY, opened

MINUTES, HOURS = 60.0, 3600.0
END = 6 * HOURS

#: Where files are memory, if the system has such a place.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
WINDOW = 10

#: The provider's day, in seconds and minutes from its beginning.
SCENARIO: dict[str, Any] = {
    "throttle": [
        {"rate": 60, "kind": "second"},
        {"from": "30m", "until": "60m", "rate": 8, "burst": 8},
        {"from": "90m", "until": "100m", "rate": 15, "burst": 60, "status": "RMSGQFUL"},
        {"from": "120m", "until": "150m", "rate": 25, "kind": "second", "counts_refused": True},
        {"from": "240m", "until": "270m", "rate": 5, "kind": "second"},
    ],
    "submits": [
        {"to": "*99", "status": "RINVDSTADR"},
        {"from": "70m", "until": "71m", "answer": "none"},
        {"from": "130m", "until": "132m", "share": 0.5, "status": "RSYSERR"},
        {"from": "200m", "until": "203m", "share": 0.3, "answer": "none"},
        {"from": "300m", "until": "301m", "answer": "none", "taken": False},
        {"each": 200, "answer": "twice"},
        {"each": 230, "answer": "none", "then": "cut"},
        {"each": 170, "then": "cut", "delay": "100ms"},
        {"delay": "30ms..400ms"},
    ],
    "links": [
        {"every": "37m", "do": "cut"},
        {"after": "45m", "do": "down", "for": "10m"},
        {"after": "160m", "do": "silence", "for": "120s"},
        {"after": "180m", "do": "unbind"},
        {"after": "220m", "do": "stall", "for": "40s"},
        {"after": "250m", "do": "deaf", "for": "90s"},
        {"after": "330m", "do": "unbind"},
    ],
    "binds": [
        {"from": "45m", "until": "58m", "status": "RALYBND", "times": 3},
        {"from": "148m", "until": "152m", "status": "0x400"},
        {"from": "180m", "until": "182m", "status": "RINVPASWD"},
        {"each": 7, "delay": "2s"},
    ],
    "ids": {"first": 305_419_896, "answer": "hex", "receipt": "decimal"},
    "receipts": [
        {"each": 20, "before_answer": True},
        {"each": 15, "delay": "2h..3h"},
        {"each": 9, "copies": 3, "every": "20s", "delay": "1s..30s"},
        {"each": 11, "intermediate": ["ACCEPTD", "ENROUTE"], "delay": "2s..60s"},
        {"each": 13, "id": "HEX:10", "delay": "2s..60s"},
        {"delay": "2s..120s", "states": {"DELIVRD": 0.9, "UNDELIV": 0.1}},
    ],
}

#: When a process dies, and whether in the middle of a commit.
DEATHS = [(33.1, False), (70.3, True), (121.2, False), (201.1, True), (220.3, False), (241.4, True), (300.2, False)]

WORDS = {"DELIVRD": Status.DELIVERED, "UNDELIV": Status.UNDELIVERED}


def account() -> SmppAccount:
    """Ours says a hundred a second, theirs takes less."""
    links = {"host": "smsc", "system_id": "essai", "reconnect_max": "30s", "response_timeout": "30s"}
    return SmppAccount.model_validate(
        {"name": "a", "adapter": "smpp", "rate": 100, "window": WINDOW, "price": "0.045", **links}
    )


@asynccontextmanager
async def world(seed: int, scenario: dict[str, Any]) -> AsyncIterator[World]:
    """A world whose disk is memory, so that a commit waits for nothing."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        async with opened(Path(folder)) as heart:
            chance = random.Random(seed)
            yield World(heart, Scenario.model_validate({**scenario, "seed": seed}), account(), chance.random)


class Day:
    """What is posted, and when a process dies."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._count = 0
        self.plan: list[tuple[float, str, int]] = [(3.0 + 240.0 * n, "post", 18) for n in range(88)]
        self.plan += [(60 * minute, "post", 220) for minute in (31, 60.5, 91, 121, 161, 241, 299.8)]
        self.plan += [(60 * minute - 1.5, "post", 40) for minute, _ in DEATHS]
        self.plan += [(60 * minute, "die committing" if committing else "die", 0) for minute, committing in DEATHS]
        self.plan.sort()

    def texts(self, count: int) -> list[tuple[str, str]]:
        """Messages that are like no other, to nine hundred numbers in turn: two to one number are never in doubt at
        once, for which of them a receipt without a known id is then would be a guess."""
        found = []
        for _ in range(count):
            self._count += 1
            long = " Merci de rappeler la vie scolaire." * 6 if self._chance.random() < 0.08 else ""
            found.append((f"0610000{self._count * 7 % 900:03}", f"Message {self._count:05}.{long}"))
        return found

    @property
    def action(self) -> str:
        """Most wait for the receipt of what is in doubt, some are sent once more."""
        return "RESEND" if self._chance.random() < 0.15 else "INFO"


async def live(one: World, day: Day) -> list[int]:
    """Go through the day; how many parts each death and each of the day's cuts left in doubt."""
    await one.start()
    doubts = []
    for at, what, count in day.plan:
        await one.run_until(at)
        if what == "post":
            await one.post(day.texts(count), action=day.action)
        else:
            before = await doubted(one)
            await one.die(committing=what == "die committing")
            await one.run_until(one.at + 20)
            await one.born()
            doubts.append(await doubted(one) - before)
    await one.run_until(END)
    return doubts


async def doubted(one: World) -> int:
    """How many parts were ever called uncertain."""
    rows = await one.heart.rows("SELECT COUNT(*) FROM event WHERE kind = 'uncertain'")
    return int(rows[0][0])


@pytest.mark.parametrize("seed", [int(os.environ.get("SIX_HOURS_SEED", "1"))])
async def test_nothing_is_lost_doubled_or_mistaken(seed: int) -> None:
    async with world(seed, SCENARIO) as one:
        doubts = await live(one, Day(seed))
        await one.run_until(END + 4 * HOURS)  # for the last receipts
        await one.stop()
        while await one.heart.due(one.wall() + 5 * DAY):
            pass
        truth = Truth(one)
        await truth.read()
        assert max(doubts) <= WINDOW
        assert truth.lost == truth.doubled == truth.mistaken == []
        _, differences = await accounts.differences(one.heart.store)
        assert differences == []
        # Seven processes died, and what each had learned of the limit with it; the limit itself fell four times.
        assert one.exchange.smsc.counts.throttled <= 0.1 * one.exchange.smsc.counts.submits


#: What a message may be of which not every part was taken.
UNTAKEN = {Status.REJECTED, Status.EXPIRED, Status.INVALID, Status.NO_RECEIPT}


class Truth:
    """What the SMSC knows, beside what we say."""

    def __init__(self, one: World) -> None:
        self._heart = one.heart
        self.lost: list[str] = []
        self.doubled: list[str] = []
        self.mistaken: list[str] = []
        # What became of each part, each time that it was taken: by its text, or by number and reference.
        self._taken: dict[object, dict[int, list[Status]]] = defaultdict(lambda: defaultdict(list))
        for fate in one.exchange.smsc.fates:
            reference, place, of = fate.submit.part
            name = fate.submit.text[:14] if of == 1 else (fate.submit.to, reference)
            self._taken[name][place].append(WORDS[fate.state])

    async def read(self) -> None:
        """Compare."""
        sql = "SELECT status, text, parts, possibly_double, number, concat FROM message"
        for word, text, parts, double, number, reference in await self._heart.rows(sql):
            said, status = text[:14], Status(word)
            taken = self._taken.get(said if parts == 1 else (number.removeprefix("+"), reference & 0xFF), {})
            if any(len(times) > 1 for times in taken.values()) and not double:
                self.doubled.append(said)
            if not taken and status not in UNTAKEN:
                self.lost.append(f"{said} was never taken and is {status}")
            elif status not in self._possible(taken, parts):
                self.mistaken.append(f"{said} is {dict(taken)} of {parts}, and we say {status}")

    @staticmethod
    def _possible(taken: Mapping[int, Sequence[Status]], parts: int) -> set[Status]:
        """What a message is in the end: the worst of its parts; of one that was taken twice, either."""
        possible = {Status.UNDELIVERED} if any(Status.UNDELIVERED in times for times in taken.values()) else set()
        if len(taken) < parts:
            return possible | UNTAKEN
        if all(Status.DELIVERED in times for times in taken.values()):
            possible.add(Status.DELIVERED)
        return possible
