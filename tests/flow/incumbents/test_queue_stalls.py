"""Queues that stall until somebody restarts the gateway.

Other gateways lose their place when the broker, the database or the connection comes back, or wait for ever for an
answer that was lost. Here each kind of trouble ends by itself, and the queue with it: no restart, nothing lost,
nothing doubled.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.flow.incumbents.rig import rig

COUNT = 200
WINDOW = 10

#: What happens to the provider, and how it is seen from here.
TROUBLES: dict[str, dict[str, Any]] = {
    "is down for a while": {"links": [{"after": "200ms", "do": "down", "for": "1s"}]},
    "says nothing more on a connection that stays open": {"links": [{"after": "200ms", "do": "silence", "times": 1}]},
    "stalls with messages in flight and answers all of them late": {
        "links": [{"after": "200ms", "do": "stall", "for": "1s"}]
    },
    "answers enquire_link and no message": {"submits": [{"from": "200ms", "until": "1s", "answer": "none"}]},
    "refuses every bind for a while": {
        "binds": [{"from": "200ms", "until": "1s", "status": "RALYBND"}],
        "links": [{"after": "200ms", "do": "cut"}],
    },
    "loses the answers to our enquire_link": {"links": [{"after": "200ms", "do": "deaf", "times": 1}]},
    "throttles everything for a while": {"submits": [{"from": "200ms", "until": "1s", "status": "RTHROTTLED"}]},
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_the_queue_goes_on_by_itself_when_the_provider(trouble: str, tmp_path: Path) -> None:
    scenario = {"begins": "submit", "receipts": [{"delay": "100ms"}], **TROUBLES[trouble]}
    keys: dict[str, Any] = {"window": WINDOW, "rate": 200, "response_timeout": "0.3s", "enquire_link": "0.2s"}
    async with rig(tmp_path, scenario, **keys) as day:
        assert (await day.client.batch(0, COUNT))[1]["accepted"] == COUNT
        found = await day.until(lambda found: not found.keys() - {"delivered", "uncertain"})
        assert found["uncertain"] <= 2 * WINDOW
        assert day.taken_by_number() == {1}
        await day.is_sound()
