"""Throttling that reorders or loses.

Other gateways put each refused message off by itself, so that the next to the same telephone overtakes it; count
messages where the provider counts parts; give a message up after some refusals; or wait a minute after each. Here the
whole account waits a moment, and what was refused goes first.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.provider import FakeProvider
from tests.flow.gatewayside import number
from tests.flow.incumbents.rig import Rig, rig
from tests.flow.test_lane import Seconds, lane_of, running, settled
from tests.heart import opened

MESSAGES, NUMBERS = 120, 8
LONG = " Merci de prendre contact avec la vie scolaire avant midi." * 5  # two parts

LIMITS: dict[str, dict[str, Any]] = {
    "counts in seconds": {"rate": 90, "kind": "second"},
    "fills a bucket": {"rate": 90, "burst": 10},
    "counts what it refuses too": {"rate": 120, "kind": "second", "counts_refused": True},
}


async def post(day: Rig) -> int:
    """Messages in an order, some of them long, to a few telephones in turn; how many parts that is."""
    recipients = [
        {"to": number(place % NUMBERS), "variables": {"N": f"{place:04}", "SUITE": LONG if place % 5 == 0 else ""}}
        for place in range(MESSAGES)
    ]
    _, answer = await day.client.batch(0, 0, recipients=recipients, text="Message #N.#SUITE", dedupe="none")
    assert answer["accepted"] == MESSAGES
    return int(answer["parts"])


@pytest.mark.parametrize("limit", LIMITS)
async def test_the_order_to_each_telephone_is_kept_and_nothing_is_lost(limit: str, tmp_path: Path) -> None:
    scenario = {"begins": "submit", "throttle": [LIMITS[limit]], "receipts": [{"delay": "50ms"}]}
    async with rig(tmp_path, scenario, window=20, rate=1000) as day:
        parts = await post(day)
        await day.until_all("delivered", MESSAGES)
        counts, submits = day.simulator.counts, day.simulator.submits
        assert counts.throttled > 0
        assert (counts.taken, len(submits)) == (parts, parts)
        heard = defaultdict[str, list[tuple[int, int]]](list)
        for submit in submits:
            place = submit.part[1]
            said = int(submit.text[8:12]) if place == 1 else heard[submit.to][-1][0]
            heard[submit.to].append((said, place))
        assert len(heard) == NUMBERS
        for said_in_turn in heard.values():
            assert said_in_turn == sorted(set(said_in_turn))
        tries = await day.rows("SELECT MAX(tries) FROM part")
        assert tries == [(1,)], "a refusal as too fast is no try"
        await day.is_sound()


async def test_what_is_refused_for_long_is_sent_when_it_is_taken_again(tmp_path: Path) -> None:
    """However often: throttling ends no message before its validity."""
    scenario = {
        "begins": "submit",
        "submits": [{"until": "1500ms", "status": "RTHROTTLED"}],
        "receipts": [{"delay": "50ms"}],
    }
    async with rig(tmp_path, scenario, window=20) as day:
        parts = await post(day)
        await day.until_all("delivered", MESSAGES)
        counts = day.simulator.counts
        assert counts.taken == parts
        # The account as a whole asks again now and then, not each message by itself.
        assert 0 < counts.submits - counts.taken < MESSAGES
        await day.is_sound()


async def test_parts_are_counted_and_not_messages(tmp_path: Path) -> None:
    """Long messages at forty parts a second, by a clock that is moved by tenths of a second."""
    async with opened(tmp_path) as heart:
        await heart.accept_many(50, text=LONG)
        clock, provider = Seconds(), FakeProvider()
        lane = lane_of(heart, provider, rate=40, window=50, timer=clock)
        async with running(lane, drain=0):
            for step in range(20):
                lane.nudge()
                await provider.until(1 + 4 * step)
                await settled(heart, lambda row: row[0] == 0, "SELECT COUNT(*) FROM part WHERE state = 'sending'")
                assert 1 + 4 * step <= len(provider.taken) <= 2 + 4 * step
                clock.at += 0.1
