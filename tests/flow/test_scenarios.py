"""Every scenario that comes with the simulator, before a real gateway: a morning's messages, and then the count.

Lost 0: whatever was accepted has come to its end, or waits for a receipt that the provider does not send. Doubled 0:
nobody got a part twice. Uncertain: at most a window. Mismatched 0: each message is what the provider made of it. The
ledger and the counters of the synthesis agree.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.smpp.scenario_file import load_scenario, shipped_files
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_cli import summary
from adapters.smpp.simulator_fates import Fate
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, milliseconds, run_gateway
from gateway.config.loader import load
from gateway.store.bulk import fetch
from tests.flow.gatewayside import DEADLINE, Client, configuration

COUNT = 400
WINDOW = 10
PATIENCE = 2 * DEADLINE

STOPS = ["STOP"] * 3 + [" arrêt "] * 2
LONG_ANSWERS = [
    "Bonjour, ma fille est malade depuis hier soir : le médecin passe ce matin. Elle ne pourra pas venir avant lundi ; "
    "sa sœur prendra les devoirs auprès de Mme Lefèvre."
] * 2

#: What a receipt's word makes of a message.
MEANINGS = {
    "DELIVRD": "delivered",
    "UNDELIV": "undelivered",
    "EXPIRED": "expired",
    "REJECTD": "rejected",
    "DELETED": "undelivered",
}

#: How fast each passes here. Our own clock goes as fast: what is tried again in half a minute is, by that.
SPEEDS: dict[str, float] = {"throttling-day": 3, "ovhcloud": 15, "flapping-link": 15}

#: After so many seconds only receipts are still to come, hours late: minutes in which nothing happens are skipped.
CALM = {"late-receipts": 0.0}


@dataclass
class Day:
    """A scenario that goes on, the gateway before it, and who posts."""

    simulator: Simulator
    gateway: Gateway
    client: Client
    calm: float = inf

    async def rows(self, sql: str) -> list[Any]:
        """Whatever the store says; asking goes through its thread, which is not a busy loop."""

        async def question(conn: AsyncConnection) -> list[Any]:
            return [tuple(row) for row in await fetch(conn, sql, ())]

        return await self.gateway.parts.store.read(question)

    async def statuses(self) -> dict[str, str]:
        """Of each message, by its number without the plus."""
        return {
            str(number).lstrip("+"): status for number, status in await self.rows("SELECT number, status FROM message")
        }

    async def until(self, holds: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The statuses, once they are as they should be; what is wrong when that never comes."""
        statuses: dict[str, str] = {}
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(statuses := await self.statuses()):
                    if self.simulator.counts.taken >= COUNT and self.simulator.now > self.calm:
                        self.simulator.skip(60)
        except TimeoutError:
            raise AssertionError(
                f"{self.wrong(statuses)} of {Counter(statuses.values())}, {summary(self.simulator)}"
            ) from None
        return statuses

    def expected(self) -> dict[str, str]:
        """What each message that was taken must be in the end."""
        return {fate.submit.to: what_became(fate) for fate in self.simulator.fates}

    def wrong(self, statuses: dict[str, str]) -> list[tuple[str, str, str]]:
        """Messages that are not what they should be: number, what it is, what it should be."""
        expected = self.expected()
        return [
            (number, status, expected.get(number, "not taken"))
            for number, status in statuses.items()
            if status not in allowed(expected.get(number))
        ]


def what_became(fate: Fate) -> str:
    """The state that the receipts of a message lead to."""
    if any(report.state == fate.state for report in fate.reports):
        return MEANINGS.get(fate.state, "in_transit")
    return "in_transit"


def allowed(expected: str | None) -> tuple[str, ...]:
    """What a message may be in the end."""
    if expected is None:
        return ("uncertain", "invalid", "rejected")  # it was not taken: lost on the way, or refused
    if expected == "in_transit":
        return ("in_transit", "uncertain")  # no receipt; an answer may have been lost too
    return (expected,)


@asynccontextmanager
async def day(folder: Path, name: str, **account: Any) -> AsyncIterator[Day]:
    """A day of this name."""
    options = SimulatorOptions(speed=SPEEDS.get(name, 30))
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options, load_scenario(name)))
        keys = {"window": WINDOW, "response_timeout": "1s", "enquire_link": "0.5s", **account}
        settings = load(configuration(folder, simulator.port, **keys), OPTIONS)
        began = milliseconds() - int(simulator.now * 1000)
        clock = partial(day_clock, simulator, began)
        gateway = await stack.enter_async_context(run_gateway(settings, clock=clock))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Day(simulator, gateway, Client(session, gateway.http_port), CALM.get(name, inf))


def day_clock(simulator: Simulator, began: int) -> int:
    """Milliseconds by the clock of the day."""
    return began + int(simulator.now * 1000)


@pytest.mark.parametrize("name", [file.stem for file in shipped_files()])
async def test_a_bad_day(name: str, tmp_path: Path) -> None:
    async with day(tmp_path, name) as today:
        status, answer = await today.client.batch(0, COUNT)
        assert (status, answer["accepted"]) == (202, COUNT)
        statuses = await today.until(lambda found: len(found) == COUNT and not today.wrong(found))
        counts = today.simulator.counts
        after = await today.until(lambda _: counts.receipts_acknowledged + counts.receipts_dropped >= reports(today))
        assert after == statuses
        assert (await differences(today.gateway.parts.store))[1] == []
        assert await today.rows("SELECT COUNT(*) FROM receipt WHERE part IS NULL") == [(0,)]
        billed = [parts for (parts,) in await today.rows("SELECT SUM(parts) FROM ledger GROUP BY part") if parts]
        lost = [
            number for number, is_now in statuses.items() if is_now == "uncertain" and number not in today.expected()
        ]
        assert billed == [1] * (today.simulator.counts.taken + len(lost))
    assert set(Counter((each.to, each.part) for each in today.simulator.submits).values()) == {1}
    assert list(statuses.values()).count("uncertain") <= WINDOW * max(1, today.simulator.counts.cuts)


async def test_what_parents_answer_is_stored_whole_and_stop_is_heard(tmp_path: Path) -> None:
    async with day(tmp_path, "answers-and-stop") as today:
        assert (await today.client.batch(0, COUNT))[0] == 202
        counts = today.simulator.counts
        await today.until(lambda found: len(found) == COUNT and not today.wrong(found))
        told = len(LONG_ANSWERS) * 3 + len(STOPS) + 1  # parts of which each is a deliver_sm; and one data_sm
        await today.simulator.until(lambda: counts.incoming_acknowledged >= told + counts.taken // 20)
        assert (counts.incoming_refused, counts.incoming_dropped) == (0, 0)
        _, page = await today.client.ask("GET", "/v1/inbound?limit=200")
        _, stopped = await today.client.ask("GET", "/v1/opt-outs?limit=200")
    texts = Counter(each["text"] for each in page["data"])
    assert [text for text in texts if text.startswith("Bonjour, ma fille")] == LONG_ANSWERS[:1]
    assert texts[LONG_ANSWERS[0]] == len(LONG_ANSWERS)
    assert (texts["STOP"], texts[" arrêt "], texts["ok"]) == (3, 2, 1)
    assert texts["Merci, je viens le chercher à 17 h."] >= counts.taken // 20
    assert {each["kind"] for each in page["data"] if each["text"] in ("STOP", " arrêt ")} == {"stop"}
    assert len(stopped["data"]) == len(STOPS)


async def test_the_daily_unbind_is_a_non_event(tmp_path: Path) -> None:
    """OVHcloud asks each session to leave after a day: here in the middle of a group, three times."""
    async with day(tmp_path, "ovhcloud") as today:
        assert (await today.client.batch(0, COUNT))[0] == 202
        counts = today.simulator.counts
        for share in (0.2, 0.5, 0.8):
            await today.simulator.until(partial(some_were_taken, today, share), PATIENCE)
            await today.simulator.unbind()
        statuses = await today.until(lambda found: len(found) == COUNT and not today.wrong(found))
    assert (counts.taken, counts.destinations.total()) == (COUNT, COUNT)
    assert counts.binds >= 4
    assert "uncertain" not in statuses.values()


def some_were_taken(today: Day, share: float) -> bool:
    return today.simulator.counts.taken >= share * COUNT


def reports(today: Day) -> int:
    """How many reports there are to come of all that was taken."""
    return sum(len(fate.reports) for fate in today.simulator.fates)
