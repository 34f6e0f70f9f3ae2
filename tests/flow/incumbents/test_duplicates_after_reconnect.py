"""Duplicates after a reconnect: « SMS duplications in masses ».

Other gateways put what was not answered back in the queue when the connection breaks or the answer is slow, and send
it again: the parent gets it twice, the school pays twice. Here a part that was written and not answered is in doubt:
its receipt or its late answer settles it, and nobody sends it again unless the action says so.
"""

from pathlib import Path

import pytest

from tests.flow.incumbents.rig import rig

COUNT = 300
WINDOW = 10


async def test_what_was_cut_off_in_flight_is_not_sent_again(tmp_path: Path) -> None:
    """The connection is cut again and again, each time with messages taken and not answered."""
    scenario = {
        "submits": [{"each": 30, "answer": "none", "then": "cut"}, {"delay": "5ms..20ms"}],
        "receipts": [{"delay": "200ms..400ms"}],
    }
    async with rig(tmp_path, scenario, window=WINDOW) as day:
        assert (await day.client.batch(0, COUNT))[1]["accepted"] == COUNT
        counts = day.simulator.counts
        found = await day.until(lambda found: not found.keys() - {"delivered", "uncertain"})
        assert found["delivered"] == counts.taken
        assert counts.cuts > 1
        assert found["uncertain"] <= counts.cuts * WINDOW, "what never arrived: nobody sends that again by himself"
        assert day.taken_by_number() == {1}
        assert await day.rows("SELECT COUNT(*) FROM message WHERE possibly_double") == [(0,)]
        await day.is_sound()


@pytest.mark.parametrize(("reports", "end"), [(True, "delivered"), (False, "in_transit")])
async def test_an_answer_slower_than_we_wait_is_not_a_second_message(tmp_path: Path, reports: bool, end: str) -> None:
    """The provider takes longer to answer than ``response_timeout``: late answers settle what was in doubt."""
    scenario = {"submits": [{"each": 3, "delay": "400ms"}], "receipts": [{"delay": "1s", "send": reports}]}
    async with rig(tmp_path, scenario, window=WINDOW, response_timeout="0.1s") as day:
        assert (await day.client.batch(0, 30))[1]["accepted"] == 30
        await day.until_all(end, 30)
        assert (day.taken_by_number(), day.simulator.counts.taken) == ({1}, 30)
        assert await day.rows("SELECT COUNT(*) FROM event WHERE kind = 'uncertain'") != [(0,)]
        await day.is_sound()


async def test_a_peer_that_unbinds_with_messages_in_flight_gets_none_twice(tmp_path: Path) -> None:
    scenario = {
        "submits": [{"each": 25, "delay": "10ms", "then": "unbind"}, {"delay": "20ms..60ms"}],
        "receipts": [{"delay": "200ms"}],
    }
    async with rig(tmp_path, scenario, window=WINDOW) as day:
        assert (await day.client.batch(0, COUNT))[1]["accepted"] == COUNT
        await day.until_all("delivered", COUNT)
        assert (day.taken_by_number(), day.simulator.counts.taken) == ({1}, COUNT)
        assert await day.rows("SELECT COUNT(*) FROM event WHERE kind = 'uncertain'") == [(0,)]
        assert day.simulator.counts.binds > 1
        await day.is_sound()
